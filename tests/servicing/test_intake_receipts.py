"""The same loans from pay-out, their payments and write-offs posted from a file: the ledger comes out of it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.core.db import unscoped
from app.models import Allocation, Client, ImportLayout, ImportProblem, Loan, Repayment, WriteOff
from app.servicing import posting
from app.servicing.arrears import recompute
from app.servicing.intake import run_import
from app.servicing.intake.compare import compare_book
from tests.servicing.ledgers import ON, ledger, receipts_of, settle_in, some_loans, workbook


@pytest.fixture(scope="module")
def rows():
    return some_loans()


@pytest.fixture(scope="module")
def posted(database, rows, tmp_path_factory):
    """Book B of some loans with all their payments and write-offs: (file of the ledger, file of payments)."""
    folder = tmp_path_factory.mktemp("book")
    settle_in(folder)
    payments, write_offs = receipts_of(rows)
    book = ledger(folder, rows)
    receipts = workbook(folder / "receipts.xlsx", {"还款流水": payments, "核销": write_offs})
    assert run_import(book, "dingxi-b").line == f"created {len(rows)}, updated 0, unchanged 0, rejected 0"
    assert (
        run_import(receipts, "repayments-dingxi").line
        == f"created {len(payments)}, updated 0, unchanged 0, rejected 0"
    )
    assert (
        run_import(receipts, "write-offs-dingxi").line
        == f"created {len(write_offs)}, updated 0, unchanged 0, rejected 0"
    )
    return book, receipts


@pytest.fixture(scope="module")
def at_once(posted):
    """What the books showed before other tests posted more: the comparison, both books, and a second measure."""
    run_import(posted[0], "dingxi")
    columns = (
        Loan.number, Loan.principal_outstanding, Loan.overdue_since, Loan.status, Loan.overdue_principal,
        Loan.overdue_interest, Loan.next_due_on, Loan.bucket_id,
    )  # fmt: skip
    with unscoped("a test compares") as session:
        compared = compare_book(session, "dingxi-b", posted[0], "dingxi", ON)
        books = [
            session.execute(
                select(*columns).join(Client).where(Client.code == code).order_by(Loan.number)
            ).all()
            for code in ("dingxi", "dingxi-b")
        ]
        return compared, books, recompute(session, None, ON)


def test_the_book_posted_day_by_day_is_the_ledger(at_once, rows) -> None:
    compared, (_opened, posted), recomputed = at_once
    assert [str(difference) for difference in compared.differences] == []
    assert compared.line == f"{len(rows)} of {len(rows)} equal"
    words = {
        "正常": "current",
        "宽限期": "grace",
        "逾期": "overdue",
        "结清": "settled",
        "核销": "written_off",
    }
    assert {number: (balance, since, str(status)) for number, balance, since, status, *_rest in posted} == {
        row["借据编号"]: (Decimal(row["贷款余额"]), row["逾期起始日"], words[row["状态"]]) for row in rows
    }
    assert recomputed == 0


def test_the_same_book_of_both_kinds_stands_the_same(at_once, rows) -> None:
    _compared, (opened, posted), _recomputed = at_once
    assert opened == posted
    assert len(opened) == len(rows)


def test_files_posted_again_change_nothing(posted, rows) -> None:
    payments, write_offs = receipts_of(rows)
    with unscoped("a test counts") as session:
        before = session.scalar(select(func.count()).select_from(Allocation))
    assert (
        run_import(posted[0], "dingxi-b").line == f"created 0, updated 0, unchanged {len(rows)}, rejected 0"
    )
    assert (
        run_import(posted[1], "repayments-dingxi").line
        == f"created 0, updated 0, unchanged {len(payments)}, rejected 0"
    )
    assert (
        run_import(posted[1], "write-offs-dingxi").line
        == f"created 0, updated 0, unchanged {len(write_offs)}, rejected 0"
    )
    with unscoped("a test counts") as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == before


def test_a_payment_after_a_write_off_is_recovery(posted, at_once, rows, tmp_path) -> None:
    gone = next(row for row in rows if row["状态"] == "核销")
    paid = {
        "还款日期": date(2018, 6, 24),
        "借据编号": gone["借据编号"],
        "客户姓名": gone["客户姓名"],
        "还款金额": 100,
        "流水号": "R1",
    }
    assert run_import(
        workbook(tmp_path / "r.xlsx", {"还款流水": [paid]}), "repayments-dingxi"
    ).line.startswith("created 1,")
    with unscoped("a test looks at recovery") as session:
        entry = session.scalars(select(Repayment).where(Repayment.reference == "R1")).unique().one()
        assert (str(entry.kind), entry.amount, entry.source) == ("recovery", Decimal(100), "file")
        loan = session.get_one(Loan, entry.loan_id)
        assert str(loan.status) == "written_off"
        assert (
            session.scalar(select(func.count()).select_from(WriteOff).where(WriteOff.loan_id == loan.id)) == 1
        )
        assert loan.principal_outstanding <= Decimal(gone["贷款余额"])


def test_rows_that_cannot_be_posted_are_refused_and_the_others_are_posted(
    posted, at_once, rows, tmp_path
) -> None:
    loan = next(row for row in rows if row["状态"] == "正常")
    good = {
        "还款日期": ON,
        "借据编号": loan["借据编号"],
        "客户姓名": loan["客户姓名"],
        "还款金额": 10,
        "其中本金": 4,
        "其中利息": 6,
        "流水号": "G",
    }
    wrong = [
        {"借据编号": "DX99999", "流水号": "1"},
        {"流水号": "G"},
        {"流水号": "3", "客户姓名": "别人"},
        {"流水号": "4", "还款日期": ON + timedelta(days=1)},
        {"流水号": "5", "还款日期": loan["贷款起期"] - timedelta(days=1)},
        {"流水号": "6", "其中本金": 5},
        {"流水号": "7", "还款金额": 0},
        {"流水号": "8", "还款金额": "十元"},
        {"流水号": None},
        {"流水号": "10", "还款金额": 10.005},
    ]
    file = workbook(tmp_path / "some.xlsx", {"还款流水": [good, *({**good, **each} for each in wrong)]})
    summary = run_import(file, "repayments-dingxi")
    assert summary.line == f"created 1, updated 0, unchanged 0, rejected {len(wrong)}"
    with unscoped("a test looks at problems") as session:
        told = session.execute(
            select(ImportProblem.row, ImportProblem.column).where(ImportProblem.run_id == summary.run_id)
        ).all()
        entry = session.scalars(select(Repayment).where(Repayment.reference == "G")).unique().one()
        shares = select(Allocation.component, func.sum(Allocation.amount)).where(
            Allocation.repayment_id == entry.id
        )
        assert (
            sum(amount for _component, amount in session.execute(shares.group_by(Allocation.component))) == 10
        )
    columns = dict(told)
    assert set(columns) == set(range(3, 13))
    assert [columns[row] for row in (3, 4, 5, 6, 7)] == [
        "借据编号",
        "流水号",
        "客户姓名",
        "还款日期",
        "还款日期",
    ]
    assert [columns[row] for row in (9, 10, 11, 12)] == ["还款金额", "还款金额", "流水号", "还款金额"]
    assert (
        run_import(file, "repayments-dingxi").line
        == f"created 0, updated 0, unchanged 1, rejected {len(wrong)}"
    )


def test_a_payment_that_the_opening_position_holds_already_is_refused(
    posted, at_once, rows, tmp_path
) -> None:
    paid = next(row for row in rows if row["状态"] == "正常" and row["利息结至"] > row["贷款起期"])
    payment = {"还款日期": paid["利息结至"], "借据编号": paid["借据编号"], "还款金额": 100, "流水号": "T1"}
    file = workbook(tmp_path / "t.xlsx", {"还款流水": [payment, {**payment, "还款日期": ON, "流水号": "T2"}]})
    summary = run_import(file, "repayments-dingxi", "dingxi")
    assert summary.line == "created 1, updated 0, unchanged 0, rejected 1"
    with unscoped("a test looks at problems") as session:
        told = session.scalars(
            select(ImportProblem.reason).where(ImportProblem.run_id == summary.run_id)
        ).one()
        assert told == "lies before 2018-06-25, the day the loan was taken over from a ledger"


def payments(folder, *told: tuple[str, str, str]):
    """A file of payments: number of the loan, amount, reference."""
    columns = ("借据编号", "还款金额", "流水号")
    rows = [{"还款日期": ON, **dict(zip(columns, each, strict=True))} for each in told]
    return workbook(folder / "much.xlsx", {"还款流水": rows})


def test_far_more_than_a_loan_owes_is_posted_only_where_the_layout_says_so(
    posted, at_once, rows, tmp_path
) -> None:
    first, second = [row["借据编号"] for row in rows if row["状态"] == "正常"][-2:]
    with unscoped("a test asks what two loans owe") as session:
        mine = select(Loan).join(Client).where(Client.code == "dingxi-b", Loan.number == first)
        loan = session.scalars(mine).one()
        in_all, tenth = posting.owed(session, loan.id, ON).in_all, loan.principal / 10
        known = session.scalars(
            select(ImportLayout.definition).where(ImportLayout.name == "repayments-dingxi")
        )
        definition = known.one()
        layout = {**definition["layout"], "name": "generous", "keeps_overpayments": True}
        made = {**definition, "layout": layout}
        session.add(ImportLayout(name="generous", title="G", target="repayments", definition=made))

    most = "9999999999999999.99"
    file = payments(
        tmp_path, (first, most, "O1"), (second, "10.00", "O2"), (first, str(in_all - 1), "O3"), (first, f"{tenth + Decimal('1.01'):.2f}", "O4"),
        (first, f"{tenth + 1:.2f}", "O5"), (first, f"{tenth + Decimal('0.01'):.2f}", "O6"),
    )  # fmt: skip
    summary = run_import(file, "repayments-dingxi")
    assert summary.line == "created 3, updated 0, unchanged 0, rejected 3"
    columns = (ImportProblem.row, ImportProblem.column, ImportProblem.value, ImportProblem.reason)
    why = (
        "is more than a tenth of the loan above all that is still to pay on it, {} CNY; the layout does not let such "
        "overpayments be posted"
    )
    with unscoped("a test looks at problems") as session:
        told = session.execute(select(*columns).where(ImportProblem.run_id == summary.run_id)).all()
        entries = select(Repayment.reference).where(Repayment.reference.like("O_"))
        assert set(session.scalars(entries)) == {"O2", "O3", "O5"}
    assert sorted(map(tuple, told)) == [
        (2, "还款金额", most, why.format(in_all)), (5, "还款金额", f"{tenth + Decimal('1.01'):.2f}", why.format("1.00")),
        (7, "还款金额", f"{tenth + Decimal('0.01'):.2f}", why.format("0.00")),
    ]  # fmt: skip
    assert run_import(payments(tmp_path, (first, "5.00", "O7")), "generous").line.startswith("created 1,")
    with unscoped("a test looks at an overpayment") as session:
        kept = select(Allocation.component, Allocation.amount).join(Repayment)
        found = session.execute(kept.where(Repayment.reference == "O7")).all()
    assert [(str(component), amount) for component, amount in found] == [("overpayment", Decimal(5))]
