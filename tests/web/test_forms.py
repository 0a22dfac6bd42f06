"""Forms: what is chosen, kept, refused and stored."""

import re
from datetime import UTC, date, datetime

import pytest

from app.core.db import unscoped
from app.core.org import DataGrant, GrantKind, History
from tests.web.people import add, rows, stored, watched
from tests.web.shop import CUSTOMERS, Shop
from tests.web.test_two_writers import change


def field(page: str, name: str) -> str:
    """The markup of one field of a form, up to the next one."""
    start = page.index(f'name="{name}"')
    return page[start : page.find('name="', start + 6)]


def history(slug: str, row_id: int) -> list[History]:
    """The kept changes of a row."""
    return rows("history", entity=slug, row_id=row_id)


@pytest.mark.parametrize(
    "path", ["/phone/add", "/contact_note/add", "/loan/list/?size=25", "/customer_link/add"]
)
def test_a_form_or_filter_never_loads_a_linked_table(shop: Shop, path: str) -> None:
    shop.admin.get("/home/")
    with watched() as asked:
        page = shop.admin.get(path).text
    assert asked.rows < CUSTOMERS + 60, "rights of the role, settings, one page of rows"
    assert not [one for one in asked.about("customer") if "LIMIT" not in one and "WHERE" not in one]
    assert page.count("Customer 3") <= 10


def test_editing_loads_only_the_rows_that_are_linked(shop: Shop) -> None:
    shop.admin.get("/home/")
    with watched() as asked:
        page = shop.admin.get(f"/loan/edit/{shop.loans[7]}").text
    assert "Customer 07" in page
    assert "Customer 08" not in page
    assert asked.rows < CUSTOMERS + 200
    assert not [one for one in asked.about("customer") if "customer.id =" not in one]


def test_a_required_link_is_not_chosen_beforehand(shop: Shop) -> None:
    page = shop.admin.get("/phone/add").text
    assert "selected" not in field(page, "customer_id")
    before = len(rows("phone"))
    answer = shop.admin.post("/phone/add", {"number": "+8613900000001", "kind": "mobile", "state": "unknown"})
    assert answer.status_code == 422
    assert "Needed" in field(answer.text, "customer_id")
    assert len(rows("phone")) == before


def test_a_day_of_any_year_is_shown_as_browsers_read_it(shop: Shop) -> None:
    row_id = shop.customers[4]
    change("customer", row_id, born_on=date(1, 1, 1))
    page = shop.admin.get(f"/customer/edit/{row_id}").text
    assert re.search(r'<input[^>]*name="born_on"[^>]*value="0001-01-01"', page)


def test_what_a_person_may_not_list_he_does_not_find_by_what_he_is_not_shown(shop: Shop) -> None:
    path = f"/loan/lookup/officer?q={stored('user', shop.users['otto']).email}"
    assert [one["text"] for one in shop.admin.get(path).json["results"]] == ["Otto Test"]
    assert shop.browser("olga").get(path).json["results"] == []


def test_a_lookup_gives_at_most_thirty_rows_of_the_scope(shop: Shop) -> None:
    found = shop.admin.get("/phone/lookup/customer").json["results"]
    assert len(found) == 30
    asked = shop.browser("olga").get("/phone/lookup/customer?q=customer+1").json["results"]
    assert [one["text"] for one in asked] == [f"Customer {n}" for n in (10, 12, 14, 16, 18)]
    assert shop.admin.get("/phone/lookup/number").status_code == 404
    assert shop.admin.get("/phone/lookup/password").status_code == 404
    assert shop.browser("partner").get("/lookups/user").status_code == 404


def test_saving_a_form_again_keeps_a_link_to_a_row_out_of_sight(shop: Shop) -> None:
    """Flask-AppBuilder silently emptied it."""
    link = add(
        "customer_link",
        customer_id=shop.own_customer,
        kind="guarantor",
        linked_id=shop.customers[0],
        name="G",
    )
    owner = shop.browser("owner")
    page = owner.get(f"/customer_link/edit/{link}").text
    assert "Customer 00" not in page
    assert 'value="keep"' in page
    data = {"customer_id": shop.own_customer, "kind": "spouse", "name": "Renamed", "linked_id": "keep"}
    assert owner.post(f"/customer_link/edit/{link}", data).status_code == 302
    row = stored("customer_link", link)
    assert (row.name, str(row.kind), row.linked_id) == ("Renamed", "spouse", shop.customers[0])
    data["linked_id"] = ""
    assert owner.post(f"/customer_link/edit/{link}", data).status_code == 302
    assert stored("customer_link", link).linked_id is None


