"""The list for a round through a village: who lives where, what is due when, and room to sign."""

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Self

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import Integer, Select, and_, false, func, literal, or_, select, type_coerce
from sqlalchemy.orm import aliased

from app.core.alphabet import by_alphabet
from app.core.org import Region, User
from app.core.report import Measure, Reader, parameter, report
from app.core.types import Choice
from app.core.web import links
from app.core.web.cells import money, plain
from app.core.web.report_data import Line, Result
from app.core.web.report_page import value_text
from app.models import Address, Customer, Instalment, JointLiabilityGroup, Loan, Phone
from app.reports.asked import Limits
from app.reports.grouping import place_of
from app.reports.lists import OPEN
from app.reports.portfolio import ROLES

MOST_ROWS = 2000


class Visited(Choice):
    """Whom the round is for."""

    ALL = "all", _("All with an open loan")
    DUE = "due", _("Due within 30 days, or overdue")
    OVERDUE = "overdue", _("Overdue")


def everybody(_reader: Reader) -> Visited:
    """The list is of all borrowers unless somebody asks for fewer."""
    return Visited.ALL


def own_loans(reader: Reader) -> int | None:
    """An officer's first list is of his own loans."""
    own = select(Loan.id).where(Loan.officer_id == reader.user_id, Loan.status.in_(OPEN)).limit(1)
    return reader.user_id if reader.session.scalar(own) is not None else None


@dataclass(frozen=True)
class Round(Limits):
    """Which villages, and whom there."""

    currency: str | None = None
    officer_id: int | None = parameter(_("Officer"), entity="user", default=own_loans)
    visited: Visited | None = parameter(_("Whom"), default=everybody)

    def settled(self, reader: Reader) -> Self:
        # a round lists loans of every currency, and sums each for itself
        return replace(super().settled(reader), currency=self.currency, visited=self.visited or Visited.ALL)

    @property
    def is_empty(self) -> bool:
        """Nothing is chosen yet; a list of everyone would be no list for a round."""
        return self.region_id is None and self.officer_id is None

    def whom(self) -> list[Any]:
        if self.visited == Visited.OVERDUE:
            return [Loan.overdue_since.is_not(None)]
        if self.visited == Visited.DUE:
            return [or_(Loan.overdue_since.is_not(None), Loan.next_due_on <= literal(self.on) + 30)]
        return []

    def notes(self, by: str) -> list[str]:
        return [gettext("As of %(day)s", day=plain("date", self.on))] if self.on else []


def _present(result: Result, context: dict[str, Any]) -> dict[str, Any]:
    """The sheets, one a village; names lead to the customer, for those who may open him."""
    principal = result.question.principal
    opens = principal.may("can_show", "Customer")
    shapes = {one.name: one for one in result.measures}

    def line(one: Line) -> dict[str, Any]:
        texts = {name: value_text(shapes[name], value, principal) for name, value in one.values.items()}
        return {
            **texts,
            "customer": one.name,
            "url": links.show_url("customer", one.values["customer"]) if opens else None,
        }

    sheets = []
    for _key, found in groupby(result.lines, key=lambda one: one.values["village_id"]):
        sheets.append(_sheet(list(found), line))
    day = context["footer"][0] if context["footer"] else None
    return {
        "villages": sheets,
        "date_text": day,
        "footer": context["footer"][1:],
        "is_unasked": isinstance(result.question.asked, Round) and result.question.asked.is_empty,
    }


def _sheet(lines: list[Line], line: Any) -> dict[str, Any]:
    officers = {one.values["officer"] for one in lines}
    return {
        "name": lines[0].values["village"] or gettext("Not stated"),
        "path_text": lines[0].values["path"] or "",
        "officer": officers.pop() if len(officers) == 1 else None,
        "rows": [line(one) for one in lines],
        "totals": (gettext("%(n)s loans", n=len(lines)), _sum(lines, "due"), _sum(lines, "overdue")),
    }


def _sum(lines: list[Line], name: str) -> str:
    """The sum of a column, each currency for itself."""
    sums: dict[str, Any] = {}
    for one in lines:
        sums[one.values["currency"]] = sums.get(one.values["currency"], 0) + (one.values[name] or 0)
    texts = [
        money(amount) if len(sums) == 1 else f"{money(amount)} {code}"
        for code, amount in sorted(sums.items())
    ]
    return ", ".join(texts)


