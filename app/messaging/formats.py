"""How amounts, days and counts are written in a message, in Python and, to the same letter, in SQL.

The language of the text decides. Patterns follow the Unicode CLDR (Unicode licence); dates in Ukrainian and
Russian are written in digits, as those alphabets leave 70 letters to a short message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.core.money import rounded

NO_BREAK_SPACE = "\u00a0"
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WHOLE = "FM999,999,999,999,999,990"


@dataclass(frozen=True)
class Manner:
    """One language's way of writing. `dates` is a pattern of PostgreSQL's to_char."""

    group: str
    decimal: str
    dates: str
    write_date: Callable[[date], str]
    yes: str
    no: str


_POINT = Manner(
    ",", ".", "FMDD Mon YYYY", lambda day: f"{day.day} {_MONTHS[day.month]} {day.year:04}", "Yes", "No"
)
_DIGITS: tuple[str, Callable[[date], str]] = (
    "DD.MM.YYYY",
    lambda day: f"{day.day:02}.{day.month:02}.{day.year:04}",
)
_UKRAINIAN = Manner(NO_BREAK_SPACE, ",", *_DIGITS, "Так", "Ні")
_RUSSIAN = Manner(NO_BREAK_SPACE, ",", *_DIGITS, "Да", "Нет")
_HAN = Manner(
    ",", ".", 'YYYY"年"FMMM"月"FMDD"日"', lambda day: f"{day.year:04}年{day.month}月{day.day}日", "是", "否"
)
_MANNERS = {"en": _POINT, "uk": _UKRAINIAN, "ru": _RUSSIAN, "zh": _HAN}


def manner(language: str) -> Manner:
    """The way of writing of a language such as "uk", "zh_Hans" or "zh-Hant"; English for any other."""
    return _MANNERS.get(language.replace("-", "_").split("_")[0].lower(), _POINT)


def amount(value: Decimal, language: str) -> str:
    """An amount with two decimals and its thousands apart, without the currency.

    >>> amount(Decimal("1234567.5"), "en"), amount(Decimal("-1234.5"), "uk").replace(NO_BREAK_SPACE, "~")
    ('1,234,567.50', '-1~234,50')
    """
    return number(rounded(value), language, 2)


def number(value: Decimal, language: str, places: int) -> str:
    """A number with so many decimals and its thousands apart.

    >>> number(Decimal("1234.5"), "en", 3), number(Decimal("1234.5"), "uk", 1).replace(NO_BREAK_SPACE, "~")
    ('1,234.500', '1~234,5')
    """
    own = manner(language)
    return f"{value:,.{places}f}".translate({ord(","): own.group, ord("."): own.decimal})


def flag(value: bool, language: str) -> str:
    """Yes or no.

    >>> flag(True, "uk"), flag(False, "zh_Hans")
    ('Так', '否')
    """
    own = manner(language)
    return own.yes if value else own.no


def day(value: date, language: str) -> str:
    """A calendar day.

    >>> day(date(2018, 6, 5), "en"), day(date(2018, 6, 5), "uk"), day(date(2018, 6, 5), "zh_Hant")
    ('5 Jun 2018', '05.06.2018', '2018年6月5日')
    """
    return manner(language).write_date(value)


def amount_sql(expression: str, language: str) -> str:
    """SQL of `amount` over a numeric expression."""
    return number_sql(expression, language, 2)


def number_sql(expression: str, language: str, places: int) -> str:
    """SQL of `number` over a numeric expression that has no more decimals than so many."""
    own = manner(language)
    written = f"to_char({expression}, '{_WHOLE}.{'0' * places}')"
    if own.decimal == ".":
        return written
    return f"translate({written}, ',.', chr({ord(own.group)}) || '{own.decimal}')"


def flag_sql(expression: str, language: str) -> str:
    """SQL of `flag` over a boolean expression."""
    own = manner(language)
    return f"CASE {expression} WHEN true THEN {quoted(own.yes)} WHEN false THEN {quoted(own.no)} END"


def quoted(words: str) -> str:
    """SQL of these words, whatever signs they have: of hexadecimal digits alone, so that nothing in them is read as SQL.

    >>> quoted("a'b")
    "convert_from(decode('612762', 'hex'), 'UTF8')"
    """
    return f"convert_from(decode('{words.encode().hex()}', 'hex'), 'UTF8')"


def day_sql(expression: str, language: str) -> str:
    """SQL of `day` over a date expression."""
    return f"to_char({expression}, '{manner(language).dates}')"


def count_sql(expression: str, _language: str) -> str:
    """SQL of a plain whole number."""
    return f"({expression})::text"


def plain_sql(expression: str, _language: str) -> str:
    """SQL of a text, as it is."""
    return expression
