"""The page of an operation: GET asks for its arguments, POST runs it. From a list, POST with chosen rows asks first."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from app.core import labels, registry
from app.core.db import web_session
from app.core.operation import Operation
from app.core.web import bulk_asking, links, meant, operations
from app.core.web.meant import RAN
from app.core.web.once_page import once_page
from app.core.web.operations import Outcome
from app.core.web.outcomes import MOST_SAID, outcome_page
from app.core.web.pages import FormPage, Section
from app.core.web.principal import current
from app.core.web.sending import Sending

SHOWN_TARGETS = 8


def find(entity: Any, name: str) -> Operation:
    """The operation of that name on the entity that the principal may run; anything else is a 404."""
    for operation in registry.operations(entity):
        if operation.name == name and current().may(operation.permission, operation.subject):
            return operation
    raise NotFound


def operate(entity: Any, name: str) -> Any:
    """Ask for what the operation needs, then run it on the chosen rows and say what came of each.

    More rows than can be worked on while their person waits are left to a job, which the answer leads to.
    """
    operation, session, sent = find(entity, name), web_session(), Sending.now()
    is_run = request.method == "POST" and RAN in request.form
    # looked for before the rows: those of a list may no longer meet its filters, since it was done
    before, refusal = sent.asked_before(session) if is_run else (None, None)
    if before is not None:
        return meant.done_before(before, back(entity, meant.named(entity)))
    ids = meant.rows(entity)
    form = operations.form_for(operation, session)
    if is_run and form.validate():
        wrong = refusal or meant.refusal(ids)
        form.form_errors.extend([str(wrong)] if wrong else [])
    answer = _run(operation, form, ids, sent) if is_run and not (form.errors or form.form_errors) else None
    return answer or _page(operation, form, ids)


def _run(operation: Operation, form: Any, ids: list[int], sent: Sending) -> Any:
    """Run it, once for this form, and say what came of it; None where the form is to be shown again."""
    session, leave = web_session(), partial(back, operation.entity, ids)
    arguments = {p.name: form[p.name].data for p in operation.arguments}
    if len(ids) > operations.AT_ONCE:
        return bulk_asking.operation(session, operation, ids, arguments, sent)
    outcomes = operations.run(operation, session, ids, current(), arguments, then=_keeping(sent))
    session.commit()
    if len(outcomes) == 1 and outcomes[0].secret:
        [row] = operations.rows(operation, session, ids, current())
        return once_page(row, outcomes[0].sentence, outcomes[0].secret)
    if _is_asked_again(form, outcomes):
        return None
    return _report(operation, outcomes) or redirect(leave())


def _keeping(sent: Sending) -> Callable[[Any, list[Outcome]], None]:
    """What stores the key of the form with the first thing that the operation stores."""
    kept: list[bool] = []

    def then(within: Any, outcomes: list[Outcome]) -> None:
        if not kept and any(one.is_kept for one in outcomes):
            kept.append(True)
            sent.keep(within)

    return then


def _is_asked_again(form: Any, outcomes: list[Outcome]) -> bool:
    """A refusal of the one row because of something typed goes beside it, so that it can be put right."""
    if len(outcomes) != 1 or not outcomes[0].is_refused or outcomes[0].field not in form:
        return False
    field = form[outcomes[0].field]
    field.errors = [*field.errors, outcomes[0].sentence]
    return True


def _page(operation: Operation, form: Any, ids: list[int]) -> Any:
    slug, targets = (
        operation.entity.slug(),
        operations.rows(operation, web_session(), ids[:SHOWN_TARGETS], current()),
    )
    notice = bulk_asking.notice(len(ids), operations.AT_ONCE)
    section = Section(None, [form[p.name] for p in operation.arguments])
    page = FormPage(
        title=operation.label, sections=[section] if operation.arguments else [], action=f"/{slug}/do/{operation.name}",
        cancel_url=back(operation.entity, ids), intro=" ".join(filter(None, (str(operation.intro), notice))), danger=operation.is_danger,
        hidden=meant.hidden(ids, is_named=True), targets=[(str(row), links.show_url(slug, row.id)) for row in targets],
        targets_total=len(ids),
        errors=list(form.form_errors),
        crumbs=[(labels.entity_label(operation.entity), links.list_url(slug)),
                *([(str(targets[0]), links.show_url(slug, targets[0].id))] if len(ids) == 1 else [])], submit_label=operation.label,
    )  # fmt: skip
    is_wrong = RAN in request.form and bool(form.form_errors or any(field.errors for field in form))
    return render_template("generated/operation.html", page=page), (422 if is_wrong else 200)


def _report(operation: Operation, outcomes: list[Outcome]) -> Any:
    """A message for what was done or asked for and for each refusal; None, or for many of these the page that lists them."""
    done, asked = ([one for one in outcomes if one.is_done], [one for one in outcomes if one.is_asked])
    refused = [each for each in outcomes if each.is_refused]
    counts = [
        (_told(done, gettext("Rows done: %(n)s", n=len(done))), "success"),
        (_told(asked, gettext("Sent for approval: %(n)s", n=len(asked))), "info"),
    ]
    if len(refused) > MOST_SAID:
        entity, said = operation.entity, [told for told, _kind in counts if told]
        action = f"/{entity.slug()}/do/{operation.name}"
        return outcome_page(entity, operation.label, action, said, refused, back(entity, []))
    for told, kind in counts:
        if told:
            flash(told, kind)
    for each in refused:
        flash(f"{each.name}: {each.sentence}", "danger")
    return None


def _told(outcomes: list[Outcome], counted: str) -> str:
    """The sentence of one, what is `counted` of several, nothing of none."""
    if len(outcomes) == 1 and outcomes[0].sentence:
        return outcomes[0].sentence
    return counted if outcomes else ""


def back(entity: Any, ids: list[int]) -> str:
    """Where the person came from: the list if it is ours, else the record. A tab's list has no page but the whole."""
    came = request.values.get("next", "")
    if came.startswith(f"/{entity.slug()}/") and "//" not in came and "\\" not in came:
        return re.sub(r"[?&]partial=\w*$|partial=\w*&", "", came)
    return links.show_url(entity.slug(), ids[0]) if len(ids) == 1 else links.list_url(entity.slug())
