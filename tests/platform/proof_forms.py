"""Forms of an entity of one class: what they offer, ask for, keep over a lost session, and tell of another writer."""

import re
from html import unescape
from typing import Any

from tests.platform.proof_lists import book
from tests.platform.yard import Yard
from tests.web.people import rows, stored
from tests.web.shown import Form
from tests.web.test_creating import PART
from tests.web.test_dependent_lookups import offered
from tests.web.test_drafts import come_back, send_late
from tests.web.test_lists import listed
from tests.web.test_two_writers import CHANGED, opened, shown as typed


def said(yard: Yard, plate: str, **values: Any) -> dict[str, str]:
    """A form as it is sent."""
    return {name: str(value) for name, value in yard.said(plate, **values).items()}


def test_a_form_stores_what_is_typed_and_names_what_is_wrong_beside_its_field(yard: Yard) -> None:
    sent = said(yard, "FORM-1", price="1,234.50", seats="2", is_spare="y", licence="LIC-1")
    assert yard.browser("olga").post("/lorry/add", sent).status_code == 302
    [one] = rows("lorry", plate="FORM-1")
    assert (str(one.price), one.seats, one.is_spare, one.licence) == ("1234.50", 2, True, "LIC-1")
    wrong = yard.admin.post("/lorry/add", {**sent, "price": "many", "branch_id": ""})
    assert (wrong.status_code, len(rows("lorry", plate="FORM-1"))) == (422, 1)
    assert set(re.findall(r'id="error-(\w+)"', wrong.text)) == {"price", "branch_id"}
    twice = yard.admin.post("/lorry/add", sent)
    assert (
        twice.status_code,
        "There is one like this already" in twice.text,
        len(rows("lorry", plate="FORM-1")),
    ) == (422, True, 1)
    strange = yard.browser("sven").post("/lorry/add", said(yard, "FORM-2"))
    assert (strange.status_code, rows("lorry", plate="FORM-2")) == (422, [])


def test_each_kind_of_value_is_read_as_people_write_it_and_shown_and_taken_away_as_what_it_is(
    yard: Yard,
) -> None:
    sent = said(
        yard,
        "KIND-1",
        phone="138 0000 4711",
        lease_rate="14,07",
        serviced_at="2018-06-20T15:30",
        remark="First\r\nSecond",
    )
    assert yard.browser("olga").post("/lorry/add", sent).status_code == 302
    [one] = rows("lorry", plate="KIND-1")
    assert (one.phone, str(one.lease_rate), f"{one.serviced_at:%H:%M}") == (
        "+8613800004711",
        "14.070000",
        "07:30",
    )
    page = yard.browser("olga").get(f"/lorry/show/{one.id}").text
    assert all(text in page for text in ("+8613800004711", "14.07", "Jun 20, 2018", "First"))
    read = yard.caller("olga").call("GET", f"lorry/{one.id}").json["result"]
    assert (read["phone"], read["lease_rate"], read["price"], read["remark"][:5]) == (
        "+8613800004711",
        "14.070000",
        "1000.50",
        "First",
    )
    query = "q=KIND&phone=%2B8613800004711&serviced_at=2018-06-20&lease_rate__null=no"
    assert listed(yard, query, "lorry", "olga") == [one.id]
    [_head, line] = book(yard, f"/lorry/export.xlsx?cols=phone.lease_rate.serviced_at&{query}", "olga")
    assert (line[:2], str(line[2])) == (("+8613800004711", 14.07), "2018-06-20 15:30:00")
    form = Form(yard.browser("olga").get(f"/lorry/edit/{one.id}").text, f"/lorry/edit/{one.id}").sent()
    before = len(rows("history", entity="lorry", row_id=one.id))
    assert yard.browser("olga").client.post(f"/lorry/edit/{one.id}", data=form).status_code == 302
    assert len(rows("history", entity="lorry", row_id=one.id)) == before, (
        "a form saved as it was opened changes nothing"
    )


def test_what_its_rows_point_to_is_not_deleted_and_the_refusal_says_why(yard: Yard) -> None:
    team = yard.caller("admin").call("POST", "team/", {"name": "Pointed to"}).json["result"]["id"]
    yard.lorry("POINT-1", team=team)
    answer = yard.caller("admin").call("DELETE", f"team/{team}")
    assert (answer.status_code, stored("team", team) is not None) == (422, True)
    assert answer.json["message"] == "Other records belong to this one, so it cannot be deleted: Lorries"


