"""Adding a row where a form asks for one: its own form in a dialog, and the form around it stays as it was typed.

Every lookup of a form offers it where the reader's role may add rows of its target. The dialog is the target's usual
form, fetched as a part and stored through the usual door: the same fields, rules, scope and refusals.
"""

from typing import Any

from flask import jsonify, request

from app.core import labels
from app.core.web.inputs import LookupField
from app.core.web.principal import current

PART = "new"
"""What the page asks for in `X-Partial`."""
_MARK = "new-"
"""Before the ids of the dialog's inputs, which the form around it may have, too."""


def is_asked() -> bool:
    """Whether the form is for a dialog."""
    return request.headers.get("X-Partial") == PART


def offer(form: Any) -> None:
    """Let the lookups of a form say where a row for them is added; in a dialog none does."""
    for bound in form:
        if isinstance(bound, LookupField) and not is_asked() and may_add(bound.target):
            bound.new_url = f"/{bound.target.slug()}/add"
            bound.new_label = labels.singular(bound.target)
            bound.new_name = labels.naming(bound.target)


def may_add(entity: Any) -> bool:
    """Whether the reader may add a row that is used at once: nothing that shows a secret, and no words about a record."""
    declared = entity.__screen__
    is_plain = not declared.is_for_people and not entity.__scope__.is_own_to_write and "add" in declared.operations.split()  # fmt: skip
    return is_plain and bool(declared.form) and current().may("can_add", labels.subject(entity))


def apart(form: Any) -> None:
    """Give the inputs ids of their own."""
    for bound in form:
        bound.id = bound.label.field_id = f"{_MARK}{bound.id}"


def added(row: Any) -> Any:
    """The new row as the lookup takes it."""
    return jsonify(value=str(row.id), text=str(row))
