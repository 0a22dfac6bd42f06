"""Rows of an uploaded file tried or stored, by the rules of a call for many rows (`app.core.web.upserts`)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import gettext
from sqlalchemy import or_
from sqlalchemy.exc import DataError

from app.core import registry
from app.core.db import ScopedSession
from app.core.org import RowState, Upload
from app.core.sheets.convert import Converter
from app.core.web import lots, upserts
from app.core.web.bodies import as_said
from app.core.web.fields import FieldInfo
from app.core.web.principal import Principal
from app.core.web.uploads.cells import read
from app.core.web.uploads.guess import key_label, offered
from app.core.web.uploads.meaning import Item, Meanings, Reasons
from app.core.web.uploads.plan import Plan

Staged = tuple[int, Sequence[Any]]
"""A row's number in the file and its cells as they are kept."""
_STATES = {"created": RowState.NEW, "updated": RowState.CHANGED, "unchanged": RowState.SAME}


@dataclass
class Outcome:
    """What came of a row."""

    state: RowState
    reasons: Reasons = field(default_factory=dict)
    row_id: int | None = None
    before: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Writing(upserts.Call):
    """A call for many rows that notes what the changed ones were."""

    before: dict[int, dict[str, Any]] = field(default_factory=dict)

    def values(self, row: Any, said: dict[str, Any]) -> dict[str, Any]:
        """The values by column, checked; those that take their place are noted first."""
        found = super().values(row, said)
        if row is not None:
            self.before[row.id] = {name: as_said(getattr(row, name)) for name in found}
        return found

    def result(self, item: Any) -> dict[str, Any]:
        """What became of an item, also of one that holds what no column of the database can."""
        try:
            return super().result(item)
        except DataError:
            return {"result": "refused", "message": gettext("This cannot be stored as it is"), "errors": {}}


