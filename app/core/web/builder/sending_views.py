"""The door by which a reader has a kept report sent by e-mail."""

from typing import Any

from flask import abort, flash, jsonify, redirect, request
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import get_locale, gettext

import config
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import ReportSending, UserReport
from app.core.web.builder import keeping, receiving, sending
from app.core.web.principal import current
from app.core.web.register import screen
from app.core.web.sending import Sending, say
from app.core.web.writing import storing


@screen()
class ReportSendings(BaseView):
    """When a report is sent, said by whoever gets it; by whoever made it also for the holders of its role."""

    route_base = "/user_report"
    class_permission_name = "UserReport"

    @expose("/send/<id(user_report):report_id>", methods=["POST"])
    @has_access
    @permission_name("save")
    def send(self, report_id: int) -> Any:
        """Have it sent on these days, or no longer."""
        report, said = keeping.found(str(report_id)) or abort(404), request.form
        try:
            form = Sending.now()
            with storing(ReportSending) as session:
                if form.before(session) is not None:
                    say(is_again=True)
                    return redirect(keeping.address(report))
                days, hour, to = said.get("days", ""), said.get("hour", ""), said.getlist("receivers")
                sending.set_up(session, report, days, hour, is_for_role="role" in said, to=to)
                form.keep(session)
            say(is_again=False)
        except RuleError as error:
            flash(str(error), "danger")
        return redirect(keeping.address(report))

    @expose("/receivers")
    @has_access
    @permission_name("save")
    def receivers(self) -> Any:
        """Users to choose from as receivers of a report."""
        return jsonify(receiving.offers(request.args.get("q", "")))


def form(report: UserReport | None) -> dict[str, Any] | None:
    """What the form beside a kept report offers and has chosen; None where there is none."""
    if report is None or not current().may("can_save", "UserReport"):
        return None
    known = web_session().scalar(sending.of_reader(report))
    return {
        "action": f"/user_report/send/{report.id}", "groups": _days(), "days": known.days if known else "",
        "hours": [(n, f"{n:02}:00") for n in range(24)], "hour": known.hour if known else 8,
        "role": str(report.role) if sending.may_send_to_role(report) else "",
        "is_for_role": bool(known and known.is_for_role), "is_set_up": bool(config.SMTP_URL),
        "is_mine": report.user_id == current().user_id,
        "receivers": receiving.told(report) if report.user_id == current().user_id else [],
    }  # fmt: skip


def _days() -> list[tuple[str, list[tuple[str, str]]]]:
    """The days to choose from, in words."""
    names = get_locale().days["stand-alone"]["wide"]
    weekly = [(f"week-{n + 1}", names[n]) for n in range(7)]
    monthly = [(f"month-{n}", gettext("Day %(n)s", n=n)) for n in range(1, sending.MOST_DAY + 1)]
    return [("", [("day", gettext("Every day"))]), (gettext("Every week on"), weekly), (gettext("Every month on"), monthly)]  # fmt: skip
