"""Home: what matters today to whoever logged in, by role; each figure opens the rows behind it."""

from datetime import timedelta
from typing import Any

from flask import render_template
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import format_decimal, gettext, lazy_gettext as _, pgettext
from flask_login import current_user
from sqlalchemy import select

from app.core import clock, seals
from app.core.db import unscoped, web_session
from app.core.labels import subject
from app.core.org import AuditSeal, Branch, Region
from app.core.web import announcements, links, recents, task_rules
from app.core.web.builder.home import parts as built
from app.core.web.cells import plain
from app.core.web.favourites import stars
from app.core.web.pages import Action, Table, Tile
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.steering import business_date
from app.views.home_parts import OPEN, Home, HomePage, present

LATE: dict[str, Any] = {"days_past_due__gt": 0, "status__in": OPEN}
OWED = "number customer days_past_due overdue_principal overdue_interest"


def manager(home: Home) -> dict[str, Any]:
    """The whole book in his scope: balance, risk, trend, branches."""
    tiles = [
        *home.book_tiles(),
        *present(
            home.count("loan", gettext("Overdue loans"), "red", **LATE),
            home.count("loan", gettext("More than 30 days"), "red", days_past_due__gt=30, status__in=OPEN),
        ),
    ]
    charts = [
        (gettext("Balance by branch"), f"/loan/chart/branch?data=1&status__in={OPEN}"),
        (
            gettext("Overdue loans by bucket"),
            f"/loan/chart/bucket?data=1&days_past_due__gt=0&status__in={OPEN}",
        ),
    ]
    columns = "number customer days_past_due principal_outstanding officer"
    worst = home.table("loan", gettext("Longest overdue"), columns, "-days_past_due", **LATE)
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
        home.count("loan", gettext("My loans"), None, status__in=OPEN),
        home.count("loan", gettext("Due within a week"), "blue", next_due_on__ge=on, next_due_on__le=week, status__in=OPEN),
        home.count("loan", gettext("Newly late"), "orange", gettext("within a week"), days_past_due__le=7, **LATE),
        home.count("loan", gettext("More than 30 days"), "red", days_past_due__gt=30, status__in=OPEN),
    )  # fmt: skip
    tables = present(
        home.table("loan", gettext("Newly late"), OWED, "days_past_due", days_past_due__le=7, **LATE),
        home.table("instalment", gettext("Due within a week"), "loan customer due_on principal interest", "due_on",
                   due_on__ge=on, due_on__le=week, paid_on__null="yes"),
    )  # fmt: skip
    return {"tiles": tiles, "charts": [], "tables": tables}


def clerk(home: Home) -> dict[str, Any]:
    """What she posts today, and what came of the files she uploaded."""
    week, on = home.on + timedelta(days=7), home.on
    lately = {"started_at__ge": on - timedelta(days=7)}
    tiles = present(
        home.count(
            "loan",
            gettext("Due within a week"),
            "blue",
            next_due_on__ge=on,
            next_due_on__le=week,
            status__in=OPEN,
        ),
        home.count("loan", gettext("Overdue loans"), "red", **LATE),
        home.count("repayment", gettext("Received today"), "green", received_on=on),
        home.count(
            "import_run",
            gettext("Files with refused rows"),
            "orange",
            gettext("within a week"),
            rejected__gt=0,
            **lately,
        ),
    )
    tables = present(
        home.table("instalment", gettext("Due within a week"), "loan customer due_on principal interest", "due_on", 6,
                   opens="loan", due_on__ge=on, due_on__le=week, paid_on__null="yes"),
        home.table("repayment", gettext("Last repayments"), "received_on loan customer amount source", "-id", 6),
        home.table("import_run", gettext("Last files"), "file_name layout state created unchanged rejected started_at", "-id", 5),
        home.table("import_problem", gettext("Rows refused"), "run row column value reason", "-id", 5, is_wide=True),
    )  # fmt: skip
    return {"tiles": tiles, "charts": [], "tables": tables, "actions": present(_upload())}


def _upload() -> Action | None:
    """The way to the upload of a file, for who may."""
    if not current().may("can_add", "Imports"):
        return None
    return Action("import", gettext("Import a file"), "/imports/new", "cloud-upload", primary=True)


def partner(home: Home) -> dict[str, Any]:
    """The loans of his territory, read only."""
    tiles = present(
        home.count("loan", gettext("Loans here"), None, status__in=OPEN),
        home.count("loan", gettext("Overdue loans"), "red", **LATE),
        home.count("customer", gettext("Borrowers"), None),
    )
    tables = present(
        home.table("loan", gettext("Overdue"), "number customer product days_past_due overdue_principal overdue_interest region", "-days_past_due", 15, **LATE),
        home.table("loan", gettext("Next due"), "number customer next_due_on principal_outstanding", "next_due_on", status__in=OPEN, next_due_on__ge=home.on),
        home.table("customer", gettext("Borrowers"), "name identity_number manager", "name"),
    )  # fmt: skip
    return {"tiles": tiles, "charts": [], "tables": tables}


