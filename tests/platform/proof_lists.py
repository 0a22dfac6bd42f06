"""Lists of an entity of one class: views, columns, filters, many rows at once, cells, pasted numbers, workbooks."""

from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from openpyxl import load_workbook

from tests.platform.yard import Yard
from tests.web.approvals import role
from tests.web.people import rows, stored
from tests.web.test_bulk_edit import bulk, said
from tests.web.test_cells import offered
from tests.web.test_lists import listed, shown
from tests.web.test_saved_views import menu, save, view_of
from tests.web.test_selections import missing, paste
from tests.web.test_two_writers import opened


def book(yard: Yard, path: str, name: str = "admin") -> list[tuple[Any, ...]]:
    """The first sheet of a workbook."""
    with yard.browser(name).get(path) as answer:
        assert answer.status_code == 200, answer.headers
        return list(load_workbook(BytesIO(answer.get_data())).worksheets[0].iter_rows(values_only=True))


def test_a_view_is_kept_private_shared_with_a_role_and_opens_the_list(yard: Yard) -> None:
    yard.some_of("VIEW")
    query = "q=VIEW&sort=-price&cols=plate.price.driver&size=50"
    otto = yard.browser("otto")
    assert save(otto, "My lorries", query, "lorry").status_code == 302
    view = view_of(yard, "My lorries", "otto")
    assert (view.entity, view.query, view.role_id) == ("lorry", query, None)
    assert "My lorries" not in menu(yard, "olga", "lorry")
    save(yard.admin, "Officers' lorries", query, "lorry", role=str(role("Officer")))
    lent = view_of(yard, "Officers' lorries", "admin")
    assert "Officers&#39; lorries" in menu(yard, "otto", "lorry")
    permalink = f"/lorry/list/?{query}&view={lent.id}"
    assert (
        shown(otto.get(permalink).text, "lorry") == listed(yard, "q=VIEW&sort=-price", "lorry", "otto") != []
    )
    otto.post(f"/saved_view/start/{view.id}")
    assert [one.view_id for one in rows("view_start", user_id=yard.users["otto"], entity="lorry")] == [
        view.id
    ]
    assert otto.get("/lorry/list/").headers["Location"] == f"/lorry/list/?{query}&view={view.id}"
    [head, *lines] = book(yard, f"/lorry/export.xlsx?{view.query}", "otto")
    assert (head, [line[:2] for line in lines]) == (
        ("Plate", "Price", "Driver"), [("VIEW-3", 4000.5), ("VIEW-1", 2000.5)],
    )  # fmt: skip
    otto.post(f"/saved_view/delete/{view.id}")
    assert rows("view_start", user_id=yard.users["otto"], entity="lorry") == []


def test_rows_are_found_by_letters_groups_moving_days_and_stand_in_several_orders(yard: Yard) -> None:
    first, second, third, fourth, south = yard.some_of("FIND")
    yard.caller("admin").call("PATCH", f"lorry/{second}", {"bought_on": "2017-01-31", "is_spare": True})
    for query, wanted in (
        ("q=FIND-2", [third]), ("q=FIND&bought_on=last-16-days&sort=plate", [first, third, fourth, south]),
        ("q=FIND&any1.is_spare=yes&any1.price__ge=5000&sort=-bought_on", [south, second]),
        (f"q=FIND&driver={yard.users['otto']}&sort=price", [second, fourth]), ("q=FIND&branch.name=South", [south]),
        ("q=FIND&sort=state,-plate", [south, fourth, third, second, first]),
        ("q=FIND&sort=is_spare,-price", [south, fourth, third, first, second]),
    ):  # fmt: skip
        assert listed(yard, query, "lorry") == wanted, query
        part = yard.admin.get(f"/lorry/list/?{query}", headers={"X-Partial": "table"})
        assert (shown(part.text, "lorry"), "<html" in part.text) == (wanted, False), query
    for wrong in ("sort=licence_x", "cols=nothing", "price__gt=lots", "driver.password=x"):
        assert yard.admin.get(f"/lorry/list/?{wrong}").status_code == 400, wrong


def test_columns_are_chosen_among_all_that_the_class_has(yard: Yard) -> None:
    yard.some_of("COLS")
    page = unescape(yard.admin.get("/lorry/list/?view=0").text)
    for name in ("customer", "licence", "seats", "is_spare", "workshop"):
        answer = yard.admin.get(f"/lorry/list/?cols=plate.{name}&q=COLS")
        assert (answer.status_code, shown(answer.text, "lorry") != []) == (200, True), name
        assert f'["{name}",' in page, name


