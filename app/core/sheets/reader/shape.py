"""The shape of a sheet's rows as one regular expression, learnt from its rows.

A sheet with a table in it repeats one row ten thousand times. From the cells met in it an expression is
built that takes whole rows apart, a group for every column and kind. A row that does not match it to
the last character is read with care by `RowReader`. This costs half of what calamine does, knows errors
and formulas, and never holds more than a piece of the sheet.
"""

import re
from collections.abc import Callable

from app.core.sheets.reader.faults import letters

CELL = re.compile(r'<c r="([A-Z]+)[0-9]+"((?: [st]="[0-9a-zA-Z]+"){0,2})>(<f|<v>|<is><t[ >])')
STYLE = re.compile(r' s="([0-9]+)"')
TYPE = re.compile(r' t="([a-zA-Z]+)"')
VALUE = r">(?:<f[^>]*+>(?:[^<]*+</f>)?+)?+<v>([^<]*+)</v></c>"
INLINE = r'><is><t(?: xml:space="preserve")?+>([^<]*+)</t></is></c>'
EMPTY = r"[^>]*+>(?:(?<=/>)|</c>)"
MOST_BUILDS = 30
"""An expression takes hundredths of a second to build; a sheet that goes on to differ is read row by row."""


class Shape:
    """What is known of the rows (`groups`), and the expression made of it (`row`).

    Kinds: `s` text, `S` index of a shared string, `n` number, `D` day number, `d` ISO date, `b` truth,
    `e` error.
    """

    def __init__(self, kind_of: Callable[[str, str], str], columns: dict[str, int]) -> None:
        self._kind_of, self._columns = kind_of, columns
        self._seen: dict[int, dict[tuple[str, str], list[str]]] = {}
        """{column: {(kind, form): [attributes]}}"""
        self._builds = 0
        self.row: re.Pattern[str] | None = None
        """A whole row; its first group is the row's number, the others are `groups`. None at first."""
        self.groups: list[tuple[int, str]] = []
        """(column, kind) of every group after the row's number."""

    def learn(self, text: str) -> bool:
        """Take note of the cells in a text of rows; whether the expression now knows more."""
        if self._builds == MOST_BUILDS:
            return False
        is_changed = False
        for name, attributes, form in set(CELL.findall(text)):
            if name not in self._columns:
                continue
            style, kind = STYLE.search(attributes), TYPE.search(attributes)
            key = (
                self._kind_of(style[1] if style else "", kind[1] if kind else ""),
                "i" if "<is" in form else "v",
            )
            known = self._seen.setdefault(self._columns[name], {}).setdefault(key, [])
            if attributes not in known:
                known.append(attributes)
                is_changed = True
        if is_changed:
            self._build()
        return is_changed

    def _build(self) -> None:
        self._builds += 1
        self.groups = []
        parts = [r'<row r="([0-9]+)"[^>]*+>']
        for column in sorted(self._seen):
            head = rf'<c r="{letters(column)}[0-9]+"'
            forms = []
            for (kind, form), attributes in self._seen[column].items():
                choice = "|".join(sorted(map(re.escape, attributes), key=len, reverse=True))
                forms.append(f"{head}(?:{choice}){INLINE if form == 'i' else VALUE}")
                self.groups.append((column, kind))
            forms.append(f"{head}{EMPTY}")
            parts.append(f"(?:{'|'.join(forms)})?+")
        self.row = re.compile("".join([*parts, "</row>"]))


def column_names(width: int) -> dict[str, int]:
    """{letters: index} of the first columns."""
    return {letters(index): index for index in range(width)}
