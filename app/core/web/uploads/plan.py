"""What is to become of a file: which column holds which field and how it is written, and what is done with a row."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from app.core.sheets.layout import Layout
from app.core.sheets.layout_json import parse_layout
from app.core.web.fields import FieldInfo

MODES = ("both", "create", "update")
NUMBERS = ("money", "rate", "number", "days")
ISO = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Plan:
    """The columns of a file as fields of an entity."""

    fields: tuple[dict[str, Any], ...] = ()
    """Fields that have a column, each as a layout says it in JSON (`app.core.sheets.layout`)."""
    mode: str = "both"
    """Whether rows add records, change those that are there, or do what fits."""
    key: tuple[str, ...] = ()
    """The fields by which a record is found that is there already."""
    fill: Mapping[str, str] = field(default_factory=dict)
    """Field → what it is given, as typed into a form: in every row where it has no column, else in new records alone."""

    def to_json(self) -> dict[str, Any]:
        """The plan as a row keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Plan":
        """The plan that a row keeps; an empty one where it keeps none."""
        if "fields" not in stored:
            return cls()
        return cls(tuple(stored["fields"]), stored["mode"], tuple(stored["key"]), dict(stored["fill"]))

    def layout(self) -> Layout:
        """The columns as the reader of layouts takes them. Raises LayoutError for what none can be made of."""
        return parse_layout(
            {"name": "upload", "title": "upload", "target": "rows", "fields": list(self.fields)}
        )

    @property
    def alike(self) -> dict[str, str]:
        """What every row is given, whatever the file says."""
        return {name: value for name, value in self.fill.items() if name not in self.names()}

    def names(self) -> dict[str, str]:
        """Field → the name of its column."""
        return {item["field"]: item["headers"][0] for item in self.fields}


def type_of(known: FieldInfo) -> str:
    """The type as which a layout reads cells of a field; what people read, such as a name, stays text."""
    if known.kind == "rate":
        return "rate"
    if known.kind in NUMBERS:
        return "decimal" if getattr(known.column.type, "scale", None) else "integer"
    return known.kind if known.kind in ("date", "bool", "code") and not known.spoken else "text"


def column(known: FieldInfo, header: str, said: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A field with its column, and how that is written as far as something is said of it."""
    kind, said = type_of(known), {name: value for name, value in (said or {}).items() if value}
    if kind == "date" and "date_formats" in said:
        said["date_formats"] = [*said["date_formats"], *ISO]
    if "values" in said:
        said["keep_others"] = True
    return {"field": known.name, "headers": [header], "type": kind, **said}
