"""The demonstration's people: a login for every role, what the officer noted down and what the clerk uploaded."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.users import create_user
from app.core import db, passwords
from app.core.db import unscoped
from app.core.org import GrantKind, Region, User, UserKind
from app.models import Client, ContactNote, Customer, Loan, Product
from app.models.customers import ContactWay
from app.servicing.intake import run_import

UPLOADED = Path(__file__).resolve().parents[1] / "demo" / "receipts_branch_dingxi.csv"
Columns = dict[str, Any]

LOGINS = [
    ("manager", "manager", "Manager", "the whole book of the rural cooperative"),
    ("branch", "branch", "Manager", "one branch of the rural cooperative"),
    ("officer", "officer", "Officer", "his own loans"),
    ("clerk", "clerk", "Clerk", "one branch: posts repayments, uploads the day's file"),
    ("partner", "partner", "Partner", "livestock loans of one township, numbers masked"),
    ("agent", "agent", "Agent", "the Ukrainian lender's customers to contact"),
    ("auditor", "auditor", "Auditor", "everything, and who changed what"),
    ("admin", "admin", "Administrator", "everything, and how the house runs"),
]
"""Name, password, role and what the user sees."""


def _officer(session: Session) -> Any:
    """The officer with the most late loans in the book: his page has something to tell."""
    query = (
        select(Loan.officer_id).where(Loan.overdue_since.is_not(None), Loan.officer_id.is_not(None))
        .group_by(Loan.officer_id).order_by(func.count().desc(), Loan.officer_id).limit(1)
    )  # fmt: skip
    return session.get_one(User, session.scalars(query).one())


def _township(session: Session) -> Any:
    """The township with the most livestock loans."""
    counted = select(Loan.region_lft, func.count().label("n")).join(Product, Loan.product_id == Product.id)
    village = counted.where(Product.kind == "livestock").group_by(Loan.region_lft).subquery()
    query = (
        select(Region.id).join(village, village.c.region_lft.between(Region.lft, Region.rgt))
        .where(Region.level == "township").group_by(Region.id).order_by(func.sum(village.c.n).desc(), Region.id).limit(1)
    )  # fmt: skip
    return session.get_one(Region, session.scalars(query).one())


def enter(on: date) -> None:
    """A login for every role, as of a business date; the administrator last, as the mark that all is loaded."""
    with unscoped("demonstration people") as session:
        officer, township = _officer(session), _township(session)
        ids = {"township": township.id, "branch": officer.branch_id}
        ids |= {row.code: row.id for row in session.scalars(select(Client))}
        _contacts(session, officer.id, on)
        _give_login(session, officer, "officer", "officer")
    *people, administrator = LOGINS
    for login in people:
        _create(login, ids)
    _upload("clerk")
    _create(administrator, ids)


def _create(login: Sequence[str], ids: dict[str, int]) -> None:
    name, password, role, _sees = login
    if name != "officer" and _id_of(name) is None:
        create_user(
            name, password, role, first_name=name.capitalize(), grants=_grants(name, ids), **_columns(name, ids)
        )  # fmt: skip


def _grants(name: str, ids: dict[str, int]) -> list[Columns]:
    branch = {"kind": GrantKind.BRANCH, "branch_id": ids["branch"]}
    given: dict[str, list[Columns]] = {
        "manager": [{"kind": GrantKind.CLIENT, "client_id": ids["dingxi-b"]}],
        "branch": [branch],
        "clerk": [branch, {"kind": GrantKind.OWN}],
        "partner": [{"kind": GrantKind.REGION, "region_id": ids["township"], "product_kinds": ["livestock"]}],
        "agent": [{"kind": GrantKind.CLIENT, "client_id": ids["ua"]}],
    }
    return given.get(name, [{"kind": GrantKind.ALL}])


def _columns(name: str, ids: dict[str, int]) -> Columns:
    told: dict[str, Columns] = {
        "clerk": {"branch_id": ids["branch"]},
        "partner": {"kind": UserKind.PARTNER, "region_id": ids["township"]},
        "agent": {"language": "uk"},
    }
    return told.get(name, {})


def _upload(name: str) -> None:
    """The file that this person took in: payments of her branch that are in the book already, and rows at fault."""
    run_import(UPLOADED, "repayments-dingxi", user_id=_id_of(name))


def _id_of(name: str) -> int | None:
    with unscoped("demonstration people") as session:
        return session.scalar(select(User.id).where(User.username == name))


def _give_login(session: Session, user: Any, name: str, password: str) -> None:
    """Let an officer of the imported book log in under an easy name."""
    from app.core.org import DataGrant

    user.username, user.password, user.active = name, passwords.hashed(password), True
    if session.scalar(select(DataGrant.id).where(DataGrant.user_id == user.id)) is None:
        session.add(DataGrant(user_id=user.id, kind=GrantKind.OWN))


NOTES = (
    (ContactWay.PHONE, "答应本周五到支行还款。", 3), (ContactWay.VISIT, "上门走访，家中有人，羊已出栏，月底还款。", 10),
    (ContactWay.PHONE, "电话无人接听，已发短信。", 17),
)  # fmt: skip


def _contacts(session: Session, officer_id: int, on: date) -> None:
    """What the officer wrote down about his late customers."""
    late = select(Customer.id).join(Loan, Loan.customer_id == Customer.id)
    late = (
        late.where(Loan.officer_id == officer_id, Loan.overdue_since.is_not(None))
        .order_by(Customer.id)
        .distinct()
        .limit(6)
    )
    mark = db.source.set("screen")
    for number, customer_id in enumerate(session.scalars(late).all()):
        for way, text, back in NOTES[: 1 + number % 3]:
            at = datetime(on.year, on.month, on.day, 3, 15, tzinfo=UTC) - timedelta(
                days=back, minutes=7 * number
            )
            session.add(ContactNote(customer_id=customer_id, at=at, way=way, text=text, author_id=officer_id))
    db.source.reset(mark)
