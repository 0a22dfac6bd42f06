"""The Ukrainian book, with late, partial and early payments: taken over from its ledger, and posted from pay-out."""

import csv

import pytest
from sqlalchemy import func, select

from app import demo_staff
from app.core import clock
from app.core.db import unscoped
from app.core.org import Branch, Region, User
from app.models import (
    Client,
    Customer,
    CustomerLink,
    ImportLayout,
    ImportProblem,
    Loan,
    Phone,
    StatedDifference,
)
from app.seeds import seed
from app.servicing.arrears import recompute
from app.servicing.intake import layouts, run_import
from app.servicing.intake.compare import compare_book
from tests.servicing.ledgers import DEMO, ON, sheet, workbook

PAGE = "Кредитний портфель"
BOOK, RECEIPTS = DEMO / "portfolio_ua.xlsx", DEMO / "repayments_ua.xlsx"
OBLASTS = ("UA46", "UA53")


def from_pay_out(code: str, creates: list[str] | None = None) -> None:
    """A layout that reads the same file without its history, for another lender."""
    with unscoped("a test makes a layout and a lender") as session:
        definition = session.scalars(select(ImportLayout.definition).where(ImportLayout.name == "ua")).one()
        fields = [
            {**field, "const": code} if field["field"] == "client" else field
            for field in definition["layout"]["fields"]
            if field["field"] != "as_of" and not field["field"].startswith("stated_")
        ]
        layout = {**definition["layout"], "name": code, "fields": fields}
        if creates is not None:
            layout["creates"] = creates
        lender = {**definition["client"], "code": code, "name": f"Спілка {code}"}
        made = ImportLayout(
            name=code, title="Another", target="portfolio", definition={"layout": layout, "client": lender}
        )
        layouts.source_of(made)
        session.add(made)


def problems(run_id: int) -> list[tuple[int, str | None, str | None, str]]:
    """(row, column, value, reason) of what was refused, by row."""
    columns = (ImportProblem.row, ImportProblem.column, ImportProblem.value, ImportProblem.reason)
    with unscoped("a test looks at what was refused") as session:
        found = session.execute(select(*columns).where(ImportProblem.run_id == run_id))
        return sorted(tuple(problem) for problem in found)


@pytest.fixture(scope="module")
def books(database, tmp_path_factory):
    """Both books; the summaries of the imports."""
    seed()
    part = tmp_path_factory.mktemp("ua") / "regions.csv"
    with (DEMO / "regions_ua.csv").open(encoding="utf-8-sig", newline="") as whole:
        reader = csv.DictReader(whole)
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, reader.fieldnames or [])
            writer.writeheader()
            writer.writerows(row for row in reader if row["code"].startswith(OBLASTS))
    with unscoped("a test's installation") as session:
        clock.set_business_date(session, ON)
    run_import(part, "regions-ua")
    demo_staff.enter()
    from_pay_out("ua-b")
    steps = [
        (BOOK, "ua", None),
        (BOOK, "ua-b", None),
        (RECEIPTS, "repayments-ua", "ua-b"),
        (RECEIPTS, "write-offs-ua", "ua-b"),
    ]
    return [run_import(path, layout, client) for path, layout, client in steps]


def test_all_rows_are_stored(books) -> None:
    assert [summary.line for summary in books] == [
        f"created {count}, updated 0, unchanged 0, rejected 0" for count in (240, 240, 1968, 2)
    ]


@pytest.mark.parametrize("client", ["ua", "ua-b"])
def test_both_books_stand_as_the_ledger_states(books, client) -> None:
    with unscoped("a test compares") as session:
        compared = compare_book(session, client, BOOK, "ua", ON)
        assert [str(difference) for difference in compared.differences] == []
        assert compared.line == "240 of 240 equal"
        assert session.scalar(select(func.count()).select_from(StatedDifference)) == 0


def test_both_books_owe_the_same_overdue_amounts(books) -> None:
    columns = (
        Loan.number,
        Loan.overdue_principal,
        Loan.overdue_since,
        Loan.next_due_on,
        Loan.bucket_id,
        Loan.status,
    )
    with unscoped("a test compares two books") as session:
        opened, posted = (
            session.execute(
                select(*columns).join(Client).where(Client.code == code).order_by(Loan.number)
            ).all()
            for code in ("ua", "ua-b")
        )
        assert opened == posted
        assert {str(row.status) for row in opened} == {
            "current",
            "grace",
            "overdue",
            "settled",
            "written_off",
        }
        assert recompute(session, None, ON) == 0


