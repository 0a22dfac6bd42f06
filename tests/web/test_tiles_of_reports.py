"""Reports on home pages and in pictures: the right figure, every one that may be read, the latest of many days."""

import html
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from app.core import registry
from app.core.db import unscoped
from tests.web.people import add, rows
from tests.web.shop import Shop
from tests.web.test_kept_reports import home, report_of, save
from tests.web.test_saved_views import role_id


def tile_of(shop: Shop, login: str, name: str) -> tuple[str, str]:
    """What a number on somebody's home page says, and what stands below it."""
    found = re.search(
        rf">{name}</span><span[^>]*>([^<]*)</span>(?:\s*<span[^>]*>([^<]*)<)?", home(shop, login)
    )
    assert found, f"{name} is not on the page"
    return found[1], found[2] or ""


def put(shop: Shop, login: str, name: str, query: str, **more: Any) -> Any:
    save(shop.browser(login), name, query, **{key: value for key, value in more.items() if key == "role"})
    report = report_of(shop, name, login)
    on_role = {"role": "1"} if more else {}
    return shop.browser(login).post(f"/user_report/put/{report.id}", {"kind": "number", **on_role})


def test_a_number_of_a_report_with_groups_beside_each_other_is_that_of_all_of_them(shop: Shop) -> None:
    put(shop, "olga", "Mine by state", "_row=branch&_col=status&_m=count")
    assert tile_of(shop, "olga", "Mine by state") == (
        str(len(rows("loan", officer_id=shop.users["olga"]))),
        "",
    )


def test_a_number_of_several_currencies_tells_each(shop: Shop) -> None:
    foreign = shop.loans[1]
    with unscoped("a loan in another currency") as session:
        session.get_one(registry.entity("loan"), foreign).currency = "UAH"
    put(shop, "otto", "Given", "_row=status&_m=principal__sum")
    sums = {"CNY": Decimal(), "UAH": Decimal()}
    for loan in rows("loan", officer_id=shop.users["otto"]):
        sums[str(loan.currency)] += loan.principal
    assert sums["UAH"] > 0
    assert tile_of(shop, "otto", "Given") == (
        " · ".join(f"{sum_:,.2f} {code}" for code, sum_ in sums.items()),
        "",
    )


def test_a_full_home_page_says_so_and_those_of_the_role_push_none_of_ones_own_away(shop: Shop) -> None:
    agent_sees = role_id("Agent")
    for number in range(12):
        assert put(shop, "admin", f"For agents {number}", "_m=count", role=str(agent_sees)).status_code == 302
    for number in range(12):
        put(shop, "agent", f"My own {number}", "_m=count")
    page = home(shop, "agent")
    assert all(f"For agents {number}<" in page and f"My own {number}<" in page for number in range(12))
    refused = put(shop, "agent", "One more", "_m=count")
    assert refused.location == "/home_tile/"
    assert "At most 12 reports" in html.unescape(shop.browser("agent").get("/home_tile/").text)
    assert len(rows("home_tile", user_id=shop.users["agent"])) == 12


def test_a_line_of_many_days_shows_the_latest_and_bars_say_how_many_they_leave_out(shop: Shop) -> None:
    first = date(2017, 1, 1)
    for day in range(450):
        add("contact_note", customer_id=shop.customers[0], at=f"{first + timedelta(day)}T10:00+00:00", way="visit",
            text="x", author_id=shop.users["olga"])  # fmt: skip
    query = "_row=at&_row_by=day&_m=count&_chart="
    for kind, shown in (("line", 400), ("bar", 30)):
        save(shop.admin, f"Visits {kind}", query + kind, "contact_note")
        report = report_of(shop, f"Visits {kind}", "admin")
        page = html.unescape(shop.admin.get(f"/user_report/build/contact_note?{report.query}").text)
        assert f"The chart shows {shown} of 450 groups" in page, kind
        points = shop.admin.get(f"/user_report/tile/{report.id}").json["series"][0]["data"]
        assert len(points) == shown
    drawn = shop.admin.get(f"/user_report/tile/{report_of(shop, 'Visits line', 'admin').id}").json["x"]
    assert len(set(drawn)) == 400
    assert "2018" in drawn[-1]
