"""The period that a report is about and the earlier one beside it: the one before, or the same a year ago."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Date, and_, case, cast, literal, literal_column
from sqlalchemy.sql import ColumnElement

from app.core.errors import RuleError
from app.core.periods import Span
from app.core.web.builder.axes import Axis, month_later
from app.core.web.conditions import Condition, clause
from app.core.web.fields import FieldInfo

VERSUS: dict[str, Any] = {"previous": _("the period before"), "year": _("the same a year ago")}
_FINE = ("day", "week")


def months_of(span: Span) -> int:
    """How many whole months a span is; 0 where it is not made of whole ones.

    >>> months_of((date(2018, 4, 1), date(2018, 6, 30))), months_of((date(2018, 4, 2), date(2018, 6, 30)))
    (3, 0)
    """
    first, last = span
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return (
        months if first.day == 1 and months > 0 and month_later(first, months) == last + timedelta(1) else 0
    )


def moved(day: date, months: int) -> date:
    """The same day so many months later, or the last of its month where that one is shorter.

    >>> moved(date(2018, 3, 31), -1), moved(date(2016, 2, 29), 12)
    (datetime.date(2018, 2, 28), datetime.date(2017, 2, 28))
    """
    first = month_later(day, months)
    return min(
        date(first.year, first.month, 1) + timedelta(day.day - 1), month_later(first, 1) - timedelta(1)
    )


@dataclass(frozen=True)
class Compared:
    """Days of a field in a span, and those of an earlier one that stand beside them."""

    field: FieldInfo
    span: Span
    versus: str = ""

    @property
    def earlier(self) -> Span:
        """The span before, or the same a year ago. Raises RuleError where the calendar has none."""
        first, last = self.span
        months = months_of(self.span)
        try:
            if self.versus == "year":
                return moved(first, -12), moved(last, -12) if not months else moved(
                    first, months - 12
                ) - timedelta(1)
            if months:
                return moved(first, -months), first - timedelta(1)
            return first - (last - first) - timedelta(1), first - timedelta(1)
        except (ValueError, OverflowError) as error:
            raise RuleError(_("There is no period before this one")) from error

    def within(self, entity: Any, span: Span, on: date) -> ColumnElement[bool]:
        """The rows whose day lies in a span."""
        made = [
            Condition(name, self.field, name.rpartition("__")[2], raw) for name, raw in self.filters(span)
        ]
        return and_(*(clause(entity, one, on) for one in made))

    def filters(self, span: Span) -> list[tuple[str, str]]:
        """The same as filters of the list."""
        return Axis(self.field.entity, self.field, "day").filters(span[0], span) or []

    def is_about(self, axis: Axis) -> bool:
        """Whether the axis groups by the days that are compared, so that the earlier ones have to be moved."""
        return bool(self.versus) and axis.field.name == self.field.name

    def _months(self, axis: Axis) -> int:
        """By how many months the earlier days are moved; 0 where it is by days."""
        first, earlier = self.span[0], self.earlier[0]
        is_whole = months_of(self.span) and months_of(self.earlier)
        months = (first.year - earlier.year) * 12 + first.month - earlier.month
        return months if is_whole and axis.grain not in _FINE else 0

    def shifted(self, entity: Any, axis: Axis, column: Any, on: date) -> Any:
        """The stretch of the axis in which a row counts: an earlier one in that which it is compared with."""
        day = axis.day(column)
        months = self._months(axis)
        step = (
            literal_column(f"interval '{months} months'")
            if months
            else literal((self.span[0] - self.earlier[0]).days)
        )
        later = cast(day.op("+")(step), Date)
        return axis.begin(cast(case((self.within(entity, self.earlier, on), later), else_=day), Date))

    def back(self, axis: Axis, span: Span) -> Span:
        """The earlier days that were counted in a stretch."""
        months = self._months(axis)
        if not months:
            step = self.span[0] - self.earlier[0]
            return span[0] - step, span[1] - step
        return moved(span[0], -months), month_later(span[1], 1 - months) - timedelta(1)
