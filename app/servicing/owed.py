"""How much loans owe in all while a file of payments is posted: nobody can be asked whether more is meant."""

from collections.abc import Iterable
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, BigInteger, func, literal, select
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.core.money import ZERO
from app.models.lending import Instalment
from app.servicing.account import Account, Share

LET_BY = Decimal("0.1")
"""What part of the loan may come beyond what its schedule owes: a lender's cents, interest of late days, fees. More
is a slip of the hand."""


class Owed:
    """What is unpaid of each loan's whole schedule, principal and interest, as `posting.owed` has it in all."""

    def __init__(self, session: Session, loan_ids: list[int]) -> None:
        i = Instalment
        unpaid = func.sum(i.principal + i.interest - i.principal_paid - i.interest_paid)
        found = select(i.loan_id, unpaid.filter(i.paid_on.is_(None)), func.sum(i.principal)).where(
            i.loan_id == func.any(literal(loan_ids, ARRAY(BigInteger)))
        )
        rows = session.execute(found.group_by(i.loan_id)).all()
        self._in_all: dict[int, Decimal] = {row[0]: row[1] or ZERO for row in rows}
        self._let_by: dict[int, Decimal] = {row[0]: row[2] * LET_BY for row in rows}

    def check(self, loan_id: int, amount: Decimal, currency: str) -> None:
        """Raise RuleError, naming the field, for a payment of so much more than the loan owes in all."""
        in_all = self._in_all.get(loan_id, ZERO)
        if amount > in_all + self._let_by.get(loan_id, ZERO):
            raise RuleError(
                _("is more than a tenth of the loan above all that is still to pay on it, %(in_all)s %(currency)s; the layout "
                  "does not let such overpayments be posted", in_all=in_all, currency=currency), "amount",
            )  # fmt: skip

    def pay(self, loan_id: int, account: Account, shares: Iterable[Share]) -> None:
        """Take off what a payment paid; a loan that it closed owes no later interest.

        The account may hold the first lines only: while one beyond them is open, so is one that it holds.
        """
        paid = sum((share.amount for share in shares if share.line), ZERO)
        is_open = any(line.is_open for line in account.lines)
        self._in_all[loan_id] = self._in_all.get(loan_id, ZERO) - paid if is_open else ZERO
