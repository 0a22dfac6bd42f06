"""Comments on any record: written by who sees it, seen by who sees it, changed by their author alone, kept in history."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from app.access.users import create_user
from app.core import registry
from app.core.db import scoped_as
from app.core.errors import OutOfScope
from app.core.org import Comment, GrantKind
from tests.web.people import add, rows, stored
from tests.web.shop import Shop


def say(shop: Shop, login: str, text: str, slug: str = "loan", row_id: int = 0) -> Any:
    about = {"entity": slug, "row_id": str(row_id or shop.loans[0]), "text": text}
    return shop.browser(login).post("/comment/add", about)


def said(text: str) -> Any:
    found = rows("comment", text=text)
    assert len(found) == 1
    return found[0]


def activity(shop: Shop, login: str, slug: str = "loan", row_id: int = 0, query: str = "") -> str:
    answer = shop.browser(login).get(f"/{slug}/activity/{row_id or shop.loans[0]}{query}")
    assert answer.status_code == 200
    return str(answer.text)


def test_a_comment_is_stored_with_its_author_and_stands_on_the_record(shop: Shop) -> None:
    answer = say(shop, "olga", "Promised to pay on Friday")
    one = said("Promised to pay on Friday")
    assert (one.entity, one.row_id, one.author_id) == ("loan", shop.loans[0], shop.users["olga"])
    assert answer.headers["Location"] == f"/loan/page/{shop.loans[0]}?tab=activity"
    page = activity(shop, "olga")
    assert "Promised to pay on Friday" in page
    assert "Olga Test" in page


@pytest.mark.parametrize("slug", ["customer", "product", "branch", "phone", "user"])
def test_every_entity_takes_comments(shop: Shop, slug: str) -> None:
    row_id = shop.some(slug) if slug != "phone" else rows("phone", customer_id=shop.customers[0])[0].id
    assert say(shop, "admin", f"About a {slug}", slug, row_id).status_code == 302
    assert f"About a {slug}" in activity(shop, "admin", slug, row_id)


def test_who_does_not_see_the_record_sees_no_comment_and_writes_none(shop: Shop) -> None:
    say(shop, "olga", "Only for olga")
    one, otto = said("Only for olga"), shop.browser("otto")
    assert otto.get(f"/loan/activity/{shop.loans[0]}").status_code == 404
    assert otto.get(f"/comment/show/{one.id}").status_code == 404
    assert otto.get(f"/comment/edit/{one.id}").status_code == 404
    assert otto.post(f"/comment/delete/{one.id}").status_code == 404
    assert "Only for olga" not in otto.get("/comment/list/").text
    assert say(shop, "otto", "Smuggled").status_code == 404
    assert shop.caller("otto").call("GET", f"comment/{one.id}").status_code == 404
    about = {"entity": "loan", "row_id": shop.loans[0], "text": "Smuggled"}
    assert shop.caller("otto").call("POST", "comment/", about).status_code == 404
    assert rows("comment", text="Smuggled") == []
    assert stored("comment", one.id).text == "Only for olga"


def test_a_role_that_may_not_open_an_entity_sees_no_comments_on_it(shop: Shop) -> None:
    say(shop, "admin", "Leaves in May", "user", shop.users["otto"])
    one = said("Leaves in May")
    agent = shop.browser("agent")
    assert "Leaves in May" not in agent.get("/comment/list/").text
    assert agent.get(f"/comment/show/{one.id}").status_code == 404
    assert shop.caller("agent").call("GET", f"comment/{one.id}").status_code == 404
    assert say(shop, "agent", "So he does", "user", shop.users["otto"]).status_code == 404


def test_a_comment_is_changed_and_deleted_by_its_author_alone_and_history_keeps_it(shop: Shop) -> None:
    say(shop, "olga", "To be changed")
    one = said("To be changed")
    for login in ("admin", "agent"):
        other = shop.browser(login)
        assert other.post(f"/comment/edit/{one.id}", {"text": "Taken over"}).status_code == 403
        assert other.post(f"/comment/delete/{one.id}").status_code == 403
    assert shop.caller("admin").call("PUT", f"comment/{one.id}", {"text": "Taken over"}).status_code == 404
    assert shop.caller("admin").call("DELETE", f"comment/{one.id}").status_code == 404
    assert stored("comment", one.id).text == "To be changed"
    olga = shop.browser("olga")
    assert olga.post(f"/comment/edit/{one.id}", {"text": "Changed"}).status_code == 302
    assert stored("comment", one.id).text == "Changed"
    assert olga.post(f"/comment/delete/{one.id}").headers["Location"].endswith("?tab=activity")
    assert stored("comment", one.id) is None
    kept = [(h.action, h.changes.get("text")) for h in rows("history", entity="comment", row_id=one.id)]
    assert kept == [("create", None), ("change", ["To be changed", "Changed"]), ("delete", ["Changed", None])]


def test_a_comment_stays_with_its_record(shop: Shop) -> None:
    say(shop, "olga", "Stays")
    one = said("Stays")
    answer = shop.caller("olga").call("PUT", f"comment/{one.id}", {"row_id": shop.loans[2]})
    assert answer.status_code == 422
    shop.browser("olga").post(f"/comment/edit/{one.id}", {"text": "Stays", "row_id": str(shop.loans[2])})
    assert stored("comment", one.id).row_id == shop.loans[0]
    with scoped_as(shop.users["olga"]) as session:
        session.get_one(Comment, one.id).row_id = shop.loans[2]
        with pytest.raises(OutOfScope):
            session.flush()


def test_who_only_reads_a_territory_comments_where_his_role_lets_him(shop: Shop) -> None:
    region = add("region", name="Village", level="village")
    loan = add("loan", **_like(shop, region))
    for login, role in (("reads", "Partner"), ("speaks", "Agent")):
        grant = {"kind": GrantKind.REGION, "region_id": region}
        shop.users[login] = create_user(login, "pw", role, grants=(grant,))
    assert say(shop, "reads", "May not", row_id=loan).status_code in (302, 403)
    assert say(shop, "speaks", "Saw the herd", row_id=loan).status_code == 302
    assert [c.text for c in rows("comment", row_id=loan)] == ["Saw the herd"]
    assert "Saw the herd" in activity(shop, "reads", row_id=loan)
    assert "<textarea" not in activity(shop, "reads", row_id=loan)
    one = said("Saw the herd")
    keyed = {"text": "Saw it", "_once": "0" * 32}
    assert shop.browser("speaks").post(f"/comment/edit/{one.id}", keyed).status_code == 302
    assert shop.browser("speaks").post(f"/comment/delete/{one.id}").status_code == 302
    assert stored("comment", one.id) is None


def _like(shop: Shop, region: int) -> dict[str, Any]:
    model = stored("loan", shop.loans[0])
    names = [c.key for c in registry.entity("loan").__table__.columns if c.info.get("kind") != "scope_key"]
    kept = {name: getattr(model, name) for name in names if name != "id"}
    return kept | {"number": "L-REGION", "region_id": region, "officer_id": shop.users["otto"]}


def test_programs_write_and_read_comments(shop: Shop) -> None:
    olga = shop.caller("olga")
    body = {"entity": "customer", "row_id": shop.customers[0], "text": "By a program"}
    made = olga.call("POST", "comment/", body)
    assert made.status_code == 201
    got = olga.call("GET", f"comment/{made.json['result']['id']}").json["result"]
    assert (got["entity"], got["row_id"], got["text"]) == ("customer", shop.customers[0], "By a program")
    assert got["author"]["id"] == shop.users["olga"]
    for wrong in ({**body, "entity": "history"}, {**body, "entity": "nothing"}, {**body, "row_id": 10**9}):
        assert olga.call("POST", "comment/", wrong).status_code in (404, 422)


@pytest.mark.parametrize(("text", "reason"), [("  ", "Needed"), ("x" * 4001, "4000")])
def test_an_empty_or_endless_comment_is_told_and_what_was_typed_stays(
    shop: Shop, text: str, reason: str
) -> None:
    answer = say(shop, "olga", text)
    assert answer.status_code == 422
    assert reason in answer.text
    assert text.strip() in answer.text
    assert f'name="row_id" value="{shop.loans[0]}"' in answer.text


def test_the_activity_tells_changes_comments_and_rows_of_tabs_by_kind(shop: Shop) -> None:
    say(shop, "olga", "Of all kinds", "customer", shop.customers[0])
    shop.browser("olga").post(f"/customer/edit/{shop.customers[0]}", {"name": "Customer renamed"})
    add(
        "contact_note",
        customer_id=shop.customers[0],
        at="2018-06-20T10:00+00:00",
        way="visit",
        text="At home",
        author_id=shop.users["olga"],
    )
    every = activity(shop, "admin", "customer", shop.customers[0])
    assert set(re.findall(r'data-kind="(\w+)"', every)) >= {"comment", "history", "contact_note"}
    notes = activity(shop, "admin", "customer", shop.customers[0], "?kind=contact_note")
    assert set(re.findall(r'data-kind="(\w+)"', notes)) == {"contact_note"}
    assert "At home" in notes
    assert (
        shop.browser("admin").get(f"/customer/activity/{shop.customers[0]}?kind=nothing").status_code == 404
    )
    assert shop.browser("admin").get(f"/customer/activity/{shop.customers[0]}?before=x").status_code == 404


def pages_of(shop: Shop, slug: str, row_id: int, query: str) -> Iterator[str]:
    """The activity of a record, from the newest page to the last."""
    while query:
        page = activity(shop, "admin", slug, row_id, query)
        yield page
        older = re.search(r'data-older="[^"?]*(\?[^"]*)"', page)
        query = older[1].replace("&amp;", "&") if older else ""


def test_older_events_follow_page_by_page_and_none_is_lost(shop: Shop) -> None:
    texts = {f"Line {number}" for number in range(70)}
    for text in sorted(texts):
        add("comment", entity="branch", row_id=shop.branches["head"], author_id=shop.users["olga"], text=text)
    pages = pages_of(shop, "branch", shop.branches["head"], "?kind=comment")
    seen = [text for page in pages for text in re.findall(r"Line \d+", page)]
    assert len(seen) == len(texts)
    assert set(seen) == texts


def test_none_is_lost_of_many_events_of_one_day_or_instant(shop: Shop) -> None:
    client, customer, loan = shop.client, shop.customers[2], shop.loans[2]
    about = {"customer_id": customer, "author_id": shop.users["olga"]}
    for number in range(70):
        hour = 15 if number < 40 else 9
        add(
            "contact_note",
            **about,
            at=f"2018-06-20T{hour:02}:00+00:00",
            way="visit",
            text=f"Visit <{number}>",
        )
        add(
            "repayment", client_id=client, loan_id=loan, customer_id=customer, received_on=date(2018, 6, 20),
            amount=1000 + number, currency="CNY", source="manual", reference=f"day {number}",
        )  # fmt: skip
    pages = list(pages_of(shop, "customer", customer, "?kind="))
    visits = [one for page in pages for one in re.findall(r"Visit &lt;(\d+)&gt;", page)]
    paid = [one for page in pages for one in re.findall(r"1,0(\d\d)\.00", page)]
    assert sorted(map(int, visits)) == list(range(70))
    assert sorted(map(int, paid)) == list(range(70))
