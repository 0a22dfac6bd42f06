"""Tasks on any record: given to a user, a role or a team who see it, ended once, late only while they are open."""

from datetime import timedelta
from typing import Any

from tests.walk.walking import content
from tests.web.people import add, rows, stored
from tests.web.shop import DAY, Shop


def give(shop: Shop, login: str, title: str, slug: str = "loan", row_id: int = 0, **values: Any) -> Any:
    about = {"entity": slug, "row_id": str(row_id or shop.loans[0]), "title": title}
    return shop.browser(login).post("/task/add", {**about, **{name: str(value) for name, value in values.items()}})  # fmt: skip


def given(title: str) -> Any:
    [one] = rows("task", title=title)
    return one


def end(shop: Shop, login: str, task_id: int, verb: str = "finish_task", **values: str) -> Any:
    return shop.browser(login).post(f"/task/do/{verb}", {"ids": str(task_id), "__run": "1", **values})


def test_a_task_is_stored_with_its_author_and_stands_on_the_record_and_among_ones_own(shop: Shop) -> None:
    answer = give(shop, "admin", "Call on Friday", user_id=shop.users["olga"], due_on=DAY + timedelta(days=4))
    one = given("Call on Friday")
    assert (one.entity, one.row_id, one.author_id, one.user_id) == ("loan", shop.loans[0], shop.users["admin"], shop.users["olga"])  # fmt: skip
    assert (str(one.state), one.open_due_on) == ("open", DAY + timedelta(days=4))
    assert answer.headers["Location"] == f"/loan/page/{shop.loans[0]}?tab=task"
    page = shop.browser("olga").get(f"/loan/page/{shop.loans[0]}").text
    assert f"/task/list/?entity=loan&amp;row_id={shop.loans[0]}" in page
    assert f"/task/add?entity=loan&amp;row_id={shop.loans[0]}" in page
    assert "Call on Friday" in shop.browser("olga").get(f"/loan/activity/{shop.loans[0]}?kind=task").text
    mine = shop.browser("olga").get("/tasks/", follow_redirects=True).text
    assert "Call on Friday" in mine
    assert "Call on Friday" not in shop.browser("agent").get("/tasks/", follow_redirects=True).text


def test_a_task_for_nobody_is_ones_own_and_one_for_two_is_refused(shop: Shop) -> None:
    give(shop, "olga", "For myself")
    assert given("For myself").user_id == shop.users["olga"]
    answer = give(shop, "olga", "For two", user_id=shop.users["olga"], role_id=stored("user", shop.users["olga"]).role_id)  # fmt: skip
    assert (answer.status_code, rows("task", title="For two")) == (422, [])


def test_who_does_not_see_the_record_gets_no_task_sees_none_and_ends_none(shop: Shop) -> None:
    answer = give(shop, "olga", "Not for otto", user_id=shop.users["otto"])
    assert (answer.status_code, rows("task", title="Not for otto")) == (422, [])
    team = add("team", name="Without people")
    assert give(shop, "olga", "For nobody there", team_id=team).status_code == 422
    give(shop, "olga", "Only for olga")
    one, otto = given("Only for olga"), shop.browser("otto")
    assert [otto.get(f"/task/{verb}/{one.id}").status_code for verb in ("show", "edit")] == [404, 404]
    assert "Only for olga" not in otto.get("/task/list/").text
    assert end(shop, "otto", one.id).status_code == 404
    assert give(shop, "otto", "Smuggled").status_code == 404
    assert (rows("task", title="Smuggled"), str(stored("task", one.id).state)) == ([], "open")


def test_a_task_is_ended_once_by_who_has_it_with_a_note_and_not_by_others(shop: Shop) -> None:
    role = stored("user", shop.users["olga"]).role_id
    give(shop, "admin", "Of the officers", role_id=role, due_on=DAY - timedelta(days=1))
    one = given("Of the officers")
    assert "Overdue" in shop.browser("olga").get(f"/task/show/{one.id}").text
    assert "overdue: " in shop.browser("olga").get("/home/").text
    end(shop, "agent", one.id)
    assert str(stored("task", one.id).state) == "open", "the agent sees it, but it is not hers"
    end(shop, "olga", one.id, note="He pays on Monday")
    ended = stored("task", one.id)
    assert (str(ended.state), ended.note, ended.done_by_id, ended.open_due_on) == ("done", "He pays on Monday", shop.users["olga"], None)  # fmt: skip
    assert "Overdue" not in shop.browser("olga").get(f"/task/show/{one.id}").text
    end(shop, "admin", one.id, "cancel_task", note="Too late")
    assert str(stored("task", one.id).state) == "done"
    [last] = [one for one in rows("history", entity="task", row_id=ended.id) if "state" in one.changes]
    assert last.changes["state"] == ["open", "done"]


def test_the_file_of_tasks_says_which_are_late_and_the_filter_finds_them(shop: Shop) -> None:
    give(shop, "olga", "Long over", due_on=DAY - timedelta(days=9))
    give(shop, "olga", "Far away", due_on=DAY + timedelta(days=9))
    program = shop.caller("olga")
    found = program.call("GET", f"task/?open_due_on__lt={DAY}&fields=title,late").json["result"]
    assert {"id": given("Long over").id, "title": "Long over", "late": "late"} in found
    assert "Far away" not in [one["title"] for one in found]
    with shop.browser("olga").get("/task/export.xlsx?q=Long&cols=title.late") as answer:
        book = content(answer)
    assert "Long over" in book
    assert "Overdue" in book
