"""The items of one call in lots: found by one statement, checked one by one, stored together.

A lot is stored so only where nothing could have come out otherwise one by one: no item is refused, none points to
another's row, and no rule asked the database, which does not hold the others yet. Else a smaller lot is tried, and an
item alone in a savepoint of its own, which also says why it is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, or_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from app.core import once
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.web import custom_lock, field_changes
from app.core.web.fields import as_id
from app.core.web.writing import ready

if TYPE_CHECKING:
    from app.core.web.upserts import Call

SIZE = 100
MOST_QUESTIONS = 2
"""What a rule asks at first it may know afterwards, such as the row to which all items point."""
_FAILURES = (RuleError, ReadOnlyScope, OutOfScope, StaleDataError, DBAPIError)


class OneByOne(Exception):
    """These items are to be stored each for itself."""


def results(call: "Call", items: list[Any]) -> Iterator[dict[str, Any]]:
    """What became of each item, in their order."""
    start, size, questions = 0, SIZE, [0]
    while start < len(items):
        lot = items[start : start + size]
        is_alone = len(lot) == 1 or questions[0] > MOST_QUESTIONS
        done = list(map(call.result, lot)) if is_alone else _stored(call, lot, questions)
        if done is None:
            size = max(1, len(lot) // 4)
            continue
        yield from done
        start += len(lot)
        # where most are refused, trying them together would only cost
        size = size if done[-1]["result"] == "refused" else min(SIZE, size * 2)


def _stored(call: "Call", lot: list[Any], questions: list[int]) -> list[dict[str, Any]] | None:
    """The results of items that were stored together; None, and nothing stored, where they cannot be."""
    try:
        with call.session.begin_nested(), call.session.no_autoflush:
            return _together(call, lot, questions)
    except (OneByOne, *_FAILURES):
        return None


def _together(call: "Call", items: list[Any], questions: list[int]) -> list[dict[str, Any]]:
    """Store all of them by one flush; raises for the first that cannot be."""
    stored: list[tuple[str, Any, list[str]]] = []
    said = [call.said(item) for item in items]
    for row, each in zip(_found(call, items, said), said, strict=True):
        values = call.values(row, each)
        if row is not None and not call.changes(row, values):
            stored.append(("unchanged", row, []))
            continue
        custom_lock.hold(call.session, values)
        with _asking_nothing(call, questions):
            new, warnings = ready(call.session, call.entity, row, values)
        if field_changes.needed(call.session, new, values):
            raise OneByOne
        stored.append(("created" if row is None else "updated", new, warnings))
    call.session.flush()
    return [told(result, row, warnings) for result, row, warnings in stored]


def _found(call: "Call", items: list[Any], said: list[dict[str, Any]]) -> list[Any]:
    """The row of each item, None for a new one. Raises OneByOne where one is not there, or two items mean the same."""
    ids = {place: as_id(call.entity, item["id"]) for place, item in enumerate(items) if "id" in item}
    others = ((place, call.key_said(each)) for place, each in enumerate(said) if place not in ids)
    keys = {place: key for place, key in others if key is not None}
    wanted = [call.entity.id.in_(set(ids.values()) - {None})] if ids else []
    wanted += [call.has_key(key) for key in keys.values()]
    rows = call.find(or_(*wanted)) if wanted else []
    by_id = {row.id: row for row in rows}
    by_key = {call.key_of(row): row for row in rows} if keys else {}
    found = {place: by_id.get(one) for place, one in ids.items()}
    if None in found.values():
        raise OneByOne
    found |= {place: by_key.get(key) for place, key in keys.items()}
    met = [row.id for row in found.values() if row is not None]
    if len(set(met)) < len(met) or len(set(keys.values())) < len(keys):
        raise OneByOne
    return [found.get(place) for place in range(len(items))]


def told(result: str, row: Any, warnings: list[str]) -> dict[str, Any]:
    """The result of an item that was stored."""
    secret = {"secret": made} if (made := once.told(row)) else {}
    return {"result": result, "id": row.id, **({"warnings": warnings} if warnings else {}), **secret}


@contextmanager
def _asking_nothing(call: "Call", questions: list[int]) -> Iterator[None]:
    """Raise OneByOne when a rule has asked for rows: it would have seen those of the items before."""
    asked: list[Any] = []

    def note(state: Any) -> None:
        if not (state.is_column_load or state.is_relationship_load):
            asked.append(state.statement)

    event.listen(call.session, "do_orm_execute", note)
    try:
        yield
    finally:
        event.remove(call.session, "do_orm_execute", note)
    if asked:
        questions[0] += 1
        raise OneByOne
