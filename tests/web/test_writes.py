"""Adding, changing and deleting rows of every entity that allows it, by form and by API, right and wrong."""

import re
from itertools import zip_longest
from typing import Any

import pytest

from app.core import registry
from app.core.web.forms import is_required
from app.core.web.links import shown_entities
from tests.web.people import add, rows, stored
from tests.web.shop import Shop
from tests.web.values import HUGE, as_form, body, fields, plain, same, with_verb, wrong

INNER = re.compile(
    r"psycopg|sqlalchemy|sqlstate|DETAIL|violates|relation |Traceback|INSERT|UPDATE ", re.IGNORECASE
)
"""Words that only the database or the program says."""


SAMPLES = ("loan", "customer", "data_grant", "contact_note", "security", "_openapi", "setting")


def check_stored(slug: str, said: dict[str, Any], row: Any) -> None:
    """Every value that was said stands in the row."""
    for field in fields(slug):
        if field.name in said and field.kind != "password":
            assert same(field, said[field.name], row), (slug, field.name, said[field.name])


def check_kept(slug: str, row_id: int, action: str, user_id: int, source: str) -> None:
    """History has this as its last word about the row."""
    if registry.entity(slug).__history__:
        last = rows("history", entity=slug, row_id=row_id)[-1]
        assert (last.action, last.user_id, last.source) == (action, user_id, source)


@pytest.mark.parametrize("slug", with_verb("add"))
def test_a_row_is_added_by_form_and_by_api_with_the_values_said(shop: Shop, slug: str) -> None:
    first, second = body(slug, shop, 1), body(slug, shop, 2)
    before = {row.id for row in rows(slug)}
    answer = shop.admin.post(f"/{slug}/add", as_form(slug, first))
    is_secret_told = 'id="secret"' in answer.text
    assert answer.status_code == (200 if is_secret_told else 302), re.findall(
        r"field-error.*?</p>", answer.text, re.DOTALL
    )
    [added] = [row for row in rows(slug) if row.id not in before]
    check_stored(slug, first, added)
    check_kept(slug, added.id, "create", shop.users["admin"], "screen")
    called = shop.caller("admin").call("POST", f"{slug}/", second)
    assert called.status_code == 201, called.text
    made = stored(slug, called.json["result"]["id"])
    check_stored(slug, second, made)
    check_kept(slug, made.id, "create", shop.users["admin"], "api")


@pytest.mark.parametrize("slug", with_verb("edit"))
def test_a_row_is_changed_by_form_and_by_api_and_only_where_asked(shop: Shop, slug: str) -> None:
    row_id, third = an_id(shop, slug, 3), body(slug, shop, 4)
    answer = shop.admin.post(f"/{slug}/edit/{row_id}", as_form(slug, third))
    assert answer.status_code == 302, re.findall(r"field-error.*?</p>", answer.text, re.DOTALL)
    check_stored(slug, third, stored(slug, row_id))
    check_kept(slug, row_id, "change", shop.users["admin"], "screen")
    field = next(
        (one for one in plain(slug) if slug != "setting"),
        [one for one in fields(slug) if one.name in third][-1],
    )
    value = body(slug, shop, 5)[field.name]
    called = shop.caller("admin").call("PUT", f"{slug}/{row_id}", {field.name: value})
    assert called.status_code == 200, called.text
    row = stored(slug, row_id)
    # what is renamed keeps its old name for files: tests/servicing/test_intake_renamed.py
    untouched = {name: said for name, said in third.items() if name != "names_in_files"}
    check_stored(slug, untouched | {field.name: value}, row)
    if registry.entity(slug).__history__ and field in plain(slug):
        changes = rows("history", entity=slug, row_id=row_id)[-1].changes
        assert set(changes) - {"names_in_files"} == {field.name}


@pytest.mark.parametrize("slug", with_verb("delete"))
def test_a_row_is_deleted_by_form_and_by_api_and_history_keeps_what_it_was(shop: Shop, slug: str) -> None:
    for number, source in ((6, "screen"), (7, "api")):
        row_id = an_id(shop, slug, number)
        if source == "screen":
            assert shop.admin.post(f"/{slug}/delete/{row_id}").status_code == 302
        else:
            assert shop.caller("admin").call("DELETE", f"{slug}/{row_id}").status_code == 200
        assert stored(slug, row_id) is None
        check_kept(slug, row_id, "delete", shop.users["admin"], source)
        assert shop.caller("admin").call("GET", f"{slug}/{row_id}").status_code == 404


