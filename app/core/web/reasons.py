"""Why something is changed: an input of forms, the header Change-Reason of programs; kept with the history of the change."""

from typing import Any
from urllib.parse import unquote

from flask import request
from flask_babel import gettext
from wtforms import StringField, validators as check

from app.core.errors import RuleError
from app.core.web.inputs import stripped

HEADER = "Change-Reason"
NAME = "change_reason"
"""Name of the input."""
LONGEST = 500
"""Letters that the history keeps of a reason."""


def said() -> str:
    """The reason that the call gives; empty where it gives none. Letters beyond ASCII are percent-encoded UTF-8.

    Raises:
        RuleError: it is longer than the history keeps, or no text.
    """
    try:
        found = unquote(request.headers.get(HEADER, ""), errors="strict").strip()
    except UnicodeDecodeError:
        found = "\0"
    return checked(found)


def inputs(entity: Any) -> dict[str, Any]:
    """The input of a form that changes rows of this entity, by its name; none where no history keeps what it says."""
    rules = [check.Optional(), check.Length(max=LONGEST)]
    return {NAME: StringField(gettext("Reason"), rules, filters=[stripped])} if entity.__history__ else {}


def input_of(form: Any) -> Any:
    """The input in a form; None where it asks for no reason."""
    return next((one for one in form if one.name == NAME), None)


def checked(found: str) -> str:
    """A reason that can be kept. Raises RuleError for one that is longer, or no text."""
    if len(found) > LONGEST or not found.isprintable():
        raise RuleError(gettext("The reason must be a text of at most %(n)s letters", n=LONGEST))
    return found
