"""Positions taken over from a ledger, on arrays: the same as the account of a single loan gives."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from app.contact.phones import normalise
from app.core import copy_binary
from app.core.money import from_cents
from app.servicing.account import Account, Line, Share
from app.servicing.bulk_loans import Loans
from app.servicing.duedates import DueRule
from app.servicing.dues import Component
from app.servicing.intake import position
from app.servicing.intake.phones import in_e164
from app.servicing.intake.places import shortened
from app.servicing.schedule_bulk import schedule_bulk
from app.servicing.terms import Method, Plan
from tests.servicing.ledgers import LEDGER, sheet

START = date(2018, 1, 15)
loans = st.lists(
    st.tuples(
        st.integers(1_000, 5_000_000),  # principal in cents
        st.integers(0, 100),  # percent repaid
        st.none() | st.integers(-10, 500),  # interest paid to, days after the start
        st.none() | st.integers(1, 200),  # overdue since, days before the ledger's day
        st.integers(1, 400),  # the ledger's day, days after the start
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def day(offset: int | None) -> np.datetime64:
    return position.NAT if offset is None else np.datetime64(START + timedelta(days=offset), "D")


@settings(max_examples=60, deadline=None)
@given(loans, st.sampled_from([Method.ANNUITY, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY, Method.BULLET]))
def test_positions_on_arrays_are_those_of_the_account(drawn, method) -> None:
    principal = np.array([loan[0] for loan in drawn])
    book = Loans(
        principal,
        np.full(len(drawn), 12_000_000),
        np.array([day(0)] * len(drawn)),
        count=np.full(len(drawn), 9),
    )
    lines = schedule_bulk(book, Plan(method), DueRule())
    as_of = np.array([day(loan[4]) for loan in drawn])
    stated = position.Stated(
        principal, principal * (100 - np.array([loan[1] for loan in drawn])) // 100,
        np.array([day(loan[2]) for loan in drawn]),
        np.array([day(None if loan[3] is None else loan[4] - loan[3]) for loan in drawn]), as_of,
    )  # fmt: skip
    paid = position.opening(lines, stated)
    at = position.positions(lines, paid, as_of, len(drawn))
    for number in range(len(drawn)):
        which = lines.loan == number
        on = as_of[number].item()
        is_paid_off = stated.balance[number] == 0 and np.isnat(stated.overdue_since[number])
        account = account_of(lines, paid, which, START if is_paid_off else date.max)
        alone = account.position(on)
        assert (
            alone.principal_outstanding == from_cents(at.owed[number]) == from_cents(stated.balance[number])
        )
        assert alone.overdue_principal == from_cents(at.late_principal[number])
        assert alone.overdue_interest == from_cents(at.late_interest[number])
        assert alone.overdue_since == at.since[number].item()
        assert alone.next_due_on == at.next_due_on[number].item()
        assert (alone.settled_on is not None) == at.is_settled[number]


def account_of(lines, paid, which, posted_on) -> Account:
    """One loan's account with what was taken over, each share posted as the journal would.

    A loan paid off owes no interest that falls due after the posting; all else is owed for ever.
    """
    columns = (
        lines.n,
        lines.due_on,
        lines.principal,
        lines.interest,
        paid.principal,
        paid.interest,
        paid.closed_on,
    )
    rows = list(zip(*(column[which] for column in columns), strict=True))
    account = Account([
        Line(int(n), int(n), due.item(), from_cents(principal), from_cents(interest))
        for n, due, principal, interest, *_paid in rows
    ])  # fmt: skip
    shares = [
        Share(line, component, from_cents(amount))
        for line, (*_terms, principal, interest, _closed) in zip(account.lines, rows, strict=True)
        for component, amount in ((Component.PRINCIPAL, principal), (Component.INTEREST, interest))
        if amount
    ]
    account.take(shares, posted_on)
    assert [line.paid_on is not None for line in account.lines if line.principal + line.interest] == [
        not np.isnat(row[-1]) for row in rows if row[2] + row[3]
    ]
    return account


def test_a_loan_that_owes_nothing_is_closed_with_all_its_instalments() -> None:
    one = Loans(np.array([100_000]), np.array([6_000_000]), np.array([day(0)]), count=np.array([3]))
    lines = schedule_bulk(one, Plan(), DueRule())
    as_of = np.array([day(40)])
    stated = position.Stated(
        np.array([100_000]), np.array([0]), np.array([day(31)]), np.array([position.NAT]), as_of
    )
    paid = position.opening(lines, stated)
    at = position.positions(lines, paid, as_of, 1)
    assert at.is_settled.all()
    assert at.owed[0] == at.late_interest[0] == 0
    assert list(paid.interest > 0) == [True, False, False]


def test_money_and_dates_in_binary_copy_are_what_the_database_reads(database) -> None:
    import psycopg

    amounts = np.array([0, 1, -1, 99, 100, 12_345_678_901_234_567, -999_999, 999_999_999_999_999_999])
    days = copy_binary.or_no_date(np.array([np.datetime64("2018-06-25"), position.NAT] * 4))
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("CREATE TEMP TABLE t (n int, id bigint, amount numeric(18,2), day date)")
        data = copy_binary.rows([
            ("int4", np.arange(8)), ("int8", amounts), ("money", amounts), ("date", days),
        ])  # fmt: skip
        with connection.cursor().copy("COPY t FROM STDIN (FORMAT binary)") as copy:
            copy.write(copy_binary.HEADER + data + copy_binary.TRAILER)
        found = connection.execute("SELECT id, amount, day FROM t ORDER BY n").fetchall()
    assert [row[0] for row in found] == amounts.tolist()
    assert [row[1] for row in found] == [Decimal(int(amount)).scaleb(-2) for amount in amounts]
    assert [row[2] for row in found] == [date(2018, 6, 25), date(1, 1, 1)] * 4


def test_quick_telephone_numbers_are_those_of_the_full_analysis() -> None:
    written = {
        row[name]
        for row in sheet(LEDGER)[::20]
        for name in ("手机号码", "固定电话", "配偶手机号码")
        if row[name]
    }
    assert len(written) > 500
    assert {number: in_e164(number, "CN") for number in written} == {
        number: normalise(number, "CN") for number in written
    }


@pytest.mark.parametrize(
    "region, written", [("UA", "092 000 46 43"), ("UA", "+380920004643"), ("UA", "(0382) 65-43-21"),
                        ("RU", "8 916 111-22-33"), ("PL", "512 345 678"), ("CN", "８６ 138 0013 8000")],
)  # fmt: skip
def test_numbers_of_other_countries_too(region, written) -> None:
    assert in_e164(written, region) == normalise(written, region)


def test_a_place_is_known_with_and_without_the_ending_of_its_name() -> None:
    assert shortened("township", "大草滩镇") == shortened("township", "大草滩乡") == "大草滩"
    assert shortened("village", "村") == "村"
