"""Rows that are about another tell by its name which one, to who may open it, without a query for each."""

import re

from tests.web.people import add, watched
from tests.web.shop import Shop


def about(page: str, slug: str, row_id: int) -> list[str]:
    """What the cells of a list say that lead to a record."""
    return re.findall(rf'<a [^>]*href="/{slug}/(?:show|page)/{row_id}"[^>]*>([^<]*)</a>', page)


def test_comments_tasks_and_history_name_their_records_in_one_statement_for_each_entity(shop: Shop) -> None:
    author = shop.users["admin"]
    for customer in shop.customers[:6]:
        add("comment", entity="customer", row_id=customer, author_id=author, text="Said")
    for loan in shop.loans[:3]:
        add("comment", entity="loan", row_id=loan, author_id=author, text="Said")
    add("task", entity="customer", row_id=shop.customers[1], author_id=author, title="Call")
    shop.admin.get("/comment/list/")
    with watched() as asked:
        page = shop.admin.get("/comment/list/").text
    assert about(page, "customer", shop.customers[3]) == ["Customer 03"]
    assert about(page, "loan", shop.loans[2]) == ["L-0002"]
    named = [
        one
        for one in asked.statements
        if re.search(r"FROM (customer|loan) .*\.id IN ", one.replace("\n", " "))
    ]
    assert len(named) == 2, named
    assert about(shop.admin.get("/task/list/").text, "customer", shop.customers[1]) == ["Customer 01"]
    assert "Customer 01" in about(
        shop.admin.get("/history/list/?entity=customer&size=100").text, "customer", shop.customers[1]
    )


def test_what_somebody_may_not_see_stays_without_a_name(shop: Shop) -> None:
    add(
        "comment",
        entity="customer",
        row_id=shop.customers[1],
        author_id=shop.users["admin"],
        text="Of otto's",
    )
    gone = add("team", name="Dissolved")
    shop.admin.post(f"/team/delete/{gone}")
    assert "Customer 01" not in shop.browser("olga").get("/comment/list/").text
    history = shop.admin.get(f"/history/list/?entity=team&row_id={gone}&cols=entity.row_id").text
    assert f">{gone}</a>" in history
    assert "Dissolved" not in history
