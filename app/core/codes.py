"""Short codes in words: what is stored as `outside_hours` or `act/365` is read as a sentence or chosen by its name.

A column says `info={"words": "contact_reason"}`; whoever knows the codes adds their words here at import.
Lists, records, charts, filters and files show the words, and a form offers them to choose from.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from babel import Locale
from flask_babel import get_locale

from app.core.alphabet import in_order

Words = Mapping[str, Any]
_SOURCES: dict[str, list[Words | Callable[[], Words]]] = {}
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes of Unicode's list that stand for unions, tests or nothing."""


def add(kind: str, source: Words | Callable[[], Words]) -> None:
    """Add codes of a kind with their words, or a function that gives them in the reader's language."""
    _SOURCES.setdefault(kind, []).append(source)


def words(kind: str) -> dict[str, Any]:
    """All codes of a kind with their words, in the order in which they were added."""
    found: dict[str, Any] = {}
    for source in _SOURCES.get(kind, ()):
        found.update(source() if callable(source) else source)
    return found


def say(kind: str, code: str) -> str:
    """The words of a code; the code itself where nobody knows it.

    >>> add("doctest", {"a": "Apple"})
    >>> say("doctest", "a"), say("doctest", "b")
    ('Apple', 'b')
    """
    return str(words(kind).get(code, code))


_READERS: dict[str, Callable[[str], str]] = {}


def reader(kind: str) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Register what says texts of a kind in words that are put together of codes: `info={"read": kind}` of a column."""

    def register(function: Callable[[str], str]) -> Callable[[str], str]:
        _READERS[kind] = function
        return function

    return register


def read(kind: str, text: str) -> str:
    """A text of codes in words; as it is where nobody knows them."""
    return _READERS[kind](text) if kind in _READERS else text


@lru_cache(maxsize=16)
def _countries(locale: str) -> dict[str, str]:
    names = {str(code): str(name) for code, name in Locale.parse(locale).territories.items()}
    known = [code for code in names if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES]
    return {code: names[code] for code in in_order(known, names.__getitem__)}


def countries() -> Words:
    """ISO 3166 codes with the countries' names in the reader's language (Unicode CLDR)."""
    return _countries(str(get_locale() or "en"))


def languages() -> Words:
    """The languages of the program, each by its own name."""
    from flask import current_app

    return {code: each["name"] for code, each in current_app.config["LANGUAGES"].items()}


add("country", countries)
add("language", languages)
