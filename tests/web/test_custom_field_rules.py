"""Who sees a custom field, what its declaration may say, and that it is not taken away while it is used."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic, sleep
from typing import Any

import openpyxl
import psycopg
import pytest
from sqlalchemy import literal_column, select, text

from app.core import custom_sql
from app.core.db import scoped_as, unscoped
from app.core.org import CustomField
from app.core.web import custom_lock
from app.models import Customer
from tasks.celery import celery
from tasks.schedule import BEAT
from tests.web.people import Browser, Caller, add, rows, stored, watched
from tests.web.shop import Shop


@pytest.fixture(scope="module")
def fields(shop: Shop) -> dict[str, int]:
    """A field that only officers see, one that is masked, one that is needed, a choice with its values."""
    officer = next(str(row.id) for row in rows("role") if row.name == "Officer")
    common = {"entity": "customer", "position": 0}
    return {
        "grade": add("custom_field", **common, code="grade", kind="text", label_en="Grade", roles=[officer]),
        "passport": add("custom_field", **common, code="passport", kind="text", label_en="Passport", is_personal=True),
        "area": add("custom_field", **common, code="area", kind="number", label_en="Area", places=1),
        "mood": (mood := add("custom_field", **common, code="mood", kind="choice", label_en="Mood")),
        "glad": add("custom_choice", field_id=mood, code="glad", label_en="Glad"),
        "needed": add("custom_field", entity="phone", code="network", kind="text", label_en="Network", is_required=True),
    }  # fmt: skip


@pytest.fixture
def li(shop: Shop, fields: dict[str, int]) -> int:
    """A customer of olga's, with a change of each field in his history."""
    row_id = add(
        "customer", client_id=shop.client, name="Li", manager_id=shop.users["olga"], custom={"area": "1.0"}
    )
    with unscoped("a change") as session:
        row = session.get_one(type(rows("customer", id=row_id)[0]), row_id)
        row.custom = {"grade": "A-secret", "passport": "FE123456", "mood": "glad", "area": "2.5"}
    return row_id


def seen(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return str(answer.text)


def sentence(answer: Any) -> str:
    """What a page of refusal says."""
    found = re.search(r"<h1.*?</h1>.*?</p>", answer.text, re.DOTALL)
    assert found, answer.text
    return found[0]


def test_a_role_without_sight_finds_the_field_at_no_door(shop: Shop, li: int) -> None:
    program, officer = Caller(shop.app, "admin"), shop.browser("olga")
    history = f"/history/list/?entity=customer&row_id={li}"
    pages = [f"/customer/show/{li}", f"/customer/edit/{li}", "/customer/list/?view=0", "/customer/add"]
    for path in pages:
        assert "Grade" in seen(officer, path), path
        assert "Grade" not in seen(shop.admin, path), path
    assert "A-secret" in seen(officer, history)
    assert "A-secret" not in seen(shop.admin, history)
    told = program.call("GET", f"history/?entity=customer&row_id={li}").json
    assert told["result"]
    assert "secret" not in str(told)
    for path in ("/customer/list/?c_grade=A-secret", "/customer/list/?sort=c_grade", "/customer/list/?cols=name.c_grade",
                 "/customer/export.xlsx?cols=c_grade"):  # fmt: skip
        unknown, refused = (shop.admin.get(one) for one in (path.replace("c_grade", "c_nothing"), path))
        assert (refused.status_code, unknown.status_code) == (400, 400)
        assert sentence(refused) == sentence(unknown).replace("c_nothing", "c_grade")
    assert program.call("GET", f"customer/{li}?fields=c_grade").status_code == 422
    assert program.call("PATCH", f"customer/{li}", {"c_grade": "B"}).status_code == 422
    assert "c_grade" not in str(program.call("GET", "_openapi").json)
    assert "c_grade" not in program.call("GET", f"customer/{li}").json["result"]
    assert shop.admin.get(f"/customer/cell/c_grade/{li}").status_code == 404
    assert shop.admin.get("/customer/lookup/c_grade").status_code == 404


def test_what_a_role_does_not_see_it_does_not_overwrite(shop: Shop, li: int) -> None:
    kept = {"kind": "person", "status": "active", "client_id": shop.client, "manager_id": shop.users["olga"]}
    answer = shop.admin.post(f"/customer/edit/{li}", {**kept, "name": "Li", "c_area": "3.5", "c_grade": "B"})
    assert answer.status_code == 302, answer.text
    assert stored("customer", li).custom["grade"] == "A-secret"
    assert stored("customer", li).custom["area"] == "3.5"


def test_a_personal_one_is_masked_and_cannot_be_guessed(shop: Shop, li: int) -> None:
    partner = shop.browser("partner")
    page = seen(partner, f"/customer/list/?cols=name.c_passport&name={'Li'}")
    assert "Passport" in page
    assert "FE123456" not in page
    assert partner.get("/customer/list/?c_passport=FE123456").status_code == 400
    assert partner.get("/customer/list/?sort=c_passport").status_code == 400
    assert "FE123456" in seen(shop.admin, f"/customer/show/{li}")


def test_what_is_needed_is_asked_for_at_every_door(shop: Shop, fields: dict[str, int]) -> None:
    said = {"customer_id": shop.customers[0], "number": "+8613900000001", "c_network": " "}
    by_form = shop.admin.post("/phone/add", said)
    by_program = Caller(shop.app, "admin").call("POST", "phone/", {**said, "c_network": None})
    assert (by_form.status_code, by_program.status_code) == (422, 422)
    assert by_program.json["errors"] == {"c_network": ["Needed"]}
    assert not rows("phone", number="+8613900000001")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"code": "Risk grade"}, "Small letters, digits and single _"), ({"code": "a__b"}, "Small letters"),
        ({"label_en": ""}, "A label is needed"), ({"code": "area"}, "There is one like this already"),
        ({"kind": "link"}, "A reference needs"),
        ({"target": "loan"}, "A reference needs"), ({"places": "2"}, "Only a number has decimal places"),
        ({"kind": "date", "default_value": "soon"}, "soon is no value of this field"),
        ({"kind": "number", "default_value": "1.5"}, "1.5 is no value of this field"),
        ({"kind": "number", "default_value": "1e400"}, "1e400 is no value of this field"),
        ({"kind": "choice", "default_value": "x"}, "x is no value of this field"),
        ({"kind": "money", "is_personal": "y"}, "Only a text"), ({"kind": "date", "is_searched": "y"}, "texts only"),
        ({"roles": "999"}, "There is no role 999"),
    ],
)  # fmt: skip
def test_a_declaration_that_cannot_work_is_refused_in_words(
    shop: Shop, fields: dict[str, int], said: dict[str, str], sentence: str
) -> None:
    given = {"entity": "customer", "code": "new", "kind": "text", "label_en": "New", "position": "0", **said}
    answer = shop.admin.post("/custom_field/add", given)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not rows("custom_field", code="new")