def test_many_rows_are_changed_at_once_and_a_row_of_somebody_else_makes_it_a_404(yard: Yard) -> None:
    ids = yard.some_of("BULK")
    answer = bulk(yard.admin, "lorry", ids, {"seats": "4", "state": "in_repair"}, change_reason="Flood")
    assert answer.status_code == 302, answer.text
    assert [(one.seats, str(one.state)) for one in rows("lorry") if one.id in ids] == [(4, "in_repair")] * 5
    told = [one for one in rows("history", entity="lorry", action="change") if one.row_id in ids]
    assert {(one.reason, one.user_id, one.source) for one in told} == {
        ("Flood", yard.users["admin"], "screen")
    }
    assert bulk(yard.browser("olga"), "lorry", ids[:2], {"seats": "9"}).status_code == 404
    assert 9 not in {one.seats for one in rows("lorry")}


def test_its_verb_is_done_for_many_rows_and_says_of_each_why_not(yard: Yard) -> None:
    ids, olga = yard.some_of("VERB"), yard.browser("olga")
    yard.caller("admin").call("PATCH", f"lorry/{ids[2]}", {"state": "in_repair"})
    data = {"__run": "1", "ids": [ids[0], ids[2]], "workshop": "At Wang's"}
    assert "VERB-2: It is in repair already" in said(olga, olga.post("/lorry/do/send_to_repair", data))
    assert (str(stored("lorry", ids[0]).state), stored("lorry", ids[0]).workshop) == (
        "in_repair",
        "At Wang's",
    )
    assert olga.post("/lorry/do/send_to_repair", {**data, "ids": ids[1]}).status_code == 404
    assert yard.browser("mary").post("/lorry/do/send_to_repair", {**data, "ids": ids[1]}).status_code == 404
    by_program = yard.caller("otto").call(
        "POST", f"lorry/{ids[1]}/do/send_to_repair", {"workshop": "At Li's"}
    )
    assert (by_program.status_code, stored("lorry", ids[1]).workshop) == (200, "At Li's")


def test_one_value_is_changed_where_it_stands(yard: Yard) -> None:
    one, *_others, foreign = yard.some_of("CELL")
    listing = yard.browser("olga").get("/lorry/list/?cols=plate.driver.price.state").text
    assert offered(listing) == ["plate", "driver", "price", "state"]
    path, olga = f"/lorry/cell/price/{one}", yard.browser("olga")
    answer = olga.post(path, {"_opened": opened(olga.get(path)), "price": "1,750.25"})
    assert answer.status_code == 200, answer.text
    assert str(stored("lorry", one).price) == "1750.25"
    assert olga.post(path, {"_opened": opened(olga.get(path)), "price": "many"}).status_code == 422
    assert olga.post(f"/lorry/cell/price/{foreign}", {"price": "1"}).status_code == 404
    assert str(stored("lorry", foreign).price) == "5000.50"


def test_pasted_plates_choose_their_rows_and_what_is_not_found_is_told(yard: Yard) -> None:
    ids = yard.some_of("PASTE")
    answer = paste(yard.browser("olga"), "PASTE-0\nPASTE-1\nPASTE-2\nnothing", "lorry")
    assert missing(answer.text) == ["PASTE-1", "nothing"]
    chosen = rows("selection", user_id=yard.users["olga"])[-1]
    assert (chosen.entity, chosen.row_ids) == ("lorry", [ids[0], ids[2]])
    found = yard.browser("olga").get(f"/lorry/list/?picked={chosen.id}").text
    assert set(shown(found, "lorry")) == {ids[0], ids[2]}


def test_a_workbook_has_the_lists_rows_typed_and_is_logged(yard: Yard) -> None:
    yard.some_of("XLSX", licence="LIC-77")
    query = {"cols": "plate.price.bought_on.is_spare.state.driver.licence", "q": "XLSX", "sort": "plate"}
    [head, first, *_rest] = book(yard, f"/lorry/export.xlsx?{urlencode(query)}", "olga")
    assert head == ("Plate", "Price", "Bought on", "Spare", "State", "Driver", "Licence")
    assert (first[0], first[1], str(first[2])[:10], first[3:]) == (
        "XLSX-0", 1000.5, "2018-06-10", (False, "Ready", "Olga Test", "LIC-77"),
    )  # fmt: skip
    taken = rows("audit_event", kind="export", entity="lorry", user_id=yard.users["olga"])[-1]
    assert taken.details["rows"] == 2
    assert len(book(yard, f"/lorry/export.xlsx?{urlencode(query)}", "sven")) == 2
