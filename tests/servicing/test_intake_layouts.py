"""Layouts are data: what is wrong with one is told at once, and each does with unknown names what it says."""

import copy
from datetime import date

import pytest
from sqlalchemy import func, select

from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import Region
from app.core.sheets.layout_json import LayoutError
from app.models import Customer, ImportLayout, ImportProblem, Loan, Phone
from app.seeds import seed
from app.servicing.intake import layouts, run_import
from tests.servicing.ledgers import LEDGER, settle_in, sheet, workbook


@pytest.fixture(scope="module")
def installed(database, tmp_path_factory):
    settle_in(tmp_path_factory.mktemp("layouts"))
    return database


def dingxi() -> dict:
    """What is stored of the layout dingxi, to be changed."""
    with unscoped("a test reads a layout") as session:
        row = session.scalars(select(ImportLayout).where(ImportLayout.name == "dingxi")).one()
        return copy.deepcopy(row.definition)


def mistakes(definition: dict) -> str:
    with pytest.raises(LayoutError) as found:
        layouts.source_of(ImportLayout(id=1, name="x", target="portfolio", definition=definition))
    return str(found.value)


def field(definition: dict, name: str) -> dict:
    return next(item for item in definition["layout"]["fields"] if item["field"] == name)


def test_seeding_again_adds_nothing_and_keeps_what_an_administrator_changed(installed) -> None:
    with unscoped("an administrator changes a layout") as session:
        session.scalars(
            select(ImportLayout).where(ImportLayout.name == "write-offs-ua")
        ).one().title = "Списано"
        assert layouts.seed(session) == 0
    seed()
    with unscoped("a test looks at layouts") as session:
        assert (
            session.scalars(select(ImportLayout.title).where(ImportLayout.name == "write-offs-ua")).one()
            == "Списано"
        )


def test_a_field_is_read_as_what_its_target_is(installed) -> None:
    wrong = dingxi()
    field(wrong, "principal").update(type="date", min="2018-01-01")
    field(wrong, "disbursed_on")["type"] = "money"
    field(wrong, "customer_name")["type"] = "phone"
    told = mistakes(wrong).splitlines()
    assert told == [
        "customer_name.type: must be text",
        "principal.type: must be money",
        "disbursed_on.type: must be date",
    ]


def test_every_mistake_in_a_layout_is_told(installed) -> None:
    wrong = dingxi()
    wrong["layout"]["creates"] += ["product"]
    wrong["layout"]["fields"] = [item for item in wrong["layout"]["fields"] if item["field"] != "principal"]
    wrong["layout"]["fields"].append({"field": "shoe_size", "headers": ["鞋码"]})
    field(wrong, "method")["values"]["等额本息"] = "annuities"
    told = mistakes(wrong)
    assert "shoe_size: is no field of portfolio" in told
    assert "principal: is needed" in told
    assert "product: cannot be created by an import" in told
    assert "method.values: annuities is none of" in told
    assert "target: is none of regions, portfolio, repayments, write_offs" in mistakes(
        {"layout": wrong["layout"] | {"target": "shoes"}}
    )


def test_a_stored_layout_that_cannot_be_used_is_told_when_it_is_asked_for(installed) -> None:
    with unscoped("a test breaks a layout") as session:
        session.add(
            ImportLayout(
                name="broken", title="B", target="portfolio", definition={"layout": {"name": "broken"}}
            )
        )
    with pytest.raises(RuleError, match="The layout broken cannot be used"):
        run_import(LEDGER, "broken")


def simple(name: str, **changes) -> None:
    """Store a layout of few columns in English, for a client of its own."""
    words = {"method": {"annuity": "annuity"}}
    columns = {"number": "Loan", "customer_name": "Name", "product": "Product", "principal": "Amount", "annual_rate": "Rate",
               "disbursed_on": "From", "matures_on": "To", "mobile": "Phone", "county": "County", "township": "Township",
               "village": "Village", "village_group": "Group", "stated_balance": "Balance"}  # fmt: skip
    fields = [
        {"field": key, "headers": [header], **({"values": words[key]} if key in words else {})}
        for key, header in columns.items()
    ]
    lender = dingxi()["client"] | {"code": name, "name": f"Lender {name}"}
    layout = {
        "name": name,
        "title": name,
        "target": "portfolio",
        "fields": [{"field": "client", "const": name}, *fields],
        **changes,
    }
    with unscoped("a test makes a layout") as session:
        made = ImportLayout(
            name=name, title=name, target="portfolio", definition={"layout": layout, "client": lender}
        )
        layouts.source_of(made)
        session.add(made)


ROW = {
    "Loan": "S1", "Name": "Ann", "Product": "livestock", "Amount": 1000, "Rate": 12, "From": date(2018, 1, 31),
    "To": date(2018, 7, 31), "Phone": "13800138001", "County": "通渭", "Township": "鸡川", "Village": "杨川", "Group": None,
    "Balance": 700,
}  # fmt: skip


