"""Numbers as people write them in text: `1 234,56`, `1,234.56`, `１２３４`, `(500)`, `¥ 12.50`."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

SPACES = re.compile(r"[\s'’_]+")
MONEY_SIGNS = re.compile(
    r"^[¥￥₴₽$€£]|[¥￥₴₽$€£元]$|(?:грн|руб|UAH|RUB|CNY|USD|EUR)\.?$|^(?:UAH|RUB|CNY|USD|EUR)", re.IGNORECASE
)
DIGITS = re.compile(r"[0-9]*\.?[0-9]+")
GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")


class AmbiguousNumberError(ValueError):
    """`1,234` is one thousand or one and a bit; the layout must say which mark is the decimal one."""


def parse_decimal(text: str, mark: str = "") -> Decimal:
    """The number in a text. `mark` is the decimal mark, "." or ","; "" lets the text decide.

    With both marks in it the last one is decimal; a mark that stands twice separates thousands. Raises
    AmbiguousNumberError for `1,234` without `mark`, ValueError for what is no number.

    >>> parse_decimal("1 234,56"), parse_decimal("1,234.56"), parse_decimal("(５００)")
    (Decimal('1234.56'), Decimal('1234.56'), Decimal('-500'))
    >>> parse_decimal("1,234", mark=","), parse_decimal("1,234", mark=".")
    (Decimal('1.234'), Decimal('1234'))
    """
    plain = SPACES.sub("", unicodedata.normalize("NFKC", text)).replace("−", "-")
    plain, sign = _signed(MONEY_SIGNS.sub("", plain))
    plain = _with_point(MONEY_SIGNS.sub("", plain), mark)
    if not DIGITS.fullmatch(plain):
        raise ValueError(text)
    try:
        return sign * Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _signed(plain: str) -> tuple[str, int]:
    """Accountants write a negative number in brackets or with the minus behind it."""
    if plain.startswith("(") and plain.endswith(")"):
        return plain[1:-1], -1
    if plain.endswith("-"):
        return plain[:-1], -1
    return plain[plain[:1] in ("+", "-") :], -1 if plain.startswith("-") else 1


def _with_point(plain: str, mark: str) -> str:
    other = {".": ",", ",": "."}
    if not mark:
        mark = _mark_in(plain)
    whole, point, part = plain.rpartition(mark)
    if not point:
        whole, part = plain, ""
    if other[mark] in part or mark in whole:
        raise ValueError(plain)
    if other[mark] in whole:
        if not GROUPED.fullmatch(whole):
            raise ValueError(plain)
        whole = whole.replace(other[mark], "")
    return f"{whole}.{part}" if part else whole


def _mark_in(plain: str) -> str:
    """Which mark is the decimal one in this text."""
    dots, commas = plain.count("."), plain.count(",")
    if dots and commas:
        return max(".,", key=plain.rindex)
    if commas == 1 and GROUPED.fullmatch(plain) and not plain.startswith("0"):
        raise AmbiguousNumberError(plain)
    if commas > 1 or dots == 1:
        return "."
    return "," if commas or dots else "."
