"""What was renamed on its screen after an import is what the next import of the same ledger means."""

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.renaming import answers_alone_to_its_codes
from app.access.users import create_user
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import Branch, GrantKind, History, User
from app.models import Client, ImportProblem, JointLiabilityGroup, Loan, Product
from app.servicing.intake import run_import
from app.servicing.intake.compare import compare_book
from app.servicing.intake.names import LENDER_COLUMNS
from tests.servicing.ledgers import ON, Row, ledger, settle_in, some_loans
from tests.web.people import Browser, add, rows as stored_rows, stored

HOUSE, OFFICER, BRANCH, GROUP = "示范农村信用社", "信贷员", "经办支行", "联保小组"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return some_loans(60)


@pytest.fixture(scope="module")
def book(database, rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    settle_in(folder)
    create_user("chief", "pw", "Administrator", grants=[{"kind": GrantKind.ALL}])
    return run_import(ledger(folder, rows), "dingxi")


@pytest.fixture
def again(book, rows, tmp_path):
    """Imports the ledger again, with other values in its first rows; the line of the summary."""

    def run(*changes: Row) -> str:
        told = [dict(row) for row in rows]
        for row, change in zip(told, changes, strict=False):
            row.update(change)
        return run_import(ledger(tmp_path, told), "dingxi").line

    return run


@pytest.fixture
def chief(book, app):
    return Browser(app, "chief")


def unchanged(rows: list[Row]) -> str:
    return f"created 0, updated 0, unchanged {len(rows)}, rejected 0"


def save(chief: Browser, slug: str, row_id: int | None, **typed: str) -> Any:
    """Open the row's form, type into it, save it; what the form says else is sent as it stands."""
    assert row_id is not None
    path = f"/{slug}/edit/{row_id}"
    page = chief.get(path).text
    said = {
        name: _value(tag)
        for tag, name in re.findall(r'(<input[^>]*\bname="(\w+)"[^>]*>)', page)
        if "checkbox" not in tag
    }
    areas = re.findall(r'<textarea[^>]*\bname="(\w+)"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    said |= {name: unescape(text).strip() for name, text in areas}
    for name, options in re.findall(r'<select[^>]*\bname="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r"<option[^>]*\bselected[^>]*>", options)
        said[name] = _value(chosen[0]) if chosen else ""
    assert said.keys() >= typed.keys(), said
    answer = chief.post(path, said | typed)
    assert answer.status_code == 302, answer.text
    return stored(slug, row_id)


def _value(tag: str) -> str:
    found = re.search(r'\bvalue="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def officer_of(row: Row) -> Any:
    """The officer of the row's loan, as stored."""
    with unscoped("a test looks at an officer") as session:
        found = select(Loan.officer_id).join(Client, Client.id == Loan.client_id)
        found = found.where(Client.code == "dingxi", Loan.number == row["借据编号"])
        return stored("user", session.scalar(found))


def users() -> int:
    return len(stored_rows("user"))


def test_a_new_officer_is_entered_beside_one_whose_login_was_changed(again, chief, rows) -> None:
    officer = officer_of(rows[0])
    address = officer.email
    changed = save(chief, "user", officer.id, username="zhang")
    assert (changed.username, changed.email) == ("zhang", address)
    number = len(stored_rows("user", role_id=officer.role_id)) + 1
    add(
        "user",
        username="elsewhere",
        first_name="",
        last_name="E",
        email=f"DINGXI-{number:03d}@example.invalid",
    )
    before = users()
    assert again({OFFICER: "新来的人"}) == f"created 0, updated 1, unchanged {len(rows) - 1}, rejected 0"
    assert users() == before + 1
    made = officer_of(rows[0])
    assert str(made) == "新来的人"
    assert made.username not in (address.partition("@")[0], f"dingxi-{number:03d}")
    assert again() == f"created 0, updated 1, unchanged {len(rows) - 1}, rejected 0"
    assert officer_of(rows[0]).id == officer.id


def test_a_user_with_his_name_in_one_field_is_saved_and_known_again(again, chief, rows) -> None:
    officer, before = officer_of(rows[1]), users()
    saved = save(chief, "user", officer.id, phone="+8613800138001")
    assert (saved.first_name, saved.last_name, saved.phone) == ("", rows[1][OFFICER], "+8613800138001")
    assert again() == unchanged(rows)
    saved = save(chief, "user", officer.id, first_name=rows[1][OFFICER], last_name="")
    assert (saved.first_name, saved.last_name) == (rows[1][OFFICER], "")
    assert again() == unchanged(rows)
    assert users() == before


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_first_name_typed_into_its_own_field_makes_no_second_officer(
    again, chief, rows, is_reversed
) -> None:
    officer, name, before = officer_of(rows[1]), rows[1][OFFICER], users()
    fields = ("first_name", "last_name") if is_reversed else ("last_name", "first_name")
    saved = save(chief, "user", officer.id, **dict(zip(fields, (name[:1], name[1:]), strict=True)))
    assert {saved.first_name, saved.last_name} == {name[:1], name[1:]}
    assert again() == unchanged(rows)
    save(chief, "user", officer.id, first_name="", last_name=name)
    assert (again(), users()) == (unchanged(rows), before)


def test_a_user_without_any_name_is_refused(chief, rows) -> None:
    officer = officer_of(rows[1])
    data = {
        "first_name": " ",
        "last_name": "",
        "username": officer.username,
        "role_id": str(officer.role_id),
        "kind": "staff",
    }
    answer = chief.post(f"/user/edit/{officer.id}", data)
    assert answer.status_code == 422
    assert "A name is needed, in one of the two fields or in both" in answer.text
    assert stored("user", officer.id).last_name == officer.last_name


def test_who_got_another_name_is_still_found_by_the_old_one(again, chief, rows) -> None:
    officer, before = officer_of(rows[0]), users()
    married = save(chief, "user", officer.id, last_name="欧阳改名")
    assert married.names_in_files == rows[0][OFFICER]
    assert (again(), users()) == (unchanged(rows), before)
    with unscoped("a test looks at the history") as session:
        told = session.scalars(
            select(History).where(History.entity == "user", History.row_id == officer.id)
        ).all()
        assert any("names_in_files" in str(each.changes) for each in told)
    typed = save(chief, "user", officer.id, names_in_files=" 别名 \r\n\r\n二名\r\n别名")
    assert typed.names_in_files == "别名\n二名", "who types the names himself decides"
    back = save(chief, "user", officer.id, last_name=rows[0][OFFICER])
    assert back.names_in_files == "别名\n二名\n欧阳改名"
    assert again({OFFICER: "别名"}) == unchanged(rows)
    assert save(chief, "user", officer.id, names_in_files="").names_in_files is None
    assert (again(), users()) == (unchanged(rows), before)


def test_two_officers_of_one_name_at_a_branch_are_told_and_none_is_guessed(again, chief, rows) -> None:
    officer = officer_of(rows[0])
    mine = [row for row in rows if (row[OFFICER], row[BRANCH]) == (rows[0][OFFICER], rows[0][BRANCH])]
    name = rows[0][OFFICER]
    other = add(
        "user", username="namesake", first_name=name[1:], last_name=name[:1], email="n@n.example", branch_id=officer.branch_id,
        role_id=officer.role_id,
    )  # fmt: skip
    assert again() == f"created 0, updated 0, unchanged {len(rows) - len(mine)}, rejected {len(mine)}"
    with unscoped("a test looks at what was refused") as session:
        last = session.scalar(select(func.max(ImportProblem.run_id)))
        told = session.execute(
            select(ImportProblem.column, ImportProblem.value, ImportProblem.reason).where(
                ImportProblem.run_id == last
            )
        )
        assert set(told) == {(OFFICER, name, "is the name of several officers of this branch")}
    renamed = save(chief, "user", other, first_name="", last_name="另一位")
    assert renamed.names_in_files is None, "a name that another officer has is not kept"
    assert again() == unchanged(rows)


def test_a_branch_a_group_and_a_product_renamed_on_their_screens_are_not_made_again(
    again, chief, rows
) -> None:
    row = next(row for row in rows if row[GROUP])
    with unscoped("a test looks for what to rename") as session:
        loan = session.scalars(select(Loan).where(Loan.number == row["借据编号"])).unique().one()
        branch, group, product = loan.branch_id, loan.joint_group_id, loan.product_id
        office = session.scalar(select(Branch.id).where(Branch.name == HOUSE))
        code = loan.product.code
    kinds = (Branch, JointLiabilityGroup, Product, User)
    before = [len(stored_rows(kind.slug())) for kind in kinds]
    assert save(chief, "branch", branch, name="改名支行", code="B-1").names_in_files == row[BRANCH]
    assert save(chief, "branch", office, name="改名信用社").names_in_files == HOUSE
    assert save(chief, "joint_liability_group", group, name="改名小组").names_in_files == row[GROUP]
    assert code in save(chief, "product", product, code="NEW-1", name="改名贷款").names_in_files.splitlines()
    assert again() == unchanged(rows)
    assert [len(stored_rows(kind.slug())) for kind in kinds] == before
    assert again({BRANCH: "新开支行"}).startswith("created 0, updated 1")
    assert stored_rows("branch", name="新开支行")[0].parent_id == office
    again()


def test_a_client_whose_code_was_changed_keeps_his_book(again, chief, rows, tmp_path) -> None:
    client = stored_rows("client", code="dingxi")[0]
    before = [len(stored_rows(kind)) for kind in ("client", "product", "loan")]
    renamed = save(chief, "client", client.id, code="dingxi-new", name="改名银行")
    assert renamed.names_in_files.splitlines() == [client.name, "dingxi"]
    assert again() == unchanged(rows)
    path = ledger(tmp_path, rows)
    assert run_import(path, "dingxi", "dingxi").line == unchanged(rows)
    assert run_import(path, "dingxi", "dingxi-new").line == unchanged(rows)
    with unscoped("a test compares a ledger with the book") as session:
        for code in ("dingxi", "dingxi-new"):
            assert compare_book(session, code, path, "dingxi", ON).equal == len(rows)
    assert [len(stored_rows(kind)) for kind in ("client", "product", "loan")] == before
    assert again({BRANCH: "改名后新开支行"}).startswith("created 0, updated 1")
    (office,) = stored_rows("branch", parent_id=None)
    assert stored_rows("branch", name="改名后新开支行")[0].parent_id == office.id
    again()
    other = add("client", **{name: getattr(client, name) for name in LENDER_COLUMNS if name != "code"}, code="x",
                names_in_files="dingxi")  # fmt: skip
    with pytest.raises(RuleError, match="names in files of several clients: dingxi-new, x"):
        again()
    with unscoped("a test types what another client is called") as session:
        row = session.get_one(Client, other)
        for column, name in (("code", "dingxi-new"), ("code", "dingxi"), ("names_in_files", "y\ndingxi-new")):
            setattr(row, column, name)
            with pytest.raises(RuleError, match="Files call another client"):
                answers_alone_to_its_codes(session, row)
            session.refresh(row)
    with unscoped("a test takes the second client away") as session:
        session.delete(session.get_one(Client, other))
    save(chief, "client", client.id, code="dingxi", name=client.name)


def test_two_products_or_groups_that_answer_to_one_name_refuse_its_rows(again, rows) -> None:
    row = next(row for row in rows if row[GROUP])
    first, product = officer_group(row)
    shared = {"client_id": first.client_id, "region_id": first.region_id, "names_in_files": row[GROUP]}
    second = add("joint_liability_group", name="第二组", **shared)
    mine = sum(officer_group(each)[0] is not None and officer_group(each)[0].id == first.id for each in rows)
    assert again().endswith(f"rejected {mine}")
    with unscoped("a test takes the second group away") as session:
        session.delete(session.get_one(JointLiabilityGroup, second))
    twin = {
        name: getattr(product, name)
        for name in ("client_id", "kind", "currency", "method", "allocation_order")
    }
    add("product", code="T-1", name="同名", **twin)
    add("product", code="T-2", name="同名", **twin)
    assert again({"贷款种类": "同名"}) == f"created 0, updated 0, unchanged {len(rows) - 1}, rejected 1"
    assert again() == unchanged(rows)


def officer_group(row: Row) -> tuple[Any, Any]:
    """The group and the product of a row's loan."""
    with unscoped("a test looks at a loan") as session:
        loan = session.scalars(select(Loan).where(Loan.number == row["借据编号"])).unique().one()
        group = loan.joint_group_id
        return group and stored("joint_liability_group", group), stored("product", loan.product_id)


def test_a_closed_branch_is_named_as_such(again, chief, rows) -> None:
    branch = officer_of(rows[0]).branch_id
    mine = sum(officer_of(row).branch_id == branch for row in rows)
    with unscoped("a test closes a branch") as session:
        session.get_one(Branch, branch).is_closed = True
    line = again()
    with unscoped("a test opens a branch again") as session:
        session.get_one(Branch, branch).is_closed = False
        last = session.scalar(select(func.max(ImportProblem.run_id)))
        reasons = set(session.scalars(select(ImportProblem.reason).where(ImportProblem.run_id == last)))
    assert line.endswith(f"rejected {mine}")
    assert reasons == {"is a branch that is closed"}
    assert again() == unchanged(rows)