def test_a_file_without_identity_numbers_knows_people_by_name_and_telephone(installed, tmp_path) -> None:
    simple("plain")
    zoe = ROW | {"Name": "Zoe"}
    rows = [
        zoe,
        zoe | {"Loan": "S2"},
        zoe | {"Loan": "S3", "Phone": "13800138002"},
        zoe | {"Loan": "S4", "Phone": None},
    ]
    path = workbook(tmp_path / "plain.xlsx", {"Loans": rows})
    assert (
        run_import(path, "plain", as_of=date(2018, 6, 1)).line
        == "created 4, updated 0, unchanged 0, rejected 0"
    )
    assert (
        run_import(path, "plain", as_of=date(2018, 6, 1)).line
        == "created 0, updated 0, unchanged 4, rejected 0"
    )
    more = workbook(tmp_path / "more.xlsx", {"Loans": [zoe | {"Loan": "S5"}]})
    assert run_import(more, "plain").line == "created 1, updated 0, unchanged 0, rejected 0"
    with unscoped("a test looks at people") as session:
        owners = dict(
            session.execute(select(Loan.number, Loan.customer_id).where(Loan.number.like("S_"))).all()
        )
        assert owners["S1"] == owners["S2"] == owners["S5"]
        assert len({owners["S1"], owners["S3"], owners["S4"]}) == 3
        assert session.scalar(select(func.count()).select_from(Customer).where(Customer.name == "Zoe")) == 3
        phones = select(Phone.number).join(Customer, Customer.id == Phone.customer_id)
        assert sorted(session.scalars(phones.where(Customer.name == "Zoe"))) == [
            "+8613800138001",
            "+8613800138002",
        ]


def test_a_ledger_that_says_little_is_opened_by_its_balance_and_the_day_it_speaks_of(
    installed, tmp_path
) -> None:
    simple("few")
    path = workbook(tmp_path / "few.xlsx", {"Loans": [ROW | {"Loan": "F1"}]})
    run_import(path, "few", as_of=date(2018, 4, 2))
    with unscoped("a test looks at a loan") as session:
        loan = session.scalars(select(Loan).where(Loan.number == "F1")).unique().one()
        assert loan.principal_outstanding == 700
        assert loan.terms["grace_days"] == 15
        # 300 repaid cover the first instalment's principal and a part of the second's, due on that day
        assert loan.overdue_since == date(2018, 3, 31)


def test_places_are_found_without_the_endings_of_their_names_and_told_when_unclear(
    installed, tmp_path
) -> None:
    simple("places")
    rows = [
        ROW | {"Loan": "P1", "County": "通渭县", "Township": "鸡川镇", "Village": "杨川村民委员会"},
        ROW | {"Loan": "P2"},
        ROW | {"Loan": "P3", "Village": None, "Township": None},
        ROW | {"Loan": "P4", "County": None, "Township": None, "Village": None},
        ROW | {"Loan": "P5", "County": "安定区"},
    ]
    summary = run_import(workbook(tmp_path / "places.xlsx", {"Loans": rows}), "places")
    assert summary.line == "created 4, updated 0, unchanged 0, rejected 1"
    with unscoped("a test looks at places") as session:
        found = session.execute(
            select(Loan.number, Region.name)
            .join(Region, Region.id == Loan.region_id)
            .where(Loan.number.like("P_"))
        ).all()
        assert dict(found) == {"P1": "杨川村民委员会", "P2": "杨川村民委员会", "P3": "通渭县"}
        told = session.execute(
            select(ImportProblem.column, ImportProblem.value, ImportProblem.reason).where(
                ImportProblem.run_id == summary.run_id
            )
        )
        assert told.all() == [("Township", "鸡川", "is no place in 安定区")]


def test_groups_of_a_village_are_made_only_where_the_layout_says_so(installed, tmp_path) -> None:
    simple("strict-groups")
    simple("groups", creates=["village_group"])
    rows = [ROW | {"Loan": f"G{n}", "Group": f"{n % 2 + 1}社"} for n in range(4)]
    path = workbook(tmp_path / "groups.xlsx", {"Loans": rows})
    assert run_import(path, "strict-groups").line == "created 0, updated 0, unchanged 0, rejected 4"
    assert run_import(path, "groups").line == "created 4, updated 0, unchanged 0, rejected 0"
    assert run_import(path, "groups").line == "created 0, updated 0, unchanged 4, rejected 0"
    with unscoped("a test looks at places") as session:
        groups = (
            session.scalars(select(Region).where(Region.level == "group").order_by(Region.name))
            .unique()
            .all()
        )
        assert [(each.name, each.parent.name) for each in groups] == [
            ("1社", "杨川村民委员会"),
            ("2社", "杨川村民委员会"),
        ]
        assert all(each.parent.lft < each.lft <= each.parent.used_to for each in groups)
    assert run_import(path, "strict-groups").line == "created 4, updated 0, unchanged 0, rejected 0"


def test_the_headers_of_a_layout_may_be_in_any_language(installed, tmp_path) -> None:
    names = {
        item["headers"][0]: item["headers"][1]
        for item in dingxi()["layout"]["fields"]
        if len(item.get("headers", [])) > 1
    }
    english = [{names[name]: value for name, value in row.items()} for row in sheet(LEDGER)[9000:9003]]
    assert run_import(workbook(tmp_path / "english.xlsx", {"Loans": english}), "dingxi").created == 3
