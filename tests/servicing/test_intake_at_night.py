"""A night that comes while a file is stored waits for it, and a file that comes while a night works for the night."""

import threading
import time
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.core import clock
from app.core.db import unscoped
from app.models import Instalment, Loan
from app.servicing.arrears import recompute
from app.servicing.intake import run_import
from tasks import nightly
from tests.servicing.ledgers import ON, Row, ledger, settle_in, some_loans

TOMORROW = ON + timedelta(days=1)
WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")


@pytest.fixture(scope="module")
def installed(database: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    settle_in(tmp_path_factory.mktemp("places"))
    with unscoped("a test begins on a day") as session:
        clock.set_business_date(session, ON)
    return database


def due_today(row: Row) -> Row:
    """A loan whose third instalment is due on the business date, nothing paid."""
    return {**row, "贷款起期": date(2018, 3, 25), "贷款止期": date(2020, 3, 25), "还款日": 25}


def wait_until(done: Any) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


def somebody_waits() -> bool:
    with unscoped("a test looks at locks") as session:
        return bool(session.scalar(WAITS))


def test_a_night_waits_for_the_file_that_is_being_stored(installed: Any, tmp_path: Any) -> None:
    said: list[str] = []
    night = threading.Thread(target=lambda: nightly.run(TOMORROW, said.append))

    def night_falls(_percent: int, _stage: str) -> None:
        if not night.ident:
            night.start()
            wait_until(somebody_waits)

    rows = [due_today(row) for row in some_loans(40) if row["状态"] == "正常"][:20]
    summary = run_import(ledger(tmp_path, rows), "dingxi-b", progress=night_falls)
    assert (summary.created, summary.rejected) == (20, 0)
    night.join(20)
    assert [line.split()[0] for line in said] == ["close", "arrears", "buckets", "messages", "snapshot"]
    with unscoped("a test looks at the book") as session:
        assert clock.business_date(session) == TOMORROW
        late = func.sum(Instalment.principal - Instalment.principal_paid)
        owed = select(late).where(Instalment.due_on <= ON, Instalment.paid_on.is_(None))
        assert session.scalar(select(func.sum(Loan.overdue_principal))) == session.scalar(owed)
        assert session.scalar(select(func.count()).where(Instalment.due_on == ON)) >= 15
        assert recompute(session, None, TOMORROW) == 0
        session.rollback()


def test_a_file_waits_for_the_night_that_moves_the_day(installed: Any, tmp_path: Any) -> None:
    with unscoped("a night that takes long") as session:
        day = clock.business_date(session) + timedelta(days=1)
        clock.wait_to_move(session)
        rows = [due_today(row) for row in some_loans(60) if row["状态"] == "正常"][20:30]
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
