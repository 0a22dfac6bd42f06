"""The button that closes the business day where the clock does not run by itself."""

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext

from app.core import clock, jobs
from app.core.db import unscoped
from app.core.web.cells import plain
from app.core.web.principal import current
from app.core.web.register import screen


@screen()
class Clock(BaseView):
    """Closing the day: the night runs and the business date moves on."""

    route_base = "/clock"
    class_permission_name = "Clock"
    default_view = "close_day"

    @expose("/close", methods=["POST"])
    @has_access
    def close_day(self) -> Any:
        with unscoped("the night works on every book", user_id=current().user_id) as session:
            day = clock.business_date(session)
            is_meant = request.form.get("day") == day.isoformat()
            if is_meant:
                jobs.request(session, "nightly", day + timedelta(days=1), current().user_id)
        if not is_meant:
            return self._refuse(day)
        told = gettext("%(day)s is being closed; the steps appear under Job runs", day=plain("date", day))
        flash(told, "info")
        return redirect("/job_run/list/" if current().may("can_list", "JobRun") else self._back())

    def _refuse(self, day: date) -> Any:
        """Say that the page was opened on another business date than today's; no day is closed."""
        flash(
            gettext(
                "Nothing was closed: the page showed another day. The business date is %(day)s now.",
                day=plain("date", day),
            ),
            "warning",
        )
        return redirect(self._back())

    @staticmethod
    def _back() -> str:
        return request.referrer or "/home/"
