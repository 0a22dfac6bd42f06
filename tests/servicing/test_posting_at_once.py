"""Many who post to one loan at the same time lose nothing."""

import threading
from decimal import Decimal

from sqlalchemy import func, select

from app.core import clock
from app.core.db import unscoped
from app.models import Allocation, Instalment, Loan, Repayment
from app.servicing.arrears import recompute
from app.servicing.posting import post_repayment
from tests.servicing.book import BUSINESS_ON, make_book


def test_nothing_is_lost_when_many_pay_the_same_loan_at_once(database) -> None:
    with unscoped("a test of postings") as session:
        clock.set_business_date(session, BUSINESS_ON)
        make_book(session, 1, late_share=1)
        loan = session.scalars(select(Loan)).one()
        before = session.scalar(select(func.sum(Instalment.principal_paid + Instalment.interest_paid)))
        loan_id = loan.id

    def work(worker: int) -> None:
        for n in range(5):
            with unscoped("a test of postings") as own:
                post_repayment(
                    own, loan_id, Decimal("1.01"), BUSINESS_ON, source="bank", reference=f"{worker}/{n}",
                    business_on=BUSINESS_ON,
                )  # fmt: skip

    workers = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with unscoped("a test of postings") as session:
        paid = session.scalar(select(func.sum(Instalment.principal_paid + Instalment.interest_paid)))
        kept = session.scalar(
            select(func.sum(Allocation.amount)).where(Allocation.component == "overpayment")
        )
        assert session.scalar(select(func.count(Repayment.id))) == 80
        assert paid + (kept or 0) - before == Decimal("80.80")
        assert recompute(session, None, BUSINESS_ON) == 0
