"""A night that comes while a file is stored waits for it, and a file that comes while a night works for the night."""

import threading
import time
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.core import clock
from app.core.db import unscoped
from app.models import Instalment, Loan, PortfolioSnapshot
from app.servicing.arrears import recompute
from app.servicing.intake import run_import
from tasks import nightly
from tests.servicing.ledgers import ON, Row, ledger, settle_in, some_loans

ONE = timedelta(days=1)
WAITS = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture(scope="module")
def installed(database: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    settle_in(tmp_path_factory.mktemp("places"))
    with unscoped("a test begins on a day") as session:
        clock.set_business_date(session, ON)
    return database


def due_on(day: date, rows: slice) -> list[Row]:
    """Loans whose third instalment is due on a day of June, nothing paid."""
    terms = {"贷款起期": day.replace(month=3), "贷款止期": day.replace(month=3, year=2020), "还款日": day.day}
    return [row | terms for row in some_loans(90) if row["状态"] == "正常"][rows]


def today() -> date:
    with unscoped("a test looks at the day") as session:
        return clock.business_date(session)


def wait_until(done: Any) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


def somebody_waits() -> bool:
    with unscoped("a test looks at locks") as session:
        return bool(session.scalar(WAITS))


def counted(day: date) -> int:
    """How many loans the sums of a day tell of."""
    with unscoped("a test looks at sums") as session:
        return (
            session.scalar(select(func.sum(PortfolioSnapshot.loans)).where(PortfolioSnapshot.taken_on == day))
            or 0
        )


def loans() -> int:
    with unscoped("a test counts loans") as session:
        return session.scalar(select(func.count(Loan.id))) or 0


def test_a_night_waits_for_the_file_that_is_being_stored(installed: Any, tmp_path: Any) -> None:
    said: list[str] = []
    day = today()
    night = threading.Thread(target=lambda: nightly.run(day + ONE, said.append))

    def night_falls(_percent: int, _stage: str) -> None:
        if not night.ident:
            night.start()
            wait_until(somebody_waits)

    path = ledger(tmp_path, due_on(day, slice(20)))
    summary = run_import(path, "dingxi-b", progress=night_falls)
    assert (summary.created, summary.rejected) == (20, 0)
    night.join(20)
    assert [line.split()[0] for line in said] == [
        "close",
        "arrears",
        "buckets",
        "messages",
        "snapshot",
        "rules",
    ]
    with unscoped("a test looks at the book") as session:
        assert clock.business_date(session) == day + ONE
        late = func.sum(Instalment.principal - Instalment.principal_paid)
        owed = select(late).where(Instalment.due_on <= day, Instalment.paid_on.is_(None))
        assert session.scalar(select(func.sum(Loan.overdue_principal))) == session.scalar(owed)
        assert session.scalar(select(func.count()).where(Instalment.due_on == day)) >= 15
        assert recompute(session, None, day + ONE) == 0
        session.rollback()
    assert counted(day) == loans()


def test_a_file_waits_for_the_night_that_moves_the_day(installed: Any, tmp_path: Any) -> None:
    with unscoped("a night that takes long") as session:
        day = clock.business_date(session) + ONE
        clock.wait_to_move(session)
        rows = due_on(day - ONE, slice(20, 30))
        path, found = ledger(tmp_path, rows), []
        file = threading.Thread(target=lambda: found.append(run_import(path, "dingxi-b")))
        file.start()
        wait_until(somebody_waits)
        clock.set_business_date(session, day)
    file.join(20)
    assert [summary.created for summary in found] == [10]
    with unscoped("a test looks at the book") as session:
        numbers = [row["借据编号"] for row in rows]
        last = select(func.max(Loan.overdue_interest)).where(Loan.number.in_(numbers))
        assert session.scalar(last) > 0
        assert recompute(session, None, day) == 0
        session.rollback()


def test_a_file_stored_between_two_steps_of_a_night_is_in_the_sums_of_the_day(
    installed: Any, tmp_path: Any
) -> None:
    day = today()
    path, made = ledger(tmp_path, due_on(day, slice(30, 35))), []

    def between(line: str) -> None:
        if line.startswith("close"):
            before = counted(day)
            made.append(run_import(path, "dingxi-b").created)
            assert counted(day) == before

    nightly.run(day + ONE, between)
    assert made == [5]
    assert counted(day) == loans()