def test_a_field_in_use_is_neither_deleted_nor_changed_and_it_is_said_where(
    shop: Shop, li: int, fields: dict[str, int]
) -> None:
    view = {"user_id": shop.users["olga"], "entity": "customer", "query": "any1.c_area__gt=1&sort=-name"}
    add("saved_view", name="Large farms", **view)
    add("saved_view", name="By name", **{**view, "query": "sort=-name"})
    shop.admin.post(f"/custom_field/delete/{fields['area']}")
    page = shop.admin.get(f"/custom_field/show/{fields['area']}").text
    assert re.search(r"It is still used\. Customers: \d+; Saved views: Large farms<", page), page
    assert rows("custom_field", code="area")
    program = Caller(shop.app, "admin")
    refused = program.call("DELETE", f"custom_field/{fields['area']}")
    assert "It is still used" in refused.json["message"]
    fixed = ({"kind": "text", "places": None}, {"code": "other"}, {"entity": "loan"}, {"places": 2})
    for said in fixed:
        refused = program.call("PATCH", f"custom_field/{fields['area']}", said)
        assert refused.status_code == 422
        assert "It cannot be changed while it is used. Customers" in refused.text
    assert "It is still used" in program.call("DELETE", f"custom_choice/{fields['glad']}").json["message"]
    assert program.call("PATCH", f"custom_field/{fields['area']}", {"label_en": "Land"}).status_code == 200
    assert "Land" in seen(shop.admin, f"/customer/show/{li}"), "at once, in the same process"


def test_a_field_that_nobody_uses_is_deleted_and_is_gone_at_once(shop: Shop, fields: dict[str, int]) -> None:
    made = add("custom_field", entity="branch", code="floor", kind="number", label_en="Floor")
    assert "Floor" in seen(shop.admin, "/branch/add")
    assert shop.admin.post(f"/custom_field/delete/{made}").status_code == 302
    assert "Floor" not in seen(shop.admin, "/branch/add")
    assert not rows("custom_field", id=made)


def test_two_who_change_different_fields_of_a_row_at_once_both_keep_theirs(shop: Shop, li: int) -> None:
    together = Barrier(2)

    def change(name: str, said: dict[str, Any]) -> int:
        program = Caller(shop.app, name)
        together.wait()
        return int(program.call("PATCH", f"customer/{li}", said).status_code)

    with ThreadPoolExecutor(2) as pool:
        tries = pool.map(change, ("admin", "olga"), ({"c_area": "9.5"}, {"c_grade": "B"}))
        assert list(tries) == [200, 200]
    found = stored("customer", li).custom
    assert (found["area"], found["grade"]) == ("9.5", "B")


def test_a_value_is_not_written_for_a_field_that_was_changed_meanwhile(shop: Shop, li: int) -> None:
    program, before = Caller(shop.app, "admin"), stored("customer", li).custom
    with ThreadPoolExecutor(1) as pool, unscoped("somebody changes a field") as session:
        custom_lock.change(session)
        session.query(CustomField).filter_by(code="area").update({"position": 9})
        answer = pool.submit(program.call, "PATCH", f"customer/{li}", {"c_area": "7.5"})
        waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not session.scalar(waits):
            sleep(0.01)
        session.commit()
        assert answer.result().status_code == 422
    assert "Open the page again" in answer.result().json["message"]
    assert stored("customer", li).custom == before


