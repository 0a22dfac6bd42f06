"""Arrays of numbers as PostgreSQL's binary COPY format, so that hundreds of thousands of rows are made at once.

The format is described in PostgreSQL's documentation of COPY, "Binary Format"; that of numeric follows
numeric_send() (digits of base 10 000, most significant first).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER = b"\xff\xff"
_EPOCH = np.datetime64("2000-01-01", "D")
_NO_DATE = np.datetime64("0001-01-01", "D")
_DIGITS = 5
"""Base 10 000: four before the point hold every numeric(18,2), one behind it holds the cents."""
_NEGATIVE = 0x4000

Column = tuple[str, NDArray[Any]]
"""(kind, values): int8, int4, date (datetime64[D], no NaT) or money (int64 cents)."""


def rows(columns: Sequence[Column]) -> bytes:
    """The rows of these columns, without the header and trailer of the file."""
    count = len(columns[0][1])
    layout: list[tuple[str, Any]] = [("count", ">i2")]
    for place, (kind, _values) in enumerate(columns):
        layout += [(f"length{place}", ">i4"), (f"value{place}", _TYPES[kind])]
    table = np.zeros(count, np.dtype(layout))
    table["count"] = len(columns)
    for place, (kind, values) in enumerate(columns):
        table[f"length{place}"] = np.dtype(_TYPES[kind]).itemsize
        _WRITERS[kind](table[f"value{place}"], values)
    return table.tobytes()


def or_no_date(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Dates with January 1st of year 1 for "none": every row of the format here has the same length."""
    return np.where(np.isnat(days), _NO_DATE, days)


_MONEY = np.dtype(
    [("ndigits", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("dscale", ">i2"), ("digits", ">i2", (_DIGITS,))]
)
_TYPES: dict[str, Any] = {"int8": ">i8", "int4": ">i4", "date": ">i4", "money": _MONEY}


def _write_plain(target: NDArray[Any], values: NDArray[Any]) -> None:
    target[:] = values


def _write_dates(target: NDArray[Any], values: NDArray[Any]) -> None:
    target[:] = (values.astype("datetime64[D]") - _EPOCH).astype(np.int64)


def _write_money(target: NDArray[Any], values: NDArray[Any]) -> None:
    target["ndigits"], target["weight"], target["dscale"] = _DIGITS, _DIGITS - 2, 2
    target["sign"] = np.where(values < 0, _NEGATIVE, 0)
    whole, cents = np.divmod(np.abs(values), 100)
    target["digits"][:, _DIGITS - 1] = cents * 100
    for place in range(_DIGITS - 2, -1, -1):
        whole, target["digits"][:, place] = np.divmod(whole, 10_000)


_WRITERS = {"int8": _write_plain, "int4": _write_plain, "date": _write_dates, "money": _write_money}
