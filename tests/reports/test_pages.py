"""A report's page, chart and workbook tell the same, and every number opens the rows behind it."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

import app.reports  # noqa: F401  declares the reports
from app.core import registry
from app.core.db import scoped_as, unscoped
from app.core.labels import column_label
from app.core.org import AuditEvent
from app.core.report import MOST_ROWS, Reader
from app.core.web.report_data import Figures
from app.core.web.report_form import Question
from app.reports.lists import BALANCE
from tests.reports.reading import figures, number, table, workbook
from tests.reports.world import Book, collected

Login = Callable[[str], Any]
GROUPED = [(report.name, by.name) for report in registry.reports() for by in report.dimensions]
PERIOD = "since=2018-04-01&until=2018-06-25&currency=CNY"


@pytest.mark.parametrize(("name", "by"), GROUPED)
def test_page_chart_and_workbook_agree(client: Login, name: str, by: str) -> None:
    browser, report = client("two"), registry.report(name)
    query = f"?by={by}&{PERIOD if name != 'statistics' else 'currency=CNY'}"
    page = figures(browser.get(f"{report.url}/{query}").text)
    chart = browser.get(f"{report.url}/chart{query}").json
    book = workbook(browser.get(f"{report.url}/export.xlsx{query}").data)
    sheet = {row.pop(next(iter(row))): row for row in book[str(report.title)]}
    assert list(page) == list(sheet)
    for row, columns in page.items():
        for column, shown in columns.items():
            written = sheet[row][column]
            assert shown == (
                None
                if written is None
                else round(Decimal(str(written)) * (100 if is_share(name, column) else 1), 2)
            ), (row, column)
    assert chart["x"] == [row for row in page if row != "Total"][:30]
    for series in chart["series"]:
        assert series["data"] == [float(page[row][series["name"]] or 0) for row in chart["x"]]


def is_share(name: str, column: str) -> bool:
    """Whether a column is a percentage, which a workbook holds as a fraction."""
    measures = registry.report(name).measures
    return not callable(measures) and any(
        one.kind == "percent" and str(one.label) == column for one in measures
    )


@pytest.mark.parametrize(("name", "user", "by"), [
    ("portfolio", "manager", "township"), ("portfolio", "manager", "branch"), ("portfolio", "of_b1", "officer"),
    ("portfolio", "leader", "kind"), ("portfolio", "o1", "client"), ("portfolio", "two", "customer"),
    ("statistics", "manager", "kind"), ("quality", "manager", "kind"), ("trend", "o1", "month"), ("repayments", "o1", "client"),
])  # fmt: skip
def test_each_number_opens_a_list_whose_columns_add_up_to_it(
    client: Login, name: str, user: str, by: str
) -> None:
    browser, report = client(user), registry.report(name)
    period = "currency=CNY" if name in ("statistics", "quality") else PERIOD
    opened = 0
    for row in table(browser.get(f"{report.url}/?by={by}&{period}").text).values():
        for column, (text, address) in list(row.items())[1:]:
            if address and not address.startswith("/report"):
                assert listed(browser, address, adds(report, column)) == number(text), (column, address)
                opened += 1
    assert opened > 3


def adds(report: Any, column: str) -> tuple[str, ...]:
    """The columns of the list that are said to make this figure; none for a number of rows."""
    if callable(report.measures):
        return BALANCE
    measure = next(one for one in report.measures if str(one.label) == column)
    assert measure.rows.adds or measure.kind == "number", f"{column} does not say what it is the sum of"
    return tuple(measure.rows.adds)


def listed(browser: Any, address: str, columns: tuple[str, ...]) -> Decimal:
    """What the rows of a list add up to in these of the columns it shows, from its workbook."""
    parts = urlsplit(address)
    slug = parts.path.split("/")[1]
    with browser.get(f"/{slug}/export.xlsx?{parts.query}") as answer:
        assert answer.status_code == 200, address
        rows = next(iter(workbook(answer.data).values()))
    rows = [row for row in rows if any(value is not None for value in row.values())]
    if not columns:
        return Decimal(len(rows))
    headings = [column_label(registry.entity(slug), name) for name in columns]
    return sum((Decimal(str(row[heading])) for row in rows for heading in headings), Decimal(0))


def test_numbers_of_a_past_day_lead_nowhere_and_the_foot_says_why(client: Login) -> None:
    html = client("manager").get(f"/report/portfolio/?by=branch&as_of=2018-05-31&{PERIOD}").text
    total = table(html)["Total"]
    assert not total["Balance"][1]
    assert total["Disbursed in the period"][1]
    assert "Balances at the end of May 31, 2018" in html
    assert "Balances of a past day have no list behind them" in html


def test_a_row_leads_one_level_down_and_the_way_back_is_shown(client: Login, book: Book) -> None:
    browser = client("manager")
    rows = table(browser.get(f"/report/portfolio/?by=county&{PERIOD}").text)
    county = rows["Place c1"]
    address = county["County"][1]
    assert parse_qs(urlsplit(address).query)["by"] == ["township"]
    below = browser.get(address).text
    assert table(below)["Total"]["Balance"][0] == county["Balance"][0]
    way = browser.get(table(below)["Place t1"]["Township"][1]).text
    crumbs = re.findall(r'<li>(?:<a href="([^"]*)">)?([^<]+)', way[way.index('class="crumbs"') :])[:4]
    assert [text for _url, text in crumbs] == ["Reports", "Portfolio quality", "Place c1", "Place t1"]
    assert (
        table(browser.get(crumbs[2][0].replace("&amp;", "&")).text)["Total"]["Balance"][0]
        == county["Balance"][0]
    )


def test_the_drill_goes_from_branch_over_officer_to_customer_and_his_page(client: Login) -> None:
    browser, address = client("manager"), f"/report/portfolio/?by=branch&{PERIOD}"
    for row, column in (("Unit b1", "Branch"), ("o1 Z", "Officer")):
        address = table(browser.get(address).text)[row][column][1]
    rows = table(browser.get(address).text)
    assert rows.pop("Total")["Customer"][0] == "Total"
    assert all(re.fullmatch(r"/customer\S*/\d+", row["Customer"][1]) for row in rows.values())


def test_a_unit_with_units_below_it_is_no_link_because_its_list_would_show_theirs(client: Login) -> None:
    row = table(client("manager").get(f"/report/portfolio/?by=branch&{PERIOD}").text)["Unit hq"]
    assert not any(address for _text, address in row.values())


def test_what_belongs_to_no_township_has_its_own_last_row(client: Login) -> None:
    names = list(table(client("manager").get(f"/report/portfolio/?by=township&{PERIOD}").text))
    assert names[-2:] == ["Not stated", "Total"]


def test_currencies_are_never_added_up(client: Login) -> None:
    browser = client("manager")
    both = [
        figures(browser.get(f"/report/portfolio/?by=branch&currency={code}").text)["Total"]["Balance"]
        for code in ("CNY", "UAH")
    ]
    first = figures(browser.get("/report/portfolio/?by=branch").text)["Total"]["Balance"]
    assert first == both[0] != both[1]


def test_a_page_shows_so_many_rows_and_totals_of_all(client: Login, book: Book) -> None:
    report, user = registry.report("portfolio"), book.users["of_c1"]
    with scoped_as(user) as session:
        reader = Reader(session, date(2018, 6, 25), user)
        asked = report.asked(currency="CNY").settled(reader)
        whole = Figures(Question(report, asked, None, reader, None), "customer").result(MOST_ROWS)
        part = Figures(Question(report, asked, None, reader, None), "customer").result(3)
    assert (len(part.lines), part.has_more, part.count) == (3, True, len(whole.lines))
    assert part.totals == whole.totals


def test_parameters_that_make_no_sense_are_told_beside_their_field(client: Login) -> None:
    browser = client("manager")
    answer = browser.get("/report/portfolio/?as_of=yesterday&by=county")
    assert answer.status_code == 422
    assert "Not a valid date value" in answer.text
    assert browser.get("/report/portfolio/chart?as_of=yesterday").status_code == 400
    assert browser.get("/report/portfolio/?by=colour").status_code == 404


def test_a_stranger_id_and_an_unknown_one_are_answered_alike(client: Login, book: Book) -> None:
    browser = client("of_c1")
    answers = [
        browser.get(f"/report/portfolio/?by=county&customer_id={one}")
        for one in (10**6, max(book.customers.values()))
    ]
    hidden = [
        one for one in book.customers.values() if browser.get(f"/customer/show/{one}").status_code == 404
    ]
    assert hidden
    answers.append(browser.get(f"/report/portfolio/?by=county&customer_id={hidden[0]}"))
    assert {answers[0].status_code, answers[2].status_code} == {422}


def test_a_partner_reads_his_territory_and_is_offered_only_rows_he_may_list(client: Login) -> None:
    html = client("partner").get(f"/report/portfolio/?by=township&{PERIOD}").text
    assert list(table(html)) == ["Place t3", "Total"]
    assert 'name="region_id"' in html
    assert 'name="officer_id"' not in html
    assert "/allocation/list" not in html


def test_an_empty_month_is_a_row_without_links_and_a_gap_in_the_chart(client: Login) -> None:
    browser, period = client("manager"), "since=2017-12-01&until=2018-06-25&currency=CNY"
    page = table(browser.get(f"/report/trend/?{period}").text)
    months = ["Dec 2017", "Jan 2018", "Feb 2018", "Mar 2018", "Apr 2018", "May 2018", "Jun 2018"]
    assert list(page) == [*months, "Total"]
    assert set(list(page["Jan 2018"].values())[1:]) == {("–", "")}
    chart = browser.get(f"/report/trend/chart?{period}").json
    assert chart["x"] == list(page)[:-1]
    assert {series["data"][1] for series in chart["series"]} == {0}


def test_a_reader_of_nothing_sees_the_empty_months(client: Login) -> None:
    page = figures(client("nobody").get("/report/trend/?since=2018-05-01&until=2018-06-25").text)
    assert list(page) == ["May 2018", "Jun 2018", "Total"]
    assert {figure for row in page.values() for figure in row.values()} == {None}


def test_the_trend_of_one_customer_is_of_his_own_loans(client: Login, book: Book) -> None:
    fact = next(one for one in book.facts if one.client == "x" and one.number > 8)
    customer = book.customers[fact.client, fact.customer]
    mine = [one for one in book.facts if (one.client, one.customer) == (fact.client, fact.customer)]
    found = figures(client("manager").get(f"/report/trend/?customer_id={customer}&{PERIOD}").text)
    wanted = [
        sum(collected(one, date(2018, 4, 1), date(2018, 6, 25))[part] for one in mine) for part in (0, 1)
    ]
    assert [found["Total"][f"Collected {part}"] for part in ("principal", "interest")] == wanted


def test_roles_decide_which_reports_open(client: Login) -> None:
    browser = client("partner")
    assert browser.get("/report/trend/").status_code in (302, 403)
    index = browser.get("/report/").text
    assert "/report/portfolio/" in index
    assert "/report/trend/" not in index


def test_every_report_stands_in_the_menu_of_those_who_may_open_it(client: Login) -> None:
    html = client("manager").get("/report/").text
    assert all(html.count(f'href="{report.url}/"') >= 2 for report in registry.reports())


def test_taking_a_report_away_is_recorded(client: Login, book: Book) -> None:
    client("of_b1").get(f"/report/portfolio/export.xlsx?by=branch&{PERIOD}")
    with unscoped("look at the record") as session:
        event = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.kind == "export", AuditEvent.user_id == book.users["of_b1"])
            .order_by(AuditEvent.id.desc())
        ).first()
        assert event.details["report"] == "portfolio"
        assert (event.details["by"], event.details["rows"], event.details["filters"]["Currency"]) == (
            "branch",
            1,
            "CNY",
        )


def test_a_customer_whose_report_was_taken_is_recorded_by_his_number_and_not_by_name(
    client: Login, book: Book
) -> None:
    customer = next(iter(book.customers.values()))
    client("manager").get(f"/report/repayments/export.xlsx?customer_id={customer}&{PERIOD}")
    with unscoped("look at the record") as session:
        taken = select(AuditEvent).filter_by(kind="export", user_id=book.users["manager"], about="repayments")
        event = session.scalars(taken.order_by(AuditEvent.id.desc())).first()
        assert event.details["filters"]["Customer"] == str(customer)


def test_the_workbook_says_what_it_is(client: Login) -> None:
    book = workbook(client("manager").get(f"/report/portfolio/export.xlsx?by=branch&{PERIOD}").data)
    words = " ".join(str(value) for row in book["About"] for value in row.values())
    for said in (
        "Portfolio quality",
        "manager Z",
        "Currency: CNY",
        "Balances are those of the loans now",
        "Branch",
    ):
        assert said in words