def test_a_request_asks_for_the_declarations_only_once_they_changed(
    shop: Shop, fields: dict[str, int]
) -> None:
    seen(shop.admin, "/customer/list/?view=0")
    with watched() as asked:
        seen(shop.admin, "/customer/list/?view=0")
    about = asked.about("custom_field")
    assert len(about) == 1
    assert about[0].startswith("SELECT ab_user."), "the statement that reads who asks"


def test_what_a_reference_points_to_is_not_deleted(shop: Shop, fields: dict[str, int]) -> None:
    add("custom_field", entity="branch", code="kin", kind="link", target="department", label_en="Kin")
    department = add("department", name="Sales")
    program = Caller(shop.app, "admin")
    told = program.call("PATCH", f"branch/{shop.branches['head']}", {"c_kin": department})
    assert told.status_code == 200, told.text
    shop.admin.post(f"/department/delete/{department}")
    refused = program.call("DELETE", f"department/{department}")
    assert refused.json["message"] == "Other records belong to this one, so it cannot be deleted: Branches"
    assert stored("department", department) is not None
    assert program.call("PATCH", f"branch/{shop.branches['head']}", {"c_kin": None}).status_code == 200
    assert program.call("DELETE", f"department/{department}").status_code == 200


def test_a_ticked_field_gets_an_index_that_serves_a_narrow_scope_and_loses_it_again(
    shop: Shop, database: Any, fields: dict[str, int]
) -> None:
    program = Caller(shop.app, "admin")
    path = f"custom_field/{fields['grade']}"
    assert program.call("PATCH", path, {"is_indexed": True}).status_code == 200
    assert (custom_sql.bring_in_line(), custom_sql.bring_in_line()) == (1, 0)
    assert "USING btree (((custom ->> 'grade'::text)), id)" in indexes(database)
    # PostgreSQL passes over a new index until every transaction older than it is over, of other databases too.
    end = monotonic() + 30
    while "custom_ix_" not in (told := plan_of_grade(shop.users["olga"])):
        assert monotonic() < end, told
        sleep(0.1)
    assert program.call("PATCH", path, {"is_indexed": False}).status_code == 200
    assert custom_sql.bring_in_line() == 1
    assert "grade" not in indexes(database)


def plan_of_grade(user_id: int) -> str:
    """How PostgreSQL finds the customers of a grade for a user, were reading the whole table forbidden."""
    plan = select(Customer.id).where(Customer.custom.op("->>")(literal_column("'grade'")) == "B")
    with scoped_as(user_id) as session:
        compiled = plan.compile(dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True})
        held: Any = session.connection().connection.driver_connection
        held.execute("SET LOCAL enable_seqscan = off")
        return str(held.execute(f"EXPLAIN {compiled}").fetchall())


def indexes(database: Any) -> str:
    """The indexes of custom fields that there are."""
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE starts_with(indexname, 'custom_ix_')"
        )
        return " ".join(row[0] for row in found)


def test_a_reference_to_a_foreign_row_shows_and_takes_nothing_of_it(
    shop: Shop, fields: dict[str, int]
) -> None:
    add("custom_field", entity="customer", code="friend", kind="link", target="customer", label_en="Friend")
    ours, foreign = shop.customers[2], shop.customers[3]
    called = stored("customer", foreign).name
    assert (
        Caller(shop.app, "admin").call("PATCH", f"customer/{ours}", {"c_friend": foreign}).status_code == 200
    )
    olga, program = shop.browser("olga"), Caller(shop.app, "olga")
    query = f"cols=name.c_friend&name__contains=Customer+02&c_friend={foreign}"
    for path in (f"/customer/show/{ours}", f"/customer/edit/{ours}", f"/customer/list/?{query}"):
        assert called not in seen(olga, path), path
        assert called in seen(shop.admin, path), path
    assert called not in seen(olga, f"/customer/lookup/c_friend?q={called.replace(' ', '+')}")
    assert program.call("GET", f"customer/{ours}?fields=c_friend").json["result"]["c_friend"] is None
    with olga.get(f"/customer/export.xlsx?{query}") as file:
        assert called not in str(list(openpyxl.load_workbook(io.BytesIO(file.data)).worksheets[0].values))
    kept = {"kind": "person", "status": "active", "client_id": shop.client, "manager_id": shop.users["olga"]}
    saved = olga.post(f"/customer/edit/{ours}", {**kept, "name": "Customer 02", "c_friend": "keep"})
    assert saved.status_code == 302, saved.text
    assert stored("customer", ours).custom["friend"] == foreign
    refused = program.call("PATCH", f"customer/{shop.customers[4]}", {"c_friend": foreign})
    assert refused.json["errors"] == {"c_friend": ["There is nothing like this to choose"]}


def test_the_clockwork_knows_who_makes_the_indexes() -> None:
    celery.loader.import_default_modules()
    assert BEAT["index-custom-fields"]["task"] in celery.tasks
