"""A seal held against its rows on its page: what `verify-audit` does for all of them, for one and at a click."""

from datetime import UTC, datetime
from typing import Any

from flask import abort, render_template
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import format_decimal, gettext, lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.core import codes, sections
from app.core.db import unscoped, web_session
from app.core.org import AuditSeal
from app.core.seal_rows import Differs, look
from app.core.web import links
from app.core.web.cells import plain
from app.core.web.fields import as_id
from app.core.web.pages import Cell, Col, Row, Table
from app.core.web.principal import current
from app.core.web.register import screen

MOST = 100
"""Rows that are named; `verify-audit` names more."""
sections.tab(AuditSeal, "check", _("Check"), "/audit_seal/check/{id}", "can_show")
codes.add(
    "seal_fault",
    {
        "altered": _("It was altered after it was sealed"),
        "missing": _("It is missing"),
        "inserted": _("It was inserted after the others were sealed"),
    },
)


@screen()
class SealChecks(BaseView):
    """Whether the rows under one seal are as they were."""

    route_base = "/audit_seal/check"
    class_permission_name = "AuditSeal"

    @expose("/<pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: str) -> Any:
        """The rows that are not as they were sealed; for whoever may open the seal."""
        asked = select(AuditSeal).where(AuditSeal.id == (as_id(AuditSeal, pk) or 0))
        seal = web_session().scalar(asked.options(undefer(AuditSeal.entries))) or abort(404)
        with unscoped("a seal is held against all of its rows", user_id=current().user_id) as house:
            found = look(house, seal)
        if not found.is_right and not found.faults:
            problem = gettext("The seal itself was altered: it does not say what it was made of.")
            return render_template("generated/trial.html", problem=problem)
        counts = {"rows": format_decimal(found.rows), "faults": format_decimal(len(found.faults))}
        told = gettext("Rows looked at: %(rows)s. Not as they were sealed: %(faults)s.", **counts)
        return render_template("generated/trial.html", told=told, table=_table(seal, found.faults[:MOST]))


def _table(seal: AuditSeal, faults: list[Differs]) -> Table:
    """Each row with when it was written and what is wrong with it; one that is there opens."""
    lines = []
    for one in faults:
        at, url = _instant(one.at), links.show_url(seal.entity, one.row_id)
        said = Cell(codes.say("seal_fault", one.how), "text", colour="red", icon="alert-triangle")
        cells = [Cell(str(one.row_id), "number"), Cell(plain("datetime", at) if at else "", "datetime"), said]
        lines.append(Row(one.row_id, None if one.how == "missing" else url, str(one.row_id), cells))
    heads = [("row", gettext("Row")), ("at", gettext("At")), ("fault", gettext("What is wrong"))]
    none = gettext("All of them are as they were sealed.")
    return Table(gettext("Not as they were sealed"), [Col(key, label) for key, label in heads], lines, None, none)  # fmt: skip


def _instant(at: int) -> datetime | None:
    """An instant of a sealed row, as far as the calendar goes."""
    try:
        return datetime.fromtimestamp(at / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