@report(
    "villages",
    _("Village list"),
    help=_(
        "Borrowers of a village with what each owes, to take along on a visit: print it or open it in "
        "Excel. Choose the village first; numbers of people are masked where your role may not see them."
    ),
    roles=ROLES,
    icon="map",
    position=40,
    first=_("Customer"),
    most_rows=MOST_ROWS,
    template="village_list.html",
    present=_present,
    measures=(
        Measure("village_id", "", "text", is_shown=False),
        Measure("customer", "", "text", is_shown=False),
        Measure("path", _("Place"), "text"),
        Measure("village", _("Village"), "text"),
        Measure("house", _("House"), "text"),
        Measure("phone", _("Phone"), "phone"),
        Measure("group", _("Group"), "text"),
        Measure("loan", _("Loan"), "code"),
        Measure("due_on", _("Due on"), "date"),
        Measure("due", _("Due"), is_totalled=False),
        Measure("overdue", _("Overdue"), is_totalled=False),
        Measure("currency", _("Currency"), "code"),
        Measure("days", _("Days"), "days"),
        Measure("officer", _("Officer"), "text"),
    ),
)
def villages(asked: Round) -> Select[Any]:
    """Open loans of the chosen place or officer, village by village."""
    village, township, county = aliased(Region), aliased(Region), aliased(Region)
    at_home = aliased(Region)
    next_due = and_(
        Instalment.loan_id == Loan.id, Instalment.due_on == Loan.next_due_on, Instalment.paid_on.is_(None)
    )
    open_part = (
        Instalment.principal + Instalment.interest - Instalment.principal_paid - Instalment.interest_paid
    )
    days = type_coerce(literal(asked.on) - Loan.overdue_since, Integer)
    return (
        select(
            Loan.id.label("key"),
            Customer.name.label("name"),
            func.coalesce(village.id, at_home.id).label("village_id"),
            Loan.customer_id.label("customer"),
            func.concat_ws(" / ", county.name, township.name).label("path"),
            func.coalesce(village.name, at_home.name).label("village"),
            _house().label("house"),
            _phone().label("phone"),
            JointLiabilityGroup.name.label("group"),
            Loan.number.label("loan"),
            Loan.next_due_on.label("due_on"),
            open_part.label("due"),
            (Loan.overdue_principal + Loan.overdue_interest).label("overdue"),
            Loan.currency.label("currency"),
            days.label("days"),
            func.concat_ws(" ", User.first_name, User.last_name).label("officer"),
        )
        .select_from(Loan)
        .join(Customer, Customer.id == Loan.customer_id)
        .outerjoin(at_home, at_home.id == Loan.region_id)
        .outerjoin(village, village.id == place_of(Loan.region_lft, "village"))
        .outerjoin(township, township.id == func.coalesce(village.parent_id, at_home.parent_id))
        .outerjoin(county, county.id == township.parent_id)
        .outerjoin(JointLiabilityGroup, JointLiabilityGroup.id == Loan.joint_group_id)
        .outerjoin(User, User.id == Loan.officer_id)
        .outerjoin(Instalment, next_due)
        .where(
            Loan.status.in_(OPEN), *asked.where(Loan), *asked.whom(), *([false()] if asked.is_empty else [])
        )
        .order_by(Loan.region_lft, by_alphabet(Customer.name), Loan.id)
    )


def _house() -> Any:
    """Where the customer lives, his home before other addresses."""
    home = (Address.kind != "home", Address.id)
    return (
        select(Address.house)
        .where(Address.customer_id == Loan.customer_id, ~Address.is_blocked)
        .order_by(*home)
        .limit(1)
        .scalar_subquery()
    )


def _phone() -> Any:
    """The number to call him on: the primary one before others, none that is dead or must not be used."""
    usable = Phone.state.not_in(("dead", "blocked"))
    best = (Phone.is_primary.desc(), Phone.id)
    return (
        select(Phone.number)
        .where(Phone.customer_id == Loan.customer_id, usable)
        .order_by(*best)
        .limit(1)
        .scalar_subquery()
    )
