"""Personal values in the history: encrypted for each person, open to who may read them, and to nobody once they are erased."""

import threading
import time
from typing import Any

import psycopg
import pytest
from sqlalchemy import delete, update

from app.access.users import create_user
from app.core import clock, seals
from app.core.db import unscoped
from app.core.org import ApprovalRequest, ApprovalRoute, GrantKind
from app.core.seal_check import check
from app.core.web import approved
from app.models import Customer, Loan, Message, Phone
from tests.web.people import add, rows, stored
from tests.web.shop import Shop
from tests.web.test_kept_values import hide_from_auditors

NUMBER, NAME, BORN, REMARK = (
    "621121198005050011",
    "Nadia Hidden",
    "1980-05-05",
    "lives with 她的母亲 since \\ 2017",
)
SECRETS = (NUMBER, NAME, BORN, "lives with", "母亲")
ERASE = "/customer/do/erase_customer"


@pytest.fixture
def nadia(shop: Shop, request: pytest.FixtureRequest) -> int:
    """A customer of olga's whose personal values were changed by the API, and changed back."""
    row_id = add(
        "customer", client_id=shop.client, name="Before", manager_id=shop.users["olga"], identity_number=None
    )
    said = {"name": NAME, "identity_number": f"{NUMBER}{row_id}", "born_on": BORN, "remark": REMARK}
    plain = {"name": "Before", "identity_number": None, "born_on": None, "remark": None}
    for values in (said, plain, said):
        answer = shop.caller("admin").call("PATCH", f"customer/{row_id}", values)
        assert answer.status_code == 200, answer.text
    return row_id


def of(row_id: int, slug: str = "customer") -> list[Any]:
    """What the history has of a row, opened."""
    return [each for each in rows("history", entity=slug, row_id=row_id) if each.action != "create"]


def readable(database: Any, *texts: str) -> list[str]:
    """Which of these texts stand in any row of the history, whatever the column."""
    wanted = "SELECT count(*) FROM history h WHERE position(%s in h::text) > 0"
    with psycopg.connect(database.superuser_url) as connection:
        return [text for text in texts if connection.execute(wanted, (text,)).fetchone() != (0,)]


def asked(database: Any, query: str, *values: Any) -> list[Any]:
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(query, values).fetchall()


def test_no_personal_value_stands_in_the_history_and_whoever_reads_it_reads_it(
    shop: Shop, nadia: int, database: Any
) -> None:
    phone = add("phone", customer_id=nadia, number="+8613811112222", holder="Her Mother")
    with unscoped("a telephone that changes, and goes") as session:
        session.get_one(Phone, phone).number = "+8613811113333"
        session.flush()
        session.delete(session.get_one(Phone, phone))
    assert readable(database, *SECRETS, "8613811112222", "8613811113333", "Her Mother") == []
    assert of(nadia)[0].changes == {
        "name": ["Before", NAME], "identity_number": [None, f"{NUMBER}{nadia}"], "born_on": [None, BORN], "remark": [None, REMARK],
    }  # fmt: skip
    changed, gone = of(phone, "phone")
    assert changed.changes == {"number": ["+8613811112222", "+8613811113333"]}
    assert (gone.changes["number"], gone.changes["holder"]) == (
        ["+8613811113333", None],
        ["Her Mother", None],
    )
    assert gone.changes["customer_id"] == [nadia, None]


def test_personal_custom_fields_are_encrypted_too_also_of_a_loan_under_its_customers_key(
    shop: Shop, nadia: int, database: Any
) -> None:
    for slug in ("customer", "loan"):
        add("custom_field", entity=slug, code="pet", kind="text", label_en="Pet", is_personal=True)
        add("custom_field", entity=slug, code="shoe", kind="text", label_en="Shoe")
    caller = shop.caller("admin")
    for slug, row_id in (("customer", nadia), ("loan", shop.loans[0])):
        for pet in ("a tortoise", "two tortoises", None):
            answer = caller.call("PATCH", f"{slug}/{row_id}", {"c_pet": pet, "c_shoe": f"size of {slug}"})
            assert answer.status_code == 200, answer.text
        assert [each.changes.get("c_pet") for each in of(row_id, slug)[-3:]] == [
            [None, "a tortoise"], ["a tortoise", "two tortoises"], ["two tortoises", None],
        ]  # fmt: skip
    assert readable(database, "tortoise", "size of loan") == ["size of loan"]


