"""Programs that read some fields and write many rows in one call."""

from typing import Any

import pytest

from app.core import registry
from app.core.web.links import shown_entities
from app.core.web.principal import Principal
from app.core.web.upserts import key_of
from tests.web.people import add, rows, stored, watched
from tests.web.shop import Shop
from tests.web.test_writes import INNER
from tests.web.values import body, with_verb


def bulk(shop: Shop, slug: str, items: Any, mode: str = "all", name: str = "admin", **headers: str) -> Any:
    """One call for many rows."""
    return shop.caller(name).call("POST", f"{slug}/bulk?mode={mode}", {"items": items}, headers=headers)


def told(answer: Any) -> list[str]:
    return [each["result"] for each in answer.json["results"]]


def test_the_fields_that_are_asked_for_are_told_and_no_others(shop: Shop) -> None:
    program, row_id = shop.caller("admin"), shop.loans[3]
    asked = {"fields": "number, product,client_id"}
    listed = program.call("GET", "loan/", query_string=asked).json["result"]
    assert all(set(row) == {"id", "number", "product", "client"} for row in listed)
    one = program.call("GET", f"loan/{row_id}", query_string=asked).json["result"]
    assert one == {
        "id": row_id, "number": "L-0003", "client": {"id": shop.client, "text": "The Bank"},
        "product": {"id": shop.product, "text": "Cattle"},
    }  # fmt: skip
    assert program.call("GET", f"loan/{row_id}?fields=id").json["result"] == {"id": row_id}
    for path in ("loan/", f"loan/{row_id}"):
        answer = program.call("GET", path, query_string={"fields": "number,colour,branch_lft"})
        assert (answer.status_code, answer.json["message"]) == (422, "Unknown fields: branch_lft, colour")


def test_whatever_can_be_written_can_be_read(shop: Shop) -> None:
    for cls in shown_entities():
        unread = {name for name in cls.__screen__.form_columns if name in ("password", "file_key")}
        names = ",".join(name for name in cls.__screen__.form_columns if name not in unread)
        answer = shop.caller("admin").call("GET", f"{cls.slug()}/", query_string={"fields": names})
        assert answer.status_code == 200, (cls.slug(), answer.text)


def test_every_entity_with_a_code_or_a_unique_name_is_found_by_it() -> None:
    keys = {
        slug: " ".join(field.name for field in key_of(registry.entity(slug))) for slug in with_verb("add")
    }
    wanted = {
        "client": "code", "product": "client code", "customer": "client identity_number", "phone": "customer number",
        "user": "username", "role": "name", "team": "name", "bucket": "code", "contact_note": "",
    }  # fmt: skip
    assert {slug: keys[slug] for slug in wanted} == wanted


@pytest.mark.parametrize("slug", [slug for slug in with_verb("add") if slug in with_verb("edit")])
def test_a_row_of_every_entity_is_created_and_found_again(shop: Shop, slug: str) -> None:
    item = body(slug, shop, 3)
    key = {field.name for field in key_of(registry.entity(slug))}
    first = bulk(shop, slug, [item])
    assert (first.status_code, told(first)) == (200, ["created"]), first.text
    row_id, count = first.json["results"][0]["id"], len(rows(slug))
    again = item if key and key <= set(item) else item | {"id": row_id}
    same = bulk(shop, slug, [{name: value for name, value in again.items() if name != "password"}])
    assert (told(same), same.json["results"][0]["id"]) == (["unchanged"], row_id), same.text
    assert len(rows(slug)) == count
    if registry.entity(slug).__history__:
        assert [each.action for each in rows("history", entity=slug, row_id=row_id)] == ["create"]


def items_of_teams(known: int) -> list[tuple[Any, str]]:
    """Items of every sort, each with what becomes of it where the others are stored."""
    return [
        ({"name": "New"}, "created"), ({"name": ""}, "refused"), ({"name": "Old", "id": known}, "updated"),
        ({"name": "X", "id": 10**9}, "refused"), (7, "refused"), ({"name": "Y", "colour": "red"}, "refused"),
        ({"name": "Z", "department": 10**9}, "refused"), ({"name": "New"}, "unchanged"), ({"name": "\x00"}, "refused"),
        ({"a\x00\ud800": 1}, "refused"), ({"name": "W", "id": True}, "refused"),
    ]  # fmt: skip