def test_a_link_to_a_row_out_of_sight_cannot_be_chosen(shop: Shop) -> None:
    before, owner = len(rows("phone")), shop.browser("owner")
    data = {
        "customer_id": shop.customers[0],
        "number": "+8613900000002",
        "kind": "mobile",
        "state": "unknown",
    }
    answer = owner.post("/phone/add", data)
    unknown = owner.post("/phone/add", data | {"customer_id": 10**12})
    assert (answer.status_code, unknown.status_code) == (422, 422)
    said = "There is nothing like this to choose"
    assert said in answer.text
    assert said in unknown.text
    assert len(rows("phone")) == before


def test_the_mark_for_keeping_is_worth_nothing_where_nothing_is_kept(shop: Shop) -> None:
    before = len(rows("phone"))
    data = {"customer_id": "keep", "number": "+8613900000003", "kind": "mobile", "state": "unknown"}
    assert shop.browser("owner").post("/phone/add", data).status_code == 422
    assert len(rows("phone")) == before


def test_two_grants_keep_what_each_alone_would_not_show(shop: Shop) -> None:
    """A person who gets a second scope sees the link, chooses it, loses the scope, saves again: it stays."""
    link = add("customer_link", customer_id=shop.own_customer, kind="relative", name="R")
    with unscoped("a second grant") as session:
        grant = DataGrant(
            user_id=shop.users["owner"], kind=GrantKind.BRANCH, branch_id=shop.branches["north"]
        )
        session.add(grant)
        session.flush()
        grant_id = grant.id
    owner = shop.browser("owner")
    data = {"customer_id": shop.own_customer, "kind": "relative", "name": "R"}
    chosen = data | {"linked_id": shop.customers[3]}
    assert owner.post(f"/customer_link/edit/{link}", chosen).status_code == 302
    assert stored("customer_link", link).linked_id == shop.customers[3]
    with unscoped("the grant ends") as session:
        session.delete(session.get_one(DataGrant, grant_id))
    page = owner.get(f"/customer_link/edit/{link}").text
    assert "Customer 03" not in page
    assert owner.post(f"/customer_link/edit/{link}", data | {"linked_id": "keep"}).status_code == 302
    assert stored("customer_link", link).linked_id == shop.customers[3]


def test_a_form_stores_what_was_typed_and_history_says_who_and_from_where(shop: Shop) -> None:
    data = {
        "customer_id": shop.customers[0], "at": "2018-06-20T15:30", "way": "visit", "place": "  at home ",
        "text": "Promised to pay\r\nnext week",
    }  # fmt: skip
    assert shop.browser("olga").post("/contact_note/add", data).status_code == 302
    note = rows("contact_note", customer_id=shop.customers[0])[-1]
    assert note.at == datetime(2018, 6, 20, 7, 30, tzinfo=UTC), "typed in the installation's zone"
    assert (str(note.way), note.place) == ("visit", "at home")
    assert note.text == "Promised to pay\r\nnext week"
    [kept] = history("contact_note", note.id)
    assert (kept.action, kept.user_id, kept.source) == ("create", shop.users["olga"], "screen")


