"""Why a program changes something: the header Change-Reason, kept with the history of whatever its call changes."""

from urllib.parse import unquote

from flask import request
from flask_babel import gettext

from app.core.errors import RuleError

HEADER = "Change-Reason"
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
