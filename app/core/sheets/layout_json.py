"""Reading a layout from JSON, with every mistake in it named at once."""

import json
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.sheets.layout import RENAMED, Field, Layout
from app.core.sheets.values import AFTER, BEFORE, TYPES

NUMBERS = ("integer", "decimal", "money", "rate")
SLUG = re.compile(r"[a-z][a-z0-9_.-]*")
LAYOUT_KEYS: dict[str, type | tuple[type, ...]] = {
    "name": str, "title": str, "target": str, "fields": list, "creates": list, "keeps_overpayments": bool, "sheet": str,
    "header_row": int, "encoding": str, "decimal_mark": str, "date_formats": list,
}  # fmt: skip
FIELD_KEYS: dict[str, type | tuple[type, ...]] = {
    "field": str, "headers": list, "type": str, "required": bool, "transforms": list, "values": dict,
    "keep_others": bool, "default": (str, int, float), "const": (str, int, float), "join": str, "split": str,
    "part": int, "min": (str, int, float), "max": (str, int, float), "pattern": str, "max_length": int,
    "date_formats": list, "decimal_mark": str,
}  # fmt: skip
WORDS = {str: _("a text"), int: _("a whole number"), bool: _("true or false"), list: _("a list"),
         dict: _("a table of words")}  # fmt: skip
AS_TEXT = ("default", "const", "min", "max")


class LayoutError(Exception):
    """A layout that cannot be used. `mistakes` holds (place, sentence) of everything wrong with it."""

    def __init__(self, mistakes: list[tuple[str, Any]]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n".join(
            f"{place}: {sentence}" if place else str(sentence) for place, sentence in self.mistakes
        )


def parse_layout(source: str | dict[str, Any]) -> Layout:
    """The layout in a JSON text or in what was read from one. Raises LayoutError."""
    data = _loaded(source)
    mistakes: list[tuple[str, Any]] = []
    _check_keys("", data, LAYOUT_KEYS, ("name", "title", "target", "fields"), mistakes)
    items = data.get("fields") if isinstance(data.get("fields"), list) else []
    for index, item in enumerate(items or []):
        _check_field(f"fields[{index}]", item, mistakes)
    names = [item.get("field") for item in items or [] if isinstance(item, dict)]
    mistakes += [
        ("fields", _("%(name)s stands twice", name=name)) for name in {n for n in names if names.count(n) > 1}
    ]
    if not items and "fields" in data:
        mistakes.append(("fields", _("is empty")))
    _check_manner("", data, mistakes)
    if mistakes:
        raise LayoutError(mistakes)
    known: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
    }
    known["fields"] = tuple(_field(item) for item in items or [])
    return Layout(**known)


