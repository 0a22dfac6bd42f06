"""The builder's page, its workbook, and reports kept under a name: own, lent to a role, and of nobody else."""

import html
import io
import re
from typing import Any

import openpyxl
import pytest

from app.core.db import unscoped
from app.core.org import User, UserReport
from tests.web.people import Browser, add, rows, stored, watched
from tests.web.shop import Shop
from tests.web.test_saved_views import role_id

QUERY = "_row=status&_m=count&_m=principal__sum&principal__gt=1005"
BUILD = "/user_report/build/loan"


def save(browser: Browser, name: str, query: str = QUERY, slug: str = "loan", **more: Any) -> Any:
    return browser.post("/user_report/save", {"entity": slug, "name": name, "query": query, **more})


def report_of(shop: Shop, name: str, login: str) -> Any:
    found = rows("user_report", name=name, user_id=shop.users[login])
    assert len(found) == 1
    return found[0]


def test_the_page_tells_the_figures_and_leads_to_their_rows(shop: Shop) -> None:
    page = shop.browser("olga").get(f"{BUILD}?{QUERY}&_chart=bar").text
    mine = [one for one in rows("loan", officer_id=shop.users["olga"]) if one.principal > 1005]
    late = [one for one in mine if one.status == "overdue"]
    links = [html.unescape(one) for one in re.findall(r'<td class="num"[^>]*><a href="([^"]+)">', page)]
    answer = shop.caller("olga").call(
        "GET", next(one for one in links if "status=overdue" in one)[1:].replace("list/", "")
    )
    assert answer.json["count"] == len(late) > 0
    assert f"{sum(one.principal for one in mine):,.2f}" in page
    assert '"kind":"bar"' in page
    part = shop.browser("olga").get(f"{BUILD}?{QUERY}", headers={"X-Partial": "table"}).text
    assert part.lstrip().startswith('<div class="region" data-region="loan"')
    assert "<form" not in part


def test_a_report_is_one_statement_whatever_it_tells(shop: Shop) -> None:
    shop.admin.get("/home/")
    with watched() as asked:
        shop.admin.get(f"{BUILD}?_row=branch&_row2=officer&_col=product.kind&_m=count&_m=principal__avg")
    grouped = [one for one in asked.statements if "GROUP BY" in one]
    assert len(grouped) == 1
    assert asked.rows < 60, "the rows themselves were read"


def test_what_the_database_was_asked_is_shown_to_administrators_alone(shop: Shop) -> None:
    assert "GROUP BY" in shop.admin.get(f"{BUILD}?{QUERY}").text
    assert "GROUP BY" not in shop.browser("olga").get(f"{BUILD}?{QUERY}").text


def test_what_cannot_be_asked_is_told_where_the_figures_would_stand_and_the_choice_stays(shop: Shop) -> None:
    answer = shop.admin.get(f"{BUILD}?_row=status&_m=principal__sum&_row2=status")
    assert answer.status_code == 400
    assert "choose another one" in answer.text
    assert re.search(r"<option value=principal__sum selected>", answer.text)
    assert shop.admin.get(f"{BUILD}?status=lost", headers={"X-Partial": "table"}).status_code == 400


def test_the_workbook_has_the_lines_and_totals_with_true_types_and_is_logged(shop: Shop) -> None:
    before = len(rows("audit_event", kind="export"))
    answer = shop.admin.get(f"{BUILD}/export.xlsx?_row=status&_m=count&_m=principal__sum")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    answer.close()
    sheet = list(book.worksheets[0].iter_rows(values_only=True))
    loans = rows("loan")
    assert sheet[0] == ("Status", "Number", "Principal: sum, CNY")
    assert sheet[-1] == ("Total", len(loans), float(sum(one.principal for one in loans)))
    assert len(sheet) == 4
    logged = rows("audit_event", kind="export")
    assert len(logged) == before + 1
    assert logged[-1].details == {"rows": 2, "by": ["status"], "filters": {}}
    assert shop.browser("agent").get(f"{BUILD}/export.xlsx").status_code == 403


