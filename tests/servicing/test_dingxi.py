"""The rules reproduce a lender's ledger of 10 000 loans and every one of the 34 504 payments behind it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from app.core.money import ZERO, from_cents
from app.servicing.bulk_loans import Lines, Loans
from app.servicing.duedates import DueRule
from app.servicing.dues import Component, Due, accrued_interest, days_past_due, overdue_since
from app.servicing.schedule import schedule
from app.servicing.schedule_bulk import schedule_bulk
from app.servicing.terms import Line, Method, Plan
from app.servicing.waterfall import Order, Surplus, allocate

DEMO = Path(__file__).parents[2] / "demo"
AS_OF = date(2018, 6, 25)
GRACE_DAYS = 15
RULE = DueRule()
METHODS = {
    "等额本息": Method.ANNUITY,
    "等额本金": Method.EQUAL_PRINCIPAL,
    "按月付息到期还本": Method.INTEREST_ONLY,
    "到期一次还本付息": Method.BULLET,
}
ORDER = Order.parse("overdue: interest principal; due: interest principal", surplus=Surplus.PRINCIPAL)

Row = dict[str, Any]


@dataclass
class Account:
    """A loan of the ledger with what the schedule asks and what was paid."""

    row: Row
    plan: Plan
    lines: list[Line]
    payments: list[Row]
    is_written_off: bool
    dues: list[Due] = field(init=False)
    balance: Decimal = field(init=False)

    def __post_init__(self) -> None:
        self.dues = [Due(line.n, line.due_on, line.principal, line.interest) for line in self.lines]
        self.balance = _money(self.row["贷款金额"])


def _money(cell: float) -> Decimal:
    return from_cents(round(cell * 100))


def _sheet(name: str, sheet: str) -> list[Row]:
    head, *rows = CalamineWorkbook.from_path(DEMO / name).get_sheet_by_name(sheet).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows]


def _loans(rows: list[Row]) -> Loans:
    return Loans(
        np.array([round(row["贷款金额"] * 100) for row in rows]),
        np.array([round(row["年利率(%)"] * 10**6) for row in rows]),
        np.array([row["贷款起期"] for row in rows], "M8[D]"),
        matures_on=np.array([row["贷款止期"] for row in rows], "M8[D]"),
        due_day=np.array([int(row["还款日"]) for row in rows]),
    )


def _split(lines: Lines, count: int) -> list[list[Line]]:
    split: list[list[Line]] = [[] for _ in range(count)]
    columns = (lines.loan, lines.n, lines.due_on, lines.principal, lines.interest, lines.balance)
    for loan, n, due_on, *amounts in zip(*(column.tolist() for column in columns), strict=True):
        principal, interest, balance = map(from_cents, amounts)
        split[loan].append(Line(n, due_on, principal, interest, principal + interest, balance))
    return split


@pytest.fixture(scope="module")
def ledger() -> list[Row]:
    return _sheet("portfolio_dingxi.xlsx", "贷款台账")


@pytest.fixture(scope="module")
def accounts(ledger: list[Row]) -> list[Account]:
    payments = defaultdict(list)
    for row in sorted(
        _sheet("repayments_dingxi.xlsx", "还款流水"), key=lambda row: (row["还款日期"], row["流水号"])
    ):
        payments[row["借据编号"]].append(row)
    written_off = {row["借据编号"] for row in _sheet("repayments_dingxi.xlsx", "核销")}
    found = []
    for name, method in METHODS.items():
        plan = Plan(method, rate_digits=28)
        rows = [row for row in ledger if row["还款方式"] == name]
        for row, lines in zip(rows, _split(schedule_bulk(_loans(rows), plan, RULE), len(rows)), strict=True):
            number = row["借据编号"]
            found.append(Account(row, plan, lines, payments[number], number in written_off))
    return found


@pytest.fixture(scope="module")
def paid(accounts: list[Account]) -> Counter[bool]:
    """Every payment allocated in turn; how many were split as the lender split them, and how many not."""
    agreed: Counter[bool] = Counter()
    for account in accounts:
        for payment in account.payments:
            agreed[_post(account, payment)] += 1
    return agreed


def _post(account: Account, payment: Row) -> bool:
    on, amount = payment["还款日期"], _money(payment["还款金额"])
    dues = account.dues
    if account.plan.method is Method.BULLET:
        dues = [_pay_off(account, on)]  # a bullet has nothing due yet: what is paid early is asked for first
    parts = allocate(amount, dues, ORDER, on)
    split = dict.fromkeys((*Component, None), ZERO)
    for part in parts:
        split[part.component] += part.amount
    account.balance -= split[Component.PRINCIPAL]
    taken = {(part.n, part.component): part.amount for part in parts}
    touched = {n for n, _ in taken}
    left = [_less(due, taken) if due.n in touched else due for due in account.dues]
    account.dues = left if account.balance else []
    lender = (_money(payment["其中本金"]), _money(payment["其中利息"]), ZERO)
    return (split[Component.PRINCIPAL], split[Component.INTEREST], split[None]) == lender


def _less(due: Due, taken: dict[tuple[int | None, Component | None], Decimal]) -> Due:
    principal = due.principal - taken.get((due.n, Component.PRINCIPAL), ZERO)
    return Due(due.n, due.due_on, principal, due.interest - taken.get((due.n, Component.INTEREST), ZERO))


def _pay_off(account: Account, on: date) -> Due:
    terms = _loans([account.row]).terms(0, account.plan, RULE)
    interest = accrued_interest(terms, account.balance, terms.disbursed_on, on)
    return Due(1, on, account.balance, interest)


def test_schedules_of_all_loans_are_the_same_one_by_one(ledger: list[Row], accounts: list[Account]) -> None:
    assert len(ledger) == len(accounts) == 10_000
    for account in accounts[::10]:
        assert account.lines == schedule(_loans([account.row]).terms(0, account.plan, RULE))


def test_every_payment_is_split_as_the_lender_split_it(paid: Counter[bool]) -> None:
    assert paid == {True: 34_504}


def test_every_balance_is_the_ledgers(accounts: list[Account], paid: Counter[bool]) -> None:
    assert paid[False] == 0
    different = [each.row["借据编号"] for each in accounts if each.balance != _money(each.row["贷款余额"])]
    assert different == []


def test_every_overdue_date_is_the_ledgers(accounts: list[Account], paid: Counter[bool]) -> None:
    assert paid[False] == 0
    stated = {each.row["借据编号"]: each.row["逾期起始日"] or None for each in accounts}
    assert {each.row["借据编号"]: overdue_since(each.dues, AS_OF) for each in accounts} == stated


def test_every_status_is_the_ledgers(accounts: list[Account], paid: Counter[bool]) -> None:
    assert paid[False] == 0
    assert [_status(each) for each in accounts] == [each.row["状态"] for each in accounts]
    counts = Counter(_status(each) for each in accounts)
    assert counts == {"正常": 9375, "结清": 447, "逾期": 104, "宽限期": 67, "核销": 7}


def _status(account: Account) -> str:
    days = days_past_due(account.dues, AS_OF)
    if account.is_written_off:
        return "核销"
    if not account.balance:
        return "结清"
    if not days:
        return "正常"
    return "宽限期" if days <= GRACE_DAYS else "逾期"


def test_without_the_digits_of_the_lenders_rate_34_loans_differ_by_a_cent(accounts: list[Account]) -> None:
    different = set()
    for method in (Method.ANNUITY, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY):
        some = [account for account in accounts if account.plan.method is method]
        exact = schedule_bulk(_loans([account.row for account in some]), Plan(method), RULE)
        for account, lines in zip(some, _split(exact, len(some)), strict=True):
            interest = {
                (row["还款日期"], _money(row["其中利息"])) for row in account.payments if row["其中利息"]
            }
            if not interest <= {(line.due_on, line.interest) for line in lines}:
                different.add(account.row["借据编号"])
    assert len(different) == 34
