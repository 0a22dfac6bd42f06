"""Who sees two currencies is told each for itself: charts, tiles and reports never add them."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.access.users import create_user
from app.core import registry
from app.core.db import unscoped
from app.core.org import GrantKind
from app.servicing import snapshots
from tests.web.people import add, rows
from tests.web.shop import DAY, Shop

OWED = Decimal("777000.50")


@pytest.fixture(scope="module", autouse=True)
def hryvnia(shop: Shop) -> int:
    """One loan in hryvnia beside those in yuan, and the day's balances."""
    like = rows("loan", currency="CNY")[0]
    names = ("client_id", "customer_id", "branch_id", "officer_id", "annual_rate", "disbursed_on",
             "matures_on", "method", "status")  # fmt: skip
    values = {name: getattr(like, name) for name in names}
    product = add(
        "product",
        client_id=shop.client,
        code="P2",
        name="Crops",
        kind="crops",
        currency="UAH",
        allocation_order="overdue",
    )
    create_user("mia", "pw", "Manager", grants=[{"kind": GrantKind.ALL}])
    loan = add(
        "loan",
        **values,
        product_id=product,
        number="U-001",
        currency="UAH",
        principal=Decimal(900_000),
        principal_outstanding=OWED,
    )
    with unscoped("balances of the day") as session:
        snapshots.take(session, DAY)
    return loan


def test_a_chart_has_a_series_for_each_currency_and_counts_all_rows(shop: Shop) -> None:
    for column in registry.entity("loan").__screen__.charts:
        data = shop.admin.get(f"/loan/chart/{column}?data=1").json
        number, yuan, hryvnia = data["series"]
        assert [one["unit"] for one in data["series"]] == ["", "CNY", "UAH"]
        assert yuan["name"].endswith(", CNY")
        loans = rows("loan")
        assert sum(number["data"]) == len(loans)
        assert sum(hryvnia["data"]) == float(OWED)
        in_yuan = sum(loan.principal_outstanding for loan in loans if loan.currency == "CNY")
        assert sum(yuan["data"]) == pytest.approx(float(in_yuan))


def test_a_chart_of_one_currency_has_one_series_and_names_it(shop: Shop) -> None:
    data = shop.admin.get("/loan/chart/status?data=1&currency=UAH").json
    assert [(one["name"], one["unit"]) for one in data["series"]] == [
        ("Number", ""), ("Principal outstanding", "UAH"),
    ]  # fmt: skip
    assert sum(data["series"][1]["data"]) == float(OWED)


def test_the_chart_of_a_report_says_what_its_axes_count_in(shop: Shop) -> None:
    data = shop.admin.get("/report/portfolio/chart?by=branch&currency=UAH").json
    units = {one["name"]: one["unit"] for one in data["series"]}
    assert units["PAR30"] == "%"
    assert {unit for name, unit in units.items() if name != "PAR30"} == {"UAH"}


@pytest.mark.parametrize("report", ["portfolio", "quality", "trend", "repayments", "statistics"])
def test_a_report_is_of_one_currency_also_where_the_address_names_none(shop: Shop, report: str) -> None:
    answer = shop.admin.get(f"/report/{report}/?currency=")
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        told = re.search(r'<p class="page-head-sub">([^<]*)', answer.text)
        assert told
        assert "Currency: CNY" in told[1], told[1]


def test_the_home_page_has_tiles_for_each_currency(shop: Shop) -> None:
    page = shop.browser("mia").get("/home/").text
    tiles = re.findall(
        r'tile-label">([^<]*)</span><span class="tile-figure[^"]*">([^<]*)</span>\s*<span class="tile-sub">([^<]*)',
        page,
    )
    assert ("Balance", "777,000.50", "UAH") in tiles
    assert [sub for label, _figure, sub in tiles if label == "Balance"] == ["CNY", "UAH"]
    counted = [sub for label, _figure, sub in tiles if label == "Open loans"]
    assert counted == [f"{figure} {unit}" for label, figure, unit in tiles if label == "Balance"]


def test_a_number_of_loans_has_no_currency(shop: Shop) -> None:
    mona = create_user("mona", "pw", "Manager", grants=[{"kind": GrantKind.OWN}])
    add(
        "loan",
        **late_in("UAH", shop)
        | {"officer_id": mona, "number": "MONA", "overdue_since": None, "status": "current"},
    )
    page = shop.browser("mona").get("/home/").text
    under = dict(re.findall(r'tile-label">([^<]*)<.*?tile-sub">([^<]*)', page, re.DOTALL))
    assert under["Open loans"] == ""
    assert under["Balance"] == "UAH"


def test_amounts_in_lists_stand_beside_their_currency(shop: Shop) -> None:
    late = add("loan", **late_in("UAH", shop)), add("loan", **late_in("CNY", shop))
    assert len(set(late)) == 2
    longest = shop.browser("mia").get("/home/").text.split("Longest overdue", 1)[1]
    assert ">Currency<" in longest
    assert ">UAH<" in longest


def late_in(currency: str, shop: Shop) -> dict[str, Any]:
    """A loan that has been late for longest."""
    return {
        "client_id": shop.client, "customer_id": shop.customers[0], "product_id": shop.product, "number": f"LATE-{currency}",
        "officer_id": shop.users["otto"], "branch_id": shop.branches["north"], "annual_rate": 10, "method": "annuity",
        "currency": currency, "principal": 5, "principal_outstanding": 0, "status": "overdue",
        "disbursed_on": DAY - timedelta(days=900), "matures_on": DAY, "overdue_since": DAY - timedelta(days=800),
    }  # fmt: skip
