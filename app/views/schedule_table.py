"""A loan's schedule as a table: what fell due, what is paid, what is late, with totals."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.web.cells import money, plain
from app.core.web.pages import Cell, Col, Row, Table
from app.models import Instalment, Loan

COLUMNS = (
    ("number", "number"),
    ("due_on", "date"),
    ("principal", "money"),
    ("interest", "money"),
    ("paid", "money"),
    ("remaining", "money"),
)


def schedule(session: Session, loan: Loan, on: date) -> Table:
    """All instalments of a loan; late ones are marked by word and colour."""
    lines = session.scalars(
        select(Instalment).where(Instalment.loan_id == loan.id).order_by(Instalment.number)
    ).all()
    labels = [
        gettext("No."),
        gettext("Due on"),
        gettext("Principal"),
        gettext("Interest"),
        gettext("Paid"),
        gettext("Remaining"),
    ]
    columns = [
        Col(key, label, kind, "end" if kind != "date" else "")
        for (key, kind), label in zip(COLUMNS, labels, strict=True)
    ]
    columns.append(Col("state", gettext("State")))
    return Table(
        gettext("Schedule %(number)s", number=loan.number), columns, [_row(line, on) for line in lines], _totals(list(lines)),
        empty=gettext("This loan has no schedule."), url=f"/instalment/list/?loan={loan.id}&sort=due_on",
    )  # fmt: skip


def paid(line: Any) -> Decimal:
    return Decimal(line.principal_paid + line.interest_paid)


def remaining(line: Any) -> Decimal:
    """What is still owed on a line; nothing once it is closed."""
    return Decimal(0) if line.paid_on else line.principal + line.interest - paid(line)


def state(line: Any, on: date) -> tuple[str, str, str]:
    """(word, colour, row class) of an instalment on a day."""
    if line.paid_on:
        return gettext("Paid"), "green", "done"
    if line.due_on < on:
        return gettext("Late"), "red", "late"
    if line.due_on == on:
        return gettext("Due today"), "orange", "due"
    return (gettext("Part paid"), "blue", "") if paid(line) else (gettext("Not due"), "gray", "")


def _row(line: Any, on: date) -> Row:
    word, colour, css = state(line, on)
    cells = [Cell(line.number, "number"), Cell(plain("date", line.due_on), "date")]
    cells += [
        Cell(money(amount), "money")
        for amount in (line.principal, line.interest, paid(line), remaining(line))
    ]
    return Row(
        line.id, None, str(line.number), [*cells, Cell(word, "choice", colour=colour)], state=css or None
    )


def _totals(lines: list[Any]) -> list[Cell] | None:
    if not lines:
        return None
    sums = [
        sum((f(line) for line in lines), Decimal(0))
        for f in (lambda x: x.principal, lambda x: x.interest, paid, remaining)
    ]
    return [Cell(gettext("Total")), Cell(""), *(Cell(money(total), "money") for total in sums), Cell("")]
