"""From the values of a row to what a program would say of it: choices by their words, links by what rows are called."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.core.sheets.convert import Columns, plain_word
from app.core.web.fields import FieldInfo
from app.core.web.principal import Principal
from app.core.web.uploads.guess import in_every_language
from app.core.web.uploads.references import named

Reasons = dict[str, list[str]]
Item = dict[str, Any]


class Meanings:
    """What cells of these fields mean; its memory serves all rows of a file."""

    def __init__(self, session: Session, fields: Sequence[FieldInfo], principal: Principal) -> None:
        self._session, self._principal = session, principal
        self._fields = list(fields)
        self._words = {field.name: _words(field) for field in fields if _is_spoken(field)}
        self._named: dict[str, dict[str, set[int]]] = defaultdict(dict)

    def items(self, columns: Columns, count: int) -> tuple[list[Item], list[Reasons]]:
        """What the rows say by field, and what is wrong with them; an empty cell says nothing."""
        items: list[Item] = [{} for _number in range(count)]
        reasons: list[Reasons] = [{} for _number in range(count)]
        for field in self._fields:
            values = columns[field.name]
            if field.kind == "link":
                self._look_up(field, values)
            for place, value in enumerate(values):
                if value is None:
                    continue
                try:
                    items[place][field.name] = self._said(field, value)
                except ValueError as error:
                    reasons[place][field.name] = [str(error)]
        return items, reasons

    def _look_up(self, field: FieldInfo, values: Sequence[Any]) -> None:
        """Find what is not known yet; what was not found may be made by a row that comes before."""
        known = self._named[field.target.slug()]
        new = {value for value in values if value is not None and len(known.get(value, ())) != 1}
        if new:
            known |= named(self._session, field.target, new, self._principal)

    def _said(self, field: FieldInfo, value: Any) -> Any:
        if field.kind == "link":
            return self._linked(field, value)
        if field.name in self._words:
            return self._chosen(field, value)
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, Decimal):
            return format(value, "f")
        return value.isoformat() if isinstance(value, date) else value

    def _linked(self, field: FieldInfo, value: str) -> int:
        found = self._named[field.target.slug()].get(value, set())
        if not found:
            raise ValueError(gettext("There is no %(value)s to choose", value=value))
        if len(found) > 1:
            raise ValueError(
                gettext(
                    "%(n)s records are called %(value)s; write # and the number of one",
                    n=len(found),
                    value=value,
                )
            )
        return next(iter(found))

    def _chosen(self, field: FieldInfo, value: str) -> Any:
        words = self._words[field.name]
        if field.kind == "codes":
            return [self._one_of(words, part) for part in value.replace(";", ",").split(",") if part.strip()]
        return self._one_of(words, value)

    def _one_of(self, words: dict[str, str], value: str) -> str:
        meant = words.get(plain_word(value))
        if meant is None:
            raise ValueError(gettext("There is no %(value)s to choose", value=value))
        return meant


def _is_spoken(field: FieldInfo) -> bool:
    return field.kind in ("choice", "codes") or bool(field.words)


def _words(field: FieldInfo) -> dict[str, str]:
    """What may be written for a choice → what is stored: its code and its label in each language."""
    found: dict[str, str] = {}
    for code, _label in _labels(field):
        found.setdefault(plain_word(code), code)
    for _language in in_every_language():
        for code, label in _labels(field):
            found.setdefault(plain_word(label), code)
    return found


def _labels(field: FieldInfo) -> list[tuple[str, str]]:
    if field.kind == "choice":
        return [(str(one.value), str(one.label)) for one in field.choices]
    return [(str(code), str(label)) for code, label in field.spoken.items()]
