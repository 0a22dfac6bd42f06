"""Forms made from an entity's columns or from an operation's signature."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
    validators as check,
)
from wtforms.fields.choices import SelectChoice

from app.core import form_rules
from app.core.web import dependent, looks
from app.core.web.fields import FieldInfo
from app.core.web.file_input import HeldFileInput, NeededFile
from app.core.web.inputs import (
    AMOUNT,
    Chosen,
    CodeInput,
    CodesInput,
    DayInput,
    DecimalInput,
    FileInput,
    InstantInput,
    IntegerInput,
    LookupField,
    Needed,
    stripped,
)

Made = dict[tuple[str, ...], Any]
"""Forms by the columns that they ask for."""
LONGEST = 4000
"""Most letters of a remark or text that somebody types."""
TYPED = 60
"""Most letters of a telephone number or code as people write it, before it is brought to its form."""


def _text_rules(column: Any) -> list[Any]:
    length = getattr(column.type, "length", None)
    if length is None and column.info.get("kind") == "longtext":
        length = LONGEST
    if length and form_rules.is_normalised(column):
        length = max(length, TYPED)
    return [check.Length(max=length)] if length else []


def is_required(column: Any) -> bool:
    """Whether the person must fill it in: not nullable, no default, and no rule that fills it."""
    if "custom" in column.info:
        return bool(column.info["is_needed"])
    is_filled = column.default is not None or column.server_default is not None
    return not column.nullable and not is_filled and not column.info.keys() & {"is_filled", "empty"}


def input_for(field: FieldInfo, session: Any, row: Any = None, led_by: Any = None) -> Any:
    """The WTForms field for a column of an entity; `row` is the one that is changed, `led_by` says what leads it."""
    column, kind = field.column, field.kind
    rules: list[Any] = [Needed()] if is_required(column) and kind != "bool" else [check.Optional()]
    common = {
        "label": field.label,
        "validators": rules,
        "description": field.hint,
        "default": _default(column),
    }
    if kind == "link":
        url = url_for(f"{view_name(field.entity)}.lookup", column=field.name)
        if is_required(column):
            common["validators"] = [Chosen(_("Needed"))]
        return LookupField(**common, target=field.target, session=session, url=url)
    if led_by is not None and "follows" in column.info:
        ruled = {**common, "validators": [*rules, *_text_rules(column)]}
        found = dependent.input_of(field, ruled, led_by, session)
        return plain_input(field, common) if found is None else found
    offered = column.info["offers"](row) if row is not None and "offers" in column.info else {}
    if not offered:
        return plain_input(field, common)
    if not column.nullable:
        common["validators"] = [Needed()]
    # what may stand there depends on the row, so the entity's rules check it
    return CodeInput(**common, words=offered, validate_choice=False)


def _default(column: Any) -> Any:
    """The value a new row starts with, shown in its form."""
    given = getattr(column.default, "arg", None)
    if given is None or callable(given):
        return None
    if isinstance(given, bool):
        return given if "custom" in column.info else None
    return Decimal(given) if getattr(column.type, "scale", None) else given


_PLAIN: dict[str, Any] = {"date": DayInput, "datetime": InstantInput, "file": FileInput}


def plain_input(field: FieldInfo, common: dict[str, Any]) -> Any:
    """The input for a value that is no link; `common` is what every WTForms field takes."""
    kind, column = field.kind, field.column
    if kind in ("money", "rate"):
        return DecimalInput(**common, column=column.type, pattern=AMOUNT if kind == "money" else None)
    if kind in ("number", "days"):
        has_places = getattr(column.type, "scale", None)
        return DecimalInput(**common, column=column.type) if has_places else IntegerInput(**common)
    if kind == "file" and field.custom:
        return HeldFileInput(**{**common, "validators": [NeededFile()] if is_required(column) else []})
    if kind in _PLAIN:
        return _PLAIN[kind](**common)
    if kind == "bool":
        return BooleanField(**{name: common.get(name) for name in ("label", "description", "default")})
    if kind == "choice":
        return choice_input(common, field.choices, optional=column.nullable and not is_required(column))
    if kind == "codes":
        return CodesInput(**common, words=field.spoken)
    if field.words:
        return CodeInput(**common, words=field.words)
    common["validators"] = [*common["validators"], *_text_rules(column)]
    if kind == "password":
        return PasswordField(**common)
    return (TextAreaField if kind == "longtext" else StringField)(**common, filters=[stripped])


def choice_input(common: dict[str, Any], choices: Any, *, optional: bool) -> Any:
    """A select with the labels of a Choice."""
    options = [SelectChoice(one.value, str(one.label)) for one in choices]
    if optional:
        options.insert(0, SelectChoice("", "–"))
    return SelectField(**common, choices=options, coerce=lambda raw: choices(raw) if raw else None)


def view_name(entity: Any) -> str:
    """The blueprint of an entity's generated screens."""
    return f"screen_{entity.slug()}"


def entity_form(
    fields: Sequence[FieldInfo],
    session: Any,
    row: Any = None,
    *,
    posted: Any = None,
    made: Made | None = None,
) -> FlaskForm:
    """A form with these fields, filled from a row or from what was posted.

    `posted` is what an API call says in place of a form; a call with a token needs no CSRF mark. `made` keeps the
    forms of one call that writes many rows: to make one takes longer than to read and check a row with it.
    """
    if row is not None and posted is None:
        looks.note_form(fields, row)
    key = tuple(field.column.key for field in fields)
    form_class = None if made is None else made.get(key)
    if form_class is None:
        led_by = dependent.leader(fields, row, posted)
        inputs = {field.column.key: input_for(field, session, row, led_by) for field in fields}
        form_class = type("EntityForm", (FlaskForm,), inputs)
    if made is not None and not any("offers" in field.column.info for field in fields):
        made[key] = form_class
    given = {} if posted is None else {"formdata": posted, "meta": {"csrf": False}}
    return form_class(obj=row, **given)


def settled(form: FlaskForm, fields: Sequence[FieldInfo]) -> dict[str, str]:
    """What a new row is about, by input, where the address says it: it goes with the form, unseen."""
    keys = [field.column.key for field in fields if field.is_fixed and field.kind != "file"]
    return {key: str(form[key].data) for key in keys if form[key].data is not None and not form[key].errors}


def tell_conditions(form: FlaskForm, entity: Any) -> None:
    """Let the inputs say while which value of another input they are asked for; one whose other is not there stays."""
    columns = entity.__table__.c
    for name, when in entity.__screen__.only_if.items():
        key, other = (form_rules.column_key(columns, each) for each in (name, when.field))
        if key in form and other in form:
            form[key].only_if = (other, when)


def suggest(form: FlaskForm, said: dict[str, str]) -> None:
    """Fill inputs with what an address says of them, as if it were typed; what cannot stand there is left out."""
    for key, raw in said.items():
        bound, before = form[key], form[key].data
        try:
            if raw:
                bound.process_formdata([raw])
        except ValueError:
            bound.data = before


def values(form: FlaskForm, fields: Sequence[FieldInfo]) -> dict[str, Any]:
    """What the form says, by column; kept links are left out."""
    found = {}
    for field in fields:
        bound = form[field.column.key]
        if getattr(bound, "kept", False):
            continue
        found[field.column.key] = field.column.info.get("empty") if bound.data is None else bound.data
    by_name = {field.column.key: field.column for field in fields}
    # an empty field that has a default is left to the default
    return {
        n: v
        for n, v in found.items()
        if not (v is None and not by_name[n].nullable and not is_required(by_name[n]))
    }
