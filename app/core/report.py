"""Reports: one decorated function gives a page, a chart, a workbook, a menu line, a permission and its tests.

    @report("portfolio", _("Portfolio quality"), roles=("Manager",), dimensions=(COUNTY, BRANCH),
            measures=(Measure("loans", _("Loans"), "number"), Measure("outstanding", _("Balance"))))
    def portfolio(asked: BookAsked, by: str) -> Select: ...

The function answers with a Select over entities (never text, so that scope criteria and row security apply)
whose columns are `key` and `name` of a row, one for each measure, and where wanted `detail` (a second line
under the name) and `linked` (false: what stands in the row cannot be said as a filter). Without a dimension
it answers with the totals alone. A report that declares no dimensions is a function of `asked` only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from datetime import date
from typing import Any, Self, get_type_hints

from app.core import registry
from app.core.db import ScopedSession

MOST_ROWS = 500
"""Rows a page shows; the workbook has all of them."""


@dataclass(frozen=True)
class Reader:
    """Who asks and when: what defaults and choices of parameters may depend on."""

    session: ScopedSession
    on: date
    user_id: int


@dataclass(frozen=True)
class Asked:
    """What a report is asked. Its parameters are the fields of a subclass that are made by `parameter()`.

    The type of a field decides its input: date, str, a Choice, or an int named `<entity>_id`.
    """

    def settled(self, reader: Reader) -> Self:
        """A copy with what only the data can tell: which day there is a snapshot of."""
        return self

    def notes(self, by: str) -> list[str]:
        """Sentences the reader of these groups must know, for the foot of the page and of the workbook."""
        return []

    @property
    def is_current(self) -> bool:
        """Whether the figures are today's, so that lists of rows as they are now show the same."""
        return True

    @classmethod
    def parameters(cls) -> "list[Field[Any]]":
        """The fields people fill in."""
        return [one for one in fields(cls) if "label" in one.metadata]


def parameter(
    label: Any,
    *,
    entity: str = "",
    default: Callable[[Reader], Any] | None = None,
    choices: Callable[[Reader], Sequence[tuple[str, Any]]] | None = None,
    is_hidden: bool = False,
) -> Any:
    """A field of an Asked that people fill in; `default` and `choices` may look at the data.

    `entity` is the slug of the rows an id is chosen from, where the field's name does not say it.
    """
    told = {"label": label, "entity": entity, "default": default, "choices": choices, "is_hidden": is_hidden}
    return field(default=None, metadata=told)


def entity_of(one: "Field[Any]") -> str:
    """The slug of the entity a parameter is an id of; empty for other parameters."""
    return str(one.metadata["entity"]) or (one.name.removesuffix("_id") if one.name.endswith("_id") else "")


@dataclass(frozen=True)
class Rows:
    """The list that opens the rows behind a number.

    `given` are filters that always hold; `named` says which filter a parameter becomes. A parameter that is
    set and not named would show other rows than were counted, so then the number is no link.
    """

    entity: str
    given: Mapping[str, str]
    named: Mapping[str, str]
    ignored: frozenset[str] = frozenset()
    """Parameters that do not limit which rows this number counts (the day, the period)."""
    is_current: bool = True
    """The list shows the present, so the number is a link only while the figures are today's."""
    adds: tuple[str, ...] = ()
    """The columns of the list that add up to the figure; none for a number of rows."""

    def columns(self) -> str | None:
        """The list's columns as its address says them, where its usual ones lack some of those that add up."""
        usual = registry.entity(self.entity).__screen__.columns("list")
        missing = [name for name in self.adds if name not in usual]
        return ".".join(name.replace(".", "-") for name in (*usual, *missing)) if missing else None

    def filters(self, asked: Asked, empty: str = "") -> dict[str, Any] | None:
        """Filters of the list for what was asked; the parameter `empty` means "has none". None: no link."""
        if self.is_current and not asked.is_current:
            return None
        found: dict[str, Any] = dict(self.given)
        for one in asked.parameters():
            value = getattr(asked, one.name)
            if one.name in self.ignored or (value is None and one.name != empty):
                continue
            if one.name not in self.named:
                return None
            name = self.named[one.name]
            found |= {f"{name}__null": "yes"} if one.name == empty else {name: value}
        return found