def _loaded(source: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(source, str):
        try:
            source = json.loads(source)
        except json.JSONDecodeError as error:
            place = _("line %(line)s, character %(column)s", line=error.lineno, column=error.colno)
            raise LayoutError([(str(place), _("is not JSON"))]) from error
    if not isinstance(source, dict):
        raise LayoutError([("", _("A layout is an object with name, title, target and fields."))])
    return source


def _field(item: dict[str, Any]) -> Field:
    back = {new: old for old, new in RENAMED.items()}
    data: dict[str, Any] = {}
    for key, value in item.items():
        plain = str(value) if key in AS_TEXT else value
        data[back.get(key, key)] = tuple(plain) if isinstance(plain, list) else plain
    return Field(**data)


def _check_keys(place: str, data: dict[str, Any], known: dict[str, Any], needed: tuple[str, ...],
                mistakes: list[tuple[str, Any]]) -> None:  # fmt: skip
    dot = f"{place}." if place else ""
    for key, value in data.items():
        if key not in known:
            mistakes.append((f"{dot}{key}", _("is not known; known are %(names)s", names=", ".join(known))))
            continue
        kinds = known[key] if isinstance(known[key], tuple) else (known[key],)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            mistakes.append((f"{dot}{key}", _("must be %(kind)s", kind=WORDS[kinds[0]])))
        elif isinstance(value, list) and key != "fields" and not all(isinstance(part, str) for part in value):
            mistakes.append((f"{dot}{key}", _("must be a list of texts")))
    mistakes += [(f"{dot}{key}", _("is missing")) for key in needed if key not in data]


def _check_field(place: str, item: Any, mistakes: list[tuple[str, Any]]) -> None:
    if not isinstance(item, dict):
        mistakes.append((place, _("must be a table of words")))
        return
    before = len(mistakes)
    _check_keys(place, item, FIELD_KEYS, ("field",), mistakes)
    if len(mistakes) > before:
        return
    if item.get("type", "text") not in TYPES:
        mistakes.append((f"{place}.type", _("is none of %(names)s", names=", ".join(TYPES))))
        return
    if not SLUG.fullmatch(item["field"]):
        mistakes.append((f"{place}.field", _("must be small Latin letters, digits, dots and underscores")))
    if not item.get("headers") and "const" not in item and "default" not in item:
        mistakes.append((place, _("needs headers, a const or a default")))
    if "join" in item and "split" in item:
        mistakes.append((place, _("cannot have both join and split")))
    _check_transforms(place, item, mistakes)
    _check_bounds(place, item, mistakes)
    _check_manner(place, item, mistakes)


def _check_transforms(place: str, item: dict[str, Any], mistakes: list[tuple[str, Any]]) -> None:
    for name in item.get("transforms", []):
        if name not in BEFORE and name not in AFTER:
            names = ", ".join([*BEFORE, *AFTER])
            mistakes.append(
                (f"{place}.transforms", _("%(name)s is none of %(names)s", name=name, names=names))
            )
        elif name in AFTER and item.get("type") not in NUMBERS:
            mistakes.append((f"{place}.transforms", _("%(name)s is for numbers only", name=name)))
    if not all(isinstance(value, str) for value in item.get("values", {}).values()):
        mistakes.append((f"{place}.values", _("must be texts")))
    try:
        re.compile(item.get("pattern", ""))
    except re.error as error:
        at = (error.pos or 0) + 1
        mistakes.append((f"{place}.pattern", _("is no regular expression: see character %(at)s", at=at)))


def _check_bounds(place: str, item: dict[str, Any], mistakes: list[tuple[str, Any]]) -> None:
    kind = item.get("type", "text")
    for key in ("min", "max"):
        if key not in item:
            continue
        if kind not in (*NUMBERS, "date"):
            mistakes.append((f"{place}.{key}", _("is for numbers and dates only")))
            continue
        try:
            bound(kind, str(item[key]))
        except (ValueError, InvalidOperation):
            mistakes.append((f"{place}.{key}", _("must be a date such as 2018-12-31") if kind == "date"
                             else _("must be a number")))  # fmt: skip


def _check_manner(place: str, item: dict[str, Any], mistakes: list[tuple[str, Any]]) -> None:
    dot = f"{place}." if place else ""
    if item.get("decimal_mark", "") not in ("", ".", ","):
        mistakes.append((f"{dot}decimal_mark", _("must be a point, a comma or empty")))
    wrong = [form for form in item.get("date_formats") or () if not _makes_date(form)]
    mistakes += [(f"{dot}date_formats", _("%(form)s does not make a date", form=form)) for form in wrong]


def _makes_date(form: str) -> bool:
    sample = datetime(2018, 12, 31)  # noqa: DTZ001 - only the form is tried
    try:
        return datetime.strptime(sample.strftime(form), form) == sample  # noqa: DTZ007 - the same
    except (ValueError, TypeError):
        return False


def bound(kind: str, text: str) -> date | Decimal:
    """A lower or upper bound as the value it bounds. Raises ValueError or InvalidOperation."""
    return date.fromisoformat(text) if kind == "date" else Decimal(text)
