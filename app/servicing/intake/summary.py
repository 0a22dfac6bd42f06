"""What an import works with, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.core.reach import ALL, Reach
from app.models.lending import Client
from app.servicing.intake.layouts import Source
from app.servicing.intake.problems import Problems

Tell = Callable[[int, Any], None]
"""Called with (percent, stage); the stage is a lazily translated sentence."""


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