def test_the_history_shows_them_as_its_reader_may_see_them_and_to_a_colleague_nothing(
    shop: Shop, nadia: int
) -> None:
    hide_from_auditors()
    entry, query = of(nadia)[0].id, f"entity=customer&row_id={nadia}&action=change"
    for who, sees_number in (("admin", True), ("auditor", False), ("olga", True)):
        for path in (f"/history/list/?{query}", f"/history/show/{entry}"):
            page = shop.browser(who).get(path).text
            assert NAME in page
            assert (f"{NUMBER}{nadia}" in page) is sees_number
        [told] = [
            one["changes"]
            for one in shop.caller(who).call("GET", f"history/?{query}").json["result"]
            if one["id"] == entry
        ]
        assert told["identity_number"] == ([None, f"{NUMBER}{nadia}"] if sees_number else "•••")
    assert shop.browser("otto").get(f"/history/show/{entry}").status_code == 404
    assert NAME not in shop.browser("otto").get(f"/history/list/?{query}").text
    found = shop.admin.get("/history/list/?changes__contains=identity_number")
    assert (found.status_code, f"{NUMBER}{nadia}" in found.text) == (200, True)
    assert shop.admin.get(f"/history/list/?changes__contains={NUMBER}").status_code == 400


def test_after_erasing_nobody_reads_them_and_every_seal_holds(shop: Shop, nadia: int, database: Any) -> None:
    add("phone", customer_id=nadia, number="+8613822223333")
    note = add("contact_note", customer_id=nadia, at=clock.now(), text="said she moves")
    seals.seal()
    before = asked(database, "SELECT id, h::text FROM history h ORDER BY id")
    assert NAME in shop.admin.get(ERASE + f"?ids={nadia}").text
    answer = shop.admin.post(
        ERASE, {"__run": "1", "ids": [str(nadia)], "reason": "asked for by letter"}, follow_redirects=True
    )
    assert "The personal values are erased" in answer.text
    row = stored("customer", nadia)
    assert (row.name, row.identity_number, row.born_on, row.remark) == (f"••• {nadia}", None, None, None)
    assert rows("phone", customer_id=nadia) == []
    assert stored("contact_note", note).text == f"••• {note}"
    assert before == asked(
        database, "SELECT id, h::text FROM history h WHERE id <= %s ORDER BY id", before[-1][0]
    )
    seals.seal()
    with unscoped("a test verifies the chain") as session:
        assert check(session).faults == []
    gone = {"erased": True}
    assert of(nadia)[0].changes["name"] == [gone, gone]
    assert (of(nadia)[-1].reason, of(nadia)[-1].changes["identity_number"]) == (
        "asked for by letter",
        [gone, None],
    )
    query = f"entity=customer&row_id={nadia}&action=change"
    for path in (f"/history/list/?{query}", f"/history/export.xlsx?{query}", f"/customer/show/{nadia}"):
        with shop.admin.get(path) as page:
            assert page.status_code == 200
            assert not any(
                secret in page.get_data(as_text=False).decode(errors="replace") for secret in SECRETS
            )
    assert "erased → erased" in shop.admin.get(f"/history/list/?{query}").text
    keys = asked(database, "SELECT key, erased_at IS NULL FROM personal_key WHERE row_id = %s", nadia)
    assert keys == [(None, False)]


def test_what_is_written_after_an_erasing_has_a_key_of_its_own(shop: Shop, nadia: int) -> None:
    shop.admin.post(ERASE, {"__run": "1", "ids": [str(nadia)], "reason": "asked for"})
    shop.caller("admin").call("PATCH", f"customer/{nadia}", {"name": "Came Back"})
    assert of(nadia)[-1].changes == {"name": [f"••• {nadia}", "Came Back"]}
    assert of(nadia)[0].changes["name"] == [{"erased": True}] * 2


def test_nobody_is_erased_who_owes_or_is_about_to_be_written_to_nor_by_who_may_not(shop: Shop) -> None:
    customer, loan = shop.customers[4], shop.loans[4]
    body = {"__run": "1", "ids": [str(customer)], "reason": "asked for"}

    def refusal() -> str:
        assert shop.admin.post(ERASE, body).status_code == 302
        return str(
            shop.caller("admin").call("POST", f"customer/{customer}/do/erase_customer", {"reason": "x"}).json
        )

    name = stored("customer", customer).name
    assert "The customer has a loan that is not settled: L-0004" in refusal()
    with unscoped("all is paid") as session:
        session.execute(update(Loan).where(Loan.id == loan).values(status="settled"))
    message = add("message", customer_id=customer, text="soon", state="queued", phone="+8613800000004")
    assert "waiting to be sent" in refusal()
    with unscoped("nothing is sent") as session:
        session.execute(update(Message).where(Message.id == message).values(state="cancelled"))
    assert shop.browser("olga").post(ERASE, body).status_code in (302, 403, 404)
    assert stored("customer", customer).name == name
    answer = shop.caller("admin").call("POST", f"customer/{customer}/do/erase_customer", {"reason": "asked"})
    assert answer.status_code == 200, answer.text
    told = stored("message", message)
    assert (told.phone, told.text) == (None, f"••• {message}")