def an_id(shop: Shop, slug: str, number: int) -> int:
    """A row made by the API, or one of the shop where none can be added."""
    if slug not in with_verb("add"):
        made_otherwise = {
            "saved_view": {"user_id": shop.users["admin"], "entity": "loan", "name": f"View {number}"},
            "user_report": {"user_id": shop.users["admin"], "entity": "loan", "name": f"Report {number}"},
            "upload_layout": {"user_id": shop.users["admin"], "entity": "loan", "name": f"Layout {number}"},
        }
        if slug == "setting":
            return rows(slug, name="default_contact_pack")[0].id
        if slug == "region_outline":
            place = add("region", name=f"Place {number}", level="county")
            return add(
                slug, region_id=place, rings=[[0, 0, 9, 0, 9, 9, 0, 0]], points=4, file_name="made.json"
            )
        return add(slug, **made_otherwise[slug]) if slug in made_otherwise else shop.loans[number]
    made = shop.caller("admin").call("POST", f"{slug}/", body(slug, shop, number))
    assert made.status_code == 201, made.text
    return int(made.json["result"]["id"])


@pytest.mark.parametrize("slug", with_verb("add"))
def test_every_wrong_value_is_named_by_its_field_and_nothing_is_stored(shop: Shop, slug: str) -> None:
    """One call for the first wrong value of every field together, one for the second, and so on."""
    before, whole = len(rows(slug)), body(slug, shop, 8)
    for values in zip_longest(*([(field, value) for value in wrong(field)] for field in fields(slug))):
        said = {field.name: value for field, value in filter(None, values)}
        answer = shop.caller("admin").call("POST", f"{slug}/", whole | said)
        assert answer.status_code == 422, said
        assert set(answer.json["errors"]) == {field.column.key for field, _value in filter(None, values)}
        assert not INNER.search(answer.text)
    assert len(rows(slug)) == before


@pytest.mark.parametrize(
    "slug, name, value",
    [
        ("customer", "name", ["a"]), ("customer", "name", {"a": 1}), ("customer", "name", True), ("customer", "name", "\ud800"),
        ("customer", "is_vulnerable", "yes"), ("customer", "is_vulnerable", 1), ("customer", "is_vulnerable", [True]),
        ("customer", "manager", [1]), ("customer", "manager", {"id": [1]}), ("customer", "manager", True),
        ("product", "rounding_unit", {"a": 1}), ("customer", "born_on", True), ("customer", "status", ["active"]),
    ],
)  # fmt: skip
def test_a_value_of_another_sort_is_named_by_its_field(shop: Shop, slug: str, name: str, value: Any) -> None:
    before, key = len(rows(slug)), next(field.column.key for field in fields(slug) if field.name == name)
    answer = shop.caller("admin").call("POST", f"{slug}/", body(slug, shop, 8) | {name: value})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {key})
    assert len(rows(slug)) == before