@dataclass(frozen=True)
class Measure:
    """A column of figures (or facts) of a report."""

    name: str
    label: Any
    kind: str = "money"
    """money, number, percent; text, code, date, phone for facts that are no sums."""
    of: tuple[str, str] | None = None
    """For percent: the two measures whose quotient it is; the total is the quotient of their totals."""
    rows: Rows | None = None
    is_totalled: bool = True
    """False for amounts that must not be added up, such as those of several currencies."""
    is_distinct: bool = False
    """A row can count in several lines, so the total is what the report answers without a dimension."""
    chart: str = ""
    """bar or line; empty keeps it out of the chart."""
    axis: int = 0
    is_shown: bool = True

    @property
    def is_summed(self) -> bool:
        return (
            self.kind in ("money", "number") and self.of is None and self.is_totalled and not self.is_distinct
        )


def _nothing(_key: Any, _asked: Asked) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Dimension:
    """What the rows of a report are: counties, officers, months."""

    name: str
    label: Any
    narrow: Callable[[Any, Asked], dict[str, Any]] = _nothing
    """The parameters that limit the report to the row of a key; none where that cannot be said."""
    next: str = ""
    """The dimension one comes to by choosing a row."""
    entity: str = ""
    """The entity whose id is the key; its record opens where there is no next dimension."""
    kind: str = "text"
    """How names are written: text, date, month, or choice."""
    choices: Any = None
    empty: str = ""
    """Parameter by which a list finds the rows that have none ("without an officer")."""
    is_comparison: bool = True
    """Whether its rows are worth comparing in a chart."""
    is_place: bool = False
    """Whether the key is the id of a region, so that its rows can be shown on a map."""


@dataclass(frozen=True)
class Report:
    """A declared report."""

    name: str
    title: Any
    function: Callable[..., Any]
    roles: tuple[str, ...]
    measures: Sequence[Measure] | Callable[[Reader], Sequence[Measure]]
    dimensions: tuple[Dimension, ...] = ()
    asked: type[Asked] = Asked
    icon: str = "report"
    help: Any = ""
    """What the help panel tells of it."""
    position: int = 50
    kind: str = "bar"
    """Kind of its chart: bar, line or stacked."""
    first: Any = ""
    """Label of the first column where there are no dimensions."""
    most_rows: int = MOST_ROWS
    template: str = "report.html"
    present: Callable[..., dict[str, Any]] | None = None
    """Adds to the page's context what another template wants; takes the result and the page."""

    @property
    def permission(self) -> str:
        return "can_open"

    @property
    def subject(self) -> str:
        """Its name in permissions: PortfolioReport."""
        return "".join(part.capitalize() for part in self.name.replace("-", "_").split("_")) + "Report"

    @property
    def url(self) -> str:
        return f"/report/{self.name}"

    def columns(self, reader: Reader) -> list[Measure]:
        """The measures, which may depend on the data (a column for each bucket)."""
        return list(self.measures(reader) if callable(self.measures) else self.measures)

    def query(self, asked: Asked, by: str) -> Any:
        """The function's Select; a report without dimensions is a function of what is asked alone."""
        return self.function(asked, by) if self.dimensions else self.function(asked)

    def dimension(self, name: str) -> Dimension | None:
        """The dimension of that name, the first for an empty name; None when there is none."""
        if not name:
            return self.dimensions[0] if self.dimensions else None
        return next((one for one in self.dimensions if one.name == name), None)


def report(name: str, title: Any, *, roles: tuple[str, ...] = (), **options: Any) -> Callable[..., Any]:
    """Declare a report; `roles` are the standard roles that may open it. See the module and `Report`."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        asked = get_type_hints(function)["asked"]
        registry.register_report(Report(name, title, function, roles, asked=asked, **options))
        return function

    return declare
