"""Import layouts: a sheet's layout for one of our targets, and the lender whose book it is. Data, kept in rows."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.core.sheets.layout import Field, Layout
from app.core.sheets.layout_json import LayoutError, bound, parse_layout
from app.models.intake import ImportLayout
from app.servicing.intake.fields import TARGETS, Spec

SHIPPED = Path(__file__).resolve().parents[3] / "demo"
CREATABLE = ("branch", "officer", "group", "village_group")


@dataclass(frozen=True)
class Source:
    """How one sort of file is read, and for whom.

    `lender` describes the client to be made when there is none yet: its columns, the terms of its loans and
    its products, as in demo/clients.json. `client_code` is the client that the layout itself names.
    """

    id: int
    name: str
    target: str
    layout: Layout
    lender: dict[str, Any] | None
    client_code: str | None

    def creates(self, what: str) -> bool:
        """Whether unknown names of this sort become new rows; otherwise they refuse their row."""
        return what in self.layout.creates

    def has(self, field: str) -> bool:
        """Whether the layout says anything about a field."""
        return any(item.field == field for item in self.layout.fields)


def seed(session: Session) -> int:
    """Store the layouts that come with the product and are not there yet; returns how many were added.

    A layout that is there is the administrator's and stays as it is.
    """
    known = set(session.scalars(select(ImportLayout.name)))
    lenders = {lender["code"]: lender for lender in _loaded(SHIPPED / "clients.json")}
    added = 0
    for path in sorted((SHIPPED / "layouts").glob("*.json")):
        data = _loaded(path)
        if data["name"] in known:
            continue
        definition = {"layout": data, "client": lenders.get(_client_in(data))}
        made = source_of(ImportLayout(id=0, name=data["name"], target=data["target"], definition=definition))
        session.add(
            ImportLayout(name=made.name, title=made.layout.title, target=made.target, definition=definition)
        )
        added += 1
    session.flush()
    return added


def find(session: Session, name: str) -> Source:
    """The layout of a name. Raises RuleError that lists those there are, or says what is wrong with it."""
    row = session.scalars(select(ImportLayout).where(ImportLayout.name == name)).one_or_none()
    if row is None:
        known = ", ".join(session.scalars(select(ImportLayout.name).order_by(ImportLayout.name)))
        raise RuleError(_("There is no layout %(name)s; there are: %(known)s", name=name, known=known or "–"))
    try:
        return source_of(row)
    except LayoutError as error:
        raise RuleError(
            _("The layout %(name)s cannot be used: %(why)s", name=name, why=str(error))
        ) from error


def source_of(row: ImportLayout) -> Source:
    """What a stored layout means. Raises LayoutError naming every mistake in it."""
    layout = parse_layout(row.definition["layout"])
    specs = TARGETS.get(layout.target)
    if specs is None:
        raise LayoutError([("target", _("is none of %(names)s", names=", ".join(TARGETS)))])
    mistakes = [
        (item.field, _("is no field of %(target)s", target=layout.target))
        for item in layout.fields
        if item.field not in specs and item.field != "client"
    ]
    told = {item.field for item in layout.fields}
    mistakes += [
        (name, _("is needed")) for name, spec in specs.items() if spec.is_required and name not in told
    ]
    mistakes += [
        (name, _("cannot be created by an import")) for name in layout.creates if name not in CREATABLE
    ]
    mistakes += [mistake for item in layout.fields for mistake in _wrong_words(item, specs.get(item.field))]
    mistakes += [
        (f"{item.field}.type", _("must be %(kind)s", kind=spec.type))
        for item in layout.fields
        if (spec := specs.get(item.field)) and not _is_read_as(item, spec)
    ]
    if mistakes:
        raise LayoutError(mistakes)
    ready = replace(
        layout,
        fields=tuple(_completed(item, specs[item.field]) for item in layout.fields if item.field in specs),
    )
    code = _client_in(row.definition["layout"])
    return Source(row.id, row.name, layout.target, ready, row.definition.get("client"), code)


def client_code(row: ImportLayout) -> str | None:
    """The code of the client for whom a stored layout reads files, if it names or describes one."""
    lender = row.definition.get("client") or {}
    return _client_in(row.definition.get("layout", {})) or lender.get("code")


def _completed(item: Field, spec: Spec) -> Field:
    """A field with what its target demands of it whoever wrote the layout."""
    words = {**{word: word for word in spec.words}, **item.values} if spec.words else item.values
    return replace(
        item,
        type=spec.type if item.type == "text" else item.type,
        values=words,
        is_required=item.is_required or spec.is_required,
        max_length=min(item.max_length or spec.max_length, spec.max_length)
        if spec.max_length
        else item.max_length,
        min=_tighter(max, spec, item.min, spec.min),
        max=_tighter(min, spec, item.max, spec.max),
    )


def _is_read_as(item: Field, spec: Spec) -> bool:
    """A text takes what is read as a text or a code; a number, a day or a phone is read as what it is."""
    return item.type in ("text", spec.type) or (item.type, spec.type) == ("code", "text")


def _tighter(choose: Callable[..., str], spec: Spec, own: str | None, demanded: str | None) -> str | None:
    """A layout may narrow what its target takes, not widen it."""
    if own is None or demanded is None:
        return demanded if own is None else own
    return choose(own, demanded, key=partial(bound, spec.type))


def _wrong_words(item: Field, spec: Spec | None) -> list[tuple[str, Any]]:
    if spec is None or not spec.words:
        return []
    return [
        (f"{item.field}.values", _("%(word)s is none of %(words)s", word=word, words=", ".join(spec.words)))
        for word in item.values.values()
        if word not in spec.words
    ]


def _client_in(data: dict[str, Any]) -> str | None:
    found = [item.get("const") for item in data.get("fields", []) if item.get("field") == "client"]
    return str(found[0]) if found and found[0] else None


def _loaded(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
