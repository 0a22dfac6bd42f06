"""The groups of a report put together: lines with their parts of the whole, columns, totals at every level.

All totals follow from the parts of the groups, so that they agree with them. Only where there are more groups than
are put together is each level of totals asked by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
Level = tuple[Asked, Groups]
"""Totals that were asked by themselves: what was asked, and what was found."""
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
    is_whole: bool = True
    """Whether every total could be asked; False where some are of too many groups, too, and left out."""
    are_columns_capped: bool = False
    """Whether there are more groups across than are put together, so that nobody counted them."""

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
        """How many groups across are left out, where that is known."""
        if self.asked.column is None or self.are_columns_capped:
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
        first = self.firsts()
        if depth == 1:
            return [Line(keys) for keys in first]
        inside: dict[Prefix, list[Prefix]] = {}
        for keys in self._prefixes(2):
            inside.setdefault(keys[:1], []).append(keys)
        return [line for keys in first for line in self._block(keys, inside.get(keys, []))]

    def firsts(self) -> list[Prefix]:
        """The first groups in their order, as many of them as are asked for."""
        first = self._ordered(self._prefixes(1)) if self.asked.rows else []
        return first[: self.asked.top] if self.asked.top else first

    def _block(self, keys: Prefix, inside: list[Prefix]) -> Iterator[Line]:
        yield from (Line(one) for one in self._ordered(inside))
        if len(inside) > 1 and not self.asked.totals and not self.groups.is_capped:
            yield Line(keys, is_total=True)

    @property
    def count(self) -> int:
        """How many first groups there are."""
        return len(self._prefixes(1)) if self.asked.rows else 0

    def _prefixes(self, length: int) -> list[Prefix]:
        return list(dict.fromkeys(place[0][:length] for place in self.cells if len(place[0]) >= length))

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
    totals = _totals(asked, session, most) if groups.is_capped else []
    known = [dict.fromkeys(_keys(asked, groups, totals, place)) for place in range(len(asked.axes))]
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
    if groups.is_capped:
        _put_levels(made, totals)
    for group in () if groups.is_capped else groups.found:
        for length in range(len(asked.rows) + 1):
            _put(made, group, group.keys[:length], {ALL, *_across(asked, group)}, {ALL, group.currency})
    made.currencies = sorted({place[2] for place in made.cells if place[2] is not ALL}, key=str)
    return made


def _totals(asked: Asked, session: ScopedSession, most: int) -> list[Level]:
    """Each level of totals by itself: of everything, of the lines over all groups across, of those over all lines."""
    depth = len(asked.rows)
    wanted = [
        replace(asked, rows=asked.rows[:length], column=None)
        for length in range(depth + (asked.column is not None))
    ]
    if asked.column is not None and depth:
        wanted.append(statement.whole(asked))
    return [(one, statement.run(one, session, most)) for one in wanted]


def _keys(asked: Asked, groups: Groups, totals: list[Level], place: int) -> Iterator[Any]:
    """The keys of an axis, those of totals that are asked by themselves among them."""
    for part, found in [(asked, groups), *totals]:
        if asked.axes[place] in part.axes:
            at = part.axes.index(asked.axes[place])
            yield from (group.keys[at] for group in found.found)


def _put_levels(made: Cube, totals: list[Level]) -> None:
    """Put the groups and each level of totals where they stand, and nowhere else: their sums are not of all."""
    has_several = len({group.currency for group in totals[0][1].found}) > 1
    for part, found in [(made.asked, made.groups), *totals]:
        # of a total over several currencies one may be among those that were not found
        is_part = found.is_capped and has_several and part is not made.asked and part.column is None
        for group in found.found:
            money = {group.currency} if is_part else {ALL, group.currency}
            _put(made, group, group.keys[: len(part.rows)], set(_across(part, group)) or {ALL}, money)
    made.is_whole = not any(found.is_capped for _part, found in totals)
    across = [found for part, found in [(made.asked, made.groups), *totals] if part.column is not None]
    made.are_columns_capped = bool(across) and across[-1].is_capped


def _across(asked: Asked, group: Group) -> tuple[Any, ...]:
    """The group across that a group is of; none where nothing stands beside each other."""
    return group.keys[-1:] if asked.column is not None else ()


def _put(made: Cube, group: Group, keys: Prefix, across: set[Any], money: set[Any]) -> None:
    """Add a group to these cells of a line."""
    for column in across:
        for currency in money if made.asked.currency is not None else {ALL}:
            cell = made.cells.setdefault((keys, column, currency), {})
            for when, parts in group.parts.items():
                merge(cell.setdefault(when, {}), parts)
