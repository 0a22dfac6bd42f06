"""Customer 360: who he is, all his loans, how to reach him, who stands with him, and what happened."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import abort, flash, redirect, render_template
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import format_decimal, gettext, lazy_gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from wtforms import SelectField, StringField, TextAreaField, validators as check
from wtforms.fields.choices import SelectChoice

from app.core import clock, registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.labels import entity_label, subject
from app.core.web import links, show_page
from app.core.web.cells import cell, money
from app.core.web.fields import describe_all
from app.core.web.forms import LONGEST
from app.core.web.inputs import Needed, stripped
from app.core.web.pages import Action, Badge, Col, Row, Table, Tile
from app.core.web.principal import Principal, current
from app.core.web.record_tools import tools
from app.core.web.register import screen
from app.core.web.sending import Sending
from app.core.web.steering import business_date
from app.models import ContactNote, Customer, Loan
from app.models.customers import ContactWay
from app.views.schedule_table import schedule
from app.views.timeline import events, kinds

links.record_page("customer", "/customer/page/{id}")
LOANS = "number product status days_past_due overdue_principal overdue_interest principal_outstanding"
MOST = 50


class NoteForm(FlaskForm):
    """A contact in one line: how, where, what was said."""

    way = SelectField(
        _("How"),
        choices=[SelectChoice(w.value, w.label) for w in ContactWay],
        validators=[Needed()],
    )
    place = StringField(_("Where"), validators=[check.Optional(), check.Length(max=500)], filters=[stripped])
    text = TextAreaField(
        _("What was said"), validators=[Needed(), check.Length(max=LONGEST)], filters=[stripped]
    )


def child_table(
    session: Session, slug: str, names: str, customer_id: int, principal: Principal, on: date
) -> Table | None:
    """Rows of another entity that belong to the customer, as a table; None when the role may not list them."""
    entity = registry.entity(slug)
    if not principal.may("can_list", subject(entity)):
        return None
    fields = describe_all(entity, names.split())
    eager = [joinedload(getattr(entity, f.name)) for f in fields if f.kind == "link"]
    rows = session.scalars(
        select(entity)
        .where(entity.customer_id == customer_id)
        .options(*eager)
        .order_by(entity.id)
        .limit(MOST)
    ).unique()
    link, may_add = (
        links.linker(principal),
        principal.may("can_add", subject(entity)) and "add" in entity.__screen__.operations,
    )
    lines = [
        Row(row.id, links.show_url(slug, row.id) if principal.may("can_show", subject(entity)) else None, str(row),
            [cell(f, row, principal, on, linked=link) for f in fields])
        for row in rows
    ]  # fmt: skip
    columns = [
        Col(f.name, f.label, f.kind, "end" if f.kind in ("money", "days", "number") else "") for f in fields
    ]
    add = [Action("add", gettext("Add"), f"/{slug}/add?customer={customer_id}", "plus")] if may_add else []
    return Table(
        entity_label(entity),
        columns,
        lines,
        None,
        gettext("None yet."),
        links.list_url(slug, customer=customer_id),
        add,
    )


def _tiles(loans: list[Any], on: date) -> list[Tile]:
    """Sums by currency: amounts of two currencies are never added."""
    currencies = sorted({loan.currency for loan in loans})
    live = [loan for loan in loans if str(loan.status) != "settled"]

    def total(*names: str) -> str:
        sums = [
            (
                c,
                sum(
                    (getattr(loan, name) for loan in loans if loan.currency == c for name in names),
                    Decimal(0),
                ),
            )
            for c in currencies
        ]
        return " + ".join(f"{money(amount)} {c}" for c, amount in sums) or money(Decimal(0))

    worst = max(((on - loan.overdue_since).days for loan in live if loan.overdue_since), default=0)
    late = "red" if worst else None
    parts = f"{gettext('Principal')}: {total('overdue_principal')}; {gettext('Interest')}: {total('overdue_interest')}"
    return [
        Tile(gettext("Balance"), total("principal_outstanding")),
        Tile(
            gettext("Overdue"),
            total("overdue_principal", "overdue_interest"),
            late,
            None,
            parts if worst else None,
        ),
        Tile(gettext("Worst days past due"), format_decimal(worst), late),
        Tile(gettext("Loans"), format_decimal(len(loans)), None, None, gettext("%(n)s open", n=len(live))),
    ]


def _note_form(customer: Any, form: NoteForm) -> dict[str, Any]:
    fields = [form.way, form.place, form.text]
    return {
        "action": f"/customer/page/{customer.id}/note",
        "fields": fields,
        "csrf": None,
        "submit_label": None,
    }


@screen()
class CustomerPage(BaseView):
    """One customer."""

    route_base = "/customer/page"
    class_permission_name = "Customer"
    default_view = "show"

    def _customer(self, customer_id: int) -> Any:
        eager = [joinedload(getattr(Customer, name)) for name in ("client", "branch", "manager")]
        found = (
            web_session()
            .scalars(select(Customer).where(Customer.id == customer_id).options(*eager))
            .unique()
            .one_or_none()
        )
        return found if found is not None else abort(404)

    @expose("/<id(customer):customer_id>")
    @has_access
    @permission_name("show")
    def show(self, customer_id: int) -> Any:
        return render_template("customer360.html", page=self._page(self._customer(customer_id), NoteForm()))

    @expose("/<id(customer):customer_id>/note", methods=["POST"])
    @has_access
    @permission_name("show")
    def note(self, customer_id: int) -> Any:
        """Keep a contact note; it stands on the timeline at once."""
        customer, form = self._customer(customer_id), NoteForm()
        if not current().may("can_add", subject(ContactNote)):
            abort(403)
        if not form.validate():
            return render_template("customer360.html", page=self._page(customer, form)), 422
        session, sent = web_session(), Sending.now()
        try:
            is_again = sent.before(session) is not None
        except RuleError as error:
            form.text.errors = [str(error)]
            return render_template("customer360.html", page=self._page(customer, form)), 422
        if not is_again:
            session.add(ContactNote(
                customer_id=customer.id, at=clock.now(), way=ContactWay(form.way.data), place=form.place.data,
                text=form.text.data, author_id=current().user_id,
            ))  # fmt: skip
            sent.keep(session)
        session.commit()
        flash(gettext("The contact is on the timeline"), "success")
        return redirect(links.show_url("customer", customer_id))

    def _page(self, customer: Any, form: NoteForm) -> dict[str, Any]:
        session, principal, on = web_session(), current(), business_date()
        loans = list(
            session.scalars(
                select(Loan)
                .where(Loan.customer_id == customer.id)
                .order_by(Loan.overdue_since.asc().nulls_last(), Loan.id)
            )
        )
        found = events(session, principal, customer.id)

        def table(slug: str, names: str) -> Table | None:
            return child_table(session, slug, names, customer.id, principal, on)

        may_note = principal.may("can_add", subject(ContactNote))
        return {
            "header": self._header(customer, loans, principal, on), "tools": (found_tools := tools(customer, principal)),
            "crumbs": [(gettext("Customers"), found_tools.list_url or "/customer/list/")],
            "loans": table("loan", LOANS), "schedule": schedule(session, loans[0], on) if loans else None,
            "contacts": table("phone", "number kind holder is_primary state"), "addresses": table("address", "kind region house"),
            "tables": [t for t in [table("customer_link", "kind name phone linked")] if t], "links": [],
            "sections": show_page.sections(Customer, customer, principal, on),
            "timeline": found, "timeline_kinds": kinds(found), "tabs": self._tabs(customer, principal),
            "note_form": _note_form(customer, form) if may_note else None,
        }  # fmt: skip

    def _header(self, customer: Any, loans: list[Any], principal: Principal, on: date) -> dict[str, Any]:
        def may(verb: str) -> bool:
            return principal.may(f"can_{verb}", subject(Customer))

        marks = show_page.badges(Customer, customer)
        marks += [Badge(gettext("Do not contact"), "red", "ban")] if customer.is_do_not_contact else []
        marks += [Badge(gettext("Vulnerable"), "orange", "alert-triangle")] if customer.is_vulnerable else []
        place = " · ".join(
            str(one) for one in (customer.client, customer.branch, customer.manager) if one is not None
        )
        return {
            "title": customer.name,
            "subtitle": place,
            "badges": marks,
            "actions": show_page.actions(Customer, customer, principal, may),
            "tiles": _tiles(loans, on),
        }

    def _tabs(self, customer: Any, principal: Principal) -> list[Any]:
        shown = {"activity", "task", "looks", "message", "repayment", "contact_note", "history"}
        kept = [tab for tab in show_page.tabs(Customer, customer, principal) if tab.key in shown]
        for tab in kept:
            tab.active = tab is kept[0]
        return kept
