"""The catalogues of the five languages, and sentences that are stored to be read in any of them."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask_babel import format_date, format_time, get_locale, gettext, pgettext
from flask_babel.speaklater import LazyString

CATALOGUES = Path(__file__).resolve().parents[2] / "translations"
ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ISO_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2}(\.\d+)?)?")


def compile_catalogues(directory: Path = CATALOGUES) -> list[Path]:
    """Write messages.mo beside each messages.po that is newer than it.

    Returns the files written, none when all are current, which takes no more than a look at their dates. Safe
    while others start at the same time: each writes a file of its own and renames it into place.
    """
    stale = [text for text in sorted(directory.glob("*/LC_MESSAGES/messages.po")) if _is_stale(text)]
    for text in stale:
        _compile(text)
    return [text.with_suffix(".mo") for text in stale]


def _is_stale(text: Path) -> bool:
    compiled = text.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns < text.stat().st_mtime_ns


def _compile(text: Path) -> None:
    changed_at = text.stat().st_mtime_ns
    with text.open("rb") as file:
        catalogue = read_po(file, locale=text.parents[1].name)
    draft = text.with_name(f"messages.{os.getpid()}.mo.tmp")
    with draft.open("wb") as file:
        write_mo(file, catalogue)
    # dated like its text, so that an edit made while this ran is not taken for compiled
    os.utime(draft, ns=(changed_at, changed_at))
    draft.replace(text.with_suffix(".mo"))


def filled(sentence: LazyString, **values: Any) -> LazyString:
    """A sentence that was declared with gaps, and what stands in them.

    >>> from flask_babel import lazy_gettext
    >>> str(filled(lazy_gettext("Rows: %(n)s"), n=3))
    'Rows: 3'
    """
    known = sentence._kwargs  # noqa: SLF001  it has no other way to say it
    return LazyString(sentence._func, *sentence._args, **{**known, **values})  # noqa: SLF001


@dataclass(frozen=True)
class Placed:
    """A sentence and where it holds, each put into the language of whoever reads it.

    >>> str(Placed(("sheet Loans", "row 5"), "The cell is empty."))
    'Sheet Loans, row 5: The cell is empty.'
    """

    place: tuple[Any, ...]
    sentence: Any

    def __str__(self) -> str:
        return _placed(self.place, self.sentence)


def _placed(place: Iterable[Any], sentence: Any) -> str:
    where = ", ".join(map(str, place))
    return f"{where[:1].upper()}{where[1:]}: {sentence}" if where else str(sentence)


def kept(sentence: Any) -> dict[str, Any]:
    """A sentence as a row stores it: in English as `reason`, and what `told` says it of in another language.

    A value that is a sentence itself is kept like one.

    >>> from flask_babel import lazy_gettext
    >>> kept(lazy_gettext("Rows: %(n)s", n=3))
    {'reason': 'Rows: 3', 'text': 'Rows: %(n)s', 'values': {'n': '3'}}
    """
    if isinstance(sentence, Placed):
        place, what = [kept(part) for part in sentence.place], kept(sentence.sentence)
        where = {"place": place} if place else {}
        return {**what, "reason": _placed((part["reason"] for part in place), what["reason"]), **where}
    if not isinstance(sentence, LazyString):
        return {"reason": str(sentence)}
    *context, text = sentence._args  # noqa: SLF001  it has no other way to say it
    values = {
        name: kept(one) if isinstance(one, (LazyString, Placed)) else str(one)
        for name, one in sentence._kwargs.items()  # noqa: SLF001
    }
    meant = {"context": context[0]} if context else {}
    return {"reason": in_english(text, values), "text": text, "values": values, **meant}


def in_english(text: str, values: dict[str, Any]) -> str:
    """A kept sentence with its kept values in it."""
    written = {name: one["reason"] if isinstance(one, dict) else one for name, one in values.items()}
    return text % written if written else text


def told(stored: dict[str, Any]) -> str:
    """What `kept` kept, in the language of the page."""
    text = stored.get("text")
    if not text:
        return str(stored.get("reason") or "")
    values = {
        name: told(one) if isinstance(one, dict) else shown(one)
        for name, one in stored.get("values", {}).items()
    }
    context = stored.get("context")
    sentence = pgettext(context, text, **values) if context else gettext(text, **values)
    return _placed(map(told, stored.get("place", ())), sentence)


def shown(value: str) -> str:
    """A value kept as text; a day, kept as 2018-06-25, and an instant, 2018-06-25 10:00:00, as the reader writes them."""
    try:
        if ISO_INSTANT.fullmatch(value) and get_locale() is not None:
            at = datetime.fromisoformat(value)
            return f"{day(at)} {format_time(at, 'short', rebase=False)}"
        return day(date.fromisoformat(value)) if ISO_DAY.fullmatch(value) else value
    except ValueError:
        return value


def day(value: date) -> str:
    """A calendar day in the reader's language: its month as a word, or in figures where that is the custom.

    Where nobody reads, on the command line, it is written as 2018-06-25.
    """
    locale = get_locale()
    if locale is None:
        return value.isoformat()
    return str(format_date(value, "short" if str(locale).startswith("zh") else "medium", rebase=False))


def spoken(sentence: Any) -> str:
    """A sentence as it is read now: in the reader's language, and its days as he writes them."""
    if not isinstance(sentence, LazyString):
        return str(sentence)
    values = sentence._kwargs  # noqa: SLF001  it has no other way to say it
    days = {name: day(one) for name, one in values.items() if type(one) is date}
    return str(LazyString(sentence._func, *sentence._args, **{**values, **days})) if days else str(sentence)  # noqa: SLF001
