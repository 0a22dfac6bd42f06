"""Records of any entity from a file: columns are guessed or named, rows tried, mended and stored."""

import time
from typing import Any

from sqlalchemy import func, select

from app.access.users import create_user
from app.core import registry
from app.core.db import unscoped
from app.core.org import GrantKind
from tests.faults.fire import kill, start
from tests.web.people import add, rows, stored
from tests.web.sent import check, counts, finish, lines, said, send, store, upload
from tests.web.shop import Shop


def test_rows_are_tried_mended_and_stored_by_the_rules_of_the_form(shop: Shop) -> None:
    department = add("department", name="Collections")
    known = add("team", name="Wolves")
    before = len(rows("team"))
    url = send(
        shop,
        "team",
        "Команда;Підрозділ;Name\nx;Collections;Wolves\ny;Collections;Bears\nz;Nowhere;Foxes\nw;;\n",
    )
    tried = check(shop, url, **{"u-map-1": "department"})
    assert counts(tried) == ("checked", 1, 1, 0, 2), tried.message
    assert len(rows("team")) == before, "nothing is stored by trying"
    refused = [line for line in lines(url) if line.state == "refused"]
    assert [set(line.reasons) for line in refused] == [{"department"}, {"name"}]
    mended = {f"c-{refused[0].id}-1": "Collections", f"c-{refused[1].id}-2": "Owls", "row": refused[0].id}
    shop.admin.post(f"{url}/mend", mended)
    assert counts(upload(url)) == ("checked", 2, 1, 0, 1), "only rows that are named are tried again"
    done = store(shop, url, "0")
    assert counts(done) == ("done", 2, 1, 0, 1)
    assert stored("team", known).department_id == department
    made = {row.name: row.department_id for row in rows("team")[before:]}
    assert made == {"Bears": department, "Foxes": department}
    [change] = [one for one in rows("history", entity="team", row_id=known) if one.action == "change"]
    assert (change.source, change.reason) == ("import", f"rows.csv (#{done.id})")
    chosen = shop.admin.get(f"/team/list/?picked={done.selection_id}").text
    assert all(name in chosen for name in ("Wolves", "Bears", "Foxes"))


def test_choices_links_and_custom_fields_are_read_as_people_write_them_within_their_scope(shop: Shop) -> None:
    grade = add(
        "custom_field", entity="customer", code="grade", kind="choice", label_en="Grade", label_uk="Клас"
    )
    add("custom_choice", field_id=grade, code="gold", label_en="Gold", label_uk="Золото")
    add("custom_field", entity="customer", code="income", kind="money", label_en="Income")
    head = "Name,Identity number,Client,Manager,Status,Клас,Income,c_none\n"
    file = head + (
        'Iryna,IMP1,bank,Olga Test,неактивний,золото,"1.234,50",x\nVasyl,IMP2,The Bank,Olga Test,active,,7,\n'
        "Petro,IMP3,bank,Olga Test,nonsense,silver,many,\nOleh,IMP4,No Bank,Otto Test,active,,1,\n"
    )
    url = send(shop, "customer", file, "olga")
    tried = check(shop, url, "olga", **{"u-mark-6": ","})
    assert counts(tried) == ("checked", 2, 0, 0, 2), [line.reasons for line in lines(url)]
    wrong = [line.reasons for line in lines(url) if line.state == "refused"]
    assert set(wrong[0]) == {"status", "c_grade", "c_income"}
    assert wrong[1]["client"] == ["There is no No Bank to choose"]
    assert counts(store(shop, url, "0", "olga"))[:2] == ("done", 2)
    made = {
        row.identity_number: row for row in rows("customer") if (row.identity_number or "").startswith("IMP")
    }
    assert set(made) == {"IMP1", "IMP2"}
    iryna = made["IMP1"]
    assert (str(iryna.status), iryna.client_id, iryna.manager_id) == (
        "inactive",
        shop.client,
        shop.users["olga"],
    )
    assert iryna.custom == {"grade": "gold", "income": "1234.50"}
    phones = send(
        shop,
        "phone",
        "Customer,Number,Kind\nCustomer 00,+8613900001111,mobile\nCustomer 01,+8613900002222,mobile\n",
        "olga",
    )
    assert counts(check(shop, phones, "olga"))[1:] == (1, 0, 0, 1)
    foreign = next(line for line in lines(phones) if line.state == "refused")
    assert foreign.reasons == {"customer": ["There is no Customer 01 to choose"]}, (
        "a foreign row does not exist"
    )


def test_records_are_only_changed_or_only_made_and_found_by_the_field_that_is_said(shop: Shop) -> None:
    known = add("team", name="Herons")
    add("team", name="Cranes")
    file = "Name;New name\nHerons;Herons\nStorks;Storks\nHerons;Twice\n"
    only = check(shop, send(shop, "team", file), **{"u-mode": "update", "u-key": "name"})
    assert counts(only) == ("checked", 0, 0, 1, 2)
    reasons = [line.reasons[""] for line in rows("upload_row", upload_id=only.id) if line.state == "refused"]
    assert reasons == [["No record has this Name"], ["Row 2 of the file is about the same record"]]
    new = check(shop, send(shop, "team", file), **{"u-mode": "create", "u-key": "name"})
    assert counts(new) == ("checked", 1, 0, 0, 2)
    loans = "Number,Officer\nL-0000,Otto Test\nL-0001,Otto Test\n"
    url = send(shop, "loan", loans)
    answer = shop.admin.post(f"{url}/check", said(shop, url, **{"u-mode": "create", "u-key": ""}))
    assert answer.status_code == 422
    assert "Needed for a new record" in answer.text
    assert counts(check(shop, url, **{"u-mode": "update"})) == ("checked", 0, 1, 1, 0)
    assert stored("team", known).name == "Herons"


