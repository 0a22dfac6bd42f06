"""Adding a record like another: the form filled with its values, without those that no two records share."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm

from app.core.web import forms
from app.core.web.bulk_form import told_apart_by
from app.core.web.fields import FieldInfo
from app.core.web.file_input import HeldFileInput
from app.core.web.inputs import LookupField


def form(fields: Sequence[FieldInfo], session: Any, model: Any = None) -> FlaskForm:
    """The form for a new row, filled from the row that is its model if there is one.

    Left empty is what tells rows apart, a file, and a link to what the reader does not see.
    """
    if model is None:
        return forms.entity_form(fields, session)
    filled = forms.entity_form(fields, session, model)
    unique = told_apart_by(type(model)) - {"parent_id"}
    for field in fields:
        bound = filled[field.column.key]
        if isinstance(bound, HeldFileInput):
            bound.forget()
        is_unseen = (
            isinstance(bound, LookupField) and bound.data is not None and bound.find(bound.data) is None
        )
        if bound.raw_data is None and (field.column.name in unique or is_unseen):
            bound.data = None
    return filled
