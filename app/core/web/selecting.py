"""A selection by pasting: a column of numbers from a workbook becomes a list of exactly those rows.

What was not found is told, so that nothing is silently left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import ARRAY, ColumnElement, Index, String, UniqueConstraint, any_, func, literal, select
from sqlalchemy.orm import Session

from app.core import form_rules, labels, registry
from app.core.errors import RuleError
from app.core.org import Selection
from app.core.web.fields import FieldInfo, as_id, attribute, describe, label_columns
from app.core.web.principal import Principal

MOST = 10_000
LONGEST = 200
FEWEST_DIGITS = 5
"""What has fewer is no telephone number."""
PARAMETER = "picked"
_INVISIBLE = dict.fromkeys(map(ord, "\x00\ufeff\u200b\u200c\u200d\u2060"))


@dataclass(frozen=True)
class Key:
    """Something that names rows of an entity: a column of its own, of a row it points to, or of rows that point to it."""

    field: FieldInfo
    id: Any
    """The attribute holding the row's id, and how to get from there to the column."""
    join: Any = None


@dataclass
class Match:
    """What came of pasted values."""

    ids: set[int] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)
    """Values that name more than one row; all of them are chosen."""


def values(pasted: str) -> list[str]:
    r"""The values in a pasted column or line, each once, in their order, without what programs put around them.

    >>> values("\ufeffL-1\r\nL-2\t; L-1,\n'0042\n\"Olena\xa0  Moroz\"")
    ['L-1', 'L-2', '0042', 'Olena Moroz']
    """
    plain = pasted.translate(_INVISIBLE)
    parts = (" ".join(part.split()).strip("'\" ") for part in re.split(r"[\r\n\t;,]+", plain))
    found = list(dict.fromkeys(part for part in parts if part))
    if len(found) > MOST:
        raise RuleError(gettext("At most %(n)s values at a time", n=MOST))
    return [one[:LONGEST] for one in found]


def keys(entity: Any, principal: Principal) -> Iterator[Key]:
    """Everything by which a reader may name rows of the entity."""
    for one in naming(entity, principal):
        yield Key(one, entity.id)
    for name in entity.__screen__.columns("search"):
        head, dot, _rest = name.partition(".")
        if dot:
            target = describe(entity, head).target
            there = attribute(entity, describe(entity, head))
            for one in naming(target, principal):
                yield Key(one, entity.id, (entity, there == target.id))
    for slug in entity.__screen__.columns("tabs"):
        child = registry.entity(slug)
        pointer = child.__table__.c.get(f"{entity.slug()}_id")
        if pointer is not None and principal.may("can_list", labels.subject(child)):
            for one in naming(child, principal):
                if one.kind in ("phone", "code"):
                    yield Key(one, getattr(child, pointer.key))


def naming(entity: Any, principal: Principal) -> Iterator[FieldInfo]:
    """The columns of an entity that name a row: what it is called by, and codes and telephone numbers with an index."""
    for column in entity.__table__.columns:
        named = column.name in label_columns(entity)
        info = column.info
        if not named and (info.get("kind") not in ("code", "phone") or not _is_indexed(entity, column)):
            continue
        if info.get("words") or info.get("said") or not isinstance(column.type, String):
            continue
        found = describe(entity, column.name)
        if found.is_open_to(principal):
            yield found


def _is_indexed(entity: Any, column: Any) -> bool:
    """Whether rows are found by the column: it is unique, alone or beside a link, or has an index."""
    table = entity.__table__
    sets = [
        list(one.columns)
        for one in (*table.constraints, *table.indexes)
        if isinstance(one, (Index, UniqueConstraint))
    ]
    return column.unique or any(
        column in each and all(c is column or c.info.get("link") for c in each) for each in sets
    )


def match(session: Session, entity: Any, pasted: list[str], principal: Principal) -> Match:
    """The rows in scope that the values name; one statement for each key."""
    found: dict[str, set[int]] = defaultdict(set)
    for key in keys(entity, principal):
        meant = written(session, key.field, pasted)
        column = attribute(key.field.entity, key.field)
        query = select(column, key.id).where(_is_one_of(column, list(meant)))
        if key.join:
            query = query.join(*key.join)
        for value, row_id in session.execute(query):
            if row_id is not None:
                for one in meant[value]:
                    found[one].add(row_id)
    named = sorted({row_id for ids in found.values() for row_id in ids})
    numbers = literal(named, ARRAY(entity.__table__.c.id.type))
    visible = set(session.scalars(select(entity.id).where(entity.id == any_(numbers))))
    result = Match(ids=visible)
    for one in pasted:
        rows = found.get(one, set()) & visible
        if not rows:
            result.missing.append(one)
        elif len(rows) > 1:
            result.several.append(one)
    return result


def _is_one_of(column: Any, wanted: list[str]) -> ColumnElement[bool]:
    compared: ColumnElement[bool] = column == any_(literal(wanted, ARRAY(String)))
    return compared


def written(session: Session, key: FieldInfo, pasted: list[str]) -> dict[str, list[str]]:
    """How each value may be stored in the column → the values as they were pasted."""
    meant: dict[str, list[str]] = defaultdict(list)
    for one in pasted:
        forms = {one, one.upper()}
        if key.kind == "phone" and sum(letter.isdigit() for letter in one) >= FEWEST_DIGITS:
            forms = form_rules.forms(session, key.column, one)
        for written in forms:
            meant[written].append(one)
    return meant


def chosen(number: int, principal: Principal) -> Any:
    """What finds a selection, if it is the reader's."""
    return (Selection.id == number) & (Selection.user_id == principal.user_id)


def condition(entity: Any, number: int, principal: Principal) -> ColumnElement[bool]:
    """The rows of one of the reader's own selections; nobody else's means anything."""
    ids = select(func.unnest(Selection.row_ids)).where(
        chosen(number, principal), Selection.entity == entity.slug()
    )
    inside: ColumnElement[bool] = entity.id.in_(ids)
    return inside


def size(session: Session, entity: Any, number: int, principal: Principal) -> int:
    """How many rows of the entity the reader put into a selection; 0 for none of his."""
    mine = chosen(number, principal), Selection.entity == entity.slug()
    return session.scalar(select(func.cardinality(Selection.row_ids)).where(*mine)) or 0


def picked(args: Any) -> int | None:
    """The selection in a list's address. Raises RuleError for what can be none."""
    raw = args.get(PARAMETER, "")
    if not raw:
        return None
    number = as_id(Selection, raw)
    if number is None:
        raise RuleError(gettext("There is no such selection"))
    return number
