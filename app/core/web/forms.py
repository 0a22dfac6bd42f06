"""Forms made from an entity's columns or from an operation's signature."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from flask import url_for
from flask_babel import get_locale, gettext, lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    Field,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    validators as check,
)
from wtforms.fields.choices import SelectChoice

from app.core import form_rules
from app.core.errors import RuleError
from app.core.web.cells import zone
from app.core.web.conditions import number
from app.core.web.fields import FieldInfo, as_id

KEEP = "keep"
"""Value of a link whose row the user cannot see: saving the form leaves it as it is."""
LONGEST = 4000
"""Most letters of a remark or text that somebody types."""
TYPED = 60
"""Most letters of a telephone number or code as people write it, before it is brought to its form."""


def written(value: Decimal) -> str:
    """A number as its reader writes it, with every digit it has."""
    return format_decimal(value, locale=get_locale(), decimal_quantization=False)


class DecimalInput(StringField):
    """A number in any of our languages' ways of writing; stays Decimal, never float."""

    type = "DecimalField"

    def __init__(
        self, label: Any = None, validators: Any = None, *, column: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.column = column

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else written(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if raw:
            try:
                self.data = number(raw)
            except RuleError as error:
                raise ValueError(str(error)) from error
            self._fit(self.data)

    def _fit(self, value: Decimal) -> None:
        """Raise ValueError for more digits than the column holds."""
        precision, places = getattr(self.column, "precision", None), getattr(self.column, "scale", None)
        if precision is None or places is None:
            return
        if value != round(value, places):
            raise ValueError(gettext("At most %(n)s decimal places", n=places))
        if abs(value) >= 10 ** (precision - places):
            raise ValueError(gettext("At most %(n)s digits before the decimal point", n=precision - places))


class IntegerInput(DecimalInput):
    """A whole number."""

    type = "IntegerField"

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            if self.data != int(self.data) or abs(self.data) > 2**31 - 1:
                raise ValueError(gettext("A whole number is needed"))
            self.data = int(self.data)  # type: ignore[assignment]


class CodesInput(SelectMultipleField):
    """Several short codes, chosen by their words; the entity's rules say which may stand there."""

    type = "SelectMultipleField"

    def __init__(self, label: Any, validators: Any, *, words: Mapping[str, Any], **kwargs: Any) -> None:
        offered = [SelectChoice(code, str(text)) for code, text in words.items()]
        super().__init__(label, validators, choices=offered, validate_choice=False, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [code for said in valuelist for code in said.replace(",", " ").split()] or None


class CodeInput(SelectField):
    """A code, chosen by its words. One that is stored and no longer offered can be kept."""

    type = "SelectField"
    choices: Any

    def __init__(self, label: Any, validators: Any, *, words: Mapping[str, Any], **kwargs: Any) -> None:
        offered = [SelectChoice("", "–"), *(SelectChoice(code, str(text)) for code, text in words.items())]
        super().__init__(label, validators, choices=offered, coerce=lambda raw: raw or None, **kwargs)

    def process_data(self, value: str | None) -> None:
        super().process_data(value)
        if value and all(value != choice.value for choice in self.choices):
            self.choices = [*self.choices, SelectChoice(value, value)]


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
        wanted = as_id(self.target, value)
        if wanted is None:
            return None
        return self.session.scalar(select(self.target).where(self.target.id == wanted))

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


class Chosen(check.DataRequired):
    """Something must be chosen; of a choice that was refused the reason stands, not that it is needed."""

    def __call__(self, form: Any, field: Any) -> None:
        if not field.process_errors:
            super().__call__(form, field)


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
    if length is None and column.info.get("kind") == "longtext":
        length = LONGEST
    if length and form_rules.is_normalised(column):
        length = max(length, TYPED)
    return [check.Length(max=length)] if length else []


def is_required(column: Any) -> bool:
    """Whether the person must fill it in: not nullable, no default, and no rule that fills it."""
    is_filled = column.default is not None or column.server_default is not None or "is_filled" in column.info
    return not column.nullable and not is_filled


def input_for(field: FieldInfo, session: Any, row: Any = None) -> Any:
    """The WTForms field for a column of an entity; `row` is the one that is changed."""
    column, kind = field.column, field.kind
    rules: list[Any] = (
        [check.InputRequired(_("Needed"))] if is_required(column) and kind != "bool" else [check.Optional()]
    )
    hint = field.entity.__screen__.hints.get(field.name, "")
    common = {"label": field.label, "validators": rules, "description": hint, "default": _default(column)}
    if kind == "link":
        url = url_for(f"{view_name(field.entity)}.lookup", column=field.name)
        if is_required(column):
            common["validators"] = [Chosen(_("Needed"))]
        return LookupField(**common, target=field.target, session=session, url=url)
    offered = column.info["offers"](row) if row is not None and "offers" in column.info else {}
    # what may stand there depends on the row, so the entity's rules check it
    return (
        CodeInput(**common, words=offered, validate_choice=False) if offered else plain_input(field, common)
    )


def _default(column: Any) -> Any:
    """The value a new row starts with, shown in its form."""
    given = getattr(column.default, "arg", None)
    if given is None or callable(given) or isinstance(given, bool):
        return None
    return Decimal(given) if getattr(column.type, "scale", None) else given


def plain_input(field: FieldInfo, common: dict[str, Any]) -> Any:
    """The input for a value that is no link; `common` is what every WTForms field takes."""
    kind, column = field.kind, field.column
    if kind in ("money", "rate"):
        return DecimalInput(**common, column=column.type)
    if kind in ("number", "days"):
        has_places = getattr(column.type, "scale", None)
        return DecimalInput(**common, column=column.type) if has_places else IntegerInput(**common)
    if kind == "bool":
        return BooleanField(label=common["label"], description=common["description"])
    if kind == "date":
        return DateField(**common)
    if kind == "datetime":
        return InstantInput(**common)
    if kind == "choice":
        return choice_input(common, field.choices, optional=column.nullable)
    if kind == "codes":
        return CodesInput(**common, words=field.spoken)
    if field.words:
        return CodeInput(**common, words=field.words)
    common["validators"] = [*common["validators"], *_text_rules(column)]
    if kind == "password":
        return PasswordField(**common)
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
    inputs = {field.column.key: input_for(field, session, row) for field in fields}
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
