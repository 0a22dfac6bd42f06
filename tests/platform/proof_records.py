"""A record of an entity of one class: its timeline, words and files on it, who has it, follows it and has looked at it."""

import html
import re
from datetime import timedelta

from tests.platform.yard import Yard
from tests.web.people import rows, stored
from tests.web.shop import DAY
from tests.web.test_attachments import PNG, SVG, attach, kept
from tests.web.test_comments import activity, say
from tests.web.test_notifications import told
from tests.web.test_tasks import end, give, given


def test_its_timeline_tells_changes_words_files_and_tasks_in_their_order(yard: Yard) -> None:
    one = yard.lorry("TIME-1")
    yard.browser("olga").post(f"/lorry/cell/price/{one}", {"price": "77"})
    say(yard, "olga", "New tyres", "lorry", one)
    attach(yard, "olga", PNG, "tyres.png", "lorry", one)
    give(yard, "olga", "Look at the tyres", "lorry", one)
    page = activity(yard, "olga", "lorry", one)
    kinds = re.findall(r'data-kind="(\w+)"', page)
    assert kinds == ["task", "file", "comment", "history", "history"]
    assert "Price: 1,000.50 → 77.00" in page
    assert yard.browser("sven").get(f"/lorry/activity/{one}").status_code == 404


def test_who_is_mentioned_in_a_comment_is_told_if_he_sees_it(yard: Yard) -> None:
    one = yard.lorry("WORD-1")
    say(yard, "olga", "Look at WORD-1 @admin and @sven", "lorry", one)
    [comment] = rows("comment", entity="lorry", row_id=one)
    assert (comment.text, comment.author_id) == ("Look at WORD-1 @admin and @sven", yard.users["olga"])
    assert {each.user_id for each in rows("mention", comment_id=comment.id)} == {yard.users["admin"]}
    assert ("mention", "lorry", one, 1) in told(yard, "admin")
    assert "Lorry WORD-1" in yard.admin.get("/notifications/").text
    assert not [each for each in told(yard, "sven") if each[1:3] == ("lorry", one)]
    assert say(yard, "sven", "Smuggled", "lorry", one).status_code == 404
    assert rows("comment", text="Smuggled") == []


def test_a_picture_is_shown_and_what_could_run_is_only_kept(yard: Yard) -> None:
    one, olga = yard.lorry("FILE-1"), yard.browser("olga")
    for name, content in (
        ("photo.png", PNG),
        ("run.svg", SVG),
        ("run.html", b"<html><script>alert(1)</script>"),
    ):
        attach(yard, "olga", content, name, "lorry", one)
    photo, *scripts = (kept(name) for name in ("photo.png", "run.svg", "run.html"))
    assert (photo.entity, photo.row_id, photo.media_type) == ("lorry", one, "image/png")
    shown = olga.get(f"/attachment/{photo.id}/preview", buffered=True)
    assert (shown.data, shown.mimetype) == (PNG, "image/png")
    assert yard.browser("otto").get(f"/attachment/{photo.id}/preview", buffered=True).status_code == 404
    for script in scripts:
        assert olga.get(f"/attachment/{script.id}/preview", buffered=True).status_code == 404
        taken = olga.get(f"/attachment/{script.id}/download", buffered=True)
        assert (taken.mimetype, taken.headers["Content-Disposition"][:10]) == (
            "application/octet-stream",
            "attachment",
        )


def test_somebody_who_sees_it_is_given_a_task_and_who_drives_it_is_told(yard: Yard) -> None:
    one = yard.lorry("TASK-1", driver_id=yard.users["otto"])
    assert ("assigned", "lorry", one) in {each[:3] for each in told(yard, "otto")}
    give(
        yard, "admin", "Wash TASK-1", "lorry", one, user_id=yard.users["otto"], due_on=DAY + timedelta(days=2)
    )
    task = given("Wash TASK-1")
    assert (task.entity, task.row_id, task.user_id) == ("lorry", one, yard.users["otto"])
    assert "Wash TASK-1" in yard.browser("otto").get("/tasks/", follow_redirects=True).text
    assert give(yard, "admin", "Not his", "lorry", one, user_id=yard.users["sven"]).status_code == 422
    end(yard, "otto", task.id, note="Clean")
    assert (str(stored("task", task.id).state), rows("task", title="Not his")) == ("done", [])


def test_who_follows_it_is_told_of_changes_and_his_favourite_stands_on_his_home_page(yard: Yard) -> None:
    one = yard.lorry("STAR-1", driver_id=yard.users["otto"])
    admin, otto = yard.admin, yard.browser("otto")
    admin.post(f"/lorry/follow/{one}")
    otto.post(f"/lorry/star/{one}")
    for slug, name in (("following", "admin"), ("favourite", "otto")):
        assert [each.user_id for each in rows(slug, entity="lorry", row_id=one)] == [yard.users[name]]
    yard.caller("otto").call("PATCH", f"lorry/{one}", {"seats": 3})
    assert ("change", "lorry", one, 1) in told(yard, "admin")
    assert f'href="/lorry/show/{one}"' in otto.get("/home/").text
    assert yard.browser("olga").post(f"/lorry/star/{one}").status_code == 404


def test_its_page_leads_to_its_neighbours_and_is_made_for_print(yard: Yard) -> None:
    ids = yard.some_of("NEXT")
    page = yard.admin.get(f"/lorry/show/{ids[2]}?list=q%3DNEXT%26sort%3D-price").text
    assert [int(one) for one in re.findall(r'href="/lorry/show/(\d+)\?list=', page)] == [ids[3], ids[1]]
    assert 'href="/lorry/list/?q=NEXT&amp;sort=-price"' in page
    assert "data-print" in page


def test_a_copy_begins_with_its_values_without_what_is_unique(yard: Yard) -> None:
    one, olga = yard.lorry("COPY-1", workshop="At Wang's", state="in_repair"), yard.browser("olga")
    assert f'/lorry/add?copy={one}"' in olga.get(f"/lorry/show/{one}").text
    form = html.unescape(olga.get(f"/lorry/add?copy={one}").text)
    assert ("At Wang's" in form, "COPY-1" in form, 'value="1,000.50"' in form) == (True, False, True)
    assert yard.browser("sven").get(f"/lorry/add?copy={one}").status_code == 404


def test_who_has_looked_at_its_personal_value_is_kept_and_told_to_who_may_know(yard: Yard) -> None:
    one = yard.lorry("LOOK-1", licence="LIC-4711")
    assert "LIC-4711" in yard.browser("olga").get(f"/lorry/show/{one}").text
    [look] = rows("audit_event", kind="look", entity="lorry", row_id=one)
    assert (look.user_id, look.source) == (yard.users["olga"], "screen")
    assert "Who has looked" in yard.admin.get(f"/lorry/show/{one}").text
    assert "Who has looked" not in yard.browser("olga").get(f"/lorry/show/{one}").text
    told_of = yard.admin.get(f"/audit_event/list/?entity=lorry&row_id={one}&partial=tab").text
    assert "Olga Test" in told_of
