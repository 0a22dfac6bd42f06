"""Reports that users build of an entity of one class: figures of their own scope, kept, lent, on the home page, sent."""

import html
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
from sqlalchemy import update

from app.core import clock
from app.core.db import unscoped
from app.core.notices.settle import settle
from app.core.org import ReportSending, User
from app.core.web.builder import sending
from app.messaging import notice_mail
from tests.messaging.postbox import Postbox, open_postbox, way_to
from tests.platform.yard import Yard
from tests.web.approvals import role
from tests.web.people import rows
from tests.web.test_kept_reports import home, report_of, save

BUILD = "/user_report/build/lorry"
QUERY = "_row=branch&_row2=driver&_col=state&_m=count&_m=price__sum"


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    with answer:
        assert answer.status_code == 200
        return list(openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0].iter_rows(values_only=True))


def test_groups_across_and_down_with_totals_are_those_of_ones_own_rows(yard: Yard) -> None:
    yard.some_of("PIVOT")
    yard.caller("admin").call(
        "PATCH", f"lorry/{rows('lorry', plate='PIVOT-1')[0].id}", {"state": "in_repair"}
    )
    for name, mine in (("admin", range(5)), ("otto", (1, 3)), ("sven", (4,))):
        total = sheet(yard.browser(name).get(f"{BUILD}/export.xlsx?{QUERY}&q=PIVOT"))[-1]
        assert (total[-2], Decimal(str(total[-1]))) == (
            len(mine),
            sum(Decimal(f"{1000 * (n + 1)}.50") for n in mine),
        ), name
    page = yard.admin.get(f"{BUILD}?{QUERY}&q=PIVOT").text
    assert all(word in page for word in ("North", "South", "Olga Test", "In repair", "15,002.50"))
    assert "GROUP BY" in page


def test_each_number_opens_its_rows_and_an_earlier_period_stands_beside(yard: Yard) -> None:
    ids = yard.some_of("DRILL")
    yard.caller("admin").call("PATCH", f"lorry/{ids[0]}", {"bought_on": "2018-05-11"})
    page = yard.admin.get(f"{BUILD}?_row=driver&_m=count&q=DRILL").text
    links = [html.unescape(one) for one in re.findall(r'<td class="num"[^>]*><a href="([^"]+)">', page)]
    mine = next(one for one in links if f"driver={yard.users['otto']}" in one)
    told = yard.caller("admin").call("GET", mine[1:].replace("list/", "").replace("view=0&", "")).json
    assert {row["id"] for row in told["result"]} == {ids[1], ids[3]}
    compared = "_row=branch&_m=count&_on=bought_on&_period=this-month&_versus=previous&q=DRILL"
    assert sheet(yard.admin.get(f"{BUILD}/export.xlsx?{compared}"))[-1][1:4] == (4, 1, 3)


def test_a_report_is_kept_lent_to_a_role_and_put_on_home_pages(yard: Yard) -> None:
    yard.some_of("KEPT")
    query = "_row=state&_m=count&_chart=bar&q=KEPT"
    assert save(yard.browser("olga"), "My lorries", query, "lorry").status_code == 302
    own = report_of(yard, "My lorries", "olga")
    assert (own.entity, own.query, own.role_id) == ("lorry", query, None)
    assert yard.browser("otto").get(f"/user_report/open/{own.id}").status_code == 404
    save(yard.admin, "Lorries of officers", query, "lorry", role=str(role("Officer")))
    lent = report_of(yard, "Lorries of officers", "admin")
    assert yard.browser("otto").get(f"/user_report/open/{lent.id}").headers["Location"].startswith(BUILD)
    yard.admin.post(f"/user_report/put/{lent.id}", {"kind": "chart", "role": "1"})
    assert [(one.report_id, one.role_id) for one in rows("home_tile", report_id=lent.id)] == [
        (lent.id, role("Officer"))
    ]
    assert "Lorries of officers" in home(yard, "otto")
    assert sum(yard.browser("otto").get(f"/user_report/tile/{lent.id}").json["series"][0]["data"]) == 2


def mailed(yard: Yard, box: Postbox, server: Any) -> dict[str, int]:
    """Let what was noted fall due and leave; by address the number in the workbook that came."""
    with unscoped("the hour has come") as session:
        session.execute(update(ReportSending).values(next_at=clock.now() - timedelta(minutes=1)))
    with yard.app.app_context():
        sending.note_due()
        settle()
        notice_mail.send_due(lambda: way_to(server))
    files = {
        to[0]: next(mail.iter_attachments()).get_content() for to, mail in box.mails if mail.is_multipart()
    }
    books = {to: openpyxl.load_workbook(io.BytesIO(file)).worksheets[0] for to, file in files.items()}
    return {to: list(book.values)[-1][-1] for to, book in books.items()}


def test_it_is_sent_as_a_workbook_of_each_receivers_rows(yard: Yard) -> None:
    yard.some_of("MAIL")
    with unscoped("addresses of a test") as session:
        for name in ("admin", "otto", "sven"):
            session.execute(update(User).where(User.username == name).values(email=f"{name}@bank.example"))
    save(yard.admin, "By mail", "_row=state&_m=count&q=MAIL", "lorry", role=str(role("Officer")))
    with open_postbox() as (box, running):
        yard.admin.post(
            f"/user_report/send/{report_of(yard, 'By mail', 'admin').id}",
            {"days": "day", "hour": "8", "role": "1"},
        )
        told = {to: count for to, count in mailed(yard, box, running).items() if to.endswith("@bank.example")}
    assert told == {"admin@bank.example": 5, "otto@bank.example": 2, "sven@bank.example": 1}
