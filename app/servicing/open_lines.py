"""Reading the instalments that a file of payments can reach: of most loans a few, not the whole schedule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Numeric,
    TableValuedAlias,
    column,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.models.lending import Instalment
from app.servicing.account import Line, Split


def open_lines(session: Session, loan_ids: list[int], reach: dict[int, Split]) -> dict[int, list[Line]]:
    """Instalments that are not closed, of each loan as far as its payments can reach.

    A closed one owes no principal and takes no part in a payment. Stated splits fill instalments in their
    order, so those beyond both sums (`reach`) stay as they are; a product's order may go anywhere.
    """
    i = Instalment
    before = {
        name: func.sum(owed).over(partition_by=i.loan_id, order_by=i.number) - owed
        for name, owed in {
            "principal": i.principal - i.principal_paid,
            "interest": i.interest - i.interest_paid,
        }.items()
    }
    lines = (
        select(
            i.loan_id, i.id, i.number, i.due_on, i.principal, i.interest, i.principal_paid, i.interest_paid,
            before["principal"].label("principal_before"), before["interest"].label("interest_before"),
        )
        .where(i.loan_id == func.any(literal(loan_ids, ARRAY(BigInteger))), i.paid_on.is_(None))
        .subquery()
    )  # fmt: skip
    bounds = _bounds(reach)
    found = (
        select(*list(lines.c)[:8])
        .outerjoin(bounds, bounds.c.loan_id == lines.c.loan_id)
        .where(
            or_(
                bounds.c.loan_id.is_(None),
                lines.c.principal_before <= bounds.c.principal,
                lines.c.interest_before <= bounds.c.interest,
            )
        )
        .order_by(lines.c.loan_id, lines.c.number)
    )
    made: dict[int, list[Line]] = defaultdict(list)
    for loan_id, *line in cast("Iterable[Any]", session.execute(found)):
        made[loan_id].append(Line(*line))
    return made


def _bounds(reach: dict[int, Split]) -> TableValuedAlias:
    """The sums of the stated splits as a table of loan_id, principal and interest."""
    return (
        func.unnest(
            literal(list(reach), ARRAY(BigInteger)),
            literal([split.principal for split in reach.values()], ARRAY(Numeric)),
            literal([split.interest for split in reach.values()], ARRAY(Numeric)),
        )
        .table_valued(
            column("loan_id", BigInteger), column("principal", Numeric), column("interest", Numeric)
        )
        .render_derived()
    )
