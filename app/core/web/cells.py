"""Values as people read them: by locale, masked where personal, with the colour of their choice."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask_babel import format_decimal, format_time, get_locale, gettext

from app.core import codes, media, registry
from app.core.custom_file import HeldFile
from app.core.i18n import day, shown, told
from app.core.personal import mask
from app.core.types import Choice
from app.core.web import kept, looks
from app.core.web.fields import FieldInfo
from app.core.web.link_names import Names, name_in, names_in
from app.core.web.pages import Cell, File
from app.core.web.principal import Principal
from app.core.web.steering import setting

NUMERIC = ("money", "rate", "number", "days", "id")
MOST_OF_A_TEXT = 200
"""Characters of a text that a line of a list holds: fifty texts of four thousand made a page of 200 kB."""


def money(value: Decimal | int) -> str:
    """Two decimals with the locale's separators."""
    locale = get_locale()
    if locale is None:
        return str(format_decimal(value, "#,##0.00"))
    point, group, minus = _signs(locale)
    # the same as by the pattern, which would be parsed anew for each of a list's amounts
    return f"{value:,.2f}".replace(",", "\0").replace(".", point).replace("\0", group).replace("-", minus)


@lru_cache
def _signs(locale: Locale) -> tuple[str, str, str]:
    symbols = locale.number_symbols["latn"]
    return symbols["decimal"], symbols["group"], symbols["minusSign"]


def text_of(
    field: FieldInfo, value: Any, principal: Principal, of: str | None = None, names: Names | None = None
) -> str:
    """A value as text in the reader's language; empty for None.

    `of` is the entity that a kept value is about, `names` what the rows linked by it are called.
    """
    if value is None:
        return ""
    if field.personal and not principal.may_reveal:
        return mask(str(value), field.personal)
    if field.kind == "json" and not field.column.info.get("is_code"):
        is_change = not field.column.info.get("is_row")
        return kept.text(value, of, principal, partial(_in_words, names or {}), is_change=is_change)
    return in_words(field, value)


def _in_words(names: Names, field: FieldInfo, value: Any) -> str:
    """The same of a kept value, whose links are numbers."""
    if field.kind == "link" and (field.target.slug(), value) in names:
        return names[field.target.slug(), value]
    return in_words(field, value)


def in_words(field: FieldInfo, value: Any) -> str:
    """A value of a field: words for a code, what the kind says for anything else."""
    words, info = field.spoken, {} if field.column is None else field.column.info
    if words and isinstance(value, (list, tuple)):
        return ", ".join(str(words.get(one, one)) for one in value)
    if words:
        value = str(words.get(value, value))
    if info.get("read"):
        return codes.read(info["read"], value)
    if info.get("holds_days"):
        return shown(value)
    if field.custom and field.custom.places and isinstance(value, Decimal):
        return str(format_decimal(value, f"#,##0.{'#' * field.custom.places}"))
    return str(value) if words else plain(field.kind, value)


def as_told(field: FieldInfo, row: Any, value: Any) -> Any:
    """The value of a field in a row; a sentence whose parts another column keeps, in the reader's language."""
    keeper = None if field.path or field.column is None else field.column.info.get("told_by")
    return told({"reason": value, **(getattr(row, keeper) or {})}) if keeper and value else value


def plain(kind: str, value: Any) -> str:
    """A value of a kind as text in the reader's language."""
    if isinstance(value, Choice):
        return str(value.label)
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if kind == "money":
        return money(value)
    if kind == "rate":
        return f"{format_decimal(value, '#,##0.00####')} %"
    if isinstance(value, datetime):
        # what is stored without a zone, by Flask-AppBuilder, is UTC
        here = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone()))
        return f"{day(here)} {format_time(here, 'short', rebase=False)}"
    if isinstance(value, date):
        return day(value)
    if kind in NUMERIC and isinstance(value, (int, Decimal)):
        return str(value) if kind == "id" else str(format_decimal(value))
    if isinstance(value, (list, tuple)):
        return ", ".join(str(one) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def zone() -> str:
    """The time zone in which the page shows instants: the installation's."""
    return setting("zone")


def here(at: datetime) -> datetime:
    """An instant by the clock of the installation."""
    return at.astimezone(ZoneInfo(zone()))


def brief(field: FieldInfo, row: Any, principal: Principal, on: date, *, linked: Any = None) -> Cell:
    """The cell as a line of a list has room for it: the record's own page tells all of a long text."""
    found = cell(field, row, principal, on, linked=linked)
    most = MOST_OF_A_TEXT if field.column is None else field.column.info.get("most_shown", MOST_OF_A_TEXT)
    is_long = isinstance(found.text, str) and len(found.text) > most
    return replace(found, text=f"{found.text[:most].rstrip()}…") if is_long else found


def file_of(held: HeldFile) -> File:
    """A file in a custom field as pages show it."""
    door = f"/field_file/{held.id}"
    return File(media.shown_as(held.media_type), f"{door}/preview", f"{door}/download")


def cell(field: FieldInfo, row: Any, principal: Principal, on: date, *, linked: Any = None) -> Cell:
    """The cell of a field in a row. `linked(entity, row)` gives the address of a linked record, if visible."""
    value = as_told(field, row, field.value(row, on))
    if value is not None and (personal := field.masked_as(row, principal)):
        return Cell(mask(str(value), personal), "text")
    if value is not None and field.is_revealed(row, principal):
        looks.note(field, row)
    told_by = None if field.path or field.column is None else field.column.info.get("of")
    names = names_in(row, field) if told_by and field.kind == "json" else None
    text = text_of(field, value, principal, getattr(row, told_by) if told_by else None, names)
    if field.kind == "link":
        url = linked(field.target, value) if linked and value is not None else None
        return Cell(text, "link", url=url)
    if isinstance(value, Choice):
        return Cell(text, "choice", colour=value.colour)
    if isinstance(value, HeldFile):
        file = file_of(value)
        return Cell(text, "file", url=file.download_url, icon="paperclip", file=file)
    if field.kind == "bool":
        return Cell(text if value else gettext("No"), "bool")
    if told_by and field.kind == "number" and linked and value is not None:
        of = getattr(row, told_by)
        url = linked(registry.entity(of), value) if registry.has_entity(of) else None
        return Cell((name_in(row, field) if url else None) or text, "text", url=url)
    kind = "number" if field.kind in ("days", "id", "rate") else field.kind
    if field.kind == "phone" and not principal.may_reveal:
        kind = "text"
    return Cell(text, {"code": "text", "longtext": "text", "json": "text", "codes": "text"}.get(kind, kind))
