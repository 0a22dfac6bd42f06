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
_AMOUNT = "FM999,999,999,999,999,990.00"


@dataclass(frozen=True)
class Manner:
    """One language's way of writing. `dates` is a pattern of PostgreSQL's to_char."""

    group: str
    decimal: str
    dates: str
    write_date: Callable[[date], str]


_POINT = Manner(",", ".", "FMDD Mon YYYY", lambda day: f"{day.day} {_MONTHS[day.month]} {day.year:04}")
_COMMA = Manner(NO_BREAK_SPACE, ",", "DD.MM.YYYY", lambda day: f"{day.day:02}.{day.month:02}.{day.year:04}")
_HAN = Manner(",", ".", 'YYYY"年"FMMM"月"FMDD"日"', lambda day: f"{day.year:04}年{day.month}月{day.day}日")
_MANNERS = {"en": _POINT, "uk": _COMMA, "ru": _COMMA, "zh": _HAN}


def manner(language: str) -> Manner:
    """The way of writing of a language such as "uk", "zh_Hans" or "zh-Hant"; English for any other."""
    return _MANNERS.get(language.replace("-", "_").split("_")[0].lower(), _POINT)


def amount(value: Decimal, language: str) -> str:
    """An amount with two decimals and its thousands apart, without the currency.

    >>> amount(Decimal("1234567.5"), "en"), amount(Decimal("-1234.5"), "uk").replace(NO_BREAK_SPACE, "~")
    ('1,234,567.50', '-1~234,50')
    """
    own = manner(language)
    return f"{rounded(value):,.2f}".translate({ord(","): own.group, ord("."): own.decimal})


def day(value: date, language: str) -> str:
    """A calendar day.

    >>> day(date(2018, 6, 5), "en"), day(date(2018, 6, 5), "uk"), day(date(2018, 6, 5), "zh_Hant")
    ('5 Jun 2018', '05.06.2018', '2018年6月5日')
    """
    return manner(language).write_date(value)


def amount_sql(expression: str, language: str) -> str:
    """SQL of `amount` over a numeric expression."""
    own = manner(language)
    written = f"to_char({expression}, '{_AMOUNT}')"
    return (
        written
        if own is not _COMMA
        else f"translate({written}, ',.', chr({ord(own.group)}) || '{own.decimal}')"
    )


def day_sql(expression: str, language: str) -> str:
    """SQL of `day` over a date expression."""
    return f"to_char({expression}, '{manner(language).dates}')"


def count_sql(expression: str, _language: str) -> str:
    """SQL of a plain whole number."""
    return f"({expression})::text"


def plain_sql(expression: str, _language: str) -> str:
    """SQL of a text, as it is."""
    return expression
