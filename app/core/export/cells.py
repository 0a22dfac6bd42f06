"""Values made fit for a workbook, a block at a time: nearly all are, so a block is looked at as a whole."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from math import isfinite
from types import NoneType
from typing import Any

from app.core.export.columns import NUMERIC, Blocks, Column, Row

ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff￾￿]")
"""Characters that XML forbids."""
LONGEST = 32767
"""UTF-16 units that a cell holds."""
CUT = " […]"
DIGITS = 15
"""So many a spreadsheet keeps; a number of more is written as text."""
EXACT = 10**DIGITS
SHORT = 10**9
"""Decimals below have no more digits than that, also with six places."""
FIRST_DAY = date(1900, 3, 1)
"""Spreadsheets count the days before it differently."""
SURELY_FITS = LONGEST // 2
"""So many characters are never more units than a cell holds."""
BLOCK = 1000
NUMBERS, DATES = {int, float, Decimal, NoneType}, {date, NoneType}


class Fit(list[Any]):
    """Values of a column that are known to fit their cells: whoever made them looked, so nobody looks again."""

    __slots__ = ()


def tuples(rows: Iterable[Row], columns: Sequence[Column]) -> Iterator[Sequence[Any]]:
    """Rows as sequences in the order of the columns; all rows are of the first one's kind."""
    keys, rest = [column.key for column in columns], iter(rows)
    first = next(rest, None)
    if first is None:
        return iter(())
    every = chain([first], rest)
    if isinstance(first, Mapping):
        return (tuple(row.get(key) for key in keys) for row in every)  # type: ignore[union-attr]
    return every  # type: ignore[return-value]


def stored(rows: Iterable[Row] | Blocks, columns: Sequence[Column]) -> Iterator[Sequence[Sequence[Any]]]:
    """Rows by the block, each as its columns. Raises ValueError for a row of another length."""
    if isinstance(rows, Blocks):
        for found in rows.blocks:
            if len(found) != len(columns) or len(set(map(len, found))) != 1:
                lengths = ", ".join(str(len(values)) for values in found)
                raise ValueError(f"a block has columns of {lengths} values for {len(columns)} columns")
            yield found
        return
    every = tuples(rows, columns)
    while block := list(islice(every, BLOCK)):
        if set(map(len, block)) != {len(columns)}:
            wrong = next(row for row in block if len(row) != len(columns))
            raise ValueError(f"a row has {len(wrong)} values for {len(columns)} columns")
        yield list(zip(*block, strict=True))


def fitted(rows: Iterable[Row] | Blocks, columns: Sequence[Column]) -> Iterator[list[Sequence[Any]]]:
    """The same, every value one that a cell can hold."""
    fits = [_fitting(column.kind) for column in columns]
    for block in stored(rows, columns):
        yield [
            values if type(values) is Fit else fit(values) for fit, values in zip(fits, block, strict=True)
        ]


def _fitting(kind: str) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if kind in NUMERIC:
        return fit_numbers
    if kind in ("date", "datetime"):
        return fit_dates
    return fit_truths if kind == "bool" else fit_texts


def fit_texts(values: Sequence[Any]) -> Sequence[Any]:
    """Texts as they are unless one has a forbidden character or is too long; anything else as text."""
    known, joined = values, None
    try:
        joined = "".join(values)
    except TypeError:  # mostly as some are empty
        known = [value for value in values if value is not None]
        if set(map(type, known)) <= {str}:
            joined = "".join(known)
    # what can be printed is allowed; only the rest (line breaks and worse) is searched
    is_allowed = joined is not None and (joined.isprintable() or not ILLEGAL.search(joined))
    if is_allowed and (len(joined or "") < SURELY_FITS or max(map(len, known)) < SURELY_FITS):
        return values
    return [None if value is None else clean(as_text(value)) for value in values]


def fit_numbers(values: Sequence[Any]) -> Sequence[Any]:
    """Numbers as a workbook holds them, in binary, unless one is not finite or too long to be exact."""
    types = set(map(type, values))
    if types <= NUMBERS:
        try:
            found: Sequence[Any] = values
            if Decimal in types:
                found = (
                    [None if v is None else float(v) for v in values]
                    if NoneType in types
                    else [*map(float, values)]
                )
            numbers: Sequence[Any] = [v for v in found if v is not None] if NoneType in types else found
            limit = SHORT if Decimal in types else EXACT
            if not numbers or (isfinite(sum(numbers)) and min(numbers) > -limit and max(numbers) < limit):
                return found
        except (ValueError, OverflowError):
            pass  # a signalling NaN, or a whole number beyond all floats
    return [_fit_number(value) for value in values]


def numbers(values: Sequence[float | None], exact: Sequence[str | None]) -> Sequence[Any]:
    """Amounts in binary, as a workbook holds them; where one is too long for that, all of them stay decimal."""
    if exact.count(None) == len(exact):
        return Fit(values)
    told = zip(values, exact, strict=True)
    return [value if text is None else Decimal(text) for value, text in told]


def _fit_number(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, int | Decimal | float):
        return clean(as_text(value))
    if not isinstance(value, int) and not isfinite(value):
        return None
    is_long = isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > DIGITS
    if is_long or not -EXACT < value < EXACT:
        return as_text(value)
    return float(value) if isinstance(value, Decimal) else value


def fit_dates(values: Sequence[Any]) -> Sequence[Any]:
    """Dates as they are unless one lies before 1900-03-01; times lose their zone: the caller chose it."""
    if set(map(type, values)) <= DATES and min(filter(None, values), default=FIRST_DAY) >= FIRST_DAY:
        return values
    return [_fit_date(value) for value in values]


def _fit_date(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, date):
        return clean(as_text(value))
    day = value.date() if isinstance(value, datetime) else value
    if day < FIRST_DAY:
        return str(value)
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def fit_truths(values: Sequence[Any]) -> Sequence[Any]:
    """Truths as they are, anything else as text."""
    if set(map(type, values)) <= {bool, NoneType}:
        return values
    return [value if value is None or isinstance(value, bool) else clean(as_text(value)) for value in values]


def as_text(value: Any) -> str:
    """A value as text: decimals without exponent, days in ISO form."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def clean(text: str) -> str:
    """Text without forbidden characters, cut with a mark where a cell ends."""
    text = ILLEGAL.sub("", text)
    if len(text) * 2 <= LONGEST:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= LONGEST * 2:
        return text
    return units[: (LONGEST - len(CUT)) * 2].decode("utf-16-le", "ignore") + CUT
