"""The page of one change to many rows: GET asks which fields and what for, POST makes the change and says what came of it."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import format_decimal, gettext, ngettext
from sqlalchemy import func, select

from app.core import labels
from app.core.db import because, web_session
from app.core.errors import OutOfScope, RuleError
from app.core.web import bulk, drafts, forms, links
from app.core.web.bulk_form import bulk_form, fields_of
from app.core.web.chosen import LIST, chosen, whole_list
from app.core.web.fields import FieldInfo, as_id
from app.core.web.listing import COUNT_CAP
from app.core.web.operate import RAN, SHOWN_TARGETS, back
from app.core.web.operations import Outcome
from app.core.web.outcomes import MOST_LISTED, MOST_SAID, outcome_page
from app.core.web.pages import FormPage, Section
from app.core.web.principal import current
from app.core.web.reasons import REASON
from app.core.web.sending import Sending, say

MOST_ROWS = COUNT_CAP
TICKED = "_change"
"""Name of the boxes that say which fields are to change."""
COUNT = "_count"
"""Hidden field that says how many rows a whole list had when its person was asked."""


def change(entity: Any) -> Any:
    """Ask for the change, then make it in all chosen rows, once for this form."""
    session, sent, is_run = web_session(), Sending.now(), request.method == "POST" and RAN in request.form
    # looked for before the rows: those of a list may no longer meet its filters, since they are changed
    before, refusal = _before(sent) if is_run else (None, None)
    if before is not None:
        say(is_again=True)
        return redirect(back(entity, _said_ids(entity)))
    ids, fields = _rows(entity), fields_of(entity, current())
    ticked = set((drafts.draft() or request.form).getlist(TICKED))
    if not is_run:
        return _page(entity, ids, bulk_form(entity, fields, session), ticked)
    wanted = [field for field in fields if field.column.key in ticked]
    form = bulk_form(entity, wanted, session)
    if refusal is not None or not _is_ready(form, wanted, len(ids)):
        form.form_errors.extend([str(refusal)] if refusal else [])
        return _page(entity, ids, bulk_form(entity, fields, session), ticked, form)
    if REASON in form and form[REASON].data:
        because(session, form[REASON].data)
    done = bulk.change(session, entity, ids, forms.values(form, wanted), current().user_id)
    if done.changed:
        sent.keep(session)
    session.commit()
    return _said(entity, ids, done)


def _before(sent: Sending) -> tuple[int | None, RuleError | None]:
    """Whether this form was carried out before; or why it is not to be now."""
    try:
        return sent.before(web_session()), None
    except RuleError as error:
        return None, error


def _said_ids(entity: Any) -> list[int]:
    """The ids that the form names, as they are."""
    found = [as_id(entity, one) for one in request.form.getlist("ids")]
    return [one for one in found if one is not None]


def _rows(entity: Any) -> list[int]:
    """The ids of the rows that are meant; one that is foreign or unknown makes the whole request a 404."""
    ids, session = chosen(entity, MOST_ROWS), web_session()
    if not ids:
        raise RuleError(gettext("Choose at least one row first"))
    if len(ids) > MOST_ROWS:
        raise RuleError(gettext("At most %(n)s rows at a time", n=format_decimal(MOST_ROWS)))
    if whole_list() is None:
        seen = select(entity.id).where(bulk.among(entity, ids)).subquery()
        if session.scalar(select(func.count()).select_from(seen)) != len(ids):
            raise OutOfScope
    return ids


def _is_ready(form: Any, wanted: Sequence[FieldInfo], rows: int) -> bool:
    """Whether the change can be made as it was asked for; else the form says why not."""
    is_right = form.validate()
    if is_right and not forms.values(form, wanted):
        form.form_errors.append(gettext("Choose at least one field to change"))
    elif is_right and whole_list() is not None and request.form.get(COUNT) != str(rows):
        sentence = gettext("The list has %(n)s rows by now. Nothing was changed; confirm it again.", n=rows)
        form.form_errors.append(sentence)
    return is_right and not form.form_errors


def _page(entity: Any, ids: list[int], form: Any, ticked: set[str], tried: Any = None) -> Any:
    """The form; of one that was tried, with what is wrong with it."""
    slug, count = entity.slug(), format_decimal(len(ids))
    shown = [
        tried[one.name] if tried and one.name in tried else one for one in form if one.name != "csrf_token"
    ]
    page = FormPage(
        title=f"{gettext('Edit')}: {labels.entity_label(entity)}", sections=[Section(None, shown)],
        action=f"/{slug}/change", cancel_url=back(entity, ids), hidden=_hidden(ids),
        errors=[] if tried is None else list(tried.form_errors), targets=_targets(entity, ids[:SHOWN_TARGETS]),
        targets_total=len(ids), crumbs=[(labels.entity_label(entity), links.list_url(slug))],
        submit_label=ngettext("Change %(n)s row", "Change %(n)s rows", len(ids), n=count),
    )  # fmt: skip
    status = 200 if tried is None else 422
    return render_template("generated/change.html", page=page, ticked=ticked, reason=REASON), status


def _hidden(ids: list[int]) -> list[tuple[str, str]]:
    """What the form sends along: the rows, or the list that has them and how many it had."""
    query = whole_list()
    rows = [("ids", str(one)) for one in ids] if query is None else [(LIST, query), (COUNT, str(len(ids)))]
    return [(RAN, "1"), *rows, ("next", request.values.get("next", ""))]


def _targets(entity: Any, ids: list[int]) -> list[tuple[Any, str | None]]:
    return [(name, links.show_url(entity.slug(), one)) for one, name in _names(entity, ids).items()]


def _names(entity: Any, ids: Sequence[int]) -> dict[int, str]:
    """What these rows are called."""
    found = web_session().scalars(select(entity).where(bulk.among(entity, ids)).order_by(entity.id)).unique()
    return {row.id: str(row) for row in found}


def _said(entity: Any, ids: list[int], done: bulk.Done) -> Any:
    """A message of what was changed; where rows were refused, the page that lists them."""
    changed = gettext("Rows changed: %(n)s", n=format_decimal(done.changed))
    same = f"{gettext('Unchanged')}: {format_decimal(done.same)}"
    names = _names(entity, [one.row_id for one in done.warnings[:MOST_SAID]])
    for one in done.warnings[:MOST_SAID]:
        flash(f"{names.get(one.row_id, one.row_id)}: {one.sentence}", "warning")
    counts = [changed] if done.changed or not (done.same or done.refused) else []
    counts += [same] if done.same else []
    if not done.refused:
        for sentence in counts:
            flash(sentence, "success" if done.changed else "info")
        return redirect(back(entity, ids))
    names = _names(entity, [one.row_id for one in done.refused[:MOST_LISTED]])
    refused = [
        Outcome(names.get(one.row_id, str(one.row_id)), one.sentence, is_done=False, row_id=one.row_id)
        for one in done.refused
    ]
    return outcome_page(
        entity, gettext("Edit"), f"/{entity.slug()}/change", counts, refused, back(entity, ids)
    )
