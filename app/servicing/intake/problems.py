"""What is wrong with which row, in words for the person who sent the file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _

from app.core import i18n
from app.core.errors import RuleError
from app.core.personal import mask

MOST = 100_000
"""A file with more mistakes than this is of another kind: telling them all would help nobody."""

LONG = 7
"""So many digits in a reason may be a personal number; numbers of rows have fewer."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one row: the column as the file names it, what stands there, and why not.

    The reason is in the language of whoever imports; `said` is the same for readers of any other.
    """

    row: int
    column: str
    value: str | None
    reason: str
    said: dict[str, Any] = field(default_factory=dict, compare=False)
    personal: str | None = field(default=None, compare=False)
    """As what the value is masked for those who may not see personal numbers."""

    def __str__(self) -> str:
        return f"{self.row}: {self.column} {self.value or ''} {self.reason}"


@dataclass
class Problems:
    """All that is wrong with a file. A row with any problem is left out; the others are imported."""

    columns: dict[str, str] = field(default_factory=dict)
    """field → the name its column has in the file."""
    personal: dict[str, str] = field(default_factory=dict)
    """The columns of personal numbers by the names that they have in the file → as what they are masked."""
    found: list[Problem] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)

    def add(self, row: int, column: str, value: Any, reason: Any) -> None:
        """Note a problem of a row; `reason` is a sentence's predicate, "is no date", put into words here and once.

        Raises RuleError, which refuses the file as a whole, for more than MOST.
        """
        if len(self.found) >= MOST:
            raise RuleError(
                _(
                    "More than %(n)s mistakes: the file does not fit the layout. Nothing of it was stored.",
                    n=f"{MOST:,}",
                )
            )
        written = str(value) if value not in (None, "") else None
        personal, said = self.personal.get(column), i18n.kept(reason)
        if personal and said.get("values"):
            said = _without_numbers(said, personal)
        self.found.append(Problem(row, column, written, i18n.spoken(reason), said, personal))
        self.rows.add(row)

    def of_field(self, name: str, places: Iterable[tuple[int, Any]], reason: Any) -> None:
        """The same problem of a field in several rows, given as (row, value)."""
        for row, value in places:
            self.add(row, self.columns.get(name, name), value, reason)

    def rows_of(self, name: str) -> set[int]:
        """The rows in which something is wrong with a field."""
        column = self.columns.get(name, name)
        return {problem.row for problem in self.found if problem.column == column}

    def ordered(self) -> list[Problem]:
        """By row, in the order they were found."""
        return sorted(self.found, key=lambda problem: problem.row)


def _without_numbers(said: dict[str, Any], personal: str) -> dict[str, Any]:
    """A reason as it is kept, its personal numbers masked for everybody: the value stands beside it."""
    values = {
        name: _without_numbers(one, personal) if isinstance(one, dict)
        else mask(one, personal) if sum(map(str.isdigit, one)) >= LONG else one
        for name, one in said["values"].items()
    }  # fmt: skip
    return said | {"reason": i18n.in_english(said["text"], values), "values": values}