def test_numbers_are_taken_as_people_write_them(shop: Shop) -> None:
    loan = shop.loans[5]
    row = stored("loan", loan)
    data = {
        "client_id": row.client_id, "number": row.number, "customer_id": row.customer_id, "product_id": row.product_id,
        "branch_id": row.branch_id, "officer_id": row.officer_id, "currency": "CNY", "annual_rate": "14,07",
        "disbursed_on": "2018-01-31", "matures_on": "2019-01-31", "method": "bullet",
    }  # fmt: skip
    for typed, value in (
        ("1 234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("7\u202f000", "7000.00"),
        ("0,01", "0.01"),
    ):
        assert shop.admin.post(f"/loan/edit/{loan}", data | {"principal": typed}).status_code == 302, typed
        assert str(stored("loan", loan).principal) == value
    row = stored("loan", loan)
    assert (str(row.annual_rate), row.disbursed_on, str(row.method)) == (
        "14.070000",
        date(2018, 1, 31),
        "bullet",
    )
    assert row.principal_outstanding == 500, "what rules keep is not in the form"


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("number", "x" * 61, "longer"), ("number", "", "Needed"), ("principal", "1.234", "decimal"),
        ("principal", "a lot", "number"), ("principal", "1e30", "number"), ("principal", "NaN", "number"),
  ("annual_rate", "9" * 30, "number"), ("annual_rate", "1000000", "digits before"),
        ("disbursed_on", "31.01.2018", "date"), ("disbursed_on", "2018-02-30", "date"), ("disbursed_on", "10000-01-01", "date"),
        ("method", "guess", "choice"), ("customer_id", "abc", "choose"), ("customer_id", "-1", "choose"),
        ("customer_id", str(2**63), "choose"), ("officer_id", str(2**31), "choose"), ("officer_id", "1\x00", "choose"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_beside_its_field_and_nothing_is_stored(
    shop: Shop, name: str, value: str, said: str
) -> None:
    loan = shop.loans[6]
    row = stored("loan", loan)
    good = {
        "client_id": row.client_id, "number": row.number, "customer_id": row.customer_id, "product_id": row.product_id,
        "officer_id": row.officer_id, "currency": "CNY", "annual_rate": "14.07", "principal": "1006",
        "disbursed_on": row.disbursed_on, "matures_on": row.matures_on, "method": "annuity",
    }  # fmt: skip
    before = len(history("loan", loan))
    answer = shop.admin.post(f"/loan/edit/{loan}", good | {name: value})
    assert answer.status_code == 422, answer.headers
    assert said.lower() in answer.text.lower()
    assert not re.search(r"psycopg|sqlalchemy|SQL:|DETAIL|violates", answer.text)
    assert (stored("loan", loan).number, len(history("loan", loan))) == (row.number, before)


def test_the_same_row_twice_is_refused_in_words(shop: Shop) -> None:
    before = len(rows("department"))
    assert shop.admin.post("/department/add", {"name": "Audit"}).status_code == 302
    answer = shop.admin.post("/department/add", {"name": "Audit"})
    assert answer.status_code == 422
    assert "There is one like this already" in answer.text
    assert len(rows("department")) == before + 1


def test_what_others_still_need_is_not_deleted_and_the_person_is_told(shop: Shop) -> None:
    answer = shop.admin.post(f"/product/delete/{shop.product}", follow_redirects=True)
    assert "Other records belong to this one, so it cannot be deleted: Loans" in answer.text
    assert stored("product", shop.product) is not None


def test_a_masked_value_can_be_neither_read_nor_overwritten_in_a_form(shop: Shop) -> None:
    phone = rows("phone", customer_id=shop.customers[2])[0]
    with unscoped("an agent who may not reveal") as session:
        from app.access.users import create_user  # noqa: F401

        session.flush()
    page = shop.browser("partner").get(f"/phone/edit/{phone.id}")
    assert page.status_code == 403
    assert phone.number not in shop.browser("partner").get(f"/customer/show/{phone.customer_id}").text


@pytest.mark.parametrize("pk", ["0", "x", "-1", "999999999", str(2**63), "1%00", "1.5"])
def test_what_is_no_row_is_not_found_at_any_door(shop: Shop, pk: str) -> None:
    for verb in ("show", "edit"):
        assert shop.admin.get(f"/customer/{verb}/{pk}").status_code == 404
    assert shop.admin.post(f"/customer/delete/{pk}").status_code == 404
    assert shop.caller("admin").call("GET", f"customer/{pk}").status_code == 404


def test_verbs_an_entity_does_not_have_do_not_exist(shop: Shop) -> None:
    """Rows that rules keep can be added, changed and deleted by nobody."""
    before = rows("history")
    for path in ("/instalment/add", "/repayment/add", "/loan/add", "/audit_event/add"):
        assert shop.admin.get(path).status_code == 404, path
        assert shop.admin.post(path, {"name": "x"}).status_code == 404, path
    for path in (f"/loan/delete/{shop.loans[0]}", "/history/delete/1", "/history/edit/1"):
        assert shop.admin.post(path, {}).status_code == 404, path
    assert len(rows("history")) == len(before)
