"""The groups of a report put together: lines with their parts of the whole, columns, totals at every level.

All totals follow from the parts of the groups, so that they agree with them. Only where there are more groups than
are put together are the totals of everything asked by themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.core.db import ScopedSession
from app.core.web.builder import statement
from app.core.web.builder.asked import Asked
from app.core.web.builder.measures import Measure, merge
from app.core.web.builder.statement import EARLIER, MOST_GROUPS, NOW, Group, Groups
from app.core.web.report_data import percent

MOST_COLUMNS = 30
"""Groups beside each other; more cannot be read."""


class _All:
    """Stands for all groups of an axis together."""

    def __repr__(self) -> str:
        return "all"


ALL: Any = _All()
Prefix = tuple[Any, ...]
"""The keys of a line: of all row axes for a group, of the first alone for its total, none for everything."""
DIFFERENCE, PERCENT = "difference", "percent"


@dataclass(frozen=True)
class Figure:
    """A column of figures: which measure, of which group across and which currency, of which period."""

    measure: Measure
    column: Any = ALL
    currency: Any = ALL
    part: str = NOW

    @property
    def kind(self) -> str:
        return "percent" if self.part == PERCENT else self.measure.kind


@dataclass(frozen=True)
class Line:
    """A line of the table by its keys."""

    keys: Prefix
    is_total: bool = False


@dataclass
class Cube:
    """Everything a report tells, before it is written."""

    asked: Asked
    groups: Groups
    names: list[dict[Any, str]]
    """For each axis what its groups are called."""
    places: list[dict[Any, Any]]
    cells: dict[tuple[Prefix, Any, Any], dict[str, dict[str, Any]]] = field(default_factory=dict)
    currencies: list[Any] = field(default_factory=list)

    def value(self, figure: Figure, keys: Prefix) -> Any:
        """A figure of a line; None where there is nothing to tell."""
        cell = self.cells.get((keys, figure.column, figure.currency))
        if cell is None:
            return None
        if figure.part in cell:
            return figure.measure.value(cell[figure.part])
        now, before = (figure.measure.value(cell[when]) for when in (NOW, EARLIER))
        if figure.measure.is_added:
            now, before = now or 0, before or 0
        if now is None or before is None:
            return None
        return now - before if figure.part == DIFFERENCE else percent(now - before, before)

    @property
    def keys_across(self) -> list[Any]:
        """The groups beside each other, in their order; the largest where there are too many."""
        if self.asked.column is None:
            return [ALL]
        last = len(self.asked.axes) - 1
        found = [key for key in self.names[last] if ((), key, ALL) in self.cells]
        size = {key: -self._rows(((), key, ALL)) for key in found}
        kept = sorted(found, key=size.__getitem__)[:MOST_COLUMNS]
        return sorted(kept, key=self.places[last].__getitem__)

    @property
    def hidden_columns(self) -> int:
        """How many groups across are left out."""
        if self.asked.column is None:
            return 0
        return sum(((), key, ALL) in self.cells for key in self.names[-1]) - len(self.keys_across)

    def _rows(self, place: tuple[Prefix, Any, Any]) -> int:
        return sum(parts["rows"] or 0 for parts in self.cells[place].values())

    def figures(self) -> list[Figure]:
        """The columns of the table from left to right; behind groups across their total."""
        keys = self.keys_across
        across = [*keys, *([ALL] if keys != [ALL] and self.asked.totals != "none" else [])]
        parts = (NOW, EARLIER, DIFFERENCE, PERCENT) if self.asked.is_compared else (NOW,)
        return [
            Figure(measure, key, currency, part)
            for key in across
            for measure in self.asked.measures
            for currency in (self.currencies or [None] if measure.is_money else [ALL])
            for part in parts
        ]

    def lines(self) -> list[Line]:
        """The lines in their order: groups, behind those of one first group its total."""
        depth = len(self.asked.rows)
        if not depth:
            return []
        first = self._ordered(self._prefixes(1))
        first = first[: self.asked.top] if self.asked.top else first
        if depth == 1:
            return [Line(keys) for keys in first]
        inside: dict[Prefix, list[Prefix]] = {}
        for keys in self._prefixes(2):
            inside.setdefault(keys[:1], []).append(keys)
        return [line for keys in first for line in self._block(keys, inside[keys])]

    def _block(self, keys: Prefix, inside: list[Prefix]) -> Iterator[Line]:
        yield from (Line(one) for one in self._ordered(inside))
        if len(inside) > 1 and not self.asked.totals and not self.groups.is_capped:
            yield Line(keys, is_total=True)

    @property
    def count(self) -> int:
        """How many first groups there are."""
        return len(self._prefixes(1)) if self.asked.rows else 0

    def _prefixes(self, length: int) -> list[Prefix]:
        return [
            keys for keys, column, currency in self.cells if len(keys) == length and column is currency is ALL
        ]

    def _ordered(self, found: list[Prefix]) -> list[Prefix]:
        """Lines by a figure, or by what their groups are called; the same figure by name."""
        name, is_descending = self.asked.ordered_by
        by_name = sorted(found, key=lambda keys: self.places[len(keys) - 1][keys[-1]])
        if name == "name":
            return by_name[::-1] if is_descending else by_name
        figure = self._ordering(name)
        values = {keys: self.value(figure, keys) for keys in found}
        known = [keys for keys in by_name if values[keys] is not None]
        known.sort(key=values.__getitem__, reverse=is_descending)
        return [*known, *(keys for keys in by_name if values[keys] is None)]

    def _ordering(self, name: str) -> Figure:
        """What lines are ordered by; amounts of several currencies cannot be compared, so then it is the number of rows."""
        measure = next(one for one in self.asked.measures if one.name == name)
        if not measure.is_money:
            return Figure(measure)
        if len(self.currencies) > 1:
            return Figure(Measure("count"))
        return Figure(measure, currency=self.currencies[0] if self.currencies else ALL)


def cube(asked: Asked, session: ScopedSession, most: int = MOST_GROUPS) -> Cube:
    """Ask the database and put the groups together. Raises RuleError where it took too long."""
    groups = statement.run(asked, session, most)
    over_all = statement.run(statement.whole(asked), session, most) if groups.is_capped else groups
    known = [dict.fromkeys(_keys(asked, groups, over_all, place)) for place in range(len(asked.axes))]
    names = [axis.names(session, keys) for axis, keys in zip(asked.axes, known, strict=True)]
    places = [
        axis.place(session, keys, said) for axis, keys, said in zip(asked.axes, known, names, strict=True)
    ]
    made = Cube(
        asked,
        groups,
        [{key: said[key] for key in keys} for said, keys in zip(names, known, strict=True)],
        places,
    )
    depth = len(asked.rows)
    for group in groups.found:
        _put(made, group, [group.keys[:length] for length in range(1 if groups.is_capped else 0, depth + 1)])
    for group in over_all.found if groups.is_capped else ():
        _put(made, group, [()])
    made.currencies = sorted({place[2] for place in made.cells if place[2] is not ALL}, key=str)
    return made


def _keys(asked: Asked, groups: Groups, over_all: Groups, place: int) -> Iterator[Any]:
    """The keys of an axis, those of totals that are asked by themselves among them."""
    yield from (group.keys[place] for group in groups.found)
    if asked.column is not None and place == len(asked.rows) and over_all is not groups:
        yield from (group.keys[-1] for group in over_all.found)


def _put(made: Cube, group: Group, prefixes: list[Prefix]) -> None:
    """Add a group to everything it is a part of."""
    across = {ALL, group.keys[-1]} if made.asked.column is not None else {ALL}
    money = {ALL, group.currency} if made.asked.currency is not None else {ALL}
    for prefix in prefixes:
        for column in across:
            for currency in money:
                cell = made.cells.setdefault((prefix, column, currency), {})
                for when, parts in group.parts.items():
                    merge(cell.setdefault(when, {}), parts)
