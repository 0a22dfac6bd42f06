"""What an entity says about its screens. Plain data; the views read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
    labels: Mapping[str, Any] = field(default_factory=dict)
    """Labels of columns whose name does not say it."""
    hints: Mapping[str, Any] = field(default_factory=dict)
    position: int = 50
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
