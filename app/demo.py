"""The demonstration: two lenders' real-looking books, the people who work on them, one night behind them.

Everything is loaded by the product's own imports and rules, as a bank would; nothing is written around them.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import demo_people, demo_staff
from app.core import db, settings
from app.core.db import because, unscoped
from app.core.org import User
from app.models import Client, Customer, Loan, MessageTemplate, Phone
from app.models.customers import PhoneState
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
    demo_people.enter(DAY)


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
