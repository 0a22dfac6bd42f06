"""Creating and updating many rows in one call: each is found by its id or by what is unique of it.

Every item passes what a single write passes. In the mode "all" nothing is stored unless every item can be, in the
mode "valid" those are stored that can be; either way in one transaction.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import request
from flask_babel import gettext
from sqlalchemy import ColumnElement, and_, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Forbidden

from app.core import form_rules, labels
from app.core.db import ScopedSession
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.web import bodies, forms, lots
from app.core.web.fields import FieldInfo, as_id, describe, describe_all
from app.core.web.principal import Principal, current
from app.core.web.repeating import Answer, Keep
from app.core.web.writing import in_words, is_empty_a_value, put, storing, unique

MOST_ITEMS = 1000
MODES = ("all", "valid")
_CODES = {"code", "number", "name"}


class NothingStored(bodies.Wrong):
    """An item is refused where all or none were to be stored; `results` says what is with each."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__(gettext("Some items are refused, so nothing was stored"), {})
        self.results = results


def allowed(entity: Any, principal: Principal) -> set[str]:
    """Which of add and edit the principal may do. Raises Forbidden where it is neither."""
    offered = entity.__screen__.operations.split()
    verbs = {"add", "edit"} & set(offered)
    found = {verb for verb in verbs if principal.may(f"can_{verb}", labels.subject(entity))}
    if not found:
        raise Forbidden
    return found


def store(entity: Any, may: set[str], keep: Keep) -> Answer:
    """Store the items of the body, as the address says which of them: `?mode=all` or `?mode=valid`."""
    mode, items = request.args.get("mode", MODES[0]), _items()
    if mode not in MODES:
        raise bodies.Unreadable(gettext("The mode is all or valid"))
    key = key_of(entity)
    # a masked number must not be found by guessing
    is_open = all(field.is_open_to(current()) for field in key)
    with storing(entity) as session, remembering(session):
        call = Call(session, entity, may, key if is_open else [])
        results = [{"item": number, **each} for number, each in enumerate(lots.results(call, items))]
        counts = Counter(str(each["result"]) for each in results)
        if counts["refused"] and mode == "all":
            raise NothingStored(_undone(results))
        answer = Answer(200, {"results": results, "counts": dict(counts)})
        keep(
            session,
            replace(answer, body={"results": [_kept(each) for each in results], "counts": dict(counts)}),
        )
    return answer


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    """What is stored of an item's result: not what is told once."""
    return {name: said for name, said in result.items() if name != "secret"}


@contextmanager
def remembering(session: ScopedSession) -> Iterator[None]:
    """Keep what is read within the block, so that rows to which many items point are read once."""
    read: list[Any] = []

    def remember(_session: Any, row: Any) -> None:
        read.append(row)

    event.listen(session, "loaded_as_persistent", remember)
    try:
        yield
    finally:
        event.remove(session, "loaded_as_persistent", remember)


def _items() -> list[Any]:
    found = bodies.body().get("items")
    if not isinstance(found, list):
        raise bodies.Unreadable(gettext("The body must be an object with a list named items"))
    if len(found) > MOST_ITEMS:
        raise RuleError(gettext("At most %(n)s rows at a time", n=MOST_ITEMS))
    return found