def agent(home: Home) -> dict[str, Any]:
    """Whom to contact today, and who must not be contacted and why."""
    tiles = present(
        home.count("loan", gettext("To contact"), "red", gettext("overdue loans"), **LATE),
        home.count("message", gettext("Waiting to be sent"), "blue", state="queued"),
        home.count(
            "message", gettext("Refused by contact rules"), "orange", state="refused", business_on__ge=home.on
        ),
        home.count("message", pgettext("message", "Failed"), "red", state="failed"),
    )
    tables = present(
        home.table("message", gettext("Refused, with reasons"), "loan customer reason", "-id", 6, state="refused", business_on__ge=home.on),
        home.table("message", gettext("Waiting to be sent"), "loan customer send_after", "send_after", 6, state="queued"),
        home.table("loan", gettext("To contact: longest overdue first"), OWED + " is_dunning_stopped", "-days_past_due", 10, **LATE),
    )  # fmt: skip
    return {"tiles": tiles, "charts": [], "tables": tables}


def unsealed(home: Home) -> Tile | None:
    """How many rows of the history no seal covers yet; red where the oldest waits longer than a few minutes."""
    if not home.principal.may("can_list", subject(AuditSeal)):
        return None
    with unscoped("rows that wait for their seal", user_id=home.principal.user_id) as house:
        found = seals.waiting(house)
    oldest = min((one.oldest_at for one in found if one.oldest_at), default=None)
    is_late = oldest is not None and clock.now() - oldest > seals.SOON
    said = gettext("the oldest of %(when)s", when=plain("datetime", oldest)) if oldest else None
    rows = format_decimal(sum(one.rows for one in found))
    return Tile(
        gettext("Not sealed yet"), rows, "red" if is_late else None, links.list_url("audit_seal"), said
    )


def administrator(home: Home) -> dict[str, Any]:
    """Whether the house runs: last night, imports, messages."""
    tiles = present(
        home.count("job_run", gettext("Failed steps"), "red", state="failed"),
        home.count("import_run", gettext("Imports"), None),
        home.count("import_problem", gettext("Rows refused"), "orange"),
        home.count("message", gettext("Outcome unknown"), "orange", state="unknown"),
        home.count("user", gettext("Users"), None),
        unsealed(home),
    )
    tables = present(
        home.table("job_run", gettext("Last night"), "step business_on state rows seconds", "-id", 6, job="nightly"),
        home.table("import_problem", gettext("Rows refused"), "row column value reason", "-id", 6),
        home.table("import_run", gettext("Imports"), "file_name layout state created updated rejected started_at", "-id", 6),
    )  # fmt: skip
    return {"tiles": tiles, "charts": [], "tables": tables}


def auditor(home: Home) -> dict[str, Any]:
    """What changed and what was taken."""
    tiles = present(
        home.count("history", gettext("Changes recorded"), None),
        home.count("audit_event", gettext("Exports"), None, kind="export"),
        home.count("audit_event", gettext("Failed logins"), "orange", kind="login_failed"),
        unsealed(home),
    )
    tables = present(
        home.table(
            "history", gettext("Last changes"), "at entity row_id action user source changes", "-id", 10
        ),
        home.table("audit_event", gettext("Access log"), "at user kind entity about", "-id", 6, is_wide=True),
    )
    return {"tiles": tiles, "charts": [], "tables": tables}


def my_tasks(home: Home) -> Tile | None:
    """How many tasks the reader has, and how many of them are late; red where one is."""
    mine = task_rules.mine(home.principal, current_user.team_id)
    found, late = (
        home.count("task", gettext("My tasks"), "blue", **mine, sort="open_due_on"),
        home.count("task", gettext("Overdue"), "red", **mine, open_due_on__lt=home.on),
    )
    if found is not None and late is not None and late.colour:
        found.colour, found.sub = "red", gettext("overdue: %(n)s", n=late.text)
    return found


def tasks_of_today(home: Home) -> Table | None:
    """What the reader has to do today, and what he should have done before; nothing where there is none."""
    mine = task_rules.mine(home.principal, current_user.team_id)
    found = home.table("task", gettext("Tasks for today"), "title due_on row_id", "open_due_on", 6, **mine, open_due_on__le=home.on)  # fmt: skip
    return found if found is not None and found.rows else None


PAGES: dict[str, HomePage] = {
    "Manager": manager, "Officer": officer, "Clerk": clerk, "Partner": partner, "Agent": agent, "Administrator": administrator, "Auditor": auditor,
}  # fmt: skip


def own_place() -> list[str]:
    """The branch or territory that the user belongs to, if any."""
    found = [
        web_session().scalar(select(cls).where(cls.id == getattr(current_user, key)))
        for cls, key in ((Branch, "branch_id"), (Region, "region_id"))
    ]
    return [str(one) for one in found if one is not None]


@screen(
    MenuEntry(
        "",
        _("Home"),
        "/home/",
        "home",
        ("can_show", "Home"),
        0,
        help=_(
            "Your work at a glance: figures, lists and charts for your role, announcements, your "
            "favourites and the records you looked at last. Every figure opens the rows behind it. "
            "Reports that you built can be put here and arranged."
        ),
        guide="reports-and-mail",
    )
)
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
            "subtitle": " · ".join([plain("date", home.on), *own_place()]),
            "actions": [],
            "stars": stars(principal),
            "recents": recents.newest(principal),
            "announcements": announcements.current(principal, home.on),
            **parts,
            "tiles": [*present(my_tasks(home)), *parts["tiles"]],
            "tables": [*present(tasks_of_today(home)), *parts["tables"]],
        }
        numbers, charts = built(principal)
        page["tiles"], page["charts"] = [*page["tiles"], *numbers], [*page["charts"], *charts]
        page["arrange_url"] = "/home_tile/" if numbers or charts else None
        return render_template("home.html", page=page)