@pytest.mark.parametrize("slug", with_verb("add"))
def test_what_is_needed_and_missing_is_named(shop: Shop, slug: str) -> None:
    whole, before = body(slug, shop, 9), len(rows(slug))
    needed = [field for field in fields(slug) if is_required(field.column) and field.kind != "bool"]
    rest = {name: value for name, value in whole.items() if name not in {field.name for field in needed}}
    for given in ({}, {field.name: None for field in needed}, {field.name: "" for field in needed}):
        answer = shop.caller("admin").call("POST", f"{slug}/", rest | given)
        assert answer.status_code == 422, given
        assert set(answer.json["errors"]) == {field.column.key for field in needed}
    assert len(rows(slug)) == before


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"", "application/json"), (b"{", "application/json"), (b"[]", "application/json"), (b"[1, 2]", "application/json"),
        (b'"text"', "application/json"), (b"null", "application/json"), (b"7", "application/json"),
        (b"name=x", "application/x-www-form-urlencoded"), (b"\xff\xfe\x00", "application/json"), (b"{}", "text/plain"),
        (b'{"name": NaN}', "application/json"), (b'{"name": -Infinity}', "application/json"),
        (b'{"name": "x"}' * 2, "application/json"), (b"[" * 5000, "application/json"), (b'{"a":' * 2000, "application/json"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_object_is_refused_in_words(shop: Shop, data: bytes, kind: str) -> None:
    program, before = shop.caller("admin"), len(rows("department"))
    for method, path in (("POST", "department/"), ("PUT", f"customer/{shop.customers[0]}")):
        answer = program.client.open(
            f"/api/v1/{path}", method=method, data=data, headers=program.headers, content_type=kind
        )
        assert answer.status_code == 400, answer.text
        assert answer.json["message"] == "The body must be a JSON object"
    assert len(rows("department")) == before


@pytest.mark.parametrize(
    "extra",
    [
        {"id": 7},
        {"branch_lft": 1},
        {"principal_outstanding": "0"},
        {"__class__": "x"},
        {"": 1},
        {"csrf_token": "x"},
        {"status ": 1},
    ],
)
def test_a_field_that_is_not_in_the_form_is_refused_by_name(shop: Shop, extra: dict[str, Any]) -> None:
    row = stored("loan", shop.loans[0])
    answer = shop.caller("admin").call("PUT", f"loan/{row.id}", {"purpose": "cattle", **extra})
    assert answer.status_code == 422
    assert next(iter(extra)) in answer.json["message"]
    assert stored("loan", row.id).purpose == row.purpose


@pytest.mark.parametrize(
    "value", ["a\x00b", "\x00", "\ud800", "x" * 200_001, HUGE, {"a": 1}, [1, 2], 5, 1.5, "👍" * 100, "\u202e"]
)
def test_a_strange_text_is_stored_as_text_or_refused_but_never_breaks(shop: Shop, value: Any) -> None:
    program = shop.caller("admin")
    answer = program.call("POST", "contact_note/", body("contact_note", shop, 1) | {"text": value})
    assert answer.status_code in (201, 422), answer.text
    assert not INNER.search(answer.text)
    if answer.status_code == 201:
        assert "\x00" not in stored("contact_note", answer.json["result"]["id"]).text
    assert (
        shop.admin.get(
            "/customer/list/", query_string={"q": str(value)[:5000].encode("utf-8", "replace")}
        ).status_code
        == 200
    )


def test_a_program_in_a_scope_meets_the_same_walls_as_its_screens(shop: Shop) -> None:
    owner, foreign = shop.caller("owner"), shop.customers[0]
    for method, path in (
        ("GET", f"customer/{foreign}"),
        ("PUT", f"customer/{foreign}"),
        ("DELETE", f"customer/{foreign}"),
    ):
        assert owner.call(method, path, {"name": "taken"} if method == "PUT" else None).status_code == 404
    answer = owner.call("POST", "phone/", body("phone", shop, 20) | {"customer": foreign})
    unknown = owner.call("POST", "phone/", body("phone", shop, 20) | {"customer": 10**9})
    assert (answer.status_code, answer.json) == (422, unknown.json)
    assert set(answer.json["errors"]) == {"customer_id"}
    mine = owner.call("PUT", f"customer/{shop.own_customer}", {"manager": shop.users["olga"]})
    assert (mine.status_code, list(mine.json["errors"])) == (422, ["manager_id"]), "out of his own scope"
    assert stored("customer", shop.own_customer).manager_id == shop.users["owner"]
    assert stored("customer", foreign).name == "Customer 00"


def test_the_openapi_document_describes_every_resource_and_is_valid(shop: Shop) -> None:
    from openapi_spec_validator import validate

    answer = shop.caller("partner").call("GET", "_openapi")
    assert answer.status_code == 200
    document = answer.json
    assert {cls.slug() for cls in shown_entities()} <= {path.split("/")[3] for path in document["paths"]}
    # all resources are described by the same code; validating each of them takes seconds
    some = {path: said for path, said in document["paths"].items() if path.split("/")[3] in SAMPLES}
    validate(document | {"paths": some})
    loan = document["paths"]["/api/v1/loan/{pk}"]["put"]["requestBody"]["content"]["application/json"][
        "schema"
    ]["properties"]
    assert loan["principal"]["pattern"]
    assert loan["method"]["enum"][0] == "annuity"
    parameters = {one["name"] for one in document["paths"]["/api/v1/loan/"]["get"]["parameters"]}
    wanted = {"q", "sort", "after", "size", "fields", "status", "days_past_due__gt", "principal__le"}
    assert wanted <= parameters
    for path, method in (
        ("{pk}", "put"),
        ("{pk}", "patch"),
        ("{pk}", "delete"),
        ("{pk}/do/message_customer", "post"),
    ):
        said = document["paths"][f"/api/v1/customer/{path}"][method]
        assert {"If-Match", "Idempotency-Key"} <= {one["name"] for one in said["parameters"]}
        assert {"200", "400", "403", "404", "409", "412", "422"} <= set(said["responses"])
    assert "number and client" in document["paths"]["/api/v1/loan/bulk"]["post"]["description"]
    pay = document["paths"]["/api/v1/loan/{pk}/do/post_repayment"]["post"]["requestBody"]["content"][
        "application/json"
    ]["schema"]
    assert {"amount", "received_on", "reference"} == set(pay["required"])
    assert pay["properties"]["amount"]["pattern"]
    row = document["components"]["schemas"]["loan"]["properties"]
    assert row["principal"]["type"] == "string"
    assert set(row["customer"]["properties"]) == {"id", "text"}
    assert {"405", "413", "429"} <= set(document["paths"]["/api/v1/loan/"]["get"]["responses"])
    assert set(document["paths"]["/api/v1/allocation/"]) == {"get"}, "what nobody may do is not offered"
    assert shop.admin.get("/api/v1/_openapi").status_code == 401
    assert shop.admin.get("/swagger/v1").status_code == 404