def test_an_erasing_that_needs_approval_is_done_after_it_and_leaves_no_name_behind(
    shop: Shop, nadia: int
) -> None:
    add("phone", customer_id=nadia, number="+8613855556666")
    [role] = [one.id for one in rows("role") if one.name == "Manager"]
    create_user("mary", "pw", "Manager", grants=[{"kind": GrantKind.ALL}])
    route = add("approval_route", name="Erasing", operation="erase_customer", first_role_id=role)
    path = f"customer/{nadia}/do/erase_customer"
    answer = shop.caller("admin").call("POST", path, {"reason": "asked for"})
    assert (answer.json["message"], stored("customer", nadia).name) == ("Sent for approval", NAME)
    [request] = rows("approval_request", entity="customer", row_id=nadia)
    [task] = rows("task", id=request.task_id)
    assert (request.title, NAME in task.title) == (f"Erase personal values: Customer {nadia}", False)
    decided = shop.caller("mary").call("POST", f"approval_request/{request.id}/do/approve_request", {})
    assert decided.status_code == 200, decided.text
    with shop.app.app_context():
        assert approved.run() == 1
    with unscoped("no route for the other tests") as session:
        session.execute(delete(ApprovalRequest).where(ApprovalRequest.route_id == route))
        session.execute(delete(ApprovalRoute))
    assert (stored("customer", nadia).name, rows("phone", customer_id=nadia)) == (f"••• {nadia}", [])
    assert of(nadia)[-1].source == "approval"


def test_two_who_change_values_of_a_person_at_once_make_one_key(shop: Shop, database: Any) -> None:
    customer = add("customer", client_id=shop.client, name="At Once")
    phone = add("phone", customer_id=customer, number="+8613844440000")

    def rename() -> None:
        with unscoped("the second") as session:
            session.get_one(Customer, customer).remark = "by the second"

    second = threading.Thread(target=rename)
    with unscoped("the first") as session:
        session.get_one(Phone, phone).number = "+8613844441111"
        session.flush()
        second.start()
        time.sleep(0.4)
        assert second.is_alive()
    second.join(20)
    assert asked(database, "SELECT count(*) FROM personal_key WHERE row_id = %s", customer) == [(1,)]
    assert of(customer)[-1].changes == {"remark": [None, "by the second"]}
    assert of(phone, "phone")[-1].changes == {"number": ["+8613844440000", "+8613844441111"]}


@pytest.mark.parametrize("kind", ["all", "own", "multi", "region", "none", "login"])
def test_no_role_of_the_application_reads_a_key(database: Any, nadia: int, kind: str) -> None:
    closed = ["SELECT * FROM personal_key", "UPDATE personal_key SET key = ''", "DELETE FROM personal_key",
              "SELECT personal_keys('customer', '{1}')", "SELECT personal_encrypted('customer', 1, '1')",
              """SELECT personal_decrypted('{"encrypted": "1.1.AAAA"}')"""]  # fmt: skip
    if kind != "all":
        closed.append("SELECT personal_erased('customer', 1)")
    with psycopg.connect(database.app_url) as connection:
        for statement in closed:
            connection.execute("SELECT set_config('role', scope_prefix() || '_s_' || %s, true)", (kind,))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


def test_what_was_altered_is_told_as_unreadable_and_stops_no_page(
    shop: Shop, nadia: int, database: Any
) -> None:
    entry = of(nadia)[0].id
    [(right,)] = asked(database, "SELECT changes::text FROM history WHERE id = %s", entry)
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(
            "UPDATE history SET changes = jsonb_set(changes, '{name,1,encrypted}', to_jsonb(overlay(changes #>> '{name,1,encrypted}'"
            " placing 'AAAAAAAA' from length(changes #>> '{name,1,encrypted}') - 20))) WHERE id = %s", (entry,)
        )  # fmt: skip
    page = shop.admin.get(f"/history/show/{entry}").text
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("UPDATE history SET changes = %s WHERE id = %s", (right, entry))
    assert "→ unreadable" in page
    assert "→ unreadable" not in shop.admin.get(f"/history/show/{entry}").text
