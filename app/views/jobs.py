"""The job centre: every job that the user asked for, how far it is, what came of it, and what he can do with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select

from app.core import clock, codes, i18n, registry
from app.core.db import web_session
from app.core.labels import singular, subject
from app.core.web import links
from app.core.web.cells import plain
from app.core.web.pages import Action, Badge
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.show_page import actions

MOST = 50
"""Jobs that the page shows; the lists have them all."""
HERE = "/jobs/"
_LOOKS = {
    "waiting": ("gray", "clock"), "running": ("blue", "loader-2"), "done": ("green", "check"),
    "failed": ("red", "alert-triangle"), "stopped": ("orange", "player-stop"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One job as it is shown."""

    at: datetime
    kind: str
    title: str
    url: str
    who: str
    at_text: str
    badge: Badge
    percent: int | None
    problem: str
    result_url: str | None
    actions: list[Action]


@screen(
    MenuEntry(
        _("Work"),
        _("Jobs"),
        HERE,
        "list-check",
        ("can_show", "Jobs"),
        58,
        help=_(
            "Every job you asked for: imports, large files, nights. You see how far each is, why one "
            "failed, and can stop it or run it again; you are told when one ends. Whoever sees everything"
            " can show the jobs of all."
        ),
    )
)
class Jobs(BaseView):
    """Imports, files and nights in one place."""

    route_base = "/jobs"
    class_permission_name = "Jobs"
    default_view = "show"

    @expose("/")
    @has_access
    def show(self) -> Any:
        may_all = web_session().reach.is_all and current().may("can_list", "JobRun")
        is_all = may_all and "all" in request.args
        lines = sorted(_lines(is_all=is_all), key=lambda line: line.at, reverse=True)[:MOST]
        page = {
            "title": gettext("Jobs"), "lines": lines, "may_all": may_all, "is_all": is_all, "here": HERE,
            "is_open": any(line.percent is not None for line in lines),
        }  # fmt: skip
        return render_template("jobs.html", page=page)


def _lines(*, is_all: bool) -> Iterator[Line]:
    """The newest jobs of each kind that the role may list, within the user's scope; a statement for each kind."""
    for entity in registry.entities():
        job = getattr(entity, "__job__", None)
        if job is None or not current().may("can_list", subject(entity)):
            continue
        found = select(entity).where(*(getattr(entity, name) == value for name, value in job.only.items()))
        if not is_all:
            found = found.where(getattr(entity, job.user) == current().user_id)
        for row in web_session().scalars(found.order_by(entity.id.desc()).limit(MOST)).unique():
            yield _line(entity, row, is_own=getattr(row, job.user) == current().user_id)


def _line(entity: Any, row: Any, *, is_own: bool) -> Line:
    job, state = entity.__job__, str(row.state)
    at = _began(row)
    is_open = state in (job.open or ("waiting", "running"))
    label = gettext("Stops soon") if is_open and row.is_to_stop else row.state.label
    look = _LOOKS.get("running" if is_open and job.open else state, ("gray", "clock"))
    offered = actions(entity, row, current(), lambda _verb: False)
    return Line(
        at, singular(entity), _title(row), links.show_url(entity.slug(), row.id), str(getattr(row, job.user.removesuffix("_id")) or ""),
        plain("datetime", at), Badge(label, *look), row.progress if is_open else None,
        _problem(row) if state == "failed" else "", job.result.format(id=row.id) if job.result and is_own and state == "done" else None,
        offered,
    )  # fmt: skip


def _began(row: Any) -> datetime:
    """When it was asked for or begun; one that waits and does not say so was asked for just now."""
    at = getattr(row, "created_at", None) or row.started_at
    return at or clock.now()


def _title(row: Any) -> str:
    """What a job is called: by its own name, or as what runs and for which day."""
    if type(row).naming_column():
        return str(row)
    return (
        f"{codes.say('job', row.job)} · {plain('date', row.business_on)}"
        if row.business_on
        else codes.say("job", row.job)
    )


def _problem(row: Any) -> str:
    """Why a job failed, in the reader's language."""
    if hasattr(row, "errors"):
        return " ".join(i18n.told(each) for each in row.errors[:1])
    return str(i18n.told({"reason": row.message, **row.said}) if hasattr(row, "said") else row.message or "")
