"""A layout: how one client's workbook is written, as data that an administrator can change.

In JSON:

    {"name": "dingxi-ledger", "title": "Ledger of Dingxi", "target": "portfolio", "creates": ["branch"],
     "decimal_mark": ".", "date_formats": ["%Y-%m-%d"],
     "fields": [
       {"field": "number", "headers": ["借据编号", "Loan number"], "type": "code", "required": true},
       {"field": "gender", "headers": ["性别"], "values": {"男": "male", "女": "female"}},
       {"field": "currency", "const": "CNY"},
       {"field": "address", "headers": ["乡镇", "村"], "join": " "},
       {"field": "county", "headers": ["地址"], "split": "/", "part": 0}]}
"""

import dataclasses
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

REMARK = "# "
"""Columns whose name begins so are our own remarks in a workbook of errors and are passed over."""
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S")
DECORATION = str.maketrans("", "", "*:·_- ")


@dataclass(frozen=True)
class Field:
    """One field of the target and where its value comes from."""

    field: str
    headers: tuple[str, ...] = ()
    """Names the column may have, in any language; with `join`, the columns to be joined, in their order."""
    type: str = "text"
    is_required: bool = False
    transforms: tuple[str, ...] = ()
    values: dict[str, str] = dataclasses.field(default_factory=dict)
    """What is written → what it means. Other words are a problem, unless `keeps_others`."""
    keeps_others: bool = False
    default: str | None = None
    """Taken, and read like a cell, where the cell is empty or the column absent."""
    const: str | None = None
    join: str | None = None
    split: str | None = None
    part: int = 0
    min: str | None = None
    max: str | None = None
    pattern: str | None = None
    max_length: int | None = None
    date_formats: tuple[str, ...] = ()
    decimal_mark: str | None = None


@dataclass(frozen=True)
class Match:
    """What a header means to a layout."""

    mapping: dict[str, tuple[int, ...]]
    """field → the columns it is read from (several for a join)."""
    missing: list[str]
    """Required fields without a column; named by the first header they may have."""
    unknown: list[str]
    """Headers that no field reads."""


@dataclass(frozen=True)
class Layout:
    """A workbook's layout. Made by `parse_layout`, which says what is wrong with one."""

    name: str
    title: str
    target: str
    fields: tuple[Field, ...]
    creates: tuple[str, ...] = ()
    """Entities whose unknown names an import may create: "branch", "officer", "group"."""
    keeps_overpayments: bool = False
    """Whether a payment of more than its loan owes in all is posted, the rest kept; otherwise its row is refused."""
    sheet: str | None = None
    header_row: int | None = None
    encoding: str | None = None
    decimal_mark: str = ""
    date_formats: tuple[str, ...] = DATE_FORMATS

    def match(self, header: Sequence[str]) -> Match:
        """Find every field's columns by the names in the header, whatever their width, case and spacing."""
        places = {
            plain_name(name): index
            for index, name in reversed(list(enumerate(header)))
            if not is_remark(name)
        }
        mapping: dict[str, tuple[int, ...]] = {}
        missing = []
        for item in self.fields:
            found = tuple(places[key] for key in map(plain_name, item.headers) if key in places)
            if item.join is None:
                found = found[:1]
            if found:
                mapping[item.field] = found
            elif item.is_required and item.const is None and item.default is None:
                missing.append(item.headers[0] if item.headers else item.field)
        used = {index for indexes in mapping.values() for index in indexes}
        unknown = [
            name for index, name in enumerate(header) if index not in used and not is_remark(name) and name
        ]
        return Match(mapping, missing, unknown)

    def header(self) -> list[str]:
        """The names of an empty workbook in this layout, for people to fill in."""
        names: dict[str, None] = {}
        for item in self.fields:
            names.update(dict.fromkeys(item.headers if item.join is not None else item.headers[:1]))
        return list(names)

    def to_json(self) -> str:
        """The layout as `parse_layout` reads it, without what is left at its default."""
        data = {key: value for key, value in asdict(self).items() if key != "fields"}
        data = {
            item.name: data[item.name]
            for item in fields(self)
            if data.get(item.name) not in (None, item.default)
        }
        data["fields"] = [
            {RENAMED.get(part.name, part.name): getattr(item, part.name) for part in fields(Field)
             if getattr(item, part.name) not in (part.default, {})}
            for item in self.fields
        ]  # fmt: skip
        return json.dumps(data, ensure_ascii=False, indent=1)


RENAMED = {"is_required": "required", "keeps_others": "keep_others"}


def plain_name(name: str) -> str:
    """A header as it is compared: without width, case, spaces and marks.

    >>> plain_name("年利率（％）*") == plain_name("年利率(%)"), plain_name("Loan number:")
    (True, 'loannumber')
    """
    return "".join(unicodedata.normalize("NFKC", name).casefold().translate(DECORATION).split())


def is_remark(name: str) -> bool:
    """Whether a column is our own remark."""
    return name.startswith(REMARK)