def _undone(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same where nothing is stored after all: what could have been is only valid, and has no id yet."""
    return [
        each if each["result"] == "refused" else {"item": each["item"], "result": "valid"} for each in results
    ]


@dataclass(frozen=True)
class Call:
    """One call for many rows: where they are written, what may be done with them and how one is found."""

    session: ScopedSession
    entity: Any
    may: set[str]
    key: list[FieldInfo]
    made: forms.Made = field(default_factory=dict)

    def result(self, item: Any) -> dict[str, Any]:
        """What became of an item; a refused one leaves nothing in the transaction."""
        try:
            with self.session.begin_nested():
                return self._stored(item)
        except RuleError as error:
            return _refusal(error)
        except ReadOnlyScope:
            return _refusal(RuleError(gettext("You may not do this")))
        except (OutOfScope, StaleDataError):
            return _refusal(RuleError(gettext("Nothing is here")))
        except DBAPIError as error:
            meant = in_words(self.entity, error)
            if not isinstance(meant, RuleError):
                raise
            return _refusal(meant)

    def _stored(self, item: Any) -> dict[str, Any]:
        said = self.said(item)
        row = self._by_id(item["id"]) if "id" in item else self._by_key(said)
        values = self.values(row, said)
        if row is not None and not self.changes(row, values):
            return {"result": "unchanged", "id": row.id}
        written = put(self.session, self.entity, row, values)
        return lots.told("created" if row is None else "updated", written.row, written.warnings)

    def said(self, item: Any) -> dict[str, Any]:
        """What an item says of its row. Raises RuleError for one that is no object."""
        if not isinstance(item, dict):
            raise RuleError(gettext("An item must be a JSON object"))
        return {name: value for name, value in item.items() if name != "id"}

    def values(self, row: Any, said: dict[str, Any]) -> dict[str, Any]:
        """The values by column, checked. Raises ReadOnlyScope without the right to add or to edit."""
        if ("add" if row is None else "edit") not in self.may:
            raise ReadOnlyScope
        return bodies.values(self.entity, row, said, self.made, self.open_fields)

    @cached_property
    def open_fields(self) -> list[FieldInfo]:
        """The fields that may be written, asked for once; a file in a custom field comes with a call for its own record."""
        return [one for one in bodies.open_to_reader(self.entity) if not (one.custom and one.kind == "file")]

    def changes(self, row: Any, values: dict[str, Any]) -> bool:
        """Whether the values, each in its form, are others than those stored."""
        with self.session.no_autoflush:
            for name, value in values.items():
                setattr(row, name, value)
            form_rules.normalise(self.session, row, self.entity.__table__.columns)
        return self.session.is_modified(row)

    def key_said(self, said: dict[str, Any]) -> tuple[Any, ...] | None:
        """The values of the key, each in its form; None where it is not said, not right or no rule tells rows by it.

        What is wrong with a key is told when the item is checked as a new row.
        """
        if not self.key:
            return None
        try:
            posted = bodies.row(self.key, said)
            form = forms.entity_form(self.key, self.session, posted=posted, made=self.made)
            if not form.validate():
                return None
            draft = self.entity(**forms.values(form, self.key))
            form_rules.normalise(self.session, draft, [field.column for field in self.key])
        except RuleError:
            return None
        found = self.key_of(draft)
        return None if None in found and not is_empty_a_value(self.entity, self._key_names) else found

    def key_of(self, row: Any) -> tuple[Any, ...]:
        """The values of the key in a row."""
        return tuple(getattr(row, name) for name in self._key_names)

    @property
    def _key_names(self) -> list[str]:
        return [field.column.key for field in self.key]

    def has_key(self, values: tuple[Any, ...]) -> ColumnElement[bool]:
        """The condition that a row has these values as its key, in a form that an index serves."""
        columns = [getattr(self.entity, name) for name in self._key_names]
        said = zip(columns, values, strict=True)
        return and_(*(column.is_(None) if value is None else column == value for column, value in said))

    def find(self, *conditions: ColumnElement[bool]) -> list[Any]:
        """The rows in scope as they are now, also where the rules or triggers of an item before changed them."""
        found = select(self.entity).where(*conditions).execution_options(populate_existing=True)
        return list(self.session.scalars(found).unique())

    def _by_id(self, said: Any) -> Any:
        """The row in scope; one that is foreign or unknown is refused alike."""
        wanted = as_id(self.entity, said)
        found = [] if wanted is None else self.find(self.entity.id == wanted)
        if not found:
            raise RuleError(gettext("Nothing is here"), "id")
        return found[0]

    def _by_key(self, said: dict[str, Any]) -> Any:
        """The row in scope that has the same key, if there is one."""
        key = self.key_said(said)
        return None if key is None else next(iter(self.find(self.has_key(key))), None)


def _refusal(error: RuleError) -> dict[str, Any]:
    errors = getattr(error, "errors", {error.field: [error]} if error.field else {})
    told = {name: [_plain(reason) for reason in reasons] for name, reasons in errors.items()}
    return {"result": "refused", "message": _plain(error), "errors": told}


def _plain(reason: Any) -> str:
    """A sentence that can be stored with the answer, whatever the item it quotes was made of."""
    return str(reason).replace("\x00", "").encode("utf-8", "replace").decode()


def key_of(entity: Any) -> list[FieldInfo]:
    """The typed fields by which a row is told from all others: its name or code, if that is unique; else []."""
    form = [describe(entity, name).column.key for name in entity.__screen__.form_columns]
    usable = [names for names in unique(entity) if set(names) <= set(form)]
    if not usable:
        return []
    return describe_all(entity, min(usable, key=lambda names: _rank(entity, names, form)))


def _rank(entity: Any, names: list[str], form: list[str]) -> tuple[bool, bool, bool, list[int]]:
    """The least is the best: what names the row, what always has a value, what is a code, what is asked first."""
    naming = labels.naming(entity)
    columns = [entity.__table__.c[name] for name in names]
    is_complete = all(forms.is_required(column) or column.info.get("link") for column in columns)
    return naming not in names, not is_complete, not _CODES & set(names), sorted(map(form.index, names))
