"""How far what a file states may go: the day of a ledger, the sum of a loan."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select

from app.core import clock
from app.core.db import unscoped
from app.core.org import Setting
from app.models import ImportLayout, ImportProblem, Instalment, Loan, Repayment
from app.servicing.intake import run_import
from tests.servicing.ledgers import ON, Row, ledger, settle_in, some_loans

DAY, LENT, NUMBER = "数据日期", "贷款金额", "借据编号"
LONGEST = {"贷款起期": date(1900, 1, 1), "贷款止期": date(2200, 12, 31), "年利率(%)": "999"}


@pytest.fixture(scope="module")
def installed(database, tmp_path_factory):
    settle_in(tmp_path_factory.mktemp("first"))
    with unscoped("a test's layout without bounds of its own") as session:
        known = session.scalars(select(ImportLayout).where(ImportLayout.name == "dingxi")).one().definition
        free = {
            "annual_rate": {"max": "5000"},
            "principal": {"max": "99999999999999999"},
            "as_of": {"required": False},
        }
        fields = [field | free.get(field["field"], {}) for field in known["layout"]["fields"]]
        definition = {**known, "layout": {**known["layout"], "name": "wide", "fields": fields}}
        session.add(ImportLayout(name="wide", title="Wide", target="portfolio", definition=definition))


@pytest.fixture
def rows(installed) -> list[Row]:
    """Three loans on which nothing is overdue."""
    return [dict(row) for row in some_loans(60) if row["状态"] == "正常"][:3]


def renumbered(rows: list[Row], prefix: str) -> list[Row]:
    return [{**row, NUMBER: f"{prefix}{row[NUMBER]}"} for row in rows]


def reasons(run_id: int) -> list[tuple[int, str | None, str | None, str]]:
    columns = (ImportProblem.row, ImportProblem.column, ImportProblem.value, ImportProblem.reason)
    with unscoped("a test looks at what was refused") as session:
        found = session.execute(select(*columns).where(ImportProblem.run_id == run_id))
        return sorted(tuple(problem) for problem in found)


def test_a_ledger_of_a_day_to_come_is_refused_and_takes_nothing_over(rows, tmp_path) -> None:
    told = renumbered(rows, "F")
    told[1][DAY] = ON + timedelta(days=1)
    told[2][DAY] = None
    later = date(2018, 12, 31)
    summary = run_import(ledger(tmp_path, told), "wide", as_of=later)
    assert summary.line == "created 1, updated 0, unchanged 0, rejected 2", reasons(summary.run_id)
    why = "is after the business date, 2018-06-25"
    assert reasons(summary.run_id) == [(3, DAY, "2018-06-26", why), (4, DAY, "2018-12-31", why)]
    with unscoped("a test looks at what was stored") as session:
        assert session.scalars(select(Loan.number).where(Loan.number.like("F%"))).all() == [told[0][NUMBER]]
        ours = select(func.max(Repayment.received_on)).join(Loan, Loan.id == Repayment.loan_id)
        assert session.scalar(ours.where(Loan.number.like("F%"))) == ON
        assert session.scalar(select(func.max(Loan.taken_over_on)).where(Loan.number.like("F%"))) == ON


def test_without_a_business_date_the_computers_date_bounds_a_ledger(rows, tmp_path) -> None:
    told = renumbered(rows, "C")
    today = clock.now().date()
    for row, day in zip(told, (ON, today - timedelta(days=1), today + timedelta(days=2)), strict=True):
        row[DAY] = day
    with unscoped("a test forgets the business date") as session:
        session.execute(delete(Setting).where(Setting.name == clock.BUSINESS_DATE))
    try:
        summary = run_import(ledger(tmp_path, told), "dingxi")
    finally:
        with unscoped("a test's installation") as session:
            clock.set_business_date(session, ON)
    assert summary.line == "created 2, updated 0, unchanged 0, rejected 1", reasons(summary.run_id)
    assert [(row, column) for row, column, *_rest in reasons(summary.run_id)] == [(4, DAY)]


@pytest.mark.parametrize("method", ["等额本息", "等额本金", "按月付息到期还本", "到期一次还本付息"])
def test_the_largest_loan_for_the_longest_time_at_the_highest_rate_can_be_stored(
    rows, tmp_path, method
) -> None:
    most = Decimal("999999999999.99")
    told = renumbered(rows[:2], method)
    told[0] |= {LENT: str(most), "贷款余额": str(most), "还款方式": method, "利息结至": None, **LONGEST}
    summary = run_import(ledger(tmp_path, told), "wide")
    assert summary.line == "created 2, updated 0, unchanged 0, rejected 0", reasons(summary.run_id)
    with unscoped("a test looks at a schedule") as session:
        loan = session.scalars(select(Loan).where(Loan.number == told[0][NUMBER])).unique().one()
        sums = select(
            func.sum(Instalment.principal), func.sum(Instalment.interest), func.min(Instalment.interest)
        )
        principal, interest, least = session.execute(sums.where(Instalment.loan_id == loan.id)).one()
        assert (loan.principal, principal) == (most, most)
    assert 0 <= least <= interest < 3007 * most


def test_one_absurd_loan_stops_no_good_one(rows, tmp_path) -> None:
    told = renumbered(rows, "A")
    told[1] |= {LENT: "9999999999999999.99", **LONGEST}
    summary = run_import(ledger(tmp_path, told), "wide")
    assert summary.line == "created 2, updated 0, unchanged 0, rejected 1", reasons(summary.run_id)
    assert reasons(summary.run_id) == [(3, LENT, "9999999999999999.99", "is more than 999999999999.99")]
