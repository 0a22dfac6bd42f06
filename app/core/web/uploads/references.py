"""Rows that a file names in words: by their name, number or code, within the scope of whoever reads the file."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ARRAY, String, any_, func, literal, select
from sqlalchemy.orm import Session

from app.core import labels
from app.core.web.fields import as_id, attribute, describe, label_columns
from app.core.web.principal import Principal
from app.core.web.selecting import naming, written

NUMBER = re.compile("#([0-9]+)")
"""A record named by its number in the program; plain digits are a number that people gave it."""


def named(session: Session, target: Any, texts: Iterable[str], principal: Principal) -> dict[str, set[int]]:
    """Text → ids of the rows in scope that it names; one statement for each thing that rows are named by."""
    wanted = list(texts)
    found: dict[str, set[int]] = defaultdict(set)
    for column, meant in _ways(session, target, wanted, principal):
        query = select(column, target.id).where(column == any_(literal(list(meant), ARRAY(String))))
        for value, row_id in session.execute(query):
            for text in meant[value]:
                found[text].add(row_id)
    said = {text: as_id(target, text[1:]) for text in wanted if NUMBER.fullmatch(text)}
    numbers = {text: one for text, one in said.items() if one is not None}
    if numbers:
        seen = set(session.scalars(select(target.id).where(target.id.in_(numbers.values()))))
        for text, one in numbers.items():
            found[text] |= {one} & seen
    return found


def _ways(
    session: Session, target: Any, wanted: list[str], principal: Principal
) -> Iterator[tuple[Any, dict[str, list[str]]]]:
    """Each column by which rows are named, and what may stand there → the texts that mean it."""
    names = label_columns(target)
    if len(names) > 1:
        yield (
            func.concat_ws(" ", *(getattr(target, name) for name in names)),
            {text: [text] for text in wanted},
        )
    for field in naming(target, principal):
        if field.column.key not in names or len(names) == 1:
            yield attribute(target, field), written(session, field, wanted)
    if principal.may("can_list", labels.subject(target)):
        for column in target.__table__.columns:
            if column.unique and not column.info and isinstance(column.type, String):
                field = describe(target, column.name)
                yield getattr(target, column.key), written(session, field, wanted)