class Filling:
    """An upload at work in the session of its owner. Its memory serves all rows of the file."""

    def __init__(self, session: ScopedSession, upload: Upload, principal: Principal) -> None:
        self._entity = registry.entity(upload.entity)
        self._plan = Plan.from_json(upload.plan)
        self._header = list(upload.source["header"])
        layout = self._plan.layout()
        self._converter = Converter(layout, layout.match(self._header).mapping, self._header)
        known = {one.name: one for one in offered(self._entity, principal)}
        self._fields = [known[name] for name in self._plan.names() if name in known]
        self._meanings = Meanings(session, self._fields, principal)
        self._may = _may(self._entity, self._plan, principal)
        self._key = [known[name] for name in self._plan.key if name in known]
        self._writing = Writing(session, self._entity, self._may, [])
        self._finding = upserts.Call(session, self._entity, self._may, self._key, self._writing.made)
        self._met: dict[Any, int] = {}
        self._names = {one.column.key: one.name for one in known.values()}
        self._session = session

    @property
    def at_once(self) -> int:
        """How many rows may be stored together: of those that may point to each other, one."""
        points_to_itself = any(one.kind == "link" and one.target is self._entity for one in self._fields)
        return 1 if points_to_itself else 500

    def store(self, rows: Sequence[Staged]) -> list[Outcome]:
        """Store these rows in the running transaction; what came of each, in their order."""
        outcomes: list[Outcome | None] = [None] * len(rows)
        items = self._items(rows, outcomes)
        with upserts.remembering(self._session):
            self._find(rows, items, outcomes)
            left = [place for place, outcome in enumerate(outcomes) if outcome is None]
            results = lots.results(self._writing, [items[place] for place in left])
            for place, result in zip(left, results, strict=True):
                outcomes[place] = self._outcome(result)
        return [outcome for outcome in outcomes if outcome is not None]

    def _items(self, rows: Sequence[Staged], outcomes: list[Outcome | None]) -> list[Item]:
        """What the rows say; those that say what cannot be are refused."""
        numbers = [number for number, _cells in rows]
        columns = [
            list(map(read, column)) for column in zip(*(cells for _number, cells in rows), strict=True)
        ]
        block = self._converter.block(numbers, columns)
        items, reasons = self._meanings.items(block.values, len(rows))
        fields = {header: name for name, header in self._plan.names().items()}
        for place, problems in block.problems.items():
            for one in problems:
                reasons[place].setdefault(fields.get(one.column, ""), []).append(_sentence(one.reason))
        for place, wrong in enumerate(reasons):
            if wrong:
                outcomes[place] = Outcome(RowState.REFUSED, wrong)
        return items

    def _find(self, rows: Sequence[Staged], items: list[Item], outcomes: list[Outcome | None]) -> None:
        """Look for the records that rows are about; what is not said is filled in for those that are not there."""
        keys = {place: self._key_of(item) for place, item in enumerate(items) if outcomes[place] is None}
        there = self._there([key for key in keys.values() if key is not None])
        for place, key in keys.items():
            try:
                found = self._record(key, there, rows[place][0])
            except ValueError as error:
                outcomes[place] = Outcome(RowState.REFUSED, {"": [str(error)]})
                continue
            if found is None:
                items[place] = {**self._plan.fill, **items[place]}
            else:
                items[place] = {**self._plan.alike, **items[place], "id": found}

    def _key_of(self, item: Item) -> tuple[Any, ...] | None:
        said = {**self._plan.fill, **item}
        return self._finding.key_said({one.name: said[one.name] for one in self._key if one.name in said})

    def _there(self, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[int]]:
        """Key → ids of the records in scope that have it."""
        found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        if keys:
            for row in self._finding.find(_any_of(self._finding, self._entity, self._key, keys)):
                found[self._finding.key_of(row)].append(row.id)
        return found

    def _record(self, key: tuple[Any, ...] | None, there: dict[Any, list[int]], number: int) -> int | None:
        """The record that a row is about; None where it makes a new one. Raises ValueError with the reason for neither."""
        ids = there.get(key, []) if key is not None else []
        if key is not None and self._met.setdefault(key, number) != number:
            raise ValueError(gettext("Row %(n)s of the file is about the same record", n=self._met[key]))
        if len(ids) > 1:
            raise ValueError(gettext("%(n)s records have this %(key)s", n=len(ids), key=self._called))
        if ids and self._plan.mode == "create":
            raise ValueError(gettext("There is one like this already"))
        if not ids and self._plan.mode == "update":
            raise ValueError(gettext("No record has this %(key)s", key=self._called))
        return ids[0] if ids else None

    @property
    def _called(self) -> str:
        return key_label(self._entity, self._plan.key)

    def _outcome(self, result: dict[str, Any]) -> Outcome:
        if result["result"] == "refused":
            said = {self._names.get(name, name): reasons for name, reasons in result["errors"].items()}
            return Outcome(RowState.REFUSED, said or {"": [result["message"]]})
        state, row_id = _STATES[result["result"]], int(result["id"])
        warnings = {"": result["warnings"]} if result.get("warnings") else {}
        before = self._writing.before.pop(row_id, {}) if state == RowState.CHANGED else {}
        return Outcome(state, warnings, row_id, before)


def tried(outcome: Outcome) -> Outcome:
    """The same where nothing was stored after all: a new record has no number yet."""
    return replace(outcome, row_id=None if outcome.state == RowState.NEW else outcome.row_id, before={})


def _sentence(reason: Any) -> str:
    said = str(reason)
    return said[:1].upper() + said[1:]


def _may(entity: Any, plan: Plan, principal: Principal) -> set[str]:
    wanted = {"create": {"add"}, "update": {"edit"}}.get(plan.mode, {"add", "edit"})
    return upserts.allowed(entity, principal) & wanted


def _any_of(
    call: upserts.Call, entity: Any, key: Sequence[FieldInfo], wanted: Sequence[tuple[Any, ...]]
) -> Any:
    """The condition that a row has one of these keys."""
    if len(key) == 1 and all(value is not None for (value,) in wanted):
        return getattr(entity, key[0].column.key).in_([value for (value,) in wanted])
    return or_(*(call.has_key(one) for one in wanted))
