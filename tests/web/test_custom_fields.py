"""Fields that an administrator adds on a screen: what each consequence stores, shows, finds or refuses."""

import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from tests.web.people import Browser, Caller, add, rows, stored
from tests.web.shop import Shop

FIELDS: dict[str, dict[str, Any]] = {
    "herd": {"kind": "number", "label_en": "Herd size", "label_uk": "Поголів’я", "default_value": "3"},
    "area": {"kind": "number", "label_en": "Area", "places": "2"},
    "nickname": {
        "kind": "text",
        "label_en": "Nickname",
        "is_searched": "y",
        "hint": "As the village calls him",
    },
    "story": {"kind": "longtext", "label_en": "Story"},
    "income": {"kind": "money", "label_en": "Income"},
    "visited_on": {"kind": "date", "label_en": "Visited on"},
    "mood": {"kind": "choice", "label_en": "Mood"},
    "mentor": {"kind": "link", "label_en": "Mentor", "target": "user"},
    "is_literate": {"kind": "bool", "label_en": "Literate"},
    "passport": {"kind": "text", "label_en": "Passport", "is_personal": "y"},
}
VALUES = {
    "c_herd": "12", "c_area": "1,250.5", "c_nickname": "Big Wang", "c_story": "Long ago", "c_income": "1500.50",
    "c_visited_on": "2018-06-01", "c_mood": "glad", "c_is_literate": "y", "c_passport": "FE123456",
}  # fmt: skip


def declare(browser: Browser, code: str, **said: Any) -> Any:
    """Add a field of customers on its screen."""
    return browser.post("/custom_field/add", {"entity": "customer", "code": code, "position": "0", **said})


@pytest.fixture(scope="module")
def fields(shop: Shop) -> dict[str, int]:
    """The fields, added on the screen by an administrator; their ids by code."""
    for place, (code, said) in enumerate(FIELDS.items()):
        answer = declare(shop.admin, code, **{**said, "position": str(place)})
        assert answer.status_code == 302, answer.text
    found = {row.code: row.id for row in rows("custom_field")}
    for code, label in (("glad", "Glad"), ("sad", "Sad")):
        said = {
            "field_id": found["mood"],
            "code": code,
            "label_en": label,
            "colour": "green",
            "position": "0",
        }
        assert shop.admin.post("/custom_choice/add", said).status_code == 302
    return found


@pytest.fixture(scope="module")
def wang(shop: Shop, fields: dict[str, int]) -> int:
    """A customer whose fields were filled in on his form."""
    values = {"client_id": shop.client, "name": "Wang", "c_mentor": shop.users["otto"], **VALUES}
    answer = shop.admin.post("/customer/add", {**form(shop), **values})
    assert answer.status_code == 302, answer.text
    return max(row.id for row in rows("customer", name="Wang"))


@pytest.fixture
def li(shop: Shop, fields: dict[str, int]) -> int:
    """A customer to be changed."""
    kept = {"herd": "12", "mood": "glad", "mentor": shop.users["otto"], "story": "Long ago"}
    return add("customer", client_id=shop.client, name="Li", manager_id=shop.users["admin"], custom=kept)


def form(shop: Shop) -> dict[str, Any]:
    """What the form of a new customer says by itself."""
    return {"client_id": shop.client, "kind": "person", "status": "active", "manager_id": shop.users["admin"]}


def test_the_form_stores_each_kind_as_what_it_is(shop: Shop, wang: int) -> None:
    assert stored("customer", wang).custom == {
        "herd": "12", "area": "1250.5", "nickname": "Big Wang", "story": "Long ago", "income": "1500.50",
        "visited_on": "2018-06-01", "mood": "glad", "is_literate": True, "passport": "FE123456",
        "mentor": shop.users["otto"],
    }  # fmt: skip


def test_the_form_names_them_in_the_readers_language_and_starts_with_their_defaults(
    shop: Shop, wang: int
) -> None:
    page = shop.admin.get("/customer/add").text
    assert "Further fields" in page
    assert "As the village calls him" in page
    assert 'name="c_herd" value="3"' in page.replace('type="text" ', ""), page
    browser = shop.browser("owner")
    browser.get("/lang/uk")
    page = browser.get("/customer/add").text
    assert "Поголів’я" in page
    assert "Nickname" in page, "the first label that is filled in"


