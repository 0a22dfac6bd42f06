"""The worked tables of docs/algorithms are what the code computes."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule, Frequency
from app.servicing.dues import (
    Bound,
    Due,
    accrued_interest,
    bucket,
    days_past_due,
    overdue_amount,
    overdue_since,
)
from app.servicing.schedule import schedule
from app.servicing.terms import Method, Plan, Terms
from app.servicing.waterfall import Direction, Order, Part, Surplus, allocate

DOCS = Path(__file__).parents[2] / "docs" / "algorithms"
Row = dict[str, str]


def _tables(text: str) -> Iterator[list[Row]]:
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, _, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()
        ]
        yield [dict(zip(head, row, strict=True)) for row in rows]


def _with(name: str, *columns: str) -> list[Row]:
    """The first table of a page that has exactly these columns."""
    text = (DOCS / name).read_text(encoding="utf-8")
    return next(table for table in _tables(text) if list(table[0]) == list(columns))


def _worked_schedules() -> list[tuple[str, Row, list[Row]]]:
    text = (DOCS / "schedule.md").read_text(encoding="utf-8")
    found = []
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        terms, lines, *_ = _tables(section)
        found.append((section.splitlines()[0], {row["term"]: row["value"] for row in terms}, lines))
    return found


def _terms(values: Row) -> Terms:
    def number(name: str) -> int | None:
        return int(values[name]) if name in values else None

    plan = Plan(
        Method(values["method"]),
        DayCount(values["day_count"]),
        number("principal_grace") or 0,
        instalment_unit=Decimal(values["instalment_unit"]) if "instalment_unit" in values else None,
        rate_digits=number("rate_digits"),
    )
    return Terms(
        Decimal(values["principal"]),
        Decimal(values["annual_rate"]),
        date.fromisoformat(values["disbursed_on"]),
        number("count"),
        date.fromisoformat(values["matures_on"]) if "matures_on" in values else None,
        rule=DueRule(Frequency(values.get("frequency", "monthly")), due_day=number("due_day")),
        plan=plan,
    )


def _dues(name: str) -> list[Due]:
    rows = _with(name, "n", "due on", "principal", "interest", "fee", "penalty")
    amounts = ("principal", "interest", "fee", "penalty")
    return [
        Due(int(row["n"]), date.fromisoformat(row["due on"]), *(Decimal(row[each]) for each in amounts))
        for row in rows
    ]


@pytest.mark.parametrize(
    "title,terms,lines", _worked_schedules(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_worked_schedule_is_what_its_terms_give(title: str, terms: Row, lines: list[Row]) -> None:
    given = [
        [
            str(line.n),
            line.due_on.isoformat(),
            *map(str, (line.principal, line.interest, line.total, line.balance)),
        ]
        for line in schedule(_terms(terms))
    ]
    assert given == [list(line.values()) for line in lines], title


def test_seven_schedules_are_worked() -> None:
    assert len(_worked_schedules()) == 7


def test_the_worked_payments_are_split_as_the_page_says() -> None:
    dues, on = _dues("allocation.md"), date(2024, 3, 1)
    rows = _with("allocation.md", "paid", "order", "direction", "surplus", "parts")
    assert len(rows) == 7
    for row in rows:
        order = Order.parse(row["order"], Direction(row["direction"]), Surplus(row["surplus"]))
        assert _text(allocate(Decimal(row["paid"]), dues, order, on)) == row["parts"]


def _text(parts: list[Part]) -> str:
    return ", ".join(f"{part.n or '-'} {part.component or 'credit'} {part.amount:.2f}" for part in parts)


def test_the_worked_standings_are_what_the_unpaid_instalments_give() -> None:
    dues = _dues("arrears.md")
    bounds = [Bound(int(row["from day"]), row["bucket"]) for row in _with("arrears.md", "from day", "bucket")]
    columns = ("on", "grace days", "overdue since", "days past due", "overdue amount", "bucket")
    for row in _with("arrears.md", *columns):
        on, grace = date.fromisoformat(row["on"]), int(row["grace days"])
        days = days_past_due(dues, on, grace)
        since = overdue_since(dues, on, grace)
        assert row == {
            "on": row["on"],
            "grace days": row["grace days"],
            "overdue since": since.isoformat() if since else "-",
            "days past due": str(days),
            "overdue amount": str(overdue_amount(dues, on)),
            "bucket": bucket(days, bounds),
        }


def test_the_worked_interest_is_what_the_terms_give() -> None:
    terms = Terms(Decimal(2400), Decimal("6.08"), date(2018, 1, 2), count=36, plan=Plan(Method.BULLET))
    for row in _with("arrears.md", "since", "on", "interest"):
        since, on = date.fromisoformat(row["since"]), date.fromisoformat(row["on"])
        assert accrued_interest(terms, terms.principal, since, on) == Decimal(row["interest"])
