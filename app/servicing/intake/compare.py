"""A ledger held against a book: does the journal give every balance, overdue date and status it states?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.core.planning import by_hash
from app.core.sheets.errors import SheetError
from app.servicing.intake import clients, layouts, standing
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import run, stage

COMPARE = """
    SELECT s.row, s.number, d.field, d.stated, d.computed
    FROM staged s LEFT JOIN loan l ON l.client_id = :client AND l.number = s.number
    LEFT JOIN standing t ON t.loan_id = l.id
    CROSS JOIN LATERAL (VALUES
        ('number', s.number, l.number),
        ('principal_outstanding', s.stated_balance::text, t.balance::text),
        ('overdue_since', coalesce(s.stated_overdue_since::text, ''), coalesce(t.overdue_since::text, '')),
        ('status', s.stated_status, t.status)) d (field, stated, computed)
    WHERE NOT s.bad AND d.stated IS NOT NULL AND d.stated IS DISTINCT FROM d.computed
        AND (l.id IS NOT NULL OR d.field = 'number')
    ORDER BY s.row"""


@dataclass(frozen=True)
class Difference:
    """One value of one loan that a ledger states otherwise; the field `number` means there is no such loan."""

    row: int
    number: str
    field: str
    stated: str
    computed: str | None

    def __str__(self) -> str:
        return f"{self.number}: {self.field} stated {self.stated or '–'}, computed {self.computed or '–'}"


@dataclass(frozen=True)
class Comparison:
    """A ledger against a book."""

    rows: int
    differences: list[Difference]
    problems: Problems
    """Rows that could not be read and so were not compared."""

    @property
    def equal(self) -> int:
        """Loans in which nothing differs."""
        return (
            self.rows - len({difference.number for difference in self.differences}) - len(self.problems.rows)
        )

    @property
    def line(self) -> str:
        """The same in every language: scripts read it."""
        return f"{self.equal} of {self.rows} equal"


def compare_book(
    session: Session, client_code: str, path: str | Path, layout_name: str, on: date,
    progress: Callable[[int], object] = int,
) -> Comparison:  # fmt: skip
    """Compare what a ledger states with what the journal of a client's book gives for a day.

    The day is that of the ledger: what fell due before it and is not paid by its end is overdue. Nothing is
    changed. Needs an unscoped session. Raises RuleError for an unknown client or layout, and for a file that
    cannot be read or states no balances.
    """
    source = layouts.find(session, layout_name)
    client = clients.find(session, client_code)
    if client is None:
        raise RuleError(_("There is no client %(code)s", code=client_code))
    if not source.has("stated_balance"):
        raise RuleError(_("The layout %(name)s reads no stated balances", name=layout_name))
    problems = Problems()
    try:
        rows = stage(session, source, path, client.country, problems, progress)
    except SheetError as error:
        raise RuleError(error.told) from error
    ids = "SELECT o.id FROM loan o JOIN staged s ON s.number = o.number WHERE o.client_id = :client"
    with by_hash(session):
        standing.stand(session, ids, on, client=client.id)
        found = run(session, COMPARE, client=client.id).all()
    for name in ("standing", "staged"):
        run(session, f"DROP TABLE {name}")
    return Comparison(rows, [Difference(*row) for row in found], problems)