def test_the_record_shows_them(shop: Shop, wang: int) -> None:
    page = shop.admin.get(f"/customer/show/{wang}").text
    for text in (
        "Further fields",
        "Big Wang",
        "1,500.50",
        "Jun 1, 2018",
        "Glad",
        "Otto Test",
        "Long ago",
        "1,250.5",
    ):
        assert text in page, text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("c_herd=12", True), ("c_herd__gt=12", False), ("c_area__ge=1250.5", True), ("c_income__lt=1500.5", False),
        ("c_nickname__contains=big", True), ("c_visited_on=2018-06-01", True), ("c_visited_on=last-30-days", True),
        ("c_visited_on=this-year", True), ("c_visited_on__gt=2018-06-01", False), ("c_mood=glad", True),
        ("c_mood__in=sad,glad", True), ("c_mood__ne=glad", False), ("c_mood__null=no", True), ("c_is_literate=yes", True),
        ("c_is_literate=no", False), ("c_story__contains=long", True), ("q=big+wang", True), ("c_passport=FE123456", True),
        ("any1.c_mood=sad&any1.c_herd=12", True), ("any1.c_mood=sad&any1.c_herd=13", False),
    ],
)  # fmt: skip
def test_the_list_finds_rows_by_them(shop: Shop, wang: int, query: str, *, found: bool) -> None:
    answer = shop.admin.get(
        f"/customer/list/?{query}&partial=1&cols=name.c_herd.c_mood.c_mentor.c_visited_on"
    )
    assert answer.status_code == 200
    assert ("Wang" in answer.text) is found
    assert not found or "Otto Test" in answer.text


def test_a_reference_finds_its_rows(shop: Shop, wang: int) -> None:
    of_otto = shop.admin.get(f"/customer/list/?c_mentor={shop.users['otto']}")
    assert "Wang" in of_otto.text
    assert "Otto Test" in of_otto.text, "the chip says who"
    assert "Wang" not in shop.admin.get(f"/customer/list/?c_mentor={shop.users['olga']}&partial=1").text
    assert "Wang" in shop.admin.get("/customer/list/?c_mentor.username=otto&partial=1").text


@pytest.fixture(scope="module")
def filled(shop: Shop, wang: int) -> None:
    """Values in most customers, many of them the same."""
    items = [
        {"id": row_id, "c_herd": step % 7, "c_area": f"{step % 5}.5", "c_income": f"{step % 3}.25", "c_mood": "sad" if step % 2 else "glad",
         "c_visited_on": f"2018-05-{step % 9 + 1:02d}", "c_nickname": f"N{step % 4}", "c_is_literate": step % 2 == 0}
        for step, row_id in enumerate(shop.customers[:30])
    ]  # fmt: skip
    answer = Caller(shop.app, "admin").call("POST", "customer/bulk", {"items": items})
    assert answer.json["counts"] == {"updated": 30}, answer.text


@pytest.mark.parametrize(
    "name", ["c_herd", "c_area", "c_income", "c_visited_on", "c_mood", "c_nickname", "c_is_literate"]
)
def test_pages_follow_their_order_without_gap_or_double(shop: Shop, filled: None, name: str) -> None:
    program = Caller(shop.app, "admin")
    for order in (name, f"-{name}"):
        seen: list[int] = []
        after: str | None = ""
        while after is not None:
            page = program.call("GET", f"customer/?sort={order}&size=25&fields=id,{name}&after={after}").json
            seen += [row["id"] for row in page["result"]]
            after = page["next"]
        assert len(seen) == len(set(seen)) == len(rows("customer"))


def test_a_program_writes_and_reads_them(shop: Shop, fields: dict[str, int]) -> None:
    program = Caller(shop.app, "admin")
    said = {"client_id": shop.client, "name": "By program", "manager_id": shop.users["admin"], "c_area": "7.25",
            "c_mentor": {"id": shop.users["olga"]}, "c_mood": "sad", "c_is_literate": True}  # fmt: skip
    made = program.call("POST", "customer/", said)
    assert made.status_code == 201, made.text
    row_id = made.json["result"]["id"]
    assert stored("customer", row_id).custom == {
        "herd": "3", "area": "7.25", "mentor": shop.users["olga"], "mood": "sad", "is_literate": True,
    }  # fmt: skip
    read = program.call(
        "GET", f"customer/{row_id}?fields=c_herd,c_area,c_mentor,c_mood,c_is_literate,c_income"
    )
    assert read.json["result"] == {
        "id": row_id, "c_herd": 3, "c_area": "7.25", "c_mentor": {"id": shop.users["olga"], "text": "Olga Test"},
        "c_mood": "sad", "c_is_literate": True, "c_income": None,
    }  # fmt: skip
    changed = program.call(
        "PATCH",
        f"customer/{row_id}",
        {"c_area": None, "c_herd": 4},
        headers={"If-Match": read.headers["ETag"]},
    )
    assert changed.status_code == 200, changed.text
    assert stored("customer", row_id).custom == {
        "herd": "4", "mentor": shop.users["olga"], "mood": "sad", "is_literate": True,
    }  # fmt: skip
    stale = program.call(
        "PATCH", f"customer/{row_id}", {"c_herd": 5}, headers={"If-Match": read.headers["ETag"]}
    )
    assert stale.status_code == 412
    many = program.call(
        "POST", "customer/bulk", {"items": [{"id": row_id, "c_herd": 6}, {"id": row_id, "c_herd": 6}]}
    )
    assert [each["result"] for each in many.json["results"]] == ["updated", "unchanged"]


