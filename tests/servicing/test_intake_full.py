"""The whole Dingxi ledger of 10 000 loans as two books: every balance, overdue date and status as stated."""

import pytest
from sqlalchemy import func, select

from app.core.db import unscoped
from app.models import Client, Loan
from app.servicing.arrears import recompute
from app.servicing.intake import run_import
from app.servicing.intake.compare import compare_book
from tests.servicing.ledgers import LEDGER, ON, RECEIPTS, settle_in

pytestmark = pytest.mark.full
LOANS, PAYMENTS = 10_000, 34_504


@pytest.fixture(scope="module")
def books(database, tmp_path_factory) -> list[str]:
    """The summaries of all imports, one after the other."""
    settle_in(tmp_path_factory.mktemp("full"))
    steps = [
        (LEDGER, "dingxi"), (LEDGER, "dingxi-b"), (RECEIPTS, "repayments-dingxi"), (RECEIPTS, "write-offs-dingxi"),
        (LEDGER, "dingxi"), (LEDGER, "dingxi-b"), (RECEIPTS, "repayments-dingxi"),
    ]  # fmt: skip
    return [run_import(path, layout).line for path, layout in steps]


def test_each_file_is_stored_once(books) -> None:
    whole, nothing = (
        "created {0}, updated 0, unchanged 0, rejected 0",
        "created 0, updated 0, unchanged {0}, rejected 0",
    )
    counts = (LOANS, LOANS, PAYMENTS, 7)
    assert books == [*map(whole.format, counts), *map(nothing.format, (LOANS, LOANS, PAYMENTS))]


@pytest.mark.parametrize("client", ["dingxi", "dingxi-b"])
def test_all_ten_thousand_stand_as_stated(books, client) -> None:
    with unscoped("a test compares a ledger") as session:
        compared = compare_book(session, client, LEDGER, "dingxi", ON)
        assert [str(difference) for difference in compared.differences] == []
        assert compared.line == "10000 of 10000 equal"


def test_both_books_are_the_same_in_every_column(books) -> None:
    columns = (
        Loan.number, Loan.principal_outstanding, Loan.overdue_principal, Loan.overdue_interest, Loan.overdue_since,
        Loan.next_due_on, Loan.bucket_id, Loan.status, Loan.region_id, Loan.branch_id, Loan.officer_id, Loan.terms,
    )  # fmt: skip
    with unscoped("a test compares two books") as session:
        opened, posted = (
            session.execute(
                select(*columns).join(Client).where(Client.code == code).order_by(Loan.number)
            ).all()
            for code in ("dingxi", "dingxi-b")
        )
        assert opened == posted
        counted = (
            select(Loan.status, func.count())
            .join(Client)
            .where(Client.code == "dingxi")
            .group_by(Loan.status)
        )
        assert {str(status): count for status, count in session.execute(counted)} == {
            "current": 9375, "settled": 447, "overdue": 104, "grace": 67, "written_off": 7,
        }  # fmt: skip
        assert recompute(session, None, ON) == 0
