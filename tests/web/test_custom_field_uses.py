"""A custom field is in use wherever it is named, over references too, and only where it is meant; templates name it."""

import pytest

from app.core import registry
from app.core.db import unscoped
from tests.web.people import Caller, add, rows, stored
from tests.web.shop import Shop

FIELDS = {"herd": "customer", "size": "customer", "due": "loan"}


@pytest.fixture(scope="module")
def fields(shop: Shop) -> dict[str, int]:
    """Numbers of customers, one of them of the same code as one of loans, and an amount of loans."""
    common = {"kind": "number", "position": 0}
    made = {code: add("custom_field", entity=of, code=code, label_en=code.title(), **common) for code, of in FIELDS.items()}  # fmt: skip
    made["loan size"] = add("custom_field", entity="loan", code="size", label_en="Size of loan", **common)
    made["fee"] = add("custom_field", entity="loan", code="fee", kind="money", label_en="Fee", position=0)
    return made


def where(shop: Shop, field: int) -> str:
    """What is said to who would delete a field that rules keep."""
    answer = Caller(shop.app, "admin").call("DELETE", f"custom_field/{field}")
    return str(answer.json["message"]) if answer.status_code != 200 else ""


PLAN = {"fields": [{"field": "c_herd", "headers": ["Herd"], "type": "integer"}], "mode": "both", "key": ["name"], "fill": {}}  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "values", "said"),
    [
        ("saved_view", {"entity": "loan", "query": "customer.c_herd__gt=3"}, "Saved views: x"),
        ("saved_view", {"entity": "loan", "query": "any1.customer.c_herd=3"}, "Saved views: x"),
        ("saved_view", {"entity": "customer", "query": "cols=name.c_herd"}, "Saved views: x"),
        ("saved_view", {"entity": "customer", "query": "sort=name,-c_herd"}, "Saved views: x"),
        ("user_report", {"entity": "loan", "query": "_m=count&_row=customer.c_herd"}, "User reports: x"),
        ("user_report", {"entity": "customer", "query": "_m=c_herd__sum"}, "User reports: x"),
        ("upload_layout", {"entity": "customer", "plan": PLAN}, "Upload layouts: x"),
        ("upload_layout", {"entity": "customer", "plan": {**PLAN, "fields": [], "fill": {"c_herd": "1"}}}, "Upload layouts: x"),
        ("rule", {"entity": "loan", "event": "nightly", "conditions": "customer.c_herd__gt=3"}, "Rules and webhooks: x"),
        ("rule", {"entity": "customer", "event": "changed", "field": "c_herd"}, "Rules and webhooks: x"),
        ("webhook", {"entity": "loan", "url": "https://a.example", "conditions": "customer.c_herd=3"}, "Rules and webhooks: x"),
        ("message_template", {"kind": "manual", "language": "en", "text": "{customer.c_herd}"}, "Message templates: x"),
    ],
)  # fmt: skip
def test_a_field_is_used_wherever_something_leads_to_it(
    shop: Shop, fields: dict[str, int], slug: str, values: dict[str, str], said: str
) -> None:
    owner = {} if slug == "message_template" else {"user_id": shop.users["olga"]}
    made = add(slug, name="x", **owner, **values)
    try:
        assert where(shop, fields["herd"]) == f"It is still used. {said}"
    finally:
        remove(slug, made)
    assert stored("custom_field", fields["herd"]) is not None


def remove(slug: str, number: int) -> None:
    """Take a row away past all scopes."""
    with unscoped("data of a test") as session:
        session.delete(session.get_one(registry.entity(slug), number))


def test_a_field_of_the_same_name_of_other_records_is_another_one(shop: Shop, fields: dict[str, int]) -> None:
    of = {"user_id": shop.users["olga"]}
    add("saved_view", name="loans", entity="loan", query="c_size__gt=1&cols=number.c_size", **of)
    add("user_report", name="loans", entity="loan", query="_m=c_size__sum", **of)
    assert where(shop, fields["size"]) == ""
    assert rows("custom_field", id=fields["size"]) == []
    told = where(shop, fields["loan size"])
    assert told == "It is still used. Saved views: loans; User reports: loans"


def test_a_route_that_asks_how_large_an_amount_is_keeps_it(shop: Shop, fields: dict[str, int]) -> None:
    role = next(row.id for row in rows("role") if row.name == "Manager")
    add("approval_route", name="Fees", operation="edit.loan", field_names="officer_id", amount_field="c_fee", first_role_id=role, least=5)  # fmt: skip
    assert where(shop, fields["fee"]) == "It is still used. Approval routes: Fees"


def test_a_template_offers_them_with_their_labels_and_refuses_what_is_gone(
    shop: Shop, fields: dict[str, int]
) -> None:
    said = {"name": "own", "channel": "sms", "language": "en", "kind": "manual", "is_active": "y"}
    assert "{loan.c_due} (Loan: Due)" in shop.admin.get("/message_template/add").text
    refused = shop.admin.post("/message_template/add", {**said, "text": "Pay {loan.c_duo}"})
    assert refused.status_code == 422
    assert "There is no placeholder {loan.c_duo}; did you mean {loan.c_due}?" in refused.text
    assert shop.admin.post("/message_template/add", {**said, "text": "Pay {loan.c_due}"}).status_code == 302
    [made] = rows("message_template", name="own")
    page = shop.admin.get(f"/message_template/show/{made.id}").text
    assert "Pay 12" in page
    assert "Loan: Due" in page
    program = Caller(shop.app, "admin")
    renamed = program.call("PATCH", f"custom_field/{fields['due']}", {"code": "term"})
    assert "It cannot be changed while it is used. Message templates: own" in renamed.text
    hidden = program.call("PATCH", f"custom_field/{fields['due']}", {"is_hidden": True})
    assert hidden.status_code == 422
    assert "Everybody who may read messages can read it there. Message templates: own" in hidden.text
    assert program.call("PATCH", f"custom_field/{fields['due']}", {"label_en": "Due day"}).status_code == 200
