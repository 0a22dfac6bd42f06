"""Charts: summed by the database under the list's filters, drawn from our own files."""

import re
from decimal import Decimal
from typing import Any

from app.core import registry
from app.core.web.links import shown_entities
from tests.web.people import rows, watched
from tests.web.shop import CUSTOMERS, Shop


def sums(shop: Shop, query: str = "", name: str = "admin") -> dict[str, tuple[float, ...]]:
    """Bars of the loans' chart by status: label → number and sum."""
    data = shop.browser(name).get(f"/loan/chart/status?data=1&{query}").json
    return dict(zip(data["x"], zip(*(one["data"] for one in data["series"]), strict=True), strict=True))


def expected(loans: list[Any]) -> dict[str, tuple[float, ...]]:
    """The same, by Python from the stored rows."""
    found: dict[str, tuple[int, Decimal]] = {}
    for loan in loans:
        count, total = found.get(str(loan.status.label), (0, Decimal()))
        found[str(loan.status.label)] = (count + 1, total + loan.principal_outstanding)
    return {label: (float(count), float(total)) for label, (count, total) in found.items()}


def test_a_chart_is_one_grouped_statement_however_many_rows_there_are(shop: Shop) -> None:
    shop.admin.get("/home/")
    wanted = expected(rows("loan"))
    with watched() as asked:
        assert sums(shop) == wanted
    grouped = [one for one in asked.statements if "GROUP BY loan.status" in one]
    assert len(grouped) == 1
    assert "sum(loan.principal_outstanding)" in grouped[0]
    assert asked.rows < CUSTOMERS, "the rows themselves were read"


def test_a_chart_follows_the_lists_filters_and_search(shop: Shop) -> None:
    late = [loan for loan in rows("loan") if loan.principal_outstanding > 1000]
    assert sums(shop, "principal_outstanding__gt=1000") == expected(late)
    assert sums(shop, "q=L-001") == expected(
        [loan for loan in rows("loan") if loan.number.startswith("L-001")]
    )


def test_a_chart_sums_only_the_rows_in_scope(shop: Shop) -> None:
    assert sums(shop, name="olga") == expected(rows("loan", officer_id=shop.users["olga"]))
    assert sums(shop, name="nobody") == {}


def test_a_bar_leads_to_the_rows_it_counts(shop: Shop) -> None:
    data = shop.admin.get("/loan/chart/status?data=1&principal_outstanding__gt=500").json
    for label, count, url in zip(data["x"], data["series"][0]["data"], data["drill"], strict=True):
        query = url.partition("?")[2]
        listed = shop.caller("admin").call("GET", f"loan/?{query}").json
        assert listed["count"] == count, label


def test_a_chart_page_loads_nothing_from_elsewhere(shop: Shop) -> None:
    for cls in shown_entities():
        for column in list(cls.__screen__.charts)[:1]:
            page = shop.admin.get(f"/{cls.slug()}/chart/{column}").text
            assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
            assert "google" not in page.lower()


def test_only_declared_charts_exist_and_only_for_their_roles(shop: Shop) -> None:
    assert shop.admin.get("/loan/chart/officer").status_code == 404
    assert shop.admin.get("/loan/chart/password").status_code == 404
    assert shop.admin.get("/loan/chart/status?data=1&password=x").status_code == 400
    assert shop.browser("partner").get("/loan/chart/status?data=1").status_code == 403
    assert "status" in registry.entity("loan").__screen__.charts
