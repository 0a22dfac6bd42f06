"""Hypothesis strategies for terms of loans, shared by the tests of schedules."""

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from app.core.money import RoundingMode
from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule, Frequency
from app.servicing.terms import Method, Plan, Terms

UNITS = st.sampled_from([Decimal("0.01"), Decimal("0.05"), Decimal(1), Decimal(10)])


@st.composite
def rules(draw: st.DrawFn) -> DueRule:
    frequency = draw(st.sampled_from(Frequency))
    every = draw(st.integers(1, 40 if frequency is Frequency.DAYS else 4))
    is_by_month = frequency in (Frequency.MONTHLY, Frequency.QUARTERLY)
    due_day = draw(st.none() | st.integers(1, 31)) if is_by_month else None
    return DueRule(frequency, every, due_day, min_first_days=draw(st.integers(1, 20)))


@st.composite
def plans(draw: st.DrawFn, longest_grace: int = 3) -> Plan:
    method = draw(st.sampled_from(Method))
    return Plan(
        method,
        draw(st.sampled_from(DayCount)),
        0 if method is Method.BULLET else draw(st.integers(0, longest_grace)),
        draw(UNITS),
        draw(st.sampled_from(RoundingMode)),
        draw(st.none() | UNITS),
        draw(st.none() | st.sampled_from(RoundingMode)),
        draw(st.booleans()),
        draw(st.sampled_from([None, None, 12, 28])),
    )


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    plan = draw(plans())
    start = draw(st.dates(date(2000, 1, 1), date(2040, 1, 1)))
    return Terms(
        draw(st.decimals("0.01", "5000000", places=2)),
        draw(st.one_of(st.just(Decimal(0)), st.decimals(0, 60, places=2), st.decimals(0, 60, places=6))),
        start,
        count=draw(st.integers(plan.principal_grace + 1, 40)),
        rule=draw(rules()),
        plan=plan,
    )
