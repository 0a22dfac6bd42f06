"""One change to many rows: the rules, scope and history of a single edit, in one UPDATE of all that change alike.

The rows are locked in the order of their ids, so that of two who change the same ones one waits for the other and
never both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, false, inspect, literal, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.core import custom, form_rules, guard
from app.core.custom_column import COLUMN
from app.core.db import ScopedSession
from app.core.errors import ReadOnlyScope, RuleError
from app.core.web import custom_lock, field_changes
from app.core.web.transfer import plain_reason
from app.core.web.writing import in_words

BATCH = 1000
"""Rows that the rules look at before the next are read."""
AT_ONCE, AT_ONCE_FREE = 500, 2000
"""Rows that are changed while their person waits: where a rule looks at each, and where none does; more are a job's."""
MOST_TRIED = 100
"""Refusals of the database that are traced to their rows; after these a part is refused as a whole."""


@dataclass(frozen=True)
class Said:
    """A sentence about a row: why it was refused, or what a rule warns of."""

    row_id: int
    sentence: str


@dataclass
class Done:
    """What came of a change: how many rows were changed, how many said so already, and what there is to say."""

    changed: int = 0
    same: int = 0
    refused: list[Said] = field(default_factory=list)
    warnings: list[Said] = field(default_factory=list)

    def add(self, other: "Done") -> None:
        """Count what another part came to."""
        self.changed += other.changed
        self.same += other.same
        self.refused += other.refused
        self.warnings += other.warnings


def among(entity: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    """The rows with these ids: one parameter, however many they are."""
    found: ColumnElement[bool] = entity.id == any_(literal(list(ids), ARRAY(BigInteger)))
    return found


def refuse(session: ScopedSession, entity: Any, values: dict[str, Any]) -> None:
    """Raise what refuses the change whatever its rows are: ReadOnlyScope and OutOfScope, as `change` does."""
    if not entity.__scope__.is_own_to_write and not session.reach.may_write:
        raise ReadOnlyScope
    guard.check_links(session, entity, values)


def at_once(session: ScopedSession, entity: Any, values: dict[str, Any]) -> int:
    """To how many rows the change is made while its person waits."""
    return AT_ONCE_FREE if _is_free(session, entity, values) else AT_ONCE


def _is_free(session: ScopedSession, entity: Any, values: dict[str, Any]) -> bool:
    """Whether neither a rule nor an approval looks at each row."""
    return form_rules.is_free(entity, values) and not field_changes.is_watched(session, entity, values)


def change(
    session: ScopedSession, entity: Any, ids: Sequence[int], values: dict[str, Any], user_id: int
) -> Done:
    """Give these rows, which the session sees, the values by column. Commits nothing.

    Raises ReadOnlyScope for somebody who may only read, and OutOfScope for a link to what he does not see.
    """
    refuse(session, entity, values)
    custom_lock.hold(session, values)
    work = _Change(session, entity, values, user_id)
    try:
        work.store(work.allowed(work.locked(ids)))
    except DBAPIError as error:
        raise in_words(entity, error) from error
    return work.done


class _Change:
    """The change while it is made; `done` is what has come of it so far."""

    def __init__(self, session: ScopedSession, entity: Any, values: dict[str, Any], user_id: int) -> None:
        self.session, self.entity, self.values, self.user_id = session, entity, values, user_id
        self.is_free = _is_free(session, entity, values)
        self.done, self.tried = Done(), 0

    def locked(self, ids: Sequence[int]) -> list[int]:
        """Those that do not have the values yet, locked; the others are counted, or refused when only seen."""
        entity = self.entity
        differs = (getattr(entity, name).is_distinct_from(value) for name, value in self.values.items())
        query = select(entity.id, or_(false(), *differs)).where(among(entity, ids)).order_by(entity.id)
        if entity.__scope__.owner:
            query = query.where(getattr(entity, entity.__scope__.owner) == self.user_id)
        found = dict(map(tuple, self.session.execute(query.with_for_update(of=entity, key_share=True))))
        self._refuse(
            (one for one in ids if one not in found), gettext("You may look at it, but not change it")
        )
        differing = [one for one, is_other in found.items() if is_other]
        self.done.same += len(found) - len(differing)
        return differing

    def allowed(self, ids: list[int]) -> list[int]:
        """Those that stay within what the user may change."""
        kept = guard.admitted(self.session, self.entity, among(self.entity, ids), self.values)
        if kept is None:
            return ids
        why = gettext("With this value it would lie outside of what you may change")
        self._refuse((one for one in ids if one not in kept), why)
        return [one for one in ids if one in kept]

    def store(self, ids: list[int]) -> None:
        """Change these; where the database refuses one of them, the others are found by halves."""
        if not ids:
            return
        part = Done()
        try:
            with self.session.begin_nested():
                for values, alike in self._as_ruled(ids, part):
                    part.changed += self._update(alike, values)
        except IntegrityError as error:
            self._without_refused(ids, error)
        else:
            self.done.add(part)

    def _without_refused(self, ids: list[int], error: IntegrityError) -> None:
        if len(ids) == 1 or self.tried >= MOST_TRIED:
            self.tried += 1
            self._refuse(ids, plain_reason(error))
            return
        middle = len(ids) // 2
        self.store(ids[:middle])
        self.store(ids[middle:])

    def _as_ruled(self, ids: list[int], part: Done) -> list[tuple[dict[str, Any], list[int]]]:
        """What to write into which rows, once the rules have completed each that they must look at."""
        if self.is_free:
            return [(self.values, ids)]
        alike: dict[str, tuple[dict[str, Any], list[int]]] = {}
        for row in self._rows(ids):
            said = self._ruled(row, part)
            if said:
                alike.setdefault(repr(sorted(said.items())), (said, []))[1].append(row.id)
        return list(alike.values())

    def _rows(self, ids: list[int]) -> Iterator[Any]:
        entity = self.entity
        for start in range(0, len(ids), BATCH):
            query = select(entity).where(among(entity, ids[start : start + BATCH])).order_by(entity.id)
            yield from self.session.scalars(query.execution_options(populate_existing=True)).unique().all()

    def _ruled(self, row: Any, part: Done) -> dict[str, Any]:
        """What is to be written into a row; nothing where a rule refuses it. The row itself is let go unsaved."""
        try:
            for name, value in self.values.items():
                setattr(row, name, value)
            warnings = form_rules.prepare(self.session, row, self.user_id)
            if refusal := field_changes.needed(self.session, row, self.values):
                raise refusal
        except RuleError as error:
            part.refused.append(Said(row.id, str(error)))
            return {}
        else:
            part.warnings += [Said(row.id, sentence) for sentence in warnings]
            said = _changes(row)
            part.same += not said
            return said
        finally:
            self.session.expunge(row)

    def _update(self, ids: list[int], values: dict[str, Any]) -> int:
        said = custom.plain_values(self.entity, values)
        written = update(self.entity).where(among(self.entity, ids)).values(said)
        result: Any = self.session.execute(written, execution_options={"synchronize_session": False})
        return int(result.rowcount)

    def _refuse(self, ids: Iterable[int], sentence: str) -> None:
        self.done.refused += [Said(one, sentence) for one in ids]


def _changes(row: Any) -> dict[str, Any]:
    """The columns of a row that are not as they are stored."""
    state = inspect(row)
    touched = (state.committed_state.keys() & state.mapper.column_attrs.keys()) - {COLUMN}
    said = {name: getattr(row, name) for name in touched if state.attrs[name].history.has_changes()}
    return said | {definition.name: value for definition, value in custom.changes(row)}
