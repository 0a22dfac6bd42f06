"""Forms made from an entity's columns or from an operation's signature."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import format_decimal, gettext, lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    Field,
    SelectField,
    StringField,
    TextAreaField,
    validators as check,
)
from wtforms.fields.choices import SelectChoice

from app.core.errors import RuleError
from app.core.web.cells import zone
from app.core.web.conditions import number
from app.core.web.fields import FieldInfo

KEEP = "keep"
"""Value of a link whose row the user cannot see: saving the form leaves it as it is."""


class DecimalInput(StringField):
    """A number in any of our languages' ways of writing; stays Decimal, never float."""

    type = "DecimalField"

    def __init__(
        self, label: Any = None, validators: Any = None, *, places: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.places = places

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(format_decimal(self.data))

    def process_formdata(self, valuelist: list[str]) -> None:
        raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if raw:
            try:
                self.data = number(raw)
            except RuleError as error:
                raise ValueError(str(error)) from error
            if self.places is not None and self.data != round(self.data, self.places):
                raise ValueError(gettext("At most %(n)s decimal places", n=self.places))


class IntegerInput(DecimalInput):
    """A whole number."""

    type = "IntegerField"

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            if self.data != int(self.data) or abs(self.data) > 2**31 - 1:
                raise ValueError(gettext("A whole number is needed"))
            self.data = int(self.data)  # type: ignore[assignment]


class CodesInput(StringField):
    """Several short codes with spaces or commas between."""

    def _value(self) -> str:
        return " ".join(self.data) if isinstance(self.data, list) else str(self.data or "")

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = (valuelist[0] if valuelist else "").replace(",", " ").split() or None


class LookupField(Field):
    """A link, chosen by typing. Only ids that this session can see are accepted; unknown and foreign are alike."""

    type = "LookupField"

    def __init__(
        self, label: Any = None, validators: Any = None, *, target: Any, session: Any, url: str, **kwargs: Any
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.target, self.session, self.lookup_url = target, session, url
        self.multiple, self.kept = False, False

    def find(self, value: Any) -> Any:
        """The row with that id, if it is in scope."""
        if not str(value).isdigit() or int(value) > 2**63 - 1:
            return None
        return self.session.scalar(select(self.target).where(self.target.id == int(value)))

    @property
    def current(self) -> list[tuple[str, str]]:
        """The chosen row as (value, text) for the page."""
        if self.data is None:
            return []
        row = self.find(self.data)
        return [(str(self.data), str(row))] if row is not None else [(KEEP, gettext("(not visible to you)"))]

    def process_formdata(self, valuelist: list[str]) -> None:
        raw = valuelist[0].strip() if valuelist else ""
        self.raw_text = raw
        if raw == KEEP:
            self.kept = True
        elif not raw:
            self.data = None
        elif self.find(raw) is None:
            raise ValueError(gettext("There is nothing like this to choose"))
        else:
            self.data = int(raw)


def _instant(value: datetime | None) -> datetime | None:
    return value.astimezone(ZoneInfo(zone())).replace(tzinfo=None) if value else None


class InstantInput(DateTimeLocalField):
    """A day and time in the installation's zone."""

    type = "DateTimeLocalField"

    def process_data(self, value: datetime | None) -> None:
        self.data = _instant(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = self.data.replace(tzinfo=ZoneInfo(zone()))


def _text_rules(column: Any) -> list[Any]:
    length = getattr(column.type, "length", None)
    return [check.Length(max=length)] if length else []


def is_required(column: Any) -> bool:
    """Whether the person must fill it in: not nullable and no default."""
    return not column.nullable and column.default is None and column.server_default is None


def input_for(field: FieldInfo, session: Any) -> Any:
    """The WTForms field for a column of an entity."""
    column, kind = field.column, field.kind
    rules: list[Any] = (
        [check.InputRequired(_("Needed"))] if is_required(column) and kind != "bool" else [check.Optional()]
    )
    hint = field.entity.__screen__.hints.get(field.name, "")
    common = {"label": field.label, "validators": rules, "description": hint}
    if kind == "link":
        url = url_for(f"{view_name(field.entity)}.lookup", column=field.name)
        if is_required(column):
            common["validators"] = [check.DataRequired(_("Needed"))]
        return LookupField(**common, target=field.target, session=session, url=url)
    return _plain_input(field, common, _text_rules(column))


def _plain_input(field: FieldInfo, common: dict[str, Any], text_rules: list[Any]) -> Any:
    kind, column = field.kind, field.column
    if kind in ("money", "rate"):
        return DecimalInput(**common, places=column.type.scale)
    if kind in ("number", "days"):
        return DecimalInput(**common, places=column.type.scale) if hasattr(column.type, "scale") and column.type.scale else IntegerInput(**common)  # fmt: skip
    if kind == "bool":
        return BooleanField(label=common["label"], description=common["description"])
    if kind == "date":
        return DateField(**common)
    if kind == "datetime":
        return InstantInput(**common)
    if kind == "choice":
        return choice_input(common, field.choices, optional=column.nullable)
    if kind == "codes":
        return CodesInput(**common)
    common["validators"] = [*common["validators"], *text_rules]
    return (TextAreaField if kind == "longtext" else StringField)(**common, filters=[_strip])


def choice_input(common: dict[str, Any], choices: Any, *, optional: bool) -> Any:
    """A select with the labels of a Choice."""
    options = [SelectChoice(one.value, str(one.label)) for one in choices]
    if optional:
        options.insert(0, SelectChoice("", "–"))
    return SelectField(**common, choices=options, coerce=lambda raw: choices(raw) if raw else None)


def _strip(value: Any) -> Any:
    return (value.strip().replace("\x00", "") or None) if isinstance(value, str) else value


def view_name(entity: Any) -> str:
    """The blueprint of an entity's generated screens."""
    return f"screen_{entity.slug()}"


def entity_form(
    fields: Sequence[FieldInfo],
    session: Any,
    row: Any = None,
    *,
    data: dict[str, Any] | None = None,
    posted: Any = None,
) -> FlaskForm:
    """A form with these fields, filled from a row, from given values, or from what was posted.

    `posted` is what an API call says in place of a form; a call with a token needs no CSRF mark.
    """
    inputs = {field.column.key: input_for(field, session) for field in fields}
    form_class = type("EntityForm", (FlaskForm,), inputs)
    given = {} if posted is None else {"formdata": posted, "meta": {"csrf": False}}
    return form_class(obj=row, data=data, **given)


def values(form: FlaskForm, fields: Sequence[FieldInfo]) -> dict[str, Any]:
    """What the form says, by column; kept links are left out."""
    found = {}
    for field in fields:
        bound = form[field.column.key]
        if getattr(bound, "kept", False):
            continue
        found[field.column.key] = bound.data
    by_name = {field.column.key: field.column for field in fields}
    # an empty field that has a default is left to the default
    return {
        n: v
        for n, v in found.items()
        if not (v is None and not by_name[n].nullable and not is_required(by_name[n]))
    }


TYPES: dict[Any, Any] = {
    Decimal: DecimalInput,
    int: IntegerInput,
    date: DateField,
    bool: BooleanField,
    str: StringField,
}
"""Python type of an operation's argument → its form field."""
