"""What a report is asked, read from the address: parameters become inputs, defaults fill what is not said."""

import types
import typing
from dataclasses import Field, dataclass, replace
from datetime import date
from typing import Any

from flask import request, url_for
from flask_babel import gettext
from wtforms import DateField, Form, SelectField, StringField, validators as check
from wtforms.fields.choices import SelectChoice

from app.core import labels, registry
from app.core.errors import RuleError
from app.core.report import Asked, Reader, Report, entity_of
from app.core.types import Choice
from app.core.web.cells import plain
from app.core.web.forms import choice_input
from app.core.web.inputs import LookupField
from app.core.web.principal import Principal

FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
"""Days outside of these are slips of the hand, and what is counted from them leads out of the calendar."""

PICTURE = "picture"
"""What the address says of how the rows are drawn; it stays the same on the way down."""


@dataclass
class Question:
    """One request for a report: what is asked, by whom, and the inputs that say it."""

    report: Report
    asked: Asked
    form: Form
    reader: Reader
    principal: Principal

    @property
    def is_valid(self) -> bool:
        return not self.form.errors

    def field(self, name: str) -> Any:
        """The input of a parameter."""
        return self.form[name]


def read(report: Report, reader: Reader, principal: Principal) -> Question:
    """The question in the address; where a value is wrong, its input says why and `is_valid` is False."""
    parameters = report.asked.parameters()
    kinds = typing.get_type_hints(report.asked)
    inputs = {one.name: _input(one, kinds[one.name], reader) for one in parameters}
    defaults = {one.name: one.metadata["default"](reader) for one in parameters if one.metadata["default"]}
    form = type("ReportForm", (Form,), inputs)(request.args, data=defaults)
    for one in parameters:
        # what the address does not say is the default; what it says to be empty is empty
        if one.name not in request.args:
            form[one.name].data, form[one.name].raw_data = defaults.get(one.name), None
    form.validate()
    values = {one.name: form[one.name].data for one in parameters if not form[one.name].errors}
    asked = report.asked(**values)
    if not form.errors:
        asked = asked.settled(reader)
        _show_settled(form, asked)
    return Question(report, asked, form, reader, principal)


def need_valid(question: Question) -> Question:
    """The question again; raises RuleError with what is wrong where there is no page to show it on."""
    for name, errors in question.form.errors.items():
        raise RuleError(f"{question.form[name].label.text}: {' '.join(map(str, errors))}", name)
    return question


def _show_settled(form: Form, asked: Asked) -> None:
    """An input left empty shows what the report took instead."""
    for one in asked.parameters():
        value = getattr(asked, one.name)
        if form[one.name].data is None and value is not None:
            form[one.name].data, form[one.name].raw_data = value, None


def _input(one: "Field[Any]", annotation: Any, reader: Reader) -> Any:
    kind = _bare(annotation)
    common: dict[str, Any] = {"label": one.metadata["label"], "validators": [check.Optional()]}
    if one.metadata["choices"]:
        pairs = [SelectChoice(value, str(label)) for value, label in one.metadata["choices"](reader)]
        return SelectField(
            **common, choices=pairs, validate_choice=bool(pairs), coerce=lambda raw: raw or None
        )
    if entity_of(one):
        target = registry.entity(entity_of(one))
        url = url_for("Lookups.rows", slug=target.slug())
        return LookupField(**common, target=target, session=reader.session, url=url)
    if isinstance(kind, type) and issubclass(kind, Choice):
        return choice_input(common, kind, optional=True)
    if kind is date:
        common["validators"].append(_in_the_calendar)
    return (DateField if kind is date else StringField)(**common)


def _in_the_calendar(_form: Form, field: Any) -> None:
    """Refuse a day that no book can hold."""
    if field.data is not None and not FIRST <= field.data <= LAST:
        known = {"first": plain("date", FIRST), "last": plain("date", LAST)}
        raise check.ValidationError(gettext("Choose a day from %(first)s to %(last)s", **known))


def _bare(annotation: Any) -> Any:
    """The type without its None."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(a for a in typing.get_args(annotation) if a is not type(None))
    return annotation


def shown(question: Question) -> list[Any]:
    """The inputs this person may use: rows to choose from are offered only where he may list them."""
    found = []
    for one in question.asked.parameters():
        slug = entity_of(one)
        may = not slug or question.principal.may("can_list", labels.subject(registry.entity(slug)))
        if (may and not one.metadata["is_hidden"]) or question.form[one.name].errors:
            found.append(question.form[one.name])
    return sorted(found, key=lambda one: one.type != "DateField")


def arguments(question: Question, **changes: Any) -> dict[str, str]:
    """The parameters as they stand in an address, with some changed; empty ones that were said stay said."""
    drawn_as = changes.pop(PICTURE, request.args.get(PICTURE, ""))
    asked = replace(question.asked, **changes) if changes else question.asked
    found = {}
    for one in asked.parameters():
        value = getattr(asked, one.name)
        if one.name in request.args or one.name in changes:
            found[one.name] = "" if value is None else str(value)
    said = {name: value for name, value in found.items() if value or name in request.args}
    return said | ({PICTURE: drawn_as} if drawn_as else {})


def in_words(question: Question) -> list[tuple[str, str]]:
    """(label, value) of every parameter that is set, as people read them."""
    found = []
    for one in question.asked.parameters():
        value = getattr(question.asked, one.name)
        if value is not None:
            text = linked_text(question, one.name, value) if entity_of(one) else plain("text", value)
            found.append((str(one.metadata["label"]), text))
    return found


def linked_row(question: Question, name: str) -> Any:
    """The row a parameter points to, if it is set and visible."""
    value = getattr(question.asked, name)
    return None if value is None else question.form[name].find(value)


def linked_text(question: Question, name: str, value: Any) -> str:
    """How a linked row is called."""
    row = question.form[name].find(value)
    return str(row) if row is not None else gettext("(not visible to you)")