def test_all_rows_are_stored_or_none_where_one_is_refused_by_then(shop: Shop) -> None:
    url, before = send(shop, "team", "Name\nGeese\nSwans\nDucks\n"), len(rows("team"))
    assert counts(check(shop, url, **{"u-mode": "create"})) == ("checked", 3, 0, 0, 0)
    add("team", name="Swans")
    refused = store(shop, url, "1")
    assert (counts(refused), len(rows("team"))) == (("checked", 2, 0, 0, 1), before + 1)
    assert refused.message == "Some rows are refused, so nothing was stored"
    assert counts(store(shop, url, "0")) == ("done", 2, 0, 0, 1)
    assert [row.name for row in rows("team")[before + 1 :]] == ["Geese", "Ducks"]


def test_a_layout_is_remembered_and_offered_for_a_file_with_its_columns(shop: Shop) -> None:
    role = stored("user", shop.users["otto"]).role_id
    url = send(shop, "customer", "Имя клиента;Дата\nx;31.12.2018\n")
    answer = shop.admin.post(
        f"{url}/check", {**said(shop, url), "u-map-0": "name", "u-name": "Ours", "u-role": str(role)}
    )
    assert answer.status_code == 302, answer.text
    [kept] = rows("upload_layout", name="Ours")
    assert (kept.entity, kept.role_id, kept.plan["fields"][0]["headers"]) == (
        "customer",
        role,
        ["Имя клиента"],
    )
    for name, is_offered in (("olga", True), ("otto", True), ("owner", False)):
        other = send(shop, "customer", "Дата;Имя клиента;More\n1;Ann;2\n", name)
        assert (said(shop, other, name).get("u-map-1") == "name") == is_offered, name


def _made(before: int) -> int:
    """How many teams there are more than before."""
    with unscoped("watch a worker") as session:
        team = registry.entity("team")
        return (session.scalar(select(func.count()).select_from(team)) or 0) - before


def test_a_long_file_is_done_by_the_worker_and_goes_on_where_it_was_killed(shop: Shop, database: Any) -> None:
    names = [f"Herd {number:04d}" for number in range(1200)]
    url = send(shop, "team", "Name\n" + "\n".join(names) + "\n")
    assert str(check(shop, url).state) == "checking"
    assert counts(finish(shop, url)) == ("checked", 1200, 0, 0, 0)
    before = len(rows("team"))
    store(shop, url, "0")
    worker = start(database.app_url, "upload", "waiting")
    with worker.stdout:
        while not _made(before) and worker.poll() is None:
            time.sleep(0.01)
        kill(worker)
    assert 0 < _made(before) < 1200, "a part was stored when the worker was killed"
    assert str(upload(url).state) == "storing"
    assert counts(finish(shop, url)) == ("done", 1200, 0, 0, 0)
    assert [row.name for row in rows("team")[before:]] == names, "none is missing and none is there twice"


def test_an_import_is_undone_by_a_second_person_save_what_was_changed_since(shop: Shop) -> None:
    known = {name: add("team", name=name) for name in ("Larks", "Wrens")}
    first, other = (add("department", name=name) for name in ("First", "Other"))
    url = send(shop, "team", "Name;Department\nLarks;First\nWrens;First\nTerns;First\nGulls;First\n")
    check(shop, url)
    assert counts(store(shop, url, "1")) == ("done", 2, 2, 0, 0)
    made = {row.name: row.id for row in rows("team") if row.name in ("Terns", "Gulls")}
    caller = shop.caller("admin")
    caller.call("PATCH", f"team/{known['Wrens']}", {"department": other})
    caller.call("PATCH", f"team/{made['Gulls']}", {"department": other})
    assert shop.browser("auditor").post(f"{url}/approve").status_code in (302, 403, 404)
    create_user("second", "pw", "Administrator", grants=({"kind": GrantKind.ALL},))
    second = shop.browser("second")
    assert second.post(f"{url}/approve").status_code == 404, "nobody asked for it yet"
    shop.admin.post(f"{url}/undo")
    assert shop.admin.post(f"{url}/approve").status_code == 404, "never who made it"
    assert "Undo this import" in second.get(url).text
    second.post(f"{url}/approve")
    assert str(upload(url).state) == "undone"
    assert stored("team", known["Larks"]).department_id is None
    assert stored("team", known["Wrens"]).department_id == other
    assert (stored("team", made["Terns"]), stored("team", made["Gulls"]).department_id) == (None, other)
    page = second.get(url).text
    assert "It was changed since" in page
    assert "Gulls" in page
    assert stored("department", first).name == "First"
