"""Screens of several steps and changes of many rows: clicked twice, each does what it is for once."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from io import BytesIO
from typing import Any

from tests.web.people import Browser, add, rows, stored
from tests.web.sent import counts, said, upload
from tests.web.shop import Shop
from tests.web.test_forms_sent_twice import AGAIN, send


def opened(page: str, action: str) -> dict[str, str]:
    """What the hidden inputs of the form with this action say."""
    form = next(one for one in re.findall(r"(?s)<form.*?</form>", page) if f'action="{action}"' in one)
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    found = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert csrf
    assert "_once" in found
    return {**{name: unescape(value) for name, value in found.items()}, "csrf_token": csrf[1]}


def twice(browser: Browser, path: str, given: dict[str, Any]) -> Any:
    """Send the same again; what the second is answered."""
    first, second = (send(browser, path, given) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302), first.text
    assert first.headers["Location"] == second.headers["Location"]
    return second


def test_a_change_of_many_rows_is_made_once_also_where_they_have_left_the_list_by_it(shop: Shop) -> None:
    ids = [add("team", name=name) for name in ("Many A", "Many B")]
    department = add("department", name="Of many")
    asked = {"_list": "q=Many&department__null=1", "next": "/team/list/"}
    page = opened(shop.admin.post("/team/change", asked).text, "/team/change")
    given = {**page, "_change": "department_id", "department_id": str(department)}
    second = twice(shop.admin, "/team/change", given)
    assert AGAIN in shop.admin.get(second.headers["Location"]).text
    assert [stored("team", one).department_id for one in ids] == [department] * 2
    page = opened(shop.admin.post("/team/change", {"ids": str(ids[0])}).text, "/team/change")
    given = {**page, "_change": "department_id", "department_id": ""}
    twice(shop.admin, "/team/change", given)
    other = send(shop.admin, "/team/change", {**given, "department_id": str(department)})
    assert (other.status_code, "stored before you changed it" in other.text) == (422, True)
    assert [len(rows("history", entity="team", row_id=one, action="change")) for one in ids] == [2, 1]


def test_a_file_sent_twice_is_one_upload_and_each_step_of_it_is_done_once(shop: Shop) -> None:
    page = opened(shop.admin.get("/upload/new/team").text, "/upload/new/team")
    before = len(rows("upload"))
    for _ in range(2):
        given = {**page, "file": (BytesIO(b"Name\nTwice sent\n"), "rows.csv")}
        url = str(send(shop.admin, "/upload/new/team", given).headers["Location"])
    assert len(rows("upload")) == before + 1
    columns = opened(shop.admin.get(url).text, f"{url}/check")
    twice(shop.admin, f"{url}/check", {**columns, **said(shop, url)})
    assert counts(upload(url)) == ("checked", 1, 0, 0, 0)
    ready = opened(shop.admin.get(url).text, f"{url}/store")
    second = twice(shop.admin, f"{url}/store", {**ready, "whole": "1"})
    assert AGAIN in shop.admin.get(second.headers["Location"]).text
    assert len(rows("team", name="Twice sent")) == 1


def test_a_report_is_kept_put_and_sent_once_however_often_it_is_clicked(shop: Shop) -> None:
    built = shop.admin.get("/user_report/build/loan?_row=status&_m=count").text
    page = {**opened(built, "/user_report/save"), "name": "Clicked", "query": "_row=status&_m=count"}
    browsers = [Browser(shop.app, "admin") for _ in range(3)]
    marks = [one.mark("/home/") for one in browsers]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(
            lambda one, mark: send(one, "/user_report/save", {**page, "csrf_token": mark}), browsers, marks
        ))  # fmt: skip
    [report] = rows("user_report", name="Clicked")
    assert {one.headers["Location"] for one in answers} == {
        f"/user_report/build/loan?_row=status&_m=count&_report={report.id}"
    }
    kept = shop.admin.get(f"/user_report/open/{report.id}", follow_redirects=True).text
    for door, more in (("put", {"kind": "number"}), ("send", {"days": "day", "hour": "8"})):
        action = f"/user_report/{door}/{report.id}"
        twice(shop.admin, action, {**opened(kept, action), **more})
    assert (
        len(rows("home_tile", report_id=report.id)),
        len(rows("report_sending", report_id=report.id)),
    ) == (1, 1)


def test_a_tile_moved_by_a_double_click_moves_one_place(shop: Shop) -> None:
    user = shop.users["owner"]
    reports = [add("user_report", user_id=user, entity="loan", name=name, query="_m=count") for name in "abc"]
    tiles = [add("home_tile", user_id=user, report_id=one, position=n) for n, one in enumerate(reports)]
    owner, action = shop.browser("owner"), f"/home_tile/{tiles[2]}/move"
    twice(owner, action, {**opened(owner.get("/home_tile/").text, action), "to": "up"})
    assert [one.id for one in sorted(rows("home_tile", user_id=user), key=lambda one: one.position)] == [
        tiles[0],
        tiles[2],
        tiles[1],
    ]
