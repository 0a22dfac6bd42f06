"""Leaving a change of many rows to a job: what the form says is stored with the rows, once for this form.

It is kept as a program would say it, as requests for approval keep theirs, so that `bulk_work` reads it back through the
same form. Where no worker runs, it waits.
"""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect
from flask_babel import gettext

from app.core.db import ScopedSession
from app.core.errors import ReadOnlyScope, RuleError
from app.core.labels import entity_label
from app.core.operation import Operation
from app.core.org import BulkJob
from app.core.web import bodies, bulk, field_changes, links
from app.core.web.principal import current
from app.core.web.sending import Sending

LONGEST = 500


def notice(rows: int, at_once: int) -> str:
    """What a form says before so many rows are changed; empty where they are changed at once."""
    if rows <= at_once:
        return ""
    return gettext(
        "So many rows are worked on in the background: you may leave, and are told when it is done."
    )


def change(
    session: ScopedSession, entity: Any, ids: Sequence[int], values: dict[str, Any], reason: str | None, sent: Sending
) -> Any:  # fmt: skip
    """Ask for these values by column in all rows, and commit. Raises what refuses them whatever the rows are."""
    bulk.refuse(session, entity, values)
    title = f"{gettext('Edit')}: {entity_label(entity)} · {field_changes.labels(entity, values)}"
    said = {name: _said(value) for name, value in values.items()}
    return _ask(session, sent, entity, ids, title=title, arguments=said, reason=reason)


def operation(
    session: ScopedSession, wanted: Operation, ids: Sequence[int], arguments: dict[str, Any], sent: Sending
) -> Any:
    """Ask for the operation on all rows, and commit. Raises ReadOnlyScope for somebody who may only read.

    Raises RuleError for what is for one row at a time, such as to set a password: that must not be kept.
    """
    if not wanted.is_bulk:
        raise RuleError(gettext("This is done with one row at a time"))
    if not session.reach.may_write and wanted.entity.__scope__.owner is None:
        raise ReadOnlyScope
    # a box that is not ticked is not sent at all
    said = {name: _said(value) for name, value in arguments.items() if value is not False}
    title = f"{wanted.label}: {entity_label(wanted.entity)}"
    return _ask(session, sent, wanted.entity, ids, title=title, arguments=said, operation=wanted.name)


def _said(value: Any) -> str:
    """A value as its input would send it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "" if value is None else str(bodies.as_said(value))


def _ask(
    session: ScopedSession, sent: Sending, entity: Any, ids: Sequence[int], *, title: str, **asked: Any
) -> Any:
    about = {"user_id": current().user_id, "title": title[:LONGEST], "entity": entity.slug()}
    job = BulkJob(**about, **asked, row_ids=list(ids), total=len(ids))
    session.add(job)
    session.flush()
    sent.keep(session, job.id)
    session.commit()
    flash(gettext("It begins within some seconds"), "info")
    return redirect(links.show_url("bulk_job", job.id))