def test_a_report_is_kept_and_opens_as_it_was(shop: Shop) -> None:
    olga = shop.browser("olga")
    answer = save(olga, "Mine", f"?{QUERY}&after=WzFd&_report=99&_preview=1")
    report = report_of(shop, "Mine", "olga")
    assert (report.entity, report.query, report.role_id) == ("loan", QUERY, None)
    assert answer.headers["Location"] == f"{BUILD}?{QUERY}&_report={report.id}"
    assert olga.get(f"/user_report/open/{report.id}").headers["Location"] == answer.headers["Location"]
    page = olga.get(answer.headers["Location"]).text
    assert "<h1>Mine</h1>" in page
    assert "<h1>Mine (changed)</h1>" in olga.get(f"{answer.headers['Location']}&status=overdue").text
    assert "Mine" in olga.get("/report/").text
    save(olga, " Mine ", "_row=branch&_m=count")
    assert report_of(shop, "Mine", "olga").query == "_row=branch&_m=count"
    olga.post(f"/user_report/delete/{report.id}")
    assert stored("user_report", report.id) is None


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [("", QUERY, "needs a name"), ("x" * 201, QUERY, "at most 200"), ("Bad", "_row=number", "grouped by number"),
     ("Bad", "status=lost", "no lost to choose"), ("Bad", "q=" + "x" * 5000, "too many filters")],
)  # fmt: skip
def test_what_cannot_be_asked_is_not_kept(shop: Shop, name: str, query: str, said: str) -> None:
    before = len(rows("user_report"))
    save(shop.admin, name, query)
    assert said in html.unescape(shop.admin.get("/home/").text)
    assert len(rows("user_report")) == before


def test_a_report_is_lent_to_a_role_and_tells_its_reader_what_is_his(shop: Shop) -> None:
    save(shop.admin, "Everybody's", "_row=officer&_m=count", role=str(role_id("Officer")))
    lent, otto = report_of(shop, "Everybody's", "admin"), shop.browser("otto")
    assert "Everybody&#39;s" in otto.get("/report/").text
    page = otto.get(otto.get(f"/user_report/open/{lent.id}").headers["Location"]).text
    assert "Otto Test" in page
    assert "Olga Test" not in re.sub(r"(?s)<select.*?</select>", "", page)
    for path in (f"/user_report/edit/{lent.id}", f"/user_report/delete/{lent.id}"):
        assert otto.post(path, {"name": "stolen"}).status_code == 403
    assert shop.browser("agent").get(f"/user_report/open/{lent.id}").status_code == 404
    save(otto, "Not his to share", "_m=count", role=str(role_id("Officer")))
    assert report_of(shop, "Not his to share", "otto").role_id is None
    assert stored("user_report", lent.id).name == "Everybody's"


def test_a_lent_report_shows_nobody_more_than_his_rights(shop: Shop) -> None:
    save(shop.admin, "Of tokens", "_m=count", "api_token", role=str(role_id("Partner")))
    save(shop.admin, "By role", "_row=officer.role&_m=count", role=str(role_id("Partner")))
    tokens, by_role = (report_of(shop, name, "admin") for name in ("Of tokens", "By role"))
    partner = shop.browser("partner")
    listed = partner.get("/report/").text
    assert "Of tokens" not in listed
    assert "By role" not in listed
    assert partner.get(f"/user_report/open/{tokens.id}").status_code == 404
    answer = partner.get(partner.get(f"/user_report/open/{by_role.id}").headers["Location"])
    assert answer.status_code == 400
    assert "grouped by officer.role" in answer.text


def test_what_one_may_not_list_cannot_be_reported(shop: Shop) -> None:
    partner = shop.browser("partner")
    for slug in ("user", "setting", "nothing", "view_start"):
        assert partner.get(f"/user_report/build/{slug}").status_code == 404
        assert save(partner, "Spied", "", slug).status_code == 404
    offered = partner.get("/user_report/new").text
    assert "/user_report/build/loan" in offered
    assert '"/user_report/build/user"' not in offered


def test_a_field_that_a_report_tells_is_not_deleted(shop: Shop) -> None:
    field = add("custom_field", entity="loan", code="herd", kind="number", label_en="Herd")
    save(shop.admin, "Herds", "_row=branch&_m=c_herd__sum")
    shop.admin.post(f"/custom_field/delete/{field}")
    assert stored("custom_field", field) is not None
    assert "User reports: Herds" in shop.admin.get("/home/").text
    with unscoped("the report goes") as session:
        session.delete(session.query(UserReport).filter_by(name="Herds").one())
    shop.admin.post(f"/custom_field/delete/{field}")
    assert stored("custom_field", field) is None


def home(shop: Shop, login: str) -> str:
    answer = shop.browser(login).get("/home/")
    assert answer.status_code == 200
    return html.unescape(answer.text)


