"""An import that is stopped under way: what is stored then, what is told, and what can be done with it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.access.users import create_user
from app.core.org import GrantKind
from app.core.web.uploads import staging, work
from tests.web.people import rows, stored
from tests.web.sent import check, counts, finish, lines, send, store, upload
from tests.web.shop import Shop

ROWS = 510
"""More than are stored together, and than are stored while their sender waits."""


def checked(shop: Shop, kind: str) -> str:
    """The address of a file of so many teams, found to be right."""
    url = send(shop, "team", "Name\n" + "\n".join(f"{kind} {number:03d}" for number in range(ROWS)) + "\n")
    check(shop, url)
    assert counts(finish(shop, url)) == ("checked", ROWS, 0, 0, 0)
    return url


def press_stop(shop: Shop, url: str, login: str = "admin") -> Any:
    said = {"ids": url.rpartition("/")[2], "__run": "1"}
    return shop.browser(login).post("/upload/do/stop_upload", said, follow_redirects=True)


def made(kind: str) -> int:
    return sum(row.name.startswith(f"{kind} ") for row in rows("team"))


@pytest.fixture
def stop_after_a_part(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let somebody press Stop in the moment in which the first part is written."""
    usual = work._mark_stored

    def arrange(url: str) -> None:
        def written(*given: Any) -> None:
            usual(*given)
            # in a thread, as in another process: it must not share the worker's session
            with ThreadPoolExecutor(1) as somebody:
                somebody.submit(press_stop, shop, url).result()
            assert upload(url).is_to_stop

        monkeypatch.setattr(work, "_mark_stored", written)

    return arrange


def test_of_all_rows_or_none_a_stopped_import_stores_none(shop: Shop, stop_after_a_part: Any) -> None:
    url = checked(shop, "Whole")
    assert str(store(shop, url, "1").state) == "storing"
    page = shop.admin.get(url).text
    assert f"/upload/do/stop_upload?ids={url.rpartition('/')[2]}" in page
    assert "/upload/do/stop_upload" in shop.admin.get("/jobs/").text
    stop_after_a_part(url)
    assert counts(finish(shop, url)) == ("checked", ROWS, 0, 0, 0)
    assert (made("Whole"), upload(url).is_to_stop) == (0, False)
    assert "It was stopped, so nothing was stored" in shop.admin.get(url).text


def test_of_rows_stored_in_parts_the_stored_ones_are_told_and_the_rest_can_follow(
    shop: Shop, stop_after_a_part: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = checked(shop, "Part")
    store(shop, url, "0")
    stop_after_a_part(url)
    one = finish(shop, url)
    done = made("Part")
    assert counts(one) == ("done", done, 0, 0, 0)
    assert 0 < done < ROWS
    page = shop.admin.get(url).text
    assert f"It was stopped: {done} records are stored, {ROWS - done} rows are not" in page
    assert "Ask to undo it" in page
    assert "Stopped" in page
    monkeypatch.undo()
    shop.admin.post(f"{url}/again")
    assert counts(upload(url)) == ("checked", ROWS, 0, 0, 0)
    store(shop, url, "0")
    assert counts(finish(shop, url)) == ("done", ROWS, 0, 0, 0)
    assert (made("Part"), upload(url).message) == (ROWS, None)


def test_what_a_stopped_import_stored_is_undone_like_any_other(shop: Shop, stop_after_a_part: Any) -> None:
    url = checked(shop, "Undo")
    store(shop, url, "0")
    stop_after_a_part(url)
    finish(shop, url)
    assert made("Undo") > 0
    shop.admin.post(f"{url}/undo")
    create_user("undoer", "pw", "Administrator", grants=({"kind": GrantKind.ALL},))
    shop.browser("undoer").post(f"{url}/approve")
    assert str(finish(shop, url).state) == "undone"
    assert made("Undo") == 0


def test_a_check_is_stopped_too_and_only_by_who_may(shop: Shop) -> None:
    url = send(shop, "team", "Name\n" + "\n".join(f"Try {number:03d}" for number in range(ROWS)) + "\n")
    assert str(check(shop, url).state) == "checking"
    assert press_stop(shop, url, "olga").status_code in (403, 404)
    assert not upload(url).is_to_stop
    assert "It stops at its next safe point" in press_stop(shop, url).text
    assert str(finish(shop, url).state) == "draft"
    assert "It is not under way" in press_stop(shop, url).text
    assert stored("upload", int(url.rpartition("/")[2])).message == "It was stopped"
    check(shop, url)
    assert counts(finish(shop, url)) == ("checked", ROWS, 0, 0, 0)


def test_stopping_a_check_that_ends_just_then_stops_nothing_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, usual = send(shop, "team", "Name;Department\nEnding;Nowhere\n"), staging.mark

    def marked(found: Any) -> None:
        with ThreadPoolExecutor(1) as somebody:
            somebody.submit(press_stop, shop, url).result()
        assert upload(url).is_to_stop
        usual(found)

    with monkeypatch.context() as patched:
        patched.setattr(staging, "mark", marked)
        assert counts(check(shop, url)) == ("checked", 0, 0, 0, 1)
    [row] = lines(url)
    shop.admin.post(f"{url}/mend", {"row": row.id, f"c-{row.id}-1": ""})
    assert counts(upload(url)) == ("checked", 1, 0, 0, 0)
