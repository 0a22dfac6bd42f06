"""Why somebody changes something, kept with its history: what a form says, or the header Change-Reason of a program."""

from typing import Any
from urllib.parse import unquote

from flask import request
from flask_babel import gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from wtforms import StringField, validators as check

from app.core import db
from app.core.errors import RuleError
from app.core.web.inputs import stripped

HEADER = "Change-Reason"
REASON = "change_reason"
"""Name of the input that says why."""
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
    if len(found) > LONGEST or not found.isprintable():
        raise RuleError(gettext("The reason must be a text of at most %(n)s letters", n=LONGEST))
    return found


def reason_input() -> Any:
    """The input of a form that says why; it may stay empty."""
    rules, told = (
        [check.Optional(), check.Length(max=LONGEST)],
        gettext("Kept in the history with the change"),
    )
    return StringField(gettext("Reason"), rules, description=told, filters=[stripped])


class ReasonForm(FlaskForm):
    """That input beside the form of one row."""

    class Meta:
        csrf = False

    @classmethod
    def of(cls, entity: Any) -> "ReasonForm":
        """The form; empty where history keeps no reason, or the row is one's own to write."""
        is_asked = entity.__history__ and not entity.__scope__.is_own_to_write
        return type("OneReasonForm", (cls,), {REASON: reason_input()} if is_asked else {})()

    def is_given(self, session: Session) -> bool:
        """Keep what it says with the history of what the transaction changes from here on; whether it can be kept."""
        if not self.validate():
            return False
        if said := self.data.get(REASON):
            db.change_reason.set(said)
            db.because(session, said)
        return True
