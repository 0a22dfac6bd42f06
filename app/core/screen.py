"""What an entity says about its screens. Plain data; the views read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class When:
    """A field is asked for only while another one has one of these values: `When("kind", "branch team")`.

    A form shows it only then, and nobody stores a value in it otherwise, whichever door he comes through.
    """

    field: str
    values: str
    """As they are stored, a space between; of a switch `yes` or `no`."""
    is_needed: bool = False
    """Whether it must be filled in then."""

    def is_met(self, value: Any) -> bool:
        """Whether the other field's value is one of them.

        >>> When("is_closed", "yes").is_met(True), When("kind", "branch team").is_met("own")
        (True, False)
        """
        said = {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        return said in self.values.split()


@dataclass(frozen=True)
class Screen:
    """The generated screens of one entity.

    Columns are named as in the entity; a link is named without `_id`, and a dotted name reads a column
    of the linked row (`customer.name`). Only columns in `form` can be typed by people; everything else
    is kept by rules.
    """

    menu: Any = None
    """Menu group (lazy text); None keeps the entity out of the menu (it is reached from its parent)."""
    title: Any = None
    """Plural shown in the menu and on the list."""
    icon: str = "list"
    list: str = ""
    form: Mapping[Any, str] = field(default_factory=dict)
    show: Mapping[Any, str] = field(default_factory=dict)
    """Sections of the record page; the form's sections when empty."""
    tabs: str = ""
    """Entities whose rows point to this one and are shown as tabs, by table name."""
    search: str = ""
    """Columns for quick search. Codes match from their start, names anywhere."""
    filters: str = ""
    """Columns offered as filters; the list's columns when empty."""
    order: str = "-id"
    charts: Mapping[str, str] = field(default_factory=dict)
    """column → "count sum(column)": a chart grouped by that column."""
    operations: str = "add edit delete"
    """Which of add, edit, delete people may get at all; roles narrow it further."""
    help: Any = ""
    """What the help panel tells of these screens: what they are for, what depends on them, what to watch."""
    guide: str = ""
    """The guides of docs/guides and docs/howto that tell more, by their names with a space between."""
    labels: Mapping[str, Any] = field(default_factory=dict)
    """Labels of columns whose name does not say it."""
    hints: Mapping[str, Any] = field(default_factory=dict)
    only_if: Mapping[str, When] = field(default_factory=dict)
    """Fields of the form that are asked for only while another one has some value."""
    position: int = 50
    upload: str = ""
    """Address of the screen where a file is given that no table of columns can say; "" where rows come from tables."""
    is_for_people: bool = False
    """Whether a program with a token may only look at it: what opens doors is made by somebody who has logged in."""

    def columns(self, what: str) -> tuple[str, ...]:
        """The names in one of the space separated lists."""
        return tuple(str(getattr(self, what)).split())

    @property
    def form_columns(self) -> tuple[str, ...]:
        return tuple(name for names in self.form.values() for name in names.split())

    @property
    def show_sections(self) -> Mapping[Any, str]:
        return self.show or self.form
