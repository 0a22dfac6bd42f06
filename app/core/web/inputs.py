"""What people type into: a number, a code, a link, an instant, each read and shown in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from flask_babel import get_locale, gettext, lazy_gettext as _
from sqlalchemy import inspect, select
from wtforms import (
    DateField,
    DateTimeLocalField,
    Field,
    FileField,
    SelectField,
    SelectMultipleField,
    StringField,
    validators as check,
)
from wtforms.fields.choices import SelectChoice

from app.core.errors import RuleError
from app.core.web.cells import zone
from app.core.web.fields import as_id
from app.core.web.filter_values import number

KEEP = "keep"
"""Value of a link whose row the user cannot see: saving the form leaves it as it is."""


AMOUNT = "#,##0.00"


def written(value: Decimal, pattern: str | None = None) -> str:
    """A number as its reader writes it, with every digit it has."""
    return format_decimal(value, pattern, locale=get_locale(), decimal_quantization=False)


class Drawn:
    """An input that pages draw as the field of WTForms named by `drawn_as`; WTForms would go by the class's own name."""

    drawn_as: ClassVar[str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = self.drawn_as


class DecimalInput(Drawn, StringField):
    """A number in any of our languages' ways of writing; stays Decimal, never float."""

    drawn_as = "DecimalField"

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        column: Any = None,
        pattern: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.column, self.pattern = column, pattern

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else written(self.data, self.pattern)

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

    drawn_as = "IntegerField"

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            if self.data != int(self.data) or abs(self.data) > 2**31 - 1:
                raise ValueError(gettext("A whole number is needed"))
            self.data = int(self.data)  # type: ignore[assignment]


class CodesInput(Drawn, SelectMultipleField):
    """Several short codes, chosen by their words; the entity's rules say which may stand there."""

    drawn_as = "SelectMultipleField"

    def __init__(self, label: Any, validators: Any, *, words: Mapping[str, Any], **kwargs: Any) -> None:
        offered = [SelectChoice(code, str(text)) for code, text in words.items()]
        super().__init__(label, validators, choices=offered, validate_choice=False, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = [code for said in valuelist for code in said.replace(",", " ").split()] or None


class CodeInput(Drawn, SelectField):
    """A code, chosen by its words. One that is stored and no longer offered can be kept."""

    drawn_as = "SelectField"
    choices: Any

    def __init__(self, label: Any, validators: Any, *, words: Mapping[str, Any], **kwargs: Any) -> None:
        offered = [SelectChoice("", "–"), *(SelectChoice(code, str(text)) for code, text in words.items())]
        super().__init__(label, validators, choices=offered, coerce=lambda raw: raw or None, **kwargs)

    def process_data(self, value: str | None) -> None:
        super().process_data(value)
        if value and all(value != choice.value for choice in self.choices):
            self.choices = [*self.choices, SelectChoice(value, value)]


class FileInput(Drawn, FileField):
    """A file that comes with the form; what stores the row keeps it and puts its key in its place."""

    drawn_as = "FileField"

    def process_formdata(self, valuelist: list[Any]) -> None:
        given = valuelist[0] if valuelist else None
        self.data = None
        if given and not hasattr(given, "stream"):
            raise ValueError(gettext("A file is sent as a part of multipart/form-data"))
        if given:
            self.data = given


class LookupField(Field):
    """A link, chosen by typing. Only ids that this session can see are accepted; unknown and foreign are alike."""

    def __init__(
        self, label: Any = None, validators: Any = None, *, target: Any, session: Any, url: str, **kwargs: Any
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.target, self.session, self.lookup_url = target, session, url
        self.multiple, self.kept = False, False
        self.new_url: str | None = None
        """Where a row to choose is added, for who may do so (`app.core.web.creating`)."""
        self.new_label = ""
        self.new_name: str | None = None
        self.near: dict[str, str] = {}
        """Inputs whose choice orders the rows to choose from, each with the column that it is compared with."""

    def find(self, value: Any) -> Any:
        """The row with that id, if it is in scope."""
        wanted = as_id(self.target, value)
        if wanted is None:
            return None
        # what this session holds it has seen; a call with many rows names the same few again and again
        held = self.session.identity_map.get(inspect(self.target).identity_key_from_primary_key((wanted,)))
        if held is not None and not inspect(held).expired:
            return held
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


def stripped(value: Any) -> Any:
    """A typed text as it is stored: without what cannot be stored and spaces around it; None where nothing is left."""
    return (value.replace("\x00", "").strip() or None) if isinstance(value, str) else value


class Needed(check.InputRequired):
    """Something must be typed; spaces alone are nothing, since none of them would be stored."""

    def __init__(self) -> None:
        super().__init__(_("Needed"))

    def __call__(self, form: Any, field: Any) -> None:
        if not any(stripped(raw) for raw in field.raw_data or ()):
            field.errors = []
            raise check.StopValidation(str(self.message))


class Chosen(check.DataRequired):
    """Something must be chosen; of a choice that was refused the reason stands, not that it is needed."""

    def __call__(self, form: Any, field: Any) -> None:
        if not field.process_errors:
            super().__call__(form, field)


def _instant(value: datetime | None) -> datetime | None:
    return value.astimezone(ZoneInfo(zone())).replace(tzinfo=None) if value else None


class DayInput(DateField):
    """A day. Its year has four digits as browsers want it: a field they cannot read is sent back empty."""

    def _value(self) -> str:
        return " ".join(self.raw_data) if self.raw_data else self.data.isoformat() if self.data else ""


class InstantInput(DateTimeLocalField):
    """A day and time in the installation's zone, or in the one that it names: programs are told instants with it."""

    def _value(self) -> str:
        shown = str(super()._value())
        return shown if self.raw_data or not shown else "0" * (4 - shown.index("-")) + shown

    def process_data(self, value: datetime | None) -> None:
        self.data = _instant(value)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _with_zone(" ".join(valuelist))
        if self.data is not None:
            return
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = self.data.replace(tzinfo=ZoneInfo(zone()))


def _with_zone(said: str) -> datetime | None:
    """An instant written with its zone ("2018-06-08T02:40:00Z"); None for any other writing, and for no such instant."""
    try:
        told = datetime.fromisoformat(said.strip())
        return told.astimezone(ZoneInfo(zone())) if told.tzinfo else None
    except (ValueError, OverflowError):
        return None
