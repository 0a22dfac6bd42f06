"""The demonstration: two lenders' real-looking books, the people who work on them, one night behind them.

Everything is loaded by the product's own imports and rules, as a bank would; nothing is written around them.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import demo_staff
from app.access.users import create_user
from app.core import db, settings
from app.core.db import because, unscoped
from app.core.org import Branch, GrantKind, Region, User, UserKind
from app.models import Client, ContactNote, Customer, Loan, MessageTemplate, Phone, Product
from app.models.customers import ContactWay, PhoneState
from app.servicing import snapshots
from app.servicing.intake import run_import

FILES = Path(__file__).resolve().parents[1] / "demo"
DAY = date(2018, 6, 25)
MONTH_ENDS = [
    date(2017, 12, 31),
    *(date(2018, month, day) for month, day in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31))),
]
STEPS = (
    ("regions_cn_gansu.csv", "regions-cn"), ("regions_ua.csv", "regions-ua"), ("portfolio_dingxi.xlsx", "dingxi-b"),
    ("repayments_dingxi.xlsx", "repayments-dingxi"),
    ("repayments_dingxi.xlsx", "write-offs-dingxi"), ("portfolio_ua.xlsx", "ua"), ("receipts_with_error_ua.csv", "repayments-ua"),
)  # fmt: skip
LOGINS = [
    ("manager", "manager", "Manager", "the whole book of the rural cooperative"),
    ("branch", "branch", "Manager", "one branch of the rural cooperative"),
    ("officer", "officer", "Officer", "his own loans"),
    ("partner", "partner", "Partner", "livestock loans of one township, numbers masked"),
    ("agent", "agent", "Agent", "the Ukrainian lender's customers to contact"),
    ("auditor", "auditor", "Auditor", "everything, and who changed what"),
    ("admin", "admin", "Administrator", "everything, and how the house runs"),
]
"""Name, password, role and what the user sees."""

Say = Callable[[str], Any]


def is_loaded(session: Session) -> bool:
    """Whether the demonstration is already here: its administrator comes last."""
    return session.scalar(select(User.id).where(User.username == "admin")) is not None


def load(say: Say) -> None:
    """Load what is missing; safe to repeat after an interruption, since every import is."""
    with unscoped("demonstration data") as session:
        if is_loaded(session):
            return
        say("Loading the demonstration portfolio")
        for name, value in (
            ("business_date", DAY.isoformat()),
            ("clock_runs", "no"),
            ("zone", "Asia/Shanghai"),
            ("country", "CN"),
        ):
            settings.write(session, name, value)
    demo_staff.enter()
    for file, layout in STEPS:
        summary = run_import(FILES / file, layout)
        say(f"{layout}: {summary.line}")
    _templates()
    _wishes()
    _history_of_balances(say)
    _night(say)
    _people()


def _history_of_balances(say: Say) -> None:
    """Month-ends from the journal, so that the first look already shows a trend."""
    days = [*MONTH_ENDS, *(DAY - timedelta(days=back) for back in range(7, 0, -1))]
    with unscoped("balances of past days") as session:
        for client_id in session.scalars(select(Client.id).order_by(Client.id)).all():
            snapshots.backfill(session, client_id, days)
    say(f"balances of {len(days)} past days")


def _night(say: Say) -> None:
    from tasks.nightly import run

    run(DAY, say)


TEMPLATES: tuple[tuple[str, str, str, dict[str, Any], str], ...] = (
    ("dingxi-b", "还款提醒", "zh_Hans", {"kind": "advance", "days_before": 3, "send_times": "09:30"},
     "【{client_name}】{customer_name}您好，您的贷款{loan_number}将于{due_date}到期应还{due_amount}{currency}，请按时还款。"),
    ("dingxi-b", "逾期催收", "zh_Hans", {"kind": "timed", "send_times": "10:00", "max_days_overdue": 60},
     "【{client_name}】{customer_name}您好，您的贷款{loan_number}已逾期{days_past_due}天，逾期金额{overdue_amount}{currency}，请尽快还款。咨询{branch_name}。"),
    ("ua", "Нагадування про платіж", "uk", {"kind": "advance", "days_before": 3, "send_times": "10:00"},
     "{client_name}: {customer_name}, {due_date} платіж {due_amount} {currency} за договором {loan_number}."),
    ("ua", "Прострочення", "uk", {"kind": "timed", "send_times": "11:00", "max_days_overdue": 90},
     "{client_name}: {customer_name}, прострочено {overdue_amount} {currency}, {days_past_due} дн. за договором {loan_number}. Будь ласка, сплатіть."),
)  # fmt: skip


def _templates() -> None:
    with unscoped("demonstration templates") as session:
        clients = {row.code: row.id for row in session.scalars(select(Client))}
        for client, name, language, when, text in TEMPLATES:
            known = select(MessageTemplate.id).where(
                MessageTemplate.name == name, MessageTemplate.client_id == clients[client]
            )
            if session.scalar(known) is None:
                session.add(
                    MessageTemplate(
                        client_id=clients[client],
                        name=name,
                        language=language,
                        text=text,
                        is_active=True,
                        **when,
                    )
                )


def _wishes() -> None:
    """What some late borrowers of the Ukrainian lender asked for, so that reminders are refused for a reason."""
    query = (
        select(Loan).join(Client, Loan.client_id == Client.id).where(Client.code == "ua", Loan.status == "overdue")
        .where(Loan.overdue_since.between(DAY - timedelta(days=60), DAY)).order_by(Loan.number).limit(4)
    )  # fmt: skip
    mark = db.source.set("screen")
    with unscoped("wishes of the demonstration's borrowers") as session:
        promised, silent, ill, unreachable = session.scalars(query).unique().all()
        because(session, "Обіцяє сплатити до 30 червня")
        promised.is_dunning_stopped = True
        session.flush()
        because(session, "Письмова відмова від повідомлень")
        session.get_one(Customer, silent.customer_id).is_do_not_contact = True
        session.flush()
        because(session, "На лікуванні")
        session.get_one(Customer, ill.customer_id).is_vulnerable = True
        session.flush()
        because(session, "Номер не обслуговується")
        for phone in session.scalars(select(Phone).where(Phone.customer_id == unreachable.customer_id)):
            phone.state = PhoneState.DEAD
    db.source.reset(mark)


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


def _people() -> None:
    """A login for every role; the administrator last, as the mark that all is loaded."""
    with unscoped("demonstration people") as session:
        officer, township = _officer(session), _township(session)
        ids = {
            "officer": officer.id, "township": township.id, "branch": session.scalars(select(Branch.id).where(Branch.id == officer.branch_id)).one(),
            **{row.code: row.id for row in session.scalars(select(Client))},
        }  # fmt: skip
        _contacts(session, officer.id)
    _give_login(ids["officer"], "officer", "officer")
    grants: dict[str, list[dict[str, Any]]] = {
        "manager": [{"kind": GrantKind.CLIENT, "client_id": ids["dingxi-b"]}], "branch": [{"kind": GrantKind.BRANCH, "branch_id": ids["branch"]}],
        "partner": [{"kind": GrantKind.REGION, "region_id": ids["township"], "product_kinds": ["livestock"]}],
        "agent": [{"kind": GrantKind.CLIENT, "client_id": ids["ua"]}], "auditor": [{"kind": GrantKind.ALL}], "admin": [{"kind": GrantKind.ALL}],
    }  # fmt: skip
    columns: dict[str, dict[str, Any]] = {
        "partner": {"kind": UserKind.PARTNER, "region_id": ids["township"]},
        "agent": {"language": "uk"},
    }
    for name, password, role, _sees in LOGINS:
        if name in grants and not _exists(name):
            create_user(
                name,
                password,
                role,
                first_name=name.capitalize(),
                grants=grants[name],
                **columns.get(name, {}),
            )


def _exists(name: str) -> bool:
    with unscoped("demonstration people") as session:
        return session.scalar(select(User.id).where(User.username == name)) is not None


def _give_login(user_id: int, name: str, password: str) -> None:
    """Let an officer of the imported book log in under an easy name."""
    from werkzeug.security import generate_password_hash

    from app.core.org import DataGrant

    with unscoped("demonstration people") as session:
        user = session.get_one(User, user_id)
        user.username, user.password, user.active = name, generate_password_hash(password), True
        if session.scalar(select(DataGrant.id).where(DataGrant.user_id == user_id)) is None:
            session.add(DataGrant(user_id=user_id, kind=GrantKind.OWN))


NOTES = (
    (ContactWay.PHONE, "答应本周五到支行还款。", 3), (ContactWay.VISIT, "上门走访，家中有人，羊已出栏，月底还款。", 10),
    (ContactWay.PHONE, "电话无人接听，已发短信。", 17),
)  # fmt: skip


def _contacts(session: Session, officer_id: int) -> None:
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
            at = datetime(DAY.year, DAY.month, DAY.day, 3, 15, tzinfo=UTC) - timedelta(
                days=back, minutes=7 * number
            )
            session.add(ContactNote(customer_id=customer_id, at=at, way=way, text=text, author_id=officer_id))
    db.source.reset(mark)