def test_in_the_mode_all_one_wrong_item_stores_none_and_in_the_mode_valid_the_others(shop: Shop) -> None:
    known = add("team", name="To be renamed")
    items, wanted = map(list, zip(*items_of_teams(known), strict=True))
    before = {row.id: row.name for row in rows("team")}
    refused = bulk(shop, "team", items)
    held = [each if each == "refused" else "valid" for each in wanted]
    assert (refused.status_code, told(refused)) == (422, held)
    assert {row.id: row.name for row in rows("team")} == before
    answer = bulk(shop, "team", items, "valid", **{"Idempotency-Key": "many"})
    assert (answer.status_code, told(answer)) == (200, wanted)
    assert answer.json["counts"] == {"created": 1, "updated": 1, "unchanged": 1, "refused": 8}
    reasons = [set(each.get("errors", ())) for each in answer.json["results"]]
    assert (reasons[1], reasons[3], reasons[6]) == ({"name"}, {"id"}, {"department_id"})
    assert "colour" in answer.json["results"][5]["message"]
    assert not INNER.search(answer.text)
    new = answer.json["results"][0]["id"]
    assert {row.id: row.name for row in rows("team")} == before | {known: "Old", new: "New"}
    again = bulk(shop, "team", items, "valid", **{"Idempotency-Key": "many"})
    assert (again.json, again.headers["Idempotent-Replayed"]) == (answer.json, "true")


def test_many_rows_are_found_in_scope_alone_and_each_verb_needs_its_right(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = stored("customer", shop.customers[0])
    own = {"client": shop.client, "manager": shop.users["owner"], "name": "Taken", "status": "active"}
    items = [
        {"id": foreign.id, "name": "Taken"}, {**own, "identity_number": foreign.identity_number},
        {"id": shop.own_customer, "name": "Oksana K"}, {"id": shop.own_customer, "manager": shop.users["olga"]},
    ]  # fmt: skip
    answer = bulk(shop, "customer", items, "valid", "owner")
    assert told(answer) == ["refused", "refused", "updated", "refused"]
    unknown = bulk(shop, "customer", [{"id": 10**9, "name": "Taken"}], "valid", "owner")
    assert answer.json["results"][0] == unknown.json["results"][0]
    mine = stored("customer", shop.own_customer)
    assert (mine.name, mine.manager_id) == ("Oksana K", shop.users["owner"])
    assert stored("customer", foreign.id).name == "Customer 00"
    agent = bulk(shop, "customer", [{"id": foreign.id, "name": "Taken"}], "valid", "agent")
    assert (agent.status_code, bulk(shop, "customer", [], "all", "partner").status_code) == (403, 403)
    may = Principal.may
    monkeypatch.setattr(
        Principal, "may", lambda self, verb, subject: verb != "can_edit" and may(self, verb, subject)
    )
    said = bulk(shop, "customer", [{"id": foreign.id, "name": "Taken"}], "valid")
    assert (told(said), said.json["results"][0]["message"]) == (["refused"], "You may not do this")


def test_a_number_that_a_role_sees_masked_finds_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = rows("phone", customer_id=shop.customers[2])[0]
    item = {"customer": phone.customer_id, "number": phone.number, "kind": "mobile", "state": "dead"}
    assert told(
        bulk(shop, "phone", [{"customer": phone.customer_id, "number": phone.number, "state": "good"}])
    ) == ["updated"]
    monkeypatch.setattr(Principal, "may_reveal", False)
    answer = bulk(shop, "phone", [item], "valid")
    assert told(answer) == ["refused"]
    assert str(phone.id) not in answer.text
    assert str(stored("phone", phone.id).state) == "good"


def test_a_call_for_many_rows_that_is_none_is_refused_in_words(shop: Shop) -> None:
    program, before = shop.caller("admin"), len(rows("team"))
    for said in ({}, {"items": {}}, {"items": None}, {"items": "x"}):
        assert program.call("POST", "team/bulk", said).status_code == 400, said
    assert bulk(shop, "team", [], "some").status_code == 400
    assert bulk(shop, "team", [{"name": "X"}], **{"If-Match": "*"}).status_code == 400
    assert bulk(shop, "team", [{"name": str(n)} for n in range(1001)]).status_code == 422
    assert bulk(shop, "history", []).status_code == 404
    wrong = program.call("PUT", "team/bulk", {"items": []})
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "OPTIONS, POST")
    assert (bulk(shop, "team", []).json["results"], len(rows("team"))) == ([], before)


