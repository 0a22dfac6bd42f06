"""One field of one row, changed where it stands in a list: its input on GET, what it says stored on POST."""

from dataclasses import replace
from typing import Any

from flask import jsonify, render_template, request

from app.core.db import web_session
from app.core.errors import RuleError
from app.core.web import forms
from app.core.web.changing import write
from app.core.web.fields import FieldInfo
from app.core.web.meanwhile import OPENED, ChangedMeanwhile, Opened


def cell(entity: Any, row: Any, field: FieldInfo) -> Any:
    """The form of the field alone; once stored, what the rules warn of."""
    opened, key, marks = Opened.of(row, [field]), field.column.key, request.form.get(OPENED)
    if marks is not None:
        opened = replace(opened, said=marks)
    form, status = forms.entity_form([field], web_session(), row), 200
    if request.method == "POST":
        status = 422
        try:
            if form.validate():
                return jsonify(warnings=_stored(entity, row, field, form, opened))
        except ChangedMeanwhile as error:
            opened, status = opened.show_again(form, error), 409
        except RuleError as error:
            form[key].errors = [*form[key].errors, str(error)]
    return render_template(
        "generated/cell.html", form=form, field=form[key], opened=(OPENED, opened.said)
    ), status


def _stored(entity: Any, row: Any, field: FieldInfo, form: Any, opened: Opened) -> list[str]:
    if opened.is_untouched(field, form[field.column.key]):
        return []
    return write(entity, row, forms.values(form, [field]), opened).warnings
