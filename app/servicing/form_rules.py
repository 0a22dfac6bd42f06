"""What holds for typed loans, products and delinquency buckets, and the words of what they store."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, codes, form_rules
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.money import CENT, RoundingMode
from app.models.customers import Customer, JointLiabilityGroup
from app.models.journal import Repayment
from app.models.lending import Bucket, Client, Instalment, Loan, Product
from app.servicing.account import order_of
from app.servicing.daycount import DayCount
from app.servicing.duedates import Frequency
from app.servicing.dues import Component, DueState
from app.servicing.waterfall import Direction, Surplus

codes.add(
    "frequency",
    {
        Frequency.MONTHLY.value: _("Monthly"),
        Frequency.QUARTERLY.value: _("Quarterly"),
        Frequency.WEEKLY.value: _("Weekly"),
        Frequency.DAYS.value: _("Daily"),
    },
)
codes.add(
    "day_count",
    {
        DayCount.THIRTY_360.value: _("30/360: every month has 30 days"),
        DayCount.ACT_365.value: _("actual/365: the days there are, of a year of 365"),
        DayCount.ACT_360.value: _("actual/360: the days there are, of a year of 360"),
        DayCount.ACT_ACT.value: _("actual/actual: the days there are, of the year there is"),
    },
)
codes.add(
    "rounding_mode",
    {
        RoundingMode.HALF_UP.value: _("Halves up"),
        RoundingMode.HALF_EVEN.value: _("Halves to the even digit"),
        RoundingMode.HALF_DOWN.value: _("Halves down"),
        RoundingMode.UP.value: _("Away from zero"),
        RoundingMode.DOWN.value: _("Towards zero"),
        RoundingMode.CEILING.value: _("Always up"),
        RoundingMode.FLOOR.value: _("Always down"),
    },
)
codes.add(
    "colour",
    {
        "green": _("Green"), "lime": _("Lime"), "teal": _("Teal"), "cyan": _("Cyan"), "blue": _("Blue"),
        "purple": _("Purple"), "pink": _("Pink"), "yellow": _("Yellow"), "orange": _("Orange"), "red": _("Red"),
        "secondary": _("Grey"), "dark": _("Dark"),
    },
)  # fmt: skip


_DUE = {DueState.OVERDUE: _("Overdue"), DueState.DUE: _("Due"), DueState.ADVANCE: _("In advance")}
_OWED = {
    Component.PENALTY: _("Penalty"), Component.FEE: _("Fee"), Component.INTEREST: _("Interest"), Component.PRINCIPAL: _("Principal"),
}  # fmt: skip


@codes.reader("allocation_order")
def order_in_words(text: str) -> str:
    """What a payment pays first, in words; a text that is no order as it is."""
    try:
        order = order_of(text)
    except ValueError:
        return text
    said = [
        f"{_DUE[state]}: {', '.join(str(_OWED[component]) for _state, component in steps)}"
        for state, steps in groupby(order.steps, key=itemgetter(0))
    ]
    if order.direction is Direction.VERTICAL:
        said.append(gettext("each of these for all instalments before the next"))
    if order.surplus is Surplus.PRINCIPAL:
        said.append(gettext("what is left reduces the principal"))
    return "; ".join(said)


@form_rules.check(Product)
def terms_can_be_computed(_session: Session, product: Product) -> None:
    """Whatever stands in a product can be used to compute its loans."""
    form_rules.at_least(product, rounding_unit=CENT, rate_digits=1, principal_grace=0, grace_days=0)
    form_rules.at_least(product, penalty_factor=0)
    if not product.allocation_order.strip():
        raise RuleError(_("Needed"), "allocation_order")
    try:
        order_of(product.allocation_order)
    except ValueError as error:
        raise RuleError(_("The order cannot be read: %(why)s", why=error), "allocation_order") from error


@form_rules.check(Product, about="name client_id")
def no_two_alike(session: Session, product: Product) -> object:
    """A product of the same name is told of, not refused: two may differ in their terms alone."""
    same = select(Product).where(
        func.lower(Product.name) == product.name.lower(),
        Product.client_id.is_not_distinct_from(product.client_id),
        Product.id.is_distinct_from(product.id),
    )
    other = session.scalars(same.order_by(Product.id).limit(1)).first()
    return other and _("There is a product of this name already: %(name)s (%(code)s)", name=other.name, code=other.code)  # fmt: skip


@form_rules.check(Bucket, about="from_days")
def bucket_begins_on_a_day(_session: Session, bucket: Bucket) -> None:
    form_rules.at_least(bucket, from_days=0)


@form_rules.check(Loan, about="principal annual_rate")
def money_was_lent(_session: Session, loan: Loan) -> None:
    """Some money, at a rate that takes none back. What came otherwise from a file does not stop other changes."""
    for name, least in (("principal", CENT), ("annual_rate", 0)):
        if form_rules.changed(loan, name):
            form_rules.at_least(loan, **{name: least})


@form_rules.check(Loan, about="disbursed_on matures_on")
def lent_before_it_is_due(session: Session, loan: Loan) -> None:
    """The order of days that an import asks for; and a loan that stands in the book was paid out."""
    if form_rules.changed(loan, "disbursed_on"):
        today = clock.business_date(session)
        if loan.disbursed_on > today:
            raise RuleError(_("The day is after the business date (%(day)s)", day=today), "disbursed_on")
    if loan.matures_on <= loan.disbursed_on:
        raise RuleError(
            _("The day must be after that of paying out (%(day)s)", day=loan.disbursed_on), "matures_on"
        )


@form_rules.check(Loan, about="client_id customer_id product_id joint_group_id")
def of_one_client(session: Session, loan: Loan) -> None:
    """The customer, the product and the group of a loan are its client's; a product may be everyone's."""
    for name, entity in (("customer", Customer), ("product", Product), ("joint_group", JointLiabilityGroup)):
        key = f"{name}_id"
        if getattr(loan, key) is None or not form_rules.changed(loan, "client_id", key):
            continue
        row = session.get(entity, getattr(loan, key))
        if row is not None and row.client_id not in (None, loan.client_id):
            at_fault = key if form_rules.changed(loan, key) else "client_id"
            raise RuleError(_("%(name)s belongs to another client", name=str(row)), at_fault)


@form_rules.check(Loan, about="currency")
def currency_of_the_agreement(session: Session, loan: Loan) -> None:
    """A loan is lent in the currency of its product or of its client, whatever a file may have said before."""
    lenders = session.get(Product, loan.product_id), session.get(Client, loan.client_id)
    allowed = sorted({row.currency for row in lenders if row is not None})
    if allowed and loan.currency not in allowed:
        why = _("Its product and its client lend in %(currencies)s", currencies=", ".join(allowed))
        raise RuleError(why, "currency")


@form_rules.check(Loan, about="client_id currency")
def as_its_payments_were_posted(session: Session, loan: Loan) -> None:
    """Payments keep the client and the currency they were posted with."""
    for name in ("client_id", "currency"):
        other = getattr(Repayment, name) != getattr(loan, name)
        posted = select(Repayment.id).where(Repayment.loan_id == loan.id, other)
        if loan.id is not None and form_rules.changed(loan, name) and session.scalar(posted.limit(1)):
            raise RuleError(_("Payments of this loan are posted, so this cannot change"), name)


@form_rules.check(Loan, about="principal annual_rate method disbursed_on matures_on")
def as_its_schedule_was_made(session: Session, loan: Loan) -> None:
    """A schedule adds up to what was lent; terms that it was made with change only together with it."""
    made = select(Instalment.id).where(Instalment.loan_id == loan.id).limit(1)
    for name in ("principal", "annual_rate", "method", "disbursed_on", "matures_on"):
        if loan.id is not None and form_rules.changed(loan, name) and session.scalar(made):
            raise RuleError(_("The schedule of this loan was made with it, so this cannot change"), name)


@form_rules.check(Customer, Product, JointLiabilityGroup, about="client_id")
def loans_of_the_same_client(_session: Session, row: Customer | Product | JointLiabilityGroup) -> None:
    """What loans belong to does not go over to another client without them, also where whoever moves it sees none of them."""
    if row.id is None or row.client_id is None or not form_rules.changed(row, "client_id"):
        return
    key = {Customer: Loan.customer_id, Product: Loan.product_id, JointLiabilityGroup: Loan.joint_group_id}
    others = select(Loan.id).where(key[type(row)] == row.id, Loan.client_id != row.client_id)
    with unscoped("loans that lie outside of the scope of who moves what they belong to") as everything:
        if everything.scalar(others.limit(1)):
            raise RuleError(_("Loans of another client belong to it"), "client_id")