def test_many_rows_take_few_statements_and_a_wrong_one_among_them_is_named_alone(shop: Shop) -> None:
    common = {"client": shop.client, "manager": shop.users["olga"], "status": "active"}
    items = [{**common, "name": f"Lot {n}", "identity_number": f"LOT {n}"} for n in range(150)]
    for again, result in ((items, "created"), (items, "unchanged"), ([{**one, "name": "Lot"} for one in items], "updated")):  # fmt: skip
        with watched() as asked:
            answer = bulk(shop, "customer", again)
        assert answer.json["counts"] == {result: 150}
        assert len(asked.statements) < 40, "not a few for each row"
    mixed = [{**one, "name": f"New {n}" if n != 70 else ""} for n, one in enumerate(items)]
    answer = bulk(shop, "customer", mixed, "valid")
    assert answer.json["counts"] == {"updated": 149, "refused": 1}
    assert (answer.json["results"][70]["item"], set(answer.json["results"][70]["errors"])) == (70, {"name"})
    stored_names = {row.identity_number: row.name for row in rows("customer") if row.identity_number}
    assert [stored_names[f"LOT {n}"] for n in (69, 70, 71)] == ["New 69", "Lot", "New 71"]
    changes = [
        each for each in rows("history", entity="customer", action="change") if each.changes.get("name")
    ]
    assert sum(each.changes["name"][1] == "Lot" for each in changes) == 150, "each row keeps its history"


def test_items_of_one_call_meet_the_rules_as_if_the_others_were_stored_already(shop: Shop) -> None:
    person = {"first_name": "A", "last_name": "B", "role": 1}
    items = [person | {"username": name} for name in ("lots1", "LOTS1", "lots2")]
    assert told(bulk(shop, "user", items, "valid")) == ["created", "refused", "created"]
    renamed = [{"name": "Lot A"}, {"name": "Lot B"}, {"name": "Lot A"}]
    answer = bulk(shop, "team", renamed)
    assert told(answer) == ["created", "created", "unchanged"]
    ids = [one["id"] for one in answer.json["results"]]
    both = [{"id": ids[0], "name": "Lot C"}, {"id": ids[0], "name": "Lot D"}, {"name": "Lot C"}]
    assert told(bulk(shop, "team", both)) == ["updated", "updated", "created"]
    assert sorted(row.name for row in rows("team") if row.name.startswith("Lot ")) == [
        "Lot B",
        "Lot C",
        "Lot D",
    ]


def test_a_custom_field_beside_it_carries_no_value_past_a_rule(shop: Shop) -> None:
    add("custom_field", entity="loan", code="note", kind="text", label_en="Note", position=0)
    loan, other = shop.loans[5], shop.loans[7]
    before = stored("loan", loan)
    items: list[dict[str, Any]] = [
        {"id": loan, "principal": "-1", "c_note": "x"}, {"id": loan, "annual_rate": "-1", "c_note": "x"},
    ]  # fmt: skip
    for each in items:
        answer = bulk(shop, "loan", [each], "valid")
        assert told(answer) == ["refused"], answer.text
        assert set(answer.json["results"][0]["errors"]) == set(each) & {"principal", "annual_rate"}
    assert told(bulk(shop, "loan", [items[0], {"id": other, "c_note": "x"}], "valid")) == [
        "refused",
        "updated",
    ]
    after = stored("loan", loan)
    assert (after.principal, after.annual_rate, after.custom) == (before.principal, before.annual_rate, None)
    assert stored("loan", other).custom == {"note": "x"}
