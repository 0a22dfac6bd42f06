"""What must hold before a row that somebody typed is stored, whichever door it came through.

Entities stay declarations. Whoever knows a rule registers it at import; screens and the REST API call
`prepare` before they store, so that both refuse the same things with the same words.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import list_currencies
from flask_babel import lazy_gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.core import custom
from app.core.errors import ReadOnlyScope, RuleError
from app.core.labels import column_label

Normaliser = Callable[[Session, Any, Any], Any]
"""(session, row, value) → the value in its one form; raises RuleError."""
Check = Callable[[Session, Any], Any]
"""(session, row) → nothing, or a sentence that warns; may complete the row; raises RuleError naming the field."""
Fill = Callable[[Session, Any, int | None], None]
"""(session, row, user) → nothing; gives a new row what its form left open."""

_NORMALISERS: dict[str, Normaliser] = {}
_CHECKS: dict[Any, list[tuple[tuple[str, ...], Check]]] = defaultdict(list)
"""Entity → its rules, each with the columns it is about; none means that it looks at every change."""
_FILLS: dict[Any, list[Fill]] = defaultdict(list)
_REMOVALS: dict[Any, list[Check]] = defaultdict(list)


def normaliser(form: str) -> Callable[[Normaliser], Normaliser]:
    """Register what brings a value to its one form, for all columns whose `info` has this "form" or "kind"."""

    def register(function: Normaliser) -> Normaliser:
        _NORMALISERS[form] = function
        return function

    return register


def check(*entities: Any, about: str = "") -> Callable[[Check], Check]:
    """Register a rule that holds for every typed row of these entities.

    A rule that is `about` some columns alone is asked only where one of them changes. A change of others can then be
    made to ten thousand rows without looking at each.
    """

    def register(function: Check) -> Check:
        for entity in entities:
            _CHECKS[entity].append((tuple(about.split()), function))
        return function

    return register


def fill(*entities: Any) -> Callable[[Fill], Fill]:
    """Register what completes a new row of these entities."""

    def register(function: Fill) -> Fill:
        for entity in entities:
            _FILLS[entity].append(function)
        return function

    return register


def removal(*entities: Any) -> Callable[[Check], Check]:
    """Register a rule that a row of these entities, or with None of every one, must meet to be deleted."""

    def register(function: Check) -> Check:
        for entity in entities:
            _REMOVALS[entity].append(function)
        return function

    return register


def leave(session: Session, row: Any) -> None:
    """Raise RuleError where a rule keeps a row from being deleted."""
    for rule in [*_REMOVALS[type(row)], *_REMOVALS[None]]:
        rule(session, row)


def prepare(session: Session, row: Any, user_id: int | None) -> list[str]:
    """Complete a typed row, bring its values to their forms and check it; returns what to warn of.

    The row is not stored yet, or carries unsaved changes; nothing is flushed. Raises RuleError with the
    column to which it belongs, and ReadOnlyScope for somebody who may only read.
    """
    entity, state = type(row), inspect(row)
    if not entity.__scope__.is_own_to_write and not session.reach.may_write:  # type: ignore[attr-defined]
        raise ReadOnlyScope
    with session.no_autoflush:
        if not state.persistent:
            for complete in _FILLS[entity]:
                complete(session, row, user_id)
        normalise(session, row, entity.__table__.columns)
        found = [rule(session, row) for about, rule in _CHECKS[entity] if not about or changed(row, *about)]
        _conditions(row)
    return [str(sentence) for sentence in found if sentence]


def _conditions(row: Any) -> None:
    """What is asked for only while another field has some value is empty otherwise, and there where it is needed.

    Raises RuleError. A row that was stored before the condition was declared is left alone until one of them changes.
    """
    columns = type(row).__table__.c
    for name, when in type(row).__screen__.only_if.items():
        key, other = column_key(columns, name), column_key(columns, when.field)
        if not changed(row, key, other):
            continue
        is_met, has_value = when.is_met(getattr(row, other)), getattr(row, key) not in (None, "", [], False)
        if has_value and not is_met:
            raise RuleError(_("This stays empty unless “%(field)s” says otherwise", field=column_label(type(row), when.field)), key)  # fmt: skip
        if is_met and when.is_needed and not has_value:
            raise RuleError(_("Needed"), key)


def column_key(columns: Any, name: str) -> str:
    """The column of a field as a screen names it: a link without its `_id`."""
    return name if name in columns else f"{name}_id"


def normalise(session: Session, row: Any, columns: Iterable[Any]) -> None:
    """Bring what is new in these columns to its form. Raises RuleError naming the column."""
    for column in columns:
        _normalise(session, row, column)


def _normalise(session: Session, row: Any, column: Any) -> None:
    """A value that was stored before its form was asked for does not stop other changes of its row."""
    known = _NORMALISERS.get(column.info.get("form") or column.info.get("kind"))
    if known is None or not inspect(row).attrs[column.key].history.has_changes():
        return
    value = getattr(row, column.key)
    if value is None:
        return
    try:
        setattr(row, column.key, known(session, row, value))
    except RuleError as error:
        raise RuleError(error.message, column.key) from error


def forms(session: Session, column: Any, value: str) -> set[str]:
    """How a value that somebody wrote may stand in a column: as it is, and in the form that the column's rule gives it."""
    known = _NORMALISERS.get(column.info.get("form") or column.info.get("kind"))
    if known is None:
        return {value}
    try:
        return {value, known(session, None, value)}
    except RuleError:
        return {value}


