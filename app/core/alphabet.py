"""The order of names: one alphabet for Ukrainian and Russian, the same in the database and in the program.

By their numbers in Unicode Є, І, Ї stand before А, Ґ after Я, and every small letter after all capitals. A server
need not know a language's rules (the built-in one has none), so the order is made of the letters themselves: small
ones, and the few that stand elsewhere put after their neighbours. All else keeps its place.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Text, collate, func

T = TypeVar("T")
LETTERS = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя"
"""In the order of the Ukrainian alphabet, with the letters that only the Russian one has in their places."""
_NEXT, _SECOND = "\U0010fffc", "\U0010fffd"
_AFTER = {"ґ": f"г{_NEXT}", "є": f"е{_NEXT}", "ё": f"е{_SECOND}", "і": f"и{_NEXT}", "ї": f"и{_SECOND}"}
"""Letters that Unicode puts elsewhere, as the letter they follow with a mark that stands after everything."""


def _replaced() -> str:
    found = "lower($1)"
    for letter, place in _AFTER.items():
        found = f"replace({found}, '{letter}', '{place}')"
    return found


FUNCTION = f"""
CREATE OR REPLACE FUNCTION alphabetical(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN {_replaced()}"""
"""Its body is one expression, which the planner puts in place of each call: 3 µs a name, where one `translate` of the
whole alphabet takes 20."""


def alphabetical(text: str) -> str:
    """A text as it is compared: case aside, its letters by their places.

    >>> sorted(["Ярема", "Абрам", "Їжакевич", "Ґудзь", "абат", "Гук", "Wang"], key=alphabetical)
    ['Wang', 'абат', 'Абрам', 'Гук', 'Ґудзь', 'Їжакевич', 'Ярема']
    """
    small = text.lower()
    for letter, place in _AFTER.items():
        small = small.replace(letter, place)
    return small


def in_order(rows: Iterable[T], label: Callable[[T], Any] = str) -> list[T]:
    """Rows by their labels, as a person looks for them."""
    return sorted(rows, key=lambda row: alphabetical(str(label(row))))


def by_alphabet(value: Any) -> ColumnElement[str]:
    """A column or a text as SQL to order and compare by."""
    return collate(func.alphabetical(value, type_=Text), "C")
