"""A ledger becomes customers, loans, schedules and opening entries, and states nothing that the journal denies."""

from collections import Counter
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text

from app.core.db import unscoped
from app.core.org import Branch, DataGrant, History, Region, User
from app.models import (
    Address,
    Allocation,
    Client,
    Customer,
    CustomerLink,
    ImportRun,
    Instalment,
    JointLiabilityGroup,
    Loan,
    Phone,
    Product,
    Repayment,
    StatedDifference,
    WriteOff,
)
from app.servicing.arrears import recompute
from app.servicing.intake import run_import
from app.servicing.intake.compare import compare_book
from app.servicing.schedule import schedule
from app.servicing.terms_of import terms_of
from tests.servicing.ledgers import ON, Row, ledger, settle_in, some_loans


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return some_loans()


@pytest.fixture(scope="module")
def book(database, rows, tmp_path_factory):
    """The ledger of some loans, imported; the numbers of its loans are theirs alone."""
    folder = tmp_path_factory.mktemp("ledger")
    settle_in(folder)
    return run_import(ledger(folder, rows), "dingxi")


@pytest.fixture
def session(book):
    with unscoped("a test looks at a book") as session:
        yield session
        session.rollback()


def loan_of(session, row: Row) -> Loan:
    """The loan of a row of the ledger, in book A."""
    found = select(Loan).join(Client).where(Client.code == "dingxi", Loan.number == row["借据编号"])
    return session.scalars(found).unique().one()


def test_every_row_becomes_a_loan(book, rows) -> None:
    assert book.line == f"created {len(rows)}, updated 0, unchanged 0, rejected 0"
    assert (book.rows, book.differences, book.error_file) == (len(rows), 0, None)


def test_balance_overdue_date_and_status_are_those_stated(session, rows) -> None:
    words = {
        "正常": "current",
        "宽限期": "grace",
        "逾期": "overdue",
        "结清": "settled",
        "核销": "written_off",
    }
    assert {row["状态"] for row in rows} == set(words)
    for row in rows:
        loan = loan_of(session, row)
        assert (loan.principal_outstanding, loan.overdue_since, str(loan.status)) == (
            Decimal(row["贷款余额"]), row["逾期起始日"], words[row["状态"]],
        ), row["借据编号"]  # fmt: skip


def test_the_nights_own_measure_changes_nothing(session) -> None:
    assert recompute(session, None, ON) == 0


def test_the_terms_and_the_people_are_those_of_the_row(session, rows) -> None:
    for row in rows[:40]:
        loan = loan_of(session, row)
        customer = session.get_one(Customer, loan.customer_id)
        assert (loan.contract_number, loan.principal, loan.annual_rate, loan.disbursed_on, loan.matures_on) == (
            row["合同编号"], Decimal(row["贷款金额"]), row["年利率(%)"], row["贷款起期"], row["贷款止期"],
        )  # fmt: skip
        assert (customer.name, customer.identity_number, loan.purpose) == (
            row["客户姓名"], row["身份证号码"], row["贷款用途"],
        )  # fmt: skip
        assert (loan.product.name, loan.branch.name, str(loan.officer)) == (
            row["贷款种类"], row["经办支行"], row["信贷员"],
        )  # fmt: skip
        place = loan.region
        assert (place.name, place.parent.name, place.parent.parent.name) == (
            row["村"],
            row["乡镇"],
            row["县区"],
        )
        phones = set(session.scalars(select(Phone.number).where(Phone.customer_id == customer.id)))
        assert f"+86{row['手机号码']}" in phones
        home = session.scalars(select(Address).where(Address.customer_id == customer.id)).unique().all()
        assert (loan.region_id, row["门牌号"]) in {(each.region_id, each.house) for each in home}
        spouses = set(
            session.scalars(select(CustomerLink.name).where(CustomerLink.customer_id == customer.id))
        )
        assert not row["配偶姓名"] or row["配偶姓名"] in spouses


def test_a_persons_loans_belong_to_one_customer(session, rows) -> None:
    people = {row["身份证号码"] for row in rows}
    mine = select(func.count()).select_from(Customer).join(Client).where(Client.code == "dingxi")
    assert session.scalar(mine) == len(people)
    assert session.scalar(mine.join(Phone, Phone.customer_id == Customer.id).where(Phone.is_primary)) == len(
        people
    )


