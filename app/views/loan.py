"""The loan page: what is owed today, the schedule, and everything that belongs to the loan."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import abort, render_template
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import format_decimal, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.core.db import web_session
from app.core.labels import subject
from app.core.web import links, show_page
from app.core.web.cells import money, plain
from app.core.web.pages import Tile
from app.core.web.principal import current
from app.core.web.record_tools import tools as record_tools
from app.core.web.register import screen
from app.core.web.steering import business_date
from app.models import Instalment, Loan
from app.servicing import posting
from app.views.schedule_table import remaining, schedule
from app.views.timeline import events, kinds

links.record_page("loan", "/loan/page/{id}")


def tiles(session: Session, loan: Any, on: date) -> list[Tile]:
    """What is due today by component, days past due, and the next instalment."""
    query = (
        select(Instalment)
        .where(Instalment.loan_id == loan.id, Instalment.paid_on.is_(None))
        .order_by(Instalment.due_on)
    )
    open_lines = session.scalars(query).all()
    due = [line for line in open_lines if line.due_on <= on]
    principal = sum((line.principal - line.principal_paid for line in due), Decimal(0))
    interest = sum((line.interest - line.interest_paid for line in due), Decimal(0))
    coming = next((line for line in open_lines if line.due_on > on), None)
    late = (on - loan.overdue_since).days if loan.overdue_since else 0
    too_much = posting.overpaid(session, loan.id)
    beyond = [
        Tile(gettext("Overpayment"), money(too_much), "orange", f"/allocation/list/?loan={loan.id}&component=overpayment", loan.currency)
    ]  # fmt: skip
    rows = f"/instalment/list/?loan={loan.id}&due_on__le={on}&paid_on__null=yes"
    return [
        Tile(gettext("Balance"), money(loan.principal_outstanding), None, f"/allocation/list/?loan={loan.id}", loan.currency),
        Tile(gettext("Principal due"), money(principal), "red" if principal and late else None, rows),
        Tile(gettext("Interest due"), money(interest), "red" if interest and late else None, rows),
        Tile(gettext("Total today"), money(principal + interest), "red" if late else None, rows,
             gettext("%(n)s days past due", n=format_decimal(late)) if late else gettext("not overdue")),
        Tile(gettext("Next"), money(remaining(coming)) if coming else "–", None, None, plain("date", coming.due_on) if coming else None),
        *(beyond if too_much > 0 else []),
    ]  # fmt: skip


@screen()
class LoanPage(BaseView):
    """One loan."""

    route_base = "/loan/page"
    class_permission_name = "Loan"
    default_view = "show"

    @expose("/<id(loan):loan_id>")
    @has_access
    @permission_name("show")
    def show(self, loan_id: int) -> Any:
        session, principal, on = web_session(), current(), business_date()
        eager = [
            joinedload(getattr(Loan, n))
            for n in ("customer", "product", "branch", "officer", "client", "region", "joint_group", "bucket")
        ]
        loan = session.scalars(select(Loan).where(Loan.id == loan_id).options(*eager)).unique().one_or_none()
        if loan is None:
            abort(404)

        def may(verb: str) -> bool:
            known = verb not in ("add", "edit", "delete") or verb in Loan.__screen__.operations.split()
            return known and principal.may(f"can_{verb}", subject(Loan))

        found = events(session, principal, loan.customer_id, loan_id=loan.id)
        beside = record_tools(loan, principal)
        page: dict[str, Any] = {
            "tools": beside,
            "header": {
                "title": loan.number, "subtitle": f"{loan.customer or ''} · {loan.product or ''}", "badges": show_page.badges(Loan, loan),
                "actions": show_page.actions(Loan, loan, principal, may), "tiles": tiles(session, loan, on),
            },
            "crumbs": [(gettext("Loans"), beside.list_url or "/loan/list/"),
                       *([(str(loan.customer), links.show_url("customer", loan.customer_id))] if loan.customer else [])],
            "sections": show_page.sections(Loan, loan, principal, on), "schedule": schedule(session, loan, on),
            "tabs": [tab for tab in show_page.tabs(Loan, loan, principal) if tab.key != "instalment"],
            "timeline": found, "timeline_kinds": kinds(found), "note_form": None, "links": [],
        }  # fmt: skip
        if page["tabs"]:
            page["tabs"][0].active = True
        return render_template("loan.html", page=page)
