"""The history of an entity of one class: every field, who, where from and why; searched, encrypted, erased and sealed."""

import psycopg

from app.core import seals
from app.core.db import unscoped
from app.core.seal_check import check
from tests.conftest import Database
from tests.platform.yard import Yard
from tests.web.people import add, rows, stored
from tests.web.test_personal_values import ERASE, readable
from tests.web.test_two_writers import opened


def test_every_field_that_changed_is_kept_with_who_where_from_and_why(yard: Yard) -> None:
    one, olga = yard.lorry("HIST-1"), yard.browser("olga")
    path = f"/lorry/edit/{one}"
    sent = yard.said(
        "HIST-1",
        price="2",
        seats="3",
        is_spare="y",
        state="in_repair",
        workshop="At Li's",
        customer_id=yard.customers[2],
    )
    sent = {name: str(value) for name, value in sent.items()} | {"_opened": opened(olga.get(path))}
    assert olga.post(path, sent | {"change_reason": "x" * 501}).status_code == 422
    assert olga.post(path, sent | {"change_reason": "After the flood"}).status_code == 302
    yard.caller("admin").call("DELETE", f"lorry/{one}", headers={"Change-Reason": "Sold"})
    made, changed, gone = rows("history", entity="lorry", row_id=one)
    assert [(each.action, each.source, each.user_id, each.reason) for each in (made, changed, gone)] == [
        ("create", "api", yard.users["admin"], None), ("change", "screen", yard.users["olga"], "After the flood"),
        ("delete", "api", yard.users["admin"], "Sold"),
    ]  # fmt: skip
    assert changed.changes == {
        "price": [1000.5, 2.0], "seats": [None, 3], "is_spare": [False, True], "state": ["ready", "in_repair"],
        "workshop": [None, "At Li's"], "customer_id": [yard.customers[0], yard.customers[2]],
    }  # fmt: skip
    assert gone.changes["plate"] == ["HIST-1", None]


def test_it_is_searched_by_record_and_field_and_follows_the_rows_scope(yard: Yard) -> None:
    one = yard.lorry("HIST-2")
    yard.caller("admin").call("PATCH", f"lorry/{one}", {"workshop": "X", "state": "in_repair"})
    query = f"history/?entity=lorry&row_id={one}"
    for name, seen in (("admin", 2), ("olga", 2), ("sven", 0), ("otto", 0)):
        assert len(yard.caller(name).call("GET", query).json["result"]) == seen, name
    for field, count in (("workshop", 1), ("Workshop", 1), ("price", 0)):
        assert (
            len(yard.caller("admin").call("GET", f"{query}&changes__contains={field}").json["result"])
            == count
        ), field
    assert "State: Ready → In repair" in yard.admin.get(f"/history/list/?entity=lorry&row_id={one}").text


def test_its_personal_value_is_encrypted_for_its_customer_and_goes_when_he_is_erased(
    yard: Yard, database: Database
) -> None:
    person = add("customer", client_id=yard.client, name="Gone", manager_id=yard.users["olga"])
    one = yard.lorry("ERASE-1", customer_id=person, licence="LIC-SECRET-1")
    yard.caller("olga").call("PATCH", f"lorry/{one}", {"licence": "LIC-SECRET-2", "seats": 3})
    [_made, changed] = rows("history", entity="lorry", row_id=one)
    assert changed.changes == {"licence": ["LIC-SECRET-1", "LIC-SECRET-2"], "seats": [None, 3]}
    assert readable(database, "LIC-SECRET") == []
    seals.seal()
    answer = yard.admin.post(ERASE, {"__run": "1", "ids": [str(person)], "reason": "asked for"})
    assert answer.status_code == 302
    assert (stored("lorry", one).licence, stored("lorry", one).plate) == (None, "ERASE-1")
    assert rows("history", entity="lorry", row_id=one)[1].changes["licence"] == [{"erased": True}] * 2
    seals.seal()
    with unscoped("a test verifies the chain") as session:
        assert check(session).faults == []


def test_the_seals_name_a_row_of_its_history_that_somebody_altered(yard: Yard, database: Database) -> None:
    one = yard.lorry("SEAL-1")
    [made] = rows("history", entity="lorry", row_id=one)
    seals.seal()
    change = "UPDATE history SET reason = %s WHERE id = %s"
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(change, ("altered", made.id))
    with unscoped("a test verifies the chain") as session:
        faults = check(session).faults
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(change, (None, made.id))
    assert len(faults) == 1
    assert str(made.id) in faults[0]
