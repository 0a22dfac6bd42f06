"""The Ukrainian book, with late, partial and early payments: taken over from its ledger, and posted from pay-out."""

import csv

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.db import unscoped
from app.core.org import Region
from app.models import Client, Customer, CustomerLink, ImportLayout, Loan, Phone, StatedDifference
from app.seeds import seed
from app.servicing.arrears import recompute
from app.servicing.intake import layouts, run_import
from app.servicing.intake.compare import compare_book
from tests.servicing.ledgers import DEMO, ON

BOOK, RECEIPTS = DEMO / "portfolio_ua.xlsx", DEMO / "repayments_ua.xlsx"
OBLASTS = ("UA46", "UA53")


def from_pay_out() -> None:
    """A layout that reads the same file without its history, for a second lender."""
    with unscoped("a test makes a layout and a lender") as session:
        definition = session.scalars(select(ImportLayout.definition).where(ImportLayout.name == "ua")).one()
        fields = [
            {**field, "const": "ua-b"} if field["field"] == "client" else field
            for field in definition["layout"]["fields"]
            if field["field"] != "as_of" and not field["field"].startswith("stated_")
        ]
        layout = {**definition["layout"], "name": "ua-b", "fields": fields}
        lender = {**definition["client"], "code": "ua-b", "name": "Друга спілка"}
        made = ImportLayout(
            name="ua-b", title="Second", target="portfolio", definition={"layout": layout, "client": lender}
        )
        layouts.source_of(made)
        session.add(made)


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
    from_pay_out()
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


def test_the_people_speak_the_lenders_language_and_have_numbers_that_can_be_dialled(books) -> None:
    with unscoped("a test looks at people") as session:
        customers = session.scalars(select(Customer).join(Client).where(Client.code == "ua")).unique().all()
        assert {customer.language for customer in customers} == {"uk"}
        assert all(number.startswith("+380") for number in session.scalars(select(Phone.number)))
        spouses = select(CustomerLink.phone).where(CustomerLink.phone.is_not(None))
        assert all(number.startswith("+380") for number in session.scalars(spouses))
        places = select(Region.level).join(Loan, Loan.region_id == Region.id)
        assert {str(level) for level in session.scalars(places)} == {"village"}
