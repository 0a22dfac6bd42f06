"""Whose rows of an entity of one class are: grants of several kinds, a moved branch, masked values, roles without a right."""

from typing import Any

import pytest

from app.access.users import create_user
from app.core.org import GrantKind
from tests.platform.yard import Yard
from tests.roles import role_that_reveals_nothing
from tests.web.people import add, rows, stored
from tests.web.test_lists import listed, shown


def user(yard: Yard, name: str, role: str, *grants: dict[str, Any]) -> None:
    yard.users[name] = create_user(name, "pw", role, first_name=name.title(), last_name="T", grants=grants)


def test_each_sees_his_own_rows_and_those_of_another_branch_do_not_exist(yard: Yard) -> None:
    ids = yard.some_of("SEEN")
    user(
        yard,
        "both",
        "Officer",
        {"kind": GrantKind.OWN},
        {"kind": GrantKind.BRANCH, "branch_id": yard.branches["south"]},
    )
    yard.caller("admin").call("PATCH", f"lorry/{ids[3]}", {"driver": yard.users["both"]})
    mine = {
        "admin": ids,
        "olga": [ids[0], ids[2]],
        "otto": [ids[1]],
        "sven": [ids[4]],
        "both": [ids[3], ids[4]],
        "nobody": [],
    }
    for name, seen in mine.items():
        browser, program = yard.browser(name), yard.caller(name)
        assert set(shown(browser.get("/lorry/list/?q=SEEN").text, "lorry")) == set(seen), name
        assert set(listed(yard, "q=SEEN", "lorry", name)) == set(seen), name
        for one in set(ids) - set(seen):
            assert browser.get(f"/lorry/show/{one}").status_code == 404
            assert browser.post(f"/lorry/edit/{one}", yard.said("STOLEN")).status_code == 404
            assert program.call("PATCH", f"lorry/{one}", {"plate": "STOLEN"}).status_code == 404
            assert program.call("DELETE", f"lorry/{one}").status_code in (403, 404)
    assert (rows("lorry", plate="STOLEN"), all(stored("lorry", one) for one in ids)) == ([], True)


def test_nobody_writes_a_row_that_he_would_not_see(yard: Yard) -> None:
    one = yard.lorry("REACH-1")
    for values in ({"driver": yard.users["otto"]}, {"driver": None}):
        assert yard.caller("olga").call("PATCH", f"lorry/{one}", values).status_code == 422, values
    assert yard.caller("sven").call("POST", "lorry/", yard.said("REACH-2")).status_code == 422
    assert (stored("lorry", one).driver_id, rows("lorry", plate="REACH-2")) == (yard.users["olga"], [])


def test_the_rows_of_a_branch_that_moves_are_seen_where_it_stands_then(yard: Yard) -> None:
    west, depot = add("branch", name="West"), add("branch", name="Depot")
    one = yard.lorry("MOVE-1", branch_id=depot, driver_id=None)
    user(yard, "wanda", "Officer", {"kind": GrantKind.BRANCH, "branch_id": west})
    assert listed(yard, "q=MOVE", "lorry", "wanda") == []
    answer = yard.caller("admin").call("POST", f"branch/{depot}/do/move_branch", {"branch_id": west})
    assert (answer.status_code, listed(yard, "q=MOVE", "lorry", "wanda")) == (200, [one])
    assert yard.browser("wanda").get(f"/lorry/show/{one}").status_code == 200


def test_a_role_that_reveals_nothing_reads_it_masked_at_each_door_and_finds_nothing_by_it(yard: Yard) -> None:
    one = yard.lorry("MASK-1", licence="LICENCE-778899", phone="+8613800007788")
    user(yard, "veiled", role_that_reveals_nothing("Veils lorries"), {"kind": GrantKind.ALL})
    browser, program = yard.browser("veiled"), yard.caller("veiled")
    columns = "cols=plate.licence.phone"
    told = [
        browser.get(path).text
        for path in (f"/lorry/show/{one}", f"/lorry/list/?{columns}&q=MASK", f"/lorry/edit/{one}")
    ]
    told += [
        program.call("GET", f"lorry/{one}").text,
        program.call("GET", f"history/?entity=lorry&row_id={one}").text,
    ]
    assert all("778899" not in text and "00007788" not in text for text in told)
    assert "LICE••••••8899" in told[0]
    assert program.call("GET", "lorry/?licence=LICENCE-778899").status_code == 400
    assert program.call("PATCH", f"lorry/{one}", {"licence": "X"}).status_code == 422
    assert (stored("lorry", one).licence, "LICENCE-778899" in yard.admin.get(f"/lorry/show/{one}").text) == (
        "LICENCE-778899",
        True,
    )


@pytest.mark.parametrize("path", ["list/", "add", "export.xlsx", "chart/state?data=1", "lookup/branch"])
def test_who_has_no_right_to_it_finds_no_door(yard: Yard, path: str) -> None:
    assert yard.browser("agent").get(f"/lorry/{path}").status_code in (302, 403, 404)
    assert yard.caller("agent").call("GET", "lorry/").status_code in (403, 404)
