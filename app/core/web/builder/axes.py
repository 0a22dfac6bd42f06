"""What a report can be grouped by: choices, references, yes or no, codes in words, and days.

Each is named as a filter of the list: `status`, `customer.kind`, `region__county` for the place of that level above.
What the reader sees masked or not at all is none of them, and a linked entity's only where he may list that.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask_babel import get_locale, gettext, lazy_gettext as _
from sqlalchemy import ARRAY, BigInteger, Date, and_, any_, cast, func, literal, literal_column, select
from sqlalchemy.orm import Session, aliased, load_only

from app.core import labels
from app.core.alphabet import alphabetical
from app.core.web import links
from app.core.web.cells import plain, zone
from app.core.web.conditions import RESERVED, is_place
from app.core.web.fields import FieldInfo, attribute, describe, label_columns, listable
from app.core.web.principal import Principal

GRAINS: dict[str, Any] = {
    "day": _("day"), "week": _("week"), "month": _("month"), "quarter": _("quarter"), "year": _("year"),
}  # fmt: skip
MONTHS = {"month": 1, "quarter": 3, "year": 12}
USUAL_GRAIN = "month"
DAYS = ("date", "datetime")
GROUPED = ("choice", "link", "bool", *DAYS)


@dataclass(frozen=True)
class Axis:
    """One thing to group by: a field, of a day its grain, of a place the level above it."""

    entity: Any
    field: FieldInfo
    grain: str = ""
    level: Any = None

    @property
    def name(self) -> str:
        """Its name in addresses, without the grain."""
        return f"{self.field.name}__{self.level.value}" if self.level else self.field.name

    @property
    def option(self) -> str:
        """What it is called among those of the same entity."""
        return f"{self.inner.label}: {self.level.label}" if self.level else self.inner.label

    @property
    def label(self) -> str:
        """What its head says."""
        said = self.option
        if self.field.path:
            said = f"{describe(self.entity, self.field.path[0]).label}: {said}"
        return f"{said} ({GRAINS[self.grain]})" if self.grain else said

    @property
    def is_of_days(self) -> bool:
        return self.field.kind in DAYS

    @property
    def inner(self) -> FieldInfo:
        """The field as the entity at the end of its path has it."""
        if not self.field.path:
            return self.field
        target = describe(self.entity, self.field.path[0]).target
        return describe(target, self.field.name.partition(".")[2])

    def sql(self, source: Any) -> Any:
        """The value in a row of `source`: the entity, or an alias of the one at the end of the path."""
        column = attribute(source, self.inner)
        return self.begin(self.day(column)) if self.is_of_days else column

    def day(self, column: Any) -> Any:
        """The day of a column; of an instant the one in the zone in which lists show it."""
        if self.field.kind == "date":
            return cast(column, Date)
        here: Any = literal_column("'" + zone().replace("'", "''") + "'")
        if not self.inner.column.type.timezone:
            column = func.timezone(literal_column("'UTC'"), column)
        return cast(func.timezone(here, column), Date)

    def begin(self, day: Any) -> Any:
        """The first day of the stretch in which a day lies."""
        if self.grain == "day":
            return day
        return cast(func.date_trunc(literal_column(f"'{self.grain}'"), day), Date)

    def span(self, key: date) -> tuple[date, date]:
        """First and last day of the stretch that begins on a day."""
        if self.grain in ("day", "week"):
            return key, min(key, date.max - timedelta(6)) + timedelta(6 if self.grain == "week" else 0)
        return key, month_later(key, MONTHS[self.grain]) - timedelta(1)

    def filters(self, key: Any, span: tuple[date, date] | None = None) -> list[tuple[str, str]] | None:
        """The filters by which the list shows the rows of a group; of days those of `span`, if it is given.

        None where no filter says it: what has no place of a level may have none at all, or one above that level.
        """
        name = self.field.name
        if key is None or key == "":
            return None if self.level or key == "" else [(f"{name}__null", "yes")]
        if self.is_of_days:
            first, last = span or self.span(key)
            is_instant = self.field.kind == "datetime"
            end = ("lt", min(last, date.max - timedelta(1)) + timedelta(1)) if is_instant else ("le", last)
            return [(f"{name}__ge", first.isoformat()), (f"{name}__{end[0]}", end[1].isoformat())]
        if self.field.kind == "link" and not self.level and is_place(self.inner):
            return [(f"{name}__exact", str(key))]
        said = "yes" if key is True else "no" if key is False else str(key)
        return [(f"{name}__eq" if name in RESERVED else name, said)]

    def names(self, session: Session, keys: Collection[Any]) -> dict[Any, str]:
        """What the groups are called; rows out of sight are told as such."""
        found = {None: gettext("Not stated")}
        known = [key for key in keys if key is not None]
        if self.field.kind != "link":
            return found | {key: self._word(key) for key in known}
        target = self.field.target
        called = [getattr(target, name) for name in ("id", *label_columns(target))]
        rows = session.scalars(select(target).where(_is_one_of(target, known)).options(load_only(*called)))
        hidden = dict.fromkeys(known, gettext("(not visible to you)"))
        return found | hidden | {row.id: str(row) for row in rows.unique()}

    def _word(self, key: Any) -> str:
        if self.field.spoken:
            return str(self.field.spoken.get(key, key))
        if not self.is_of_days or self.grain == "day":
            return plain(self.field.kind, key)
        if self.grain == "week":
            return gettext("week of %(day)s", day=plain("date", key))
        skeleton = {"month": "yMMM", "quarter": "yQQQ", "year": "y"}[self.grain]
        return str(format_skeleton(skeleton, key, locale=get_locale()))

    def place(self, session: Session, keys: Collection[Any], names: dict[Any, str]) -> dict[Any, Any]:
        """Where each group stands by nature: days and steps in their order, choices as declared, else by name."""
        steps = _steps(session, self.field.target, keys) if self.field.kind == "link" else {}
        if self.field.kind == "choice":
            steps = {choice: number for number, choice in enumerate(self.field.choices)}
        if self.is_of_days or self.field.kind == "bool":
            steps = {key: key for key in keys if key is not None}
        return {key: (1, steps[key], "") if key in steps else (2, 0, alphabetical(names[key])) if key is not None
                else (3, 0, "") for key in keys}  # fmt: skip

    @property
    def is_in_steps(self) -> bool:
        """Whether its groups have an order of their own, so that they are not put by size."""
        order = (
            self.field.target.__table__.c.get(self.field.target.__screen__.order)
            if self.field.target
            else None
        )
        return self.is_of_days or (order is not None and order.info.get("kind") in ("days", "number"))


def _steps(session: Session, target: Any, keys: Collection[Any]) -> dict[Any, Any]:
    """The numbers of things that stand in an order of number, such as steps of lateness."""
    order = target.__table__.c.get(target.__screen__.order)
    if order is None or order.info.get("kind") not in ("days", "number"):
        return {}
    known = [key for key in keys if key is not None]
    found = select(target.id, getattr(target, order.key)).where(_is_one_of(target, known))
    return {row[0]: row[1] for row in session.execute(found)}


def _is_one_of(target: Any, ids: list[int]) -> Any:
    """Whether a row is one of these, given as one array: a statement takes 65,535 parameters and no more."""
    return target.id == any_(literal(ids, ARRAY(BigInteger)))


def month_later(day: date, months: int) -> date:
    """The first day of the month so many months later; the calendar's last day ends it.

    >>> month_later(date(2018, 11, 17), 3)
    datetime.date(2019, 2, 1)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1) if year <= date.max.year else date.max