def test_the_stored_schedule_is_what_the_stored_terms_give(session, rows) -> None:
    for row in rows[::7]:
        loan = loan_of(session, row)
        stored = session.scalars(
            select(Instalment).where(Instalment.loan_id == loan.id).order_by(Instalment.number)
        ).unique()
        assert [
            (line.number, line.due_on, line.principal, line.interest, line.balance) for line in stored
        ] == [
            (line.n, line.due_on, line.principal, line.interest, line.balance)
            for line in schedule(terms_of(loan))
        ]


def test_the_journal_explains_every_balance(session) -> None:
    paid = select(func.coalesce(func.sum(Allocation.amount), 0)).where(
        Allocation.loan_id == Loan.id, Allocation.component == "principal"
    )
    wrong = select(Loan.number).where(Loan.principal - paid.scalar_subquery() != Loan.principal_outstanding)
    assert session.scalars(wrong).all() == []
    for component in ("principal", "interest"):
        lines = select(func.sum(getattr(Instalment, f"{component}_paid")))
        shares = select(func.sum(Allocation.amount)).where(Allocation.component == component)
        assert session.scalar(lines) == session.scalar(shares)
    entries = select(func.sum(Repayment.amount)).where(
        Repayment.kind == "opening", Repayment.received_on == ON
    )
    assert session.scalar(entries) == session.scalar(select(func.sum(Allocation.amount)))


def test_a_written_off_loan_keeps_what_is_owed(session, rows) -> None:
    gone = [row for row in rows if row["状态"] == "核销"]
    assert len(gone) == 7
    for row in gone:
        loan = loan_of(session, row)
        told = session.scalars(select(WriteOff).where(WriteOff.loan_id == loan.id)).unique().one()
        assert told.principal == loan.principal_outstanding == Decimal(row["贷款余额"])
        assert told.written_off_on == loan.written_off_on == ON


def test_branches_officers_groups_and_products_are_made_once(session, rows) -> None:
    office = session.scalars(
        select(Branch).where(Branch.parent_id.is_(None), Branch.name == "示范农村信用社")
    ).one()
    below = session.scalars(select(Branch.name).where(Branch.parent_id == office.id)).all()
    assert Counter(below) == Counter({row["经办支行"] for row in rows})
    officers = session.scalars(select(User).where(User.username.startswith("dingxi-"))).all()
    found = Counter((str(user), user.branch.name) for user in officers)
    assert all(found[row["信贷员"], row["经办支行"]] == 1 for row in rows)
    assert {user.role.name for user in officers} == {"Officer"}
    assert session.scalars(select(DataGrant.id)).all() == []
    groups = {(row["县区"], row["乡镇"], row["村"], row["联保小组"]) for row in rows if row["联保小组"]}
    for kind, expected in ((JointLiabilityGroup, len(groups)), (Product, 5)):
        mine = select(func.count()).select_from(kind).join(Client, Client.id == kind.client_id)
        assert session.scalar(mine.where(Client.code == "dingxi")) == expected


def test_nobody_can_log_in_as_an_officer_made_by_an_import(session) -> None:
    from werkzeug.security import check_password_hash

    kept = (
        session.execute(text("SELECT password FROM ab_user WHERE username LIKE 'dingxi-%'")).scalars().all()
    )
    assert kept
    assert not any(
        check_password_hash(password, tried) for password in set(kept) for tried in ("", "!", password)
    )


def test_the_file_again_changes_nothing(book, rows, tmp_path) -> None:
    again = run_import(ledger(tmp_path, rows), "dingxi")
    assert again.line == f"created 0, updated 0, unchanged {len(rows)}, rejected 0"
    assert again.differences == 0


def test_a_later_balance_that_the_journal_denies_is_listed_and_not_applied(book, rows, tmp_path) -> None:
    changed = [dict(row) for row in rows]
    changed[0]["贷款余额"] -= 100
    changed[1] |= {"逾期起始日": changed[1]["贷款起期"], "状态": "逾期"}
    changed[2]["贷款金额"] += 1
    summary = run_import(ledger(tmp_path, changed), "dingxi")
    assert summary.line == f"created 0, updated 0, unchanged {len(rows)}, rejected 0"
    with unscoped("a test looks at differences") as session:
        told = session.execute(
            select(Loan.number, StatedDifference.field, StatedDifference.stated, StatedDifference.computed)
            .join(Loan, Loan.id == StatedDifference.loan_id).where(StatedDifference.run_id == summary.run_id)
        ).all()  # fmt: skip
        assert set(told) == {
            (
                rows[0]["借据编号"],
                "principal_outstanding",
                f"{changed[0]['贷款余额']:.2f}",
                f"{rows[0]['贷款余额']:.2f}",
            ),
            (rows[1]["借据编号"], "overdue_since", str(rows[1]["贷款起期"]), ""),
            (rows[1]["借据编号"], "status", "overdue", "current"),
            (rows[2]["借据编号"], "principal", f"{changed[2]['贷款金额']:.2f}", f"{rows[2]['贷款金额']:.2f}"),
        }
        assert summary.differences == 4
        assert loan_of(session, rows[0]).principal_outstanding == Decimal(rows[0]["贷款余额"])
        assert loan_of(session, rows[1]).overdue_since is None
        assert (
            compare_book(session, "dingxi", ledger(tmp_path, rows), "dingxi", ON).line
            == f"{len(rows)} of {len(rows)} equal"
        )