def is_normalised(column: Any) -> bool:
    """Whether what is typed into the column is brought to its form, so that it may be longer than what is stored."""
    return (column.info.get("form") or column.info.get("kind")) in _NORMALISERS


def is_free(entity: Any, names: Collection[str]) -> bool:
    """Whether no rule looks at a stored row of which these columns change and nothing else."""
    asked = any(not about or set(about) & set(names) for about, _rule in _CHECKS[entity])
    columns = entity.__table__.c
    linked = {column_key(columns, one) for name, when in entity.__screen__.only_if.items() for one in (name, when.field)}  # fmt: skip
    asked = asked or bool(linked & set(names))
    return not asked and not any(is_normalised(custom.column_of(entity, name)) for name in names)


def changed(row: Any, *names: str) -> bool:
    """Whether one of these columns is new in the row or differs from what is stored."""
    state = inspect(row)
    return not state.persistent or any(state.attrs[name].history.has_changes() for name in names)


def at_least(row: Any, **least: Any) -> None:
    """Refuse a number below its least: `at_least(product, grace_days=0)`. Empty ones pass."""
    for name, low in least.items():
        value = getattr(row, name)
        if value is not None and value < low:
            raise RuleError(_("At least %(low)s", low=low), name)


@normaliser("currency")
def currency(_session: Session, _row: Any, value: str) -> str:
    """A currency by its ISO 4217 code, in capitals."""
    code = value.strip().upper()
    if code not in list_currencies():
        raise RuleError(_("%(value)s is no currency; write its three letters, such as UAH", value=value))
    return code


@normaliser("zone")
def zone(_session: Session, _row: Any, value: str) -> str:
    """A time zone by its name in the IANA database."""
    name = value.strip().replace(" ", "_")
    known = {each.lower(): each for each in available_timezones()}
    if name.lower() not in known:
        raise RuleError(_("%(value)s is no time zone; write one such as Europe/Kyiv", value=value))
    return known[name.lower()]


@normaliser("identity")
def identity(_session: Session, _row: Any, value: str) -> str:
    """An identity number: letters and digits of any script, spaces, - and /."""
    if not all(letter.isalnum() or letter in " -/" for letter in value) or not any(map(str.isalnum, value)):
        raise RuleError(_("Only letters, digits, spaces, - and / can stand here"))
    return value.strip()
