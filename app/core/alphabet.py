"""The order of names: one alphabet for Ukrainian and Russian, the same in the database and in the program.

By their numbers in Unicode Є, І, Ї stand before А, Ґ after Я, and every small letter after all capitals. A server
need not know a language's rules (the built-in one has none), so the order is made of the letters themselves:
each is replaced by the letter whose number is its place. Latin letters, digits and Chinese keep their places.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Text, collate, func

T = TypeVar("T")
LETTERS = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя"
"""In the order of the Ukrainian alphabet, with the letters that only the Russian one has in their places."""
_PLACES = "".join(chr(ord("а") + place) for place in range(len(LETTERS)))
_FROM, _TO = LETTERS + LETTERS.upper(), _PLACES * 2
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_TABLE = str.maketrans(_FROM + _LATIN.upper(), _TO + _LATIN)

FUNCTION = f"""
CREATE OR REPLACE FUNCTION alphabetical(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(lower($1 COLLATE "C"), '{_FROM}', '{_TO}')"""
"""Its body is one expression, which the planner puts in place of each call."""


def alphabetical(text: str) -> str:
    """A text as it is compared: case aside, its letters by their places.

    >>> sorted(["Ярема", "Абрам", "Їжакевич", "Ґудзь", "абат", "Гук", "Wang"], key=alphabetical)
    ['Wang', 'абат', 'Абрам', 'Гук', 'Ґудзь', 'Їжакевич', 'Ярема']
    """
    return text.translate(_TABLE)


def in_order(rows: Iterable[T], label: Callable[[T], Any] = str) -> list[T]:
    """Rows by their labels, as a person looks for them."""
    return sorted(rows, key=lambda row: alphabetical(str(label(row))))


def by_alphabet(value: Any) -> ColumnElement[str]:
    """A column or a text as SQL to order and compare by."""
    return collate(func.alphabetical(value, type_=Text), "C")