def test_the_description_for_programs_knows_them(shop: Shop, fields: dict[str, int]) -> None:
    paths = Caller(shop.app, "admin").call("GET", "_openapi").json["paths"]
    body = paths["/api/v1/customer/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["c_mood"]["enum"] == ["glad", "sad"]
    assert body["properties"]["c_herd"] == {"type": "integer", "description": "Herd size"}
    assert body["properties"]["c_area"]["type"] == "string"
    assert "c_visited_on__ge" in {one["name"] for one in paths["/api/v1/customer/"]["get"]["parameters"]}


@pytest.mark.parametrize(
    ("name", "bad", "sentence"),
    [
        ("c_herd", "many", "many is not a number"), ("c_herd", "1.5", "A whole number is needed"),
        ("c_area", "1.234", "At most 2 decimal places"), ("c_income", "1e40", "is too long"),
        ("c_visited_on", "2018-02-30", "Not a valid date value."), ("c_mood", "angry", "There is nothing like this to choose"),
        ("c_mentor", "999999", "There is nothing like this to choose"), ("c_nickname", "x" * 501, "500"),
    ],
)  # fmt: skip
def test_a_bad_value_is_refused_in_words_at_every_door(
    shop: Shop, wang: int, name: str, bad: str, sentence: str
) -> None:
    before = stored("customer", wang).custom
    by_form = shop.admin.post(f"/customer/edit/{wang}", {**form(shop), "name": "Wang", **VALUES, name: bad})
    by_program = Caller(shop.app, "admin").call("PATCH", f"customer/{wang}", {name: bad})
    assert (by_form.status_code, by_program.status_code) == (422, 422)
    assert sentence in by_form.text
    assert sentence in by_program.json["errors"][name][0]
    assert stored("customer", wang).custom == before


def test_the_history_keeps_each_by_itself_and_tells_it_in_words(shop: Shop, li: int) -> None:
    answer = shop.admin.post(f"/customer/cell/c_mood/{li}", {"c_mood": "sad"})
    assert answer.status_code == 200, answer.text
    assert (
        shop.admin.post(f"/customer/cell/c_mentor/{li}", {"c_mentor": shop.users["olga"]}).status_code == 200
    )
    kept = rows("history", entity="customer", row_id=li, action="change")
    assert kept[-2].changes == {"c_mood": ["glad", "sad"]}
    assert kept[-1].changes == {"c_mentor": [shop.users["otto"], shop.users["olga"]]}
    assert {row.user_id for row in kept[-2:]} == {shop.users["admin"]}
    page = shop.admin.get(f"/history/list/?entity=customer&row_id={li}").text
    assert "Mood: Glad → Sad" in page
    assert "Mentor: Otto Test → Olga Test" in page


def test_many_rows_are_given_a_value_at_once_and_keep_their_other_fields(shop: Shop, li: int) -> None:
    before = stored("customer", li).custom
    ids = [li, shop.customers[33], shop.customers[34]]
    said = {"__run": "1", "ids": ids, "_change": ["c_herd", "c_story"], "c_herd": "77", "c_story": ""}
    answer = shop.admin.post("/customer/change", said)
    assert answer.status_code == 302, answer.text
    assert {stored("customer", one).custom["herd"] for one in ids} == {"77"}
    left = {code: value for code, value in before.items() if code not in ("herd", "story")}
    assert stored("customer", li).custom == {**left, "herd": "77"}


def test_the_workbook_has_them_as_what_they_are(shop: Shop, wang: int) -> None:
    cols = "name.c_area.c_income.c_visited_on.c_mood.c_mentor.c_is_literate.c_passport"
    with shop.admin.get(f"/customer/export.xlsx?cols={cols}&name=Wang") as file:
        sheet = openpyxl.load_workbook(io.BytesIO(file.data)).worksheets[0]
    header, row = list(sheet.iter_rows(values_only=True))[:2]
    assert header[1:6] == ("Area", "Income", "Visited on", "Mood", "Mentor")
    assert (row[0], Decimal(str(row[1])), row[2]) == ("Wang", Decimal("1250.5"), 1500.5)
    assert (str(row[3])[:10], row[4], row[5], row[6]) == ("2018-06-01", "Glad", "Otto Test", True)


def test_a_choice_can_be_charted(shop: Shop, filled: None) -> None:
    told = shop.admin.get("/customer/chart/c_mood?data=1").json
    assert {"Glad", "Sad"} <= set(told["x"])
    assert told["drill"][told["x"].index("Glad")] == "/customer/list/?c_mood=glad"
    assert "/customer/chart/c_mood" in shop.admin.get("/customer/list/?view=0").text


def test_a_number_is_shown_with_all_the_places_that_it_may_have(shop: Shop) -> None:
    add("custom_field", entity="department", code="share", kind="number", label_en="Share", places=6)
    for text in ("0.000001", "123456.789012", "7"):
        add("department", name=f"Share {text}", custom={"share": float(text)})
    page = shop.admin.get("/department/list/?cols=name.c_share&q=Share").text
    assert [told for told in ("0.000001", "123,456.789012") if told not in page] == []
    assert "7.000000" not in page
