"""What an import works with, and what came of it."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.core.reach import ALL, Reach
from app.models.lending import Client
from app.servicing.intake.layouts import Source
from app.servicing.intake.problems import Problems


class Step(IntEnum):
    """What an import does, by the percent from which it does it."""

    READING = 0
    CHECKING = 40
    STORING = 55

    @classmethod
    def at(cls, percent: int) -> "Step":
        """The step of an import that is so far.

        >>> Step.at(39).name, Step.at(40).name, Step.at(97).name
        ('READING', 'CHECKING', 'STORING')
        """
        return max(step for step in cls if percent >= step)


class Tell(Protocol):
    """Is told how far an import is: percent, a lazily translated sentence, and the rows read where that is new."""

    def __call__(self, percent: int, stage: Any, rows: int | None = None) -> None: ...


def read_so_far(tell: Tell, rows: int) -> None:
    """Tell how many rows have been read."""
    tell(min(Step.CHECKING - 1, 1 + rows // 1000), _("Reading: %(rows)s rows", rows=rows), rows)


@dataclass(frozen=True)
class Counts:
    """How the good rows of a file ended: each in exactly one of the first three."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    differences: int = 0
    """Stated values that the journal does not give; listed, never applied."""


@dataclass(frozen=True)
class Task:
    """One import inside its transaction."""

    session: Session
    source: Source
    path: Path
    owner: Client | None
    run_id: int
    user_id: int | None
    on: date
    """The business date: loans are stored as they stand on it."""
    as_of: date | None
    """The day a ledger without such a column speaks of."""
    problems: Problems
    tell: Tell
    reach: Reach = ALL
    """Whose loans a file of payments may name."""

    @property
    def client(self) -> Client:
        """The client whose book it is. Raises RuleError for an import that has none."""
        if self.owner is None:
            raise RuleError(_("This import belongs to no client"))
        return self.owner


@dataclass(frozen=True)
class Summary:
    """The end of an import, for the person who started it."""

    run_id: int
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    differences: int
    error_file: str | None
    """Key of the workbook with the refused rows and the reasons, to be corrected and imported again."""

    @property
    def good(self) -> int:
        """Rows that are in the book now, changed by this import or equal before it."""
        return self.created + self.updated + self.unchanged

    @property
    def line(self) -> str:
        """The same in every language: scripts read it."""
        return f"created {self.created}, updated {self.updated}, unchanged {self.unchanged}, rejected {self.rejected}"