def test_a_report_stands_on_ones_own_home_page_as_a_number_and_as_a_chart(shop: Shop) -> None:
    olga = shop.browser("olga")
    save(olga, "Given this year", "_m=count&_on=disbursed_on&_period=this-year&_versus=year")
    save(olga, "By state", "_row=status&_m=count&_chart=pie")
    number, chart = (report_of(shop, name, "olga") for name in ("Given this year", "By state"))
    olga.post(f"/user_report/put/{number.id}", {"kind": "number"})
    olga.post(f"/user_report/put/{chart.id}", {"kind": "chart"})
    assert [(one.report_id, str(one.kind), one.role_id) for one in rows("home_tile", user_id=shop.users["olga"])] == [
        (number.id, "number", None), (chart.id, "chart", None),
    ]  # fmt: skip
    mine = rows("loan", officer_id=shop.users["olga"])
    assert {one.disbursed_on.year for one in mine} == {2017}
    told = re.search(
        r">Given this year</span><span[^>]*>([^<]*)</span>\s*<span[^>]*>([^<]*)<", home(shop, "olga")
    )
    assert told
    assert (told[1], told[2]) == ("0", f"-100.0 %, before {len(mine)}")
    assert f'data-chart-url="/user_report/tile/{chart.id}"' in home(shop, "olga")
    data = olga.get(f"/user_report/tile/{chart.id}").json
    assert data["kind"] == "pie"
    assert sum(data["series"][0]["data"]) == len(mine)
    assert "By state" not in home(shop, "otto")
    assert shop.browser("otto").get(f"/user_report/tile/{chart.id}").status_code == 404


def test_tiles_are_moved_and_taken_away_by_their_owner_alone(shop: Shop) -> None:
    auditor = shop.browser("auditor")
    for name in ("First", "Second"):
        save(auditor, name, "_m=count")
        auditor.post(f"/user_report/put/{report_of(shop, name, 'auditor').id}", {"kind": "number"})
    first, second = rows("home_tile", user_id=shop.users["auditor"])
    auditor.post(f"/home_tile/{second.id}/move", {"to": "up"})
    assert stored("home_tile", second.id).position < stored("home_tile", first.id).position
    page = home(shop, "auditor")
    assert page.index(">Second<") < page.index(">First<")
    assert shop.browser("otto").post(f"/home_tile/{first.id}/move", {"to": "away"}).status_code == 404
    auditor.post(f"/home_tile/{first.id}/move", {"to": "away"})
    assert [one.id for one in rows("home_tile", user_id=shop.users["auditor"])] == [second.id]
    assert (
        auditor.post(
            f"/user_report/put/{report_of(shop, 'First', 'auditor').id}", {"kind": "film"}
        ).status_code
        == 400
    )


def test_an_administrator_puts_a_report_on_the_home_page_of_a_role(shop: Shop) -> None:
    save(shop.admin, "For officers", "_row=status&_m=count", role=str(role_id("Officer")))
    report = report_of(shop, "For officers", "admin")
    shop.admin.post(f"/user_report/put/{report.id}", {"kind": "chart", "role": "1"})
    assert "For officers" in home(shop, "otto")
    assert "For officers" not in home(shop, "agent")
    data = shop.browser("otto").get(f"/user_report/tile/{report.id}").json
    assert sum(data["series"][0]["data"]) == len(rows("loan", officer_id=shop.users["otto"]))
    assert (
        shop.browser("otto").post(f"/user_report/put/{report.id}", {"kind": "chart", "role": "1"}).status_code
        == 403
    )
    save(shop.admin, "For officers", "_row=status&_m=count")
    assert "For officers" not in home(shop, "otto"), "it is lent to them no longer"


def test_an_announcement_is_told_on_its_days_to_its_role_and_in_its_language(shop: Shop) -> None:
    said = {"text": "Bring the keys", "starts_on": "2018-06-20", "ends_on": "2018-06-25"}
    officers = {"role_id": str(role_id("Officer"))}
    shop.admin.post("/announcement/add", {"title": "To officers", **said, **officers})
    shop.admin.post("/announcement/add", {"title": "Українською", **said, "language": "uk"})
    shop.admin.post("/announcement/add", {"title": "Over", **said, "ends_on": "2018-06-24"})
    assert (
        shop.admin.post("/announcement/add", {"title": "Odd", **said, "ends_on": "2018-06-01"}).status_code
        == 422
    )
    assert {one.title for one in rows("announcement")} == {"To officers", "Українською", "Over"}
    page = home(shop, "otto")
    assert "To officers" in page
    assert "Bring the keys" in page
    assert "Українською" not in page
    assert "Over<" not in page
    assert "To officers" not in home(shop, "agent")
    with unscoped("he reads Ukrainian now") as session:
        session.get_one(User, shop.users["otto"]).language = "uk"
    assert "Українською" in home(shop, "otto")
    with unscoped("and English again") as session:
        session.get_one(User, shop.users["otto"]).language = "en"