def test_what_a_lookup_lacks_is_made_on_the_fly_and_chosen(yard: Yard) -> None:
    page = yard.admin.get("/lorry/add").text
    assert re.search(r'<a class="form-new" href="/team/add" target="_blank" data-new="name">', page)
    made = yard.admin.post("/team/add", {"name": "Drovers"}, headers=PART).json
    [team] = rows("team", name="Drovers")
    assert made == {"value": str(team.id), "text": "Drovers"}
    assert yard.admin.post("/lorry/add", said(yard, "TEAM-1", team_id=made["value"])).status_code == 302
    assert rows("lorry", plate="TEAM-1")[0].team_id == team.id
    fly = yard.admin.get("/lorry/add?plate=FLY-1", headers=PART).text
    assert ("<html" in fly, 'value="FLY-1"' in fly) == (False, True)


def test_people_of_the_chosen_branch_are_offered_first(yard: Yard) -> None:
    page = unescape(yard.admin.get("/lorry/add").text)
    near = re.search(r'name="driver_id"[^>]*data-near="([^"]*)"', page)
    assert near
    assert "branch_id=branch_id" in near[1].split(";")
    yard.caller("admin").call("PATCH", f"user/{yard.users['sven']}", {"branch": yard.branches["south"]})
    found = offered(yard, "admin", f"/lorry/lookup/driver?near.branch_id={yard.branches['south']}")
    assert found[0] == "Sven Test"
    assert offered(yard, "otto", f"/lorry/lookup/customer?q={yard.some_name('olga')}") == []


def test_a_field_is_asked_for_and_stored_only_while_another_one_says_so(yard: Yard) -> None:
    page = yard.admin.get("/lorry/add").text
    assert re.search(r'data-only-if="state" data-only-values="in_repair">\s*<label[^>]*for="workshop"', page)
    one, program = yard.lorry("COND-1"), yard.caller("admin")
    assert program.call("PATCH", f"lorry/{one}", {"workshop": "At Li's"}).status_code == 422
    assert (
        program.call("PATCH", f"lorry/{one}", {"workshop": "At Li's", "state": "in_repair"}).status_code
        == 200
    )
    sent = said(yard, "COND-1", state="ready", workshop="At Li's")
    answer = yard.admin.post(f"/lorry/edit/{one}", sent)
    assert (answer.status_code, stored("lorry", one).workshop) in ((302, None), (422, "At Li's"))


def test_what_was_typed_when_the_session_ended_comes_back_and_is_not_stored(yard: Yard) -> None:
    browser, login = send_late(yard, "second", "/lorry/add", {"plate": "DRAFT-1", "price": "12.50"})
    page = come_back(browser, "second", login)
    assert page.request.path == "/lorry/add"
    assert ('value="DRAFT-1"' in page.text, "nothing is saved yet" in page.text) == (True, True)
    assert rows("lorry", plate="DRAFT-1") == []
    assert browser.post("/lorry/add", said(yard, "DRAFT-1")).status_code == 302
    assert len(rows("lorry", plate="DRAFT-1")) == 1


def test_the_second_of_two_writers_sees_both_versions_and_nothing_is_overwritten(yard: Yard) -> None:
    one, olga = yard.lorry("TWO-1"), yard.browser("olga")
    path = f"/lorry/edit/{one}"
    marks = {"_opened": opened(yard.admin.get(path))}
    assert (
        olga.post(
            path, said(yard, "TWO-1", price="2000.00") | {"_opened": opened(olga.get(path))}
        ).status_code
        == 302
    )
    answer = yard.admin.post(path, said(yard, "TWO-1", price="3000.00", seats="5") | marks)
    assert answer.status_code == 409
    assert f"{CHANGED}: Price" in unescape(answer.text)
    assert "Stored meanwhile: 2,000.00" in answer.text
    assert (typed(answer, "price"), typed(answer, "seats")) == ("3000.00", "5")
    assert (str(stored("lorry", one).price), stored("lorry", one).seats) == ("2000.00", None)
    again = said(yard, "TWO-1", price="3000.00", seats="5") | {"_opened": opened(answer)}
    assert yard.admin.post(path, again).status_code == 302
    assert (str(stored("lorry", one).price), stored("lorry", one).seats) == ("3000.00", 5)
