"""Inputs that depend on what others of their form say: what they offer, and how a value is typed.

A column says so in its `info`: `follows` names the inputs that lead it; of these `offers` gives its words, `like` the
field whose value it keeps as text (and `filters_of` the entity whose filters it holds, see `filter_input`). The page
asks for the form anew when a leader changes (js/follow.js) and takes the inputs over that follow it.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from flask import has_request_context, request, url_for
from flask_babel import lazy_gettext as _
from wtforms import StringField

from app.core.web.fields import FieldInfo
from app.core.web.inputs import CodeInput, DecimalInput, Drawn, LookupField, stripped

NUMBERS = ("money", "rate", "number", "days")


def leader(fields: Sequence[FieldInfo], row: Any, posted: Any = None) -> Any:
    """What leads the form's fields, by column: as the form or its address says it, else as it stands in the row."""
    names = {name for each in fields for name in each.column.info.get("follows", "").split()}
    said: Mapping[str, Any] = {} if posted is None else posted
    if posted is None and has_request_context():
        said = request.form if request.method == "POST" else request.args
    return SimpleNamespace(
        **{name: said[name] if name in said else getattr(row, name, None) for name in names}
    )


def input_of(asked: FieldInfo, common: dict[str, Any], led_by: Any, session: Any) -> Any:
    """The input of a field that follows others; None where it is typed as any other text."""
    info = asked.column.info
    if "offers" in info:
        # what may stand there depends on the others, so the entity's rules check it
        return CodeInput(**common, words=info["offers"](led_by), validate_choice=False)
    like = info["like"](led_by) if "like" in info else None
    return None if like is None else _input_like(like, common | {"description": ""}, session)


def _input_like(like: FieldInfo, common: dict[str, Any], session: Any) -> Any:
    """Asks for a text as the input of another field asks for its value."""
    if like.kind == "link":
        url = url_for("Lookups.rows", slug=like.target.slug())
        return LinkText(**common, target=like.target, session=session, url=url)
    words = _words(like)
    if words:
        return CodeInput(**common, words=words, validate_choice=False)
    if like.kind in NUMBERS:
        return NumberText(**common)
    return DayText(**common, filters=[stripped]) if like.kind == "date" else None


def _words(like: FieldInfo) -> dict[str, Any]:
    if like.kind == "bool":
        return {"true": _("Yes"), "false": _("No")}
    return {one.value: one.label for one in like.choices} if like.kind == "choice" else like.words


class LinkText(LookupField):
    """A link that is kept as the number of its row, in a text."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = str(self.data)  # type: ignore[assignment]


class NumberText(DecimalInput):
    """A number that is kept as text, in the one way in which programs write it."""

    def _value(self) -> str:
        return str(self.raw_data[0] if self.raw_data else self.data or "")

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.data = None if self.data is None else f"{self.data:f}"  # type: ignore[assignment]


class DayText(Drawn, StringField):
    """A day that is kept as text."""

    drawn_as = "DateField"
