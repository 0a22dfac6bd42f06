"""What templates draw: plain data, made by the views. Templates hold no rule and no query."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class File:
    """A file as pages show it: in the page where its sort is safe to show, else to be fetched."""

    shown_as: str
    url: str
    download_url: str


@dataclass
class Cell:
    """One shown value."""

    text: Any
    kind: str = "text"
    url: str | None = None
    colour: str | None = None
    icon: str | None = None
    sub: str | None = None
    file: File | None = None


@dataclass
class Col:
    """A column of a table, with the link that sorts by it."""

    key: str
    label: Any
    kind: str = "text"
    align: str = ""
    sortable: bool = False
    sort: str = ""
    sort_url: str | None = None
    shown: bool = True
    rank: int = 0
    """Its place among several columns that the list is sorted by; 0 where there is one or none."""


@dataclass
class Row:
    """A line of a table."""

    id: Any
    url: str | None
    title: str
    cells: list[Cell]
    edit_url: str | None = None
    state: str | None = None


@dataclass
class Chip:
    """A filter in use, or of a group, of which one is enough, the first and the others."""

    label: Any
    op: Any
    text: Any
    remove_url: str
    group: str = ""
    others: list["Chip"] = field(default_factory=list)


@dataclass
class Filter:
    """A filter that can be added."""

    key: str
    label: Any
    kind: str
    ops: list[tuple[str, Any]]
    choices: list[tuple[str, Any]] = field(default_factory=list)


@dataclass
class Action:
    """A button."""

    name: str
    label: Any
    url: str
    icon: str | None = None
    primary: bool = False
    method: str = "GET"
    asks_why: bool = False
    """Whether a reason can be given where it is confirmed."""


@dataclass
class Section:
    """A titled group of fields (of a form, or shown)."""

    label: Any
    fields: list[Any]


@dataclass
class Field:
    """A shown field of a record."""

    label: Any
    cell: Cell
    help: Any = None


@dataclass
class Tab:
    """A tab of a record page; its content is loaded from `url`."""

    key: str
    label: Any
    url: str
    count: int | None = None
    active: bool = False


@dataclass
class Tile:
    """A figure that leads to the rows behind it."""

    label: Any
    text: Any
    colour: str | None = None
    url: str | None = None
    sub: Any = None


@dataclass
class Badge:
    """A word with its colour."""

    text: Any
    colour: str = "gray"
    icon: str | None = None


@dataclass
class Table:
    """A table inside a record or home page."""

    title: Any
    columns: list[Col]
    rows: list[Row]
    totals: list[Cell] | None = None
    empty: Any = None
    url: str | None = None
    actions: list[Action] = field(default_factory=list)
    is_wide: bool = False
    """Over the whole page: it has a long text beside much else."""


@dataclass
class ListPage:
    """A generated list."""

    title: Any
    entity: str
    icon: str
    columns: list[Col]
    rows: list[Row]
    chips: list[Chip]
    filters: list[Filter]
    q: str
    total_text: Any
    first_url: str | None
    prev_url: str | None
    next_url: str | None
    last_url: str | None
    page_size: int
    size_urls: list[tuple[int, str]]
    actions: list[Action]
    bulk: list[Action]
    export_url: str | None
    add_url: str | None
    clear_url: str | None
    empty_hint: Any
    charts: list[tuple[Any, str]]
    columns_url: str
    cells: str = ""
    """The fields of the shown columns that can be changed where they stand, with "-" for every other column."""
    whole: str = ""
    """How many rows the list has, where the page does not show them all."""
    whole_label: str = ""
    """The offer to pick them all."""
    periods: list[str] = field(default_factory=list)
    """What a filter by a day offers at one click, in words."""
    crumbs: list[tuple[Any, str | None]] = field(default_factory=list)
    pick_url: str | None = None
    build_url: str | None = None
    """Where a report about the rows of the list is built."""
    upload_url: str | None = None
    """Where a file is sent whose rows become records."""
    views_url: str | None = None
    """Where the menu of saved views comes from when it is opened."""
    view_name: str = ""


@dataclass
class ShowPage:
    """A generated record page."""

    title: Any
    subtitle: Any
    badges: list[Badge]
    sections: list[Section]
    actions: list[Action]
    tabs: list[Tab]
    crumbs: list[tuple[Any, str | None]]
    history_url: str | None = None
    tools: Any = None
    """The record's neighbours, star and print: `record_tools.Tools`."""


@dataclass
class Refused:
    """A row that was not changed, and why."""

    name: str
    url: str
    reason: Any


@dataclass
class ResultPage:
    """What came of something that was done to many rows, some of which were refused."""

    title: Any
    counts: list[str]
    refused: list[Refused]
    refused_total: int
    back_url: str
    crumbs: list[tuple[Any, str | None]]
    again: Action | None
    """Asks once more for the refused rows, which `hidden` names."""
    hidden: list[tuple[str, str]]


@dataclass
class FormPage:
    """A form: adding, editing, or the arguments of an operation."""

    title: Any
    sections: list[Section]
    action: str
    cancel_url: str
    csrf: str | None = None
    subtitle: Any = None
    crumbs: list[tuple[Any, str | None]] = field(default_factory=list)
    hidden: list[tuple[str, str]] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)
    submit_label: Any = None
    intro: Any = None
    targets: list[tuple[Any, str | None]] = field(default_factory=list)
    targets_total: int | None = None
    reason: Any = None
    """The input that asks why."""
    danger: bool = False