def _levels(field: FieldInfo) -> list[Any]:
    """The levels of a link to a place by which its rows can be put together."""
    if not is_place(field):
        return []
    level = field.target.__table__.c.get("level")
    return list(level.info["choices"]) if level is not None and level.info.get("choices") else []


def above(axis: Axis) -> Any:
    """Which place of the axis's level lies above each place, as a table of (node, top)."""
    node, top = aliased(axis.field.target), aliased(axis.field.target)
    lies_below = and_(node.lft >= top.lft, node.lft <= top.rgt)
    # the tops first: each finds its own by the index, where a place would look at half of them
    return (
        select(node.id.label("node"), top.id.label("top")).select_from(top).join(node, lies_below)
        .where(top.level == axis.level).subquery()
    )  # fmt: skip


def _of(entity: Any, field: FieldInfo, inner: FieldInfo) -> Iterator[Axis]:
    is_word = inner.spoken or (inner.column is not None and inner.column.info.get("form") == "currency")
    is_grouped = inner.kind in GROUPED or (inner.kind in ("code", "text") and is_word)
    is_empty = inner.kind == "choice" and not inner.column.info.get("choices")
    if is_grouped and not is_empty and inner.derived is None:
        yield Axis(entity, field, USUAL_GRAIN if inner.kind in DAYS else "")
        yield from (Axis(entity, field, level=level) for level in _levels(inner))


def own(entity: Any, principal: Principal) -> list[Axis]:
    """The axes of the entity's own fields."""
    fields = [one for one in listable(entity) if not one.path and one.is_open_to(principal)]
    return [axis for field in fields for axis in _of(entity, field, field)]


def offered(entity: Any, principal: Principal) -> list[tuple[str, list[Axis]]]:
    """All axes: the entity's own, then those of each entity that it points to; with whose they are."""
    mine = own(entity, principal)
    found = [(labels.singular(entity), mine)]
    for axis in mine:
        field = axis.field
        target = field.target
        if axis.level or target is None or field.custom or not links.is_shown(target):
            continue
        if target is entity or not principal.may("can_list", labels.subject(target)):
            continue
        there = [one for one in listable(target) if not one.path and one.is_open_to(principal)]
        far = [
            axis for one in there for axis in _of(entity, describe(entity, f"{field.name}.{one.name}"), one)
        ]
        found.append((field.label, far))
    return [(label, axes) for label, axes in found if axes]


def by_name(entity: Any, principal: Principal) -> dict[str, Axis]:
    """Every axis by its name."""
    return {axis.name: axis for _label, axes in offered(entity, principal) for axis in axes}


def with_grain(axis: Axis, grain: str) -> Axis:
    """The axis with another grain, which only days have."""
    return replace(axis, grain=grain) if axis.is_of_days and grain else axis
