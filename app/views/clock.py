"""The button that closes the business day where the clock does not run by itself."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext

from app.core import clock, jobs
from app.core.db import unscoped
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
            jobs.request(
                session, "nightly", clock.business_date(session) + timedelta(days=1), current().user_id
            )
        flash(gettext("The day is being closed; its steps appear under Job runs"), "info")
        return redirect(
            "/job_run/list/" if current().may("can_list", "JobRun") else request.referrer or "/home/"
        )
