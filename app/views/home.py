"""Home: what matters today to whoever logged in, by role; each figure opens the rows behind it."""

from datetime import timedelta
from typing import Any

from flask import render_template
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _, pgettext

from app.core.db import web_session
from app.core.web.cells import plain
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.steering import business_date
from app.views.home_parts import Home, HomePage, present

LATE = "number customer days_past_due overdue_principal officer"


def manager(home: Home) -> dict[str, Any]:
    """The whole book in his scope: balance, risk, trend, branches."""
    tiles = [
        *home.book_tiles(),
        *present(
            home.count("loan", gettext("Overdue"), "red", days_past_due__gt=0, status__ne="settled"),
            home.count(
                "loan", gettext("More than 30 days"), "red", days_past_due__gt=30, status__ne="settled"
            ),
        ),
    ]
    charts = [
        (gettext("Balance and overdue by bucket"), "/loan/chart/bucket?data=1"),
        (gettext("Balance by branch"), "/loan/chart/branch?data=1"),
    ]
    worst = home.table(
        "loan", gettext("Longest overdue"), LATE, "-days_past_due", days_past_due__gt=0, status__ne="settled"
    )
    return {"tiles": tiles, "charts": report_charts() + charts, "tables": present(worst)}


def report_charts() -> list[tuple[str, str]]:
    """The trend report's chart, when the principal may read it."""
    from app.core import registry

    shown = [r for r in registry.reports() if r.name == "trend" and current().may(r.permission, r.subject)]
    return [(str(r.title), f"/report/{r.name}/chart") for r in shown]


def officer(home: Home) -> dict[str, Any]:
    """His loans: due this week, newly late, longest late."""
    week, on = home.on + timedelta(days=7), home.on
    tiles = present(
        home.count("loan", gettext("My loans"), None, status__ne="settled"),
        home.count(
            "loan",
            gettext("Due within a week"),
            "blue",
            next_due_on__ge=on,
            next_due_on__le=week,
            status__ne="settled",
        ),
        home.count(
            "loan",
            gettext("Newly late"),
            "orange",
            gettext("within a week"),
            days_past_due__gt=0,
            days_past_due__le=7,
        ),
        home.count("loan", gettext("More than 30 days"), "red", days_past_due__gt=30, status__ne="settled"),
    )
    tables = present(
        home.table("loan", gettext("Newly late"), LATE, "days_past_due", days_past_due__gt=0, days_past_due__le=7),
        home.table("loan", gettext("Due within a week"), "number customer next_due_on principal_outstanding", "next_due_on",
                   next_due_on__ge=on, next_due_on__le=week, status__ne="settled"),
    )  # fmt: skip
    return {"tiles": tiles, "charts": [], "tables": tables}


def partner(home: Home) -> dict[str, Any]:
    """The loans of his territory, read only."""
    tiles = present(
        home.count("loan", gettext("Loans here"), None, status__ne="settled"),
        home.count("loan", gettext("Overdue"), "red", days_past_due__gt=0, status__ne="settled"),
    )
    late = home.table(
        "loan",
        gettext("Overdue"),
        "number customer days_past_due overdue_principal region",
        "-days_past_due",
        15,
        days_past_due__gt=0,
        status__ne="settled",
    )
    return {"tiles": tiles, "charts": [], "tables": present(late)}


def agent(home: Home) -> dict[str, Any]:
    """Whom to contact today, and who must not be contacted and why."""
    columns = "customer loan phone state reason send_after"
    tiles = present(
        home.count("message", gettext("Waiting to be sent"), "blue", state="queued"),
        home.count(
            "message", gettext("Refused by contact rules"), "orange", state="refused", business_on__ge=home.on
        ),
        home.count("message", pgettext("message", "Failed"), "red", state="failed"),
        home.count("loan", gettext("Overdue"), "red", days_past_due__gt=0, status__ne="settled"),
    )
    tables = present(
        home.table(
            "loan",
            gettext("To contact: longest overdue first"),
            LATE,
            "-days_past_due",
            10,
            days_past_due__gt=0,
            status__ne="settled",
        ),
        home.table("message", gettext("Refused, with reasons"), columns, "-id", 10, state="refused"),
    )
    return {"tiles": tiles, "charts": [], "tables": tables}


def administrator(home: Home) -> dict[str, Any]:
    """Whether the house runs: last night, imports, messages."""
    tiles = present(
        home.count("job_run", gettext("Failed steps"), "red", state="failed"),
        home.count("import_run", gettext("Imports"), None),
        home.count("import_problem", gettext("Rows refused"), "orange"),
        home.count("message", gettext("Outcome unknown"), "orange", state="unknown"),
        home.count("user", gettext("Users"), None),
    )
    tables = present(
        home.table("job_run", gettext("Last night"), "step business_on state rows seconds", "-id", 10),
        home.table("import_problem", gettext("Rows refused"), "row column value reason", "-id", 8),
        home.table(
            "import_run", gettext("Imports"), "started_at layout file_name state created rejected", "-id", 6
        ),
    )
    return {"tiles": tiles, "charts": [], "tables": tables}


def auditor(home: Home) -> dict[str, Any]:
    """What changed and what was taken."""
    tiles = present(
        home.count("history", gettext("Changes recorded"), None),
        home.count("audit_event", gettext("Exports"), None, kind="export"),
        home.count("audit_event", gettext("Failed logins"), "orange", kind="login_failed"),
    )
    tables = present(
        home.table("history", gettext("Last changes"), "at entity row_id action user source", "-id", 10),
        home.table("audit_event", gettext("Access log"), "at user kind entity about", "-id", 10),
    )
    return {"tiles": tiles, "charts": [], "tables": tables}


PAGES: dict[str, HomePage] = {
    "Manager": manager, "Officer": officer, "Partner": partner, "Agent": agent, "Administrator": administrator, "Auditor": auditor,
}  # fmt: skip


@screen(MenuEntry("", _("Home"), "/home/", "home", ("can_show", "Home"), 0))
class HomeView(BaseView):
    """The first page after login."""

    route_base = "/home"
    class_permission_name = "Home"
    default_view = "show"

    @expose("/")
    @has_access
    def show(self) -> Any:
        principal = current()
        home = Home(web_session(), principal, business_date())
        # a role that a bank made itself gets the page that asks for nothing it may not see
        parts = PAGES.get(principal.role, officer)(home)
        page = {
            "title": gettext("Good day, %(name)s", name=principal.full_name),
            "subtitle": plain("date", home.on),
            "actions": [],
            **parts,
        }
        return render_template("home.html", page=page)
