"""A saved view leaves as a workbook straight from the menu of views."""

import re
from html import unescape
from io import BytesIO

from openpyxl import load_workbook

from tests.web.people import rows
from tests.web.shop import Shop
from tests.web.test_saved_views import menu, save


def test_a_view_is_taken_as_a_workbook_from_the_menu_of_any_list(shop: Shop) -> None:
    save(shop.browser("olga"), "To take along", "status=inactive&sort=-name&cols=name.status")
    link = re.search(
        r'href="(/customer/export\.xlsx\?[^"]*)"[^>]*aria-label="To take along', menu(shop, "olga")
    )
    assert link
    with shop.browser("olga").get(unescape(link[1])) as answer:
        book = load_workbook(BytesIO(answer.data)).active
    lines = [row for row in book.iter_rows(values_only=True) if row[0]]
    mine = {one.name for one in rows("customer", manager_id=shop.users["olga"]) if one.status == "inactive"}
    assert lines[0][:2] == ("Name", "Status")
    assert [row[0] for row in lines[1:]] == sorted(mine, reverse=True) != []
    save(shop.browser("agent"), "Not to take", "status=inactive")
    assert "export.xlsx" not in menu(shop, "agent")