def test_master_data_follow_the_file_and_count_as_updated(book, rows, tmp_path) -> None:
    changed = [dict(row) for row in rows]
    person = Counter(row["身份证号码"] for row in rows)
    alone = [row for row in changed if person[row["身份证号码"]] == 1]
    alone[0]["手机号码"] = "13800138000"
    alone[1]["信贷员"] = "新来的"
    alone[2]["门牌号"] = "新1号"
    alone[3] |= {"客户姓名": "改名", "固定电话": None}
    alone[4]["贷款用途"] = None
    summary = run_import(ledger(tmp_path, changed), "dingxi")
    assert summary.line == f"created 0, updated 4, unchanged {len(rows) - 4}, rejected 0"
    with unscoped("a test looks at a book") as session:
        person_id = loan_of(session, alone[0]).customer_id
        numbers = session.execute(
            select(Phone.number, Phone.is_primary).where(Phone.customer_id == person_id)
        ).all()
        assert ("+8613800138000", True) in numbers
        assert [number for number, is_primary in numbers if is_primary] == ["+8613800138000"]
        assert str(loan_of(session, alone[1]).officer) == "新来的"
        assert loan_of(session, alone[3]).customer.name == "改名"
        assert loan_of(session, alone[4]).purpose is not None
        told = session.scalars(
            select(History).where(History.entity == "loan", History.action == "change")
        ).all()
        assert {each.source for each in told} == {"import"}
    assert (
        run_import(ledger(tmp_path, changed), "dingxi").line
        == f"created 0, updated 0, unchanged {len(rows)}, rejected 0"
    )
    back = run_import(ledger(tmp_path, rows), "dingxi")
    assert back.line == f"created 0, updated 2, unchanged {len(rows) - 2}, rejected 0"


def test_another_client_gets_customers_of_its_own(book, rows, tmp_path) -> None:
    with unscoped("a test makes another client") as session:
        words = {"currency": "CNY", "country": "CN", "zone": "Asia/Shanghai", "language": "zh_Hans"}
        other = Client(code="other", name="另一家", **words)
        session.add(other)
        session.flush()
        mine = session.scalars(select(Product).join(Client).where(Client.code == "dingxi")).unique().all()
        terms = (
            "code",
            "name",
            "kind",
            "currency",
            "method",
            "day_count",
            "rate_digits",
            "grace_days",
            "allocation_order",
        )
        session.add_all(
            Product(client_id=other.id, **{name: getattr(each, name) for name in terms}) for each in mine
        )
    summary = run_import(ledger(tmp_path, rows[:10]), "dingxi", "other")
    assert summary.line == "created 10, updated 0, unchanged 0, rejected 0"
    with unscoped("a test looks at two books") as session:
        twice = session.execute(
            select(Customer.identity_number, func.count(), func.count(func.distinct(Customer.client_id)))
            .where(Customer.identity_number.in_([row["身份证号码"] for row in rows[:10]])).group_by(Customer.identity_number)
        ).all()  # fmt: skip
        assert {(count, clients) for _number, count, clients in twice} == {(2, 2)}
        assert (
            session.scalar(select(func.count()).select_from(Branch).where(Branch.name == "示范农村信用社"))
            == 1
        )


def test_the_record_tells_who_what_and_how_many(session, book, rows) -> None:
    run = session.get_one(ImportRun, book.run_id)
    assert (run.state, run.file_name, run.rows, run.created, run.rejected) == (
        "done",
        "ledger.xlsx",
        len(rows),
        len(rows),
        0,
    )
    assert run.client.code == "dingxi"
    assert run.ended_at >= run.started_at


def test_the_territory_of_a_loan_is_its_village(session, rows) -> None:
    loan = loan_of(session, rows[0])
    county = session.scalars(
        select(Region).where(Region.name == rows[0]["县区"], Region.level == "county")
    ).one()
    assert county.lft <= loan.region_lft <= county.rgt
    assert loan.region_lft == session.get_one(Region, loan.region_id).lft