def test_a_file_of_payments_that_the_ledger_holds_already_posts_nothing(books) -> None:
    assert (
        run_import(RECEIPTS, "repayments-ua", "ua").line == "created 0, updated 0, unchanged 0, rejected 1968"
    )


def test_unknown_branches_and_officers_are_refused_with_the_reason_and_the_other_rows_kept(
    books, tmp_path
) -> None:
    from_pay_out("ua-c")
    rows = [dict(row) for row in sheet(BOOK, PAGE)[:4]]
    rows[1]["Відділення"] = "Невідоме відділення"
    rows[2]["Кредитний фахівець"] = "Невідомий Фахівець"
    summary = run_import(workbook(tmp_path / "unknown.xlsx", {PAGE: rows}), "ua-c")
    assert summary.line == "created 2, updated 0, unchanged 0, rejected 2"
    assert problems(summary.run_id) == [
        (3, "Відділення", "Невідоме відділення", "is no branch"),
        (4, "Кредитний фахівець", "Невідомий Фахівець", "is no officer of this branch"),
    ]
    with unscoped("a test looks at what was kept") as session:
        kept = session.scalars(select(Loan.number).join(Client).where(Client.code == "ua-c"))
        assert set(kept) == {rows[0]["Номер кредиту"], rows[3]["Номер кредиту"]}
        assert session.scalar(select(Branch.id).where(Branch.name == "Невідоме відділення")) is None
        assert session.scalar(select(User.id).where(User.last_name == "Невідомий Фахівець")) is None


def test_a_wrong_branch_refuses_its_own_row_and_none_of_the_officers_other_rows(books, tmp_path) -> None:
    from_pay_out("ua-d")
    rows = [dict(row) for row in sheet(BOOK, PAGE)]
    officer, own = rows[0]["Кредитний фахівець"], rows[0]["Відділення"]
    mine = [place for place, row in enumerate(rows) if row["Кредитний фахівець"] == officer]
    other = next(row["Відділення"] for row in rows if row["Відділення"] != own)
    typo, moved, twice, unnamed = mine[:4]
    with unscoped("a test opens two branches of one name, apart from the lender's own") as session:
        first = Branch(name="Двічі")
        session.add(first)
        session.flush()
        session.add(Branch(name="Двічі", parent_id=first.id))
    for place, branch in ((typo, f"{own}е"), (moved, other), (twice, "Двічі"), (unnamed, None)):
        rows[place]["Відділення"] = branch
    summary = run_import(workbook(tmp_path / "branches.xlsx", {PAGE: rows}), "ua-d")
    told = [
        (typo + 2, "Відділення", f"{own}е", "is no branch"),
        (moved + 2, "Кредитний фахівець", officer, "is no officer of this branch"),
        (twice + 2, "Відділення", "Двічі", "is the name of several branches"),
        (unnamed + 2, "Відділення", None, "is empty"),
    ]
    assert problems(summary.run_id) == sorted(told)
    assert summary.line == f"created {len(rows) - 4}, updated 0, unchanged 0, rejected 4"


def test_nobody_works_yet_at_a_branch_that_the_import_opens(books, tmp_path) -> None:
    from_pay_out("ua-e", creates=["branch"])
    rows = [dict(row) for row in sheet(BOOK, PAGE)[:3]]
    rows[1]["Відділення"] = "Щойно відкрите відділення"
    summary = run_import(workbook(tmp_path / "opened.xlsx", {PAGE: rows}), "ua-e")
    officer = rows[1]["Кредитний фахівець"]
    assert problems(summary.run_id) == [(3, "Кредитний фахівець", officer, "is no officer of this branch")]
    assert summary.line == "created 2, updated 0, unchanged 0, rejected 1"


def test_the_people_speak_the_lenders_language_and_have_numbers_that_can_be_dialled(books) -> None:
    with unscoped("a test looks at people") as session:
        customers = session.scalars(select(Customer).join(Client).where(Client.code == "ua")).unique().all()
        assert {customer.language for customer in customers} == {"uk"}
        assert all(number.startswith("+380") for number in session.scalars(select(Phone.number)))
        spouses = select(CustomerLink.phone).where(CustomerLink.phone.is_not(None))
        assert all(number.startswith("+380") for number in session.scalars(spouses))
        places = select(Region.level).join(Loan, Loan.region_id == Region.id)
        assert {str(level) for level in session.scalars(places)} == {"village"}
