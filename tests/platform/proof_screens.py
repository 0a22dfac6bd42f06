"""What is around the records of an entity of one class: menu, home page, help, and the doors that the walk tries."""

import re

from app.core import registry
from tests.platform.yard import Yard
from tests.walk import doors
from tests.web.people import rows
from tests.web.test_help import told
from tests.web.test_recents import offered


def test_it_stands_in_the_menu_of_who_may_list_it_and_what_he_opened_last_on_his_home_page(
    yard: Yard,
) -> None:
    one, otto = yard.lorry("HOME-1", driver_id=yard.users["otto"]), yard.browser("otto")
    assert otto.get(f"/lorry/show/{one}").status_code == 200
    assert rows("recent_record", user_id=yard.users["otto"], entity="lorry", row_id=one)
    home = otto.get("/home/").text
    assert (f'href="/lorry/show/{one}"' in home, 'href="/lorry/list/"' in home) == (True, True)
    assert offered(yard, "otto")[0] == f"/lorry/show/{one}"
    assert 'href="/lorry/list/"' not in yard.browser("agent").get("/home/").text
    assert yard.browser("agent").get("/lorry/list/").status_code in (302, 403, 404)


def test_its_help_is_made_of_the_declaration_for_who_may_open_it(yard: Yard) -> None:
    page = told(yard, "olga", "/help/lorry")
    for words in ("Lorries that carry herds", "One of: Ready, In repair", "Only if State: In repair", "Must be filled in",
                  "Which rows you see is decided by your data grants", "Send to repair"):  # fmt: skip
        assert words in page, words
    assert 'data-help="/help/lorry"' in yard.browser("olga").get("/lorry/list/?view=0").text
    assert yard.browser("agent").get("/help/lorry").status_code == 404


def test_the_walk_tries_its_doors_because_they_are_registered(yard: Yard) -> None:
    mine = [rule for rule in doors.rules(yard.app) if doors.entity_of(rule) == "lorry"]
    found = {rule.rule.replace("/api/v1", "", 1) for rule in mine}
    twin = {
        rule.rule.replace("/api/v1", "", 1).replace("customer_link", "lorry")
        for rule in doors.rules(yard.app) if doors.entity_of(rule) == "customer_link"
    }  # fmt: skip
    assert found == twin
    assert len(mine) > 20
    for rule in mine:
        arguments = [
            name
            for name in re.findall(r"<(?:[^<>:]+:)?(\w+)>", rule.rule)
            if name != "pk" and not name.endswith("_id")
        ]
        assert all(doors._values(name, "lorry", rule.rule) for name in arguments), rule.rule
    shared = [rule.rule for rule in doors.rules(yard.app) if "<slug>" in rule.rule]
    assert {
        "/upload/new/<slug>",
        "/user_report/build/<slug>",
        "/saved_view/menu/<slug>",
        "/selection/<slug>",
    } <= set(shared)
    assert "lorry" in {cls.slug() for cls in registry.entities()}
