"""The page of one change to many rows: GET asks which fields and what for, POST makes the change and says what came of it.

More rows than can be changed while their person waits are left to a job, which the answer leads to.
"""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import format_decimal, gettext, ngettext
from sqlalchemy import select

from app.core import labels
from app.core.db import because, web_session
from app.core.web import bulk, bulk_asking, drafts, forms, links, meant
from app.core.web.bulk_form import TICKED, bulk_form, fields_of
from app.core.web.fields import FieldInfo
from app.core.web.meant import RAN
from app.core.web.operate import SHOWN_TARGETS, back
from app.core.web.operations import Outcome
from app.core.web.outcomes import MOST_LISTED, MOST_SAID, outcome_page
from app.core.web.pages import FormPage, Section
from app.core.web.principal import current
from app.core.web.reasons import NAME as REASON
from app.core.web.sending import Sending


def change(entity: Any) -> Any:
    """Ask for the change, then make it in all chosen rows, once for this form."""
    session, sent, is_run = web_session(), Sending.now(), request.method == "POST" and RAN in request.form
    # looked for before the rows: those of a list may no longer meet its filters, since they are changed
    before, refusal = sent.asked_before(session) if is_run else (None, None)
    if before is not None:
        return meant.done_before(before, back(entity, meant.named(entity)))
    ids, fields = meant.rows(entity), fields_of(entity, current())
    ticked = set((drafts.draft() or request.values).getlist(TICKED))
    if not is_run:
        return _page(entity, ids, bulk_form(entity, fields, session), ticked)
    wanted = [field for field in fields if field.column.key in ticked]
    form = bulk_form(entity, wanted, session)
    if refusal is not None or not _is_ready(form, wanted, ids):
        form.form_errors.extend([str(refusal)] if refusal else [])
        return _page(entity, ids, bulk_form(entity, fields, session), ticked, form)
    return _run(entity, ids, forms.values(form, wanted), form[REASON].data if REASON in form else None, sent)


def _run(entity: Any, ids: list[int], values: dict[str, Any], reason: str | None, sent: Sending) -> Any:
    """Make the change, or leave it to a job, and say what came of it."""
    session = web_session()
    if len(ids) > bulk.at_once(session, entity, values):
        return bulk_asking.change(session, entity, ids, values, reason, sent)
    if reason:
        because(session, reason)
    done = bulk.change(session, entity, ids, values, current().user_id)
    if done.changed:
        sent.keep(session)
    session.commit()
    return _said(entity, ids, done)


def _is_ready(form: Any, wanted: Sequence[FieldInfo], ids: list[int]) -> bool:
    """Whether the change can be made as it was asked for; else the form says why not."""
    is_right = form.validate()
    if is_right and not forms.values(form, wanted):
        form.form_errors.append(gettext("Choose at least one field to change"))
    elif is_right and (refusal := meant.refusal(ids)) is not None:
        form.form_errors.append(refusal)
    return is_right and not form.form_errors


def _page(entity: Any, ids: list[int], form: Any, ticked: set[str], tried: Any = None) -> Any:
    """The form; of one that was tried, with what is wrong with it."""
    slug, count = entity.slug(), format_decimal(len(ids))
    shown = [
        tried[one.name] if tried and one.name in tried else one for one in form if one.name != "csrf_token"
    ]
    page = FormPage(
        title=f"{gettext('Edit')}: {labels.entity_label(entity)}", sections=[Section(None, shown)],
        action=f"/{slug}/change", cancel_url=back(entity, ids), hidden=meant.hidden(ids), intro=bulk_asking.notice(len(ids), bulk.AT_ONCE_FREE),
        errors=[] if tried is None else list(tried.form_errors), targets=_targets(entity, ids[:SHOWN_TARGETS]),
        targets_total=len(ids), crumbs=[(labels.entity_label(entity), links.list_url(slug))],
        submit_label=ngettext("Change %(n)s row", "Change %(n)s rows", len(ids), n=count),
    )  # fmt: skip
    status = 200 if tried is None else 422
    # a button of the list asks for one field: its box is ready to type in, the others are folded away
    asked = (
        {field.name for field in shown} & set(request.args.getlist(TICKED)) & ticked
        if tried is None
        else set()
    )
    one = asked.pop() if len(asked) == 1 else ""
    return render_template("generated/change.html", page=page, ticked=ticked, reason=REASON, one=one), status


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
