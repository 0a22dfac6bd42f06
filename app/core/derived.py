"""Values that follow from a column and the business date; never stored, yet listed, filtered and sorted."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core import codes
from app.core.types import Choice

_FLIPPED = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True)
class DaysSince:
    """Days from the date in `column` to the business date: `days_past_due = DaysSince("overdue_since")`."""

    column: str
    kind: str = "days"
    is_derived: bool = True
    is_compared: bool = True
    """Whether the database can filter and sort by it."""

    def value(self, row: Any, on: date) -> int | None:
        """Days passed on `on`; None when the column is empty."""
        since = getattr(row, self.column)
        return None if since is None else (on - since).days

    def bound(self, op: str, days: int, on: date) -> tuple[str, date]:
        """The same condition on the column: more than 30 days past due is a date before on − 30.

        Numbers that lead out of the calendar mean its first or last day.

        >>> DaysSince("overdue_since").bound("gt", 30, date(2018, 6, 25))
        ('lt', datetime.date(2018, 5, 26))
        """
        back = max(min(days, (on - date.min).days), (on - date.max).days)
        return _FLIPPED[op], on - timedelta(days=back)


@dataclass(frozen=True)
class Said:
    """What the code in `column` means, from the words of a sort: `meaning = Said("name", "setting_meaning")`."""

    column: str
    words: str
    kind: str = "text"
    is_derived: bool = True
    is_compared: bool = False

    def value(self, row: Any, on: date) -> str:
        """The words; the code itself where nobody knows it."""
        return codes.say(self.words, getattr(row, self.column))


class Lateness(Choice):
    """How a day by which something must be done stands to the business date."""

    LATE = "late", _("Overdue"), "red"


@dataclass(frozen=True)
class Late:
    """Whether the day in `column` is over: `late = Late("open_due_on")`. Empty where it is not, or where there is none."""

    column: str
    kind: str = "text"
    is_derived: bool = True
    is_compared: bool = False

    def value(self, row: Any, on: date) -> Lateness | None:
        """Said of a row only where it is late."""
        due = getattr(row, self.column)
        return Lateness.LATE if due is not None and due < on else None
