"""An import on which two work at once: two pages of its sender, or its sender and the worker."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import g
from sqlalchemy import select

from app.core import registry
from app.core.db import web_session
from app.core.org import UploadState
from app.core.web import lots
from app.core.web.uploads import staging, work
from tests.deadlocks import in_the_way
from tests.web.people import add, rows, stored
from tests.web.sent import become, check, counts, finish, lines, send, store, upload
from tests.web.shop import Shop


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, happens: Callable[[], Any]
) -> list[Any]:
    """Let something happen once in the moment in which this is called; what came of it."""
    usual, came = getattr(module, name), list[Any]()

    def called(*given: Any, **named: Any) -> Any:
        if not came:
            came.append(None)
            # in a thread, as in another process: it must not share the session
            with ThreadPoolExecutor(1) as somebody:
                came[0] = somebody.submit(happens).result()
        return usual(*given, **named)

    monkeypatch.setattr(module, name, called)
    return came


def refused(shop: Shop, name: str) -> tuple[str, dict[str, Any]]:
    """The address of a checked import of one right row and a refused one, and what the form that mends it says."""
    url = send(shop, "team", f"Name;Department\n{name} right;\n{name} wrong;Nowhere\n")
    check(shop, url)
    [row] = [line for line in lines(url) if line.state == "refused"]
    return url, {"row": row.id, f"c-{row.id}-1": ""}


def test_a_store_that_was_asked_for_while_rows_are_tried_again_is_carried_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, mends = refused(shop, "Queued")
    meanwhile(monkeypatch, work, "try_rows", lambda: store(shop, url, "0"))
    shop.admin.post(f"{url}/mend", mends)
    assert str(upload(url).state) == "storing"
    assert counts(finish(shop, url)) == ("done", 2, 0, 0, 0)
    assert len([row for row in rows("team") if row.name.startswith("Queued")]) == 2


def test_a_row_that_was_mended_and_stored_from_another_page_is_not_stored_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, mends = refused(shop, "Twice")

    def elsewhere() -> Any:
        shop.browser("admin").post(f"{url}/mend", mends)
        return store(shop, url, "0")

    [one] = [meanwhile(monkeypatch, work, "try_again", elsewhere)]
    shop.admin.post(f"{url}/mend", mends)
    assert counts(one[0]) == ("done", 2, 0, 0, 0)
    assert counts(upload(url)) == ("done", 2, 0, 0, 0)
    assert {str(line.state) for line in lines(url)} == {"created"}


def test_rows_of_an_import_that_is_undone_by_then_are_not_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, mends = refused(shop, "Approved")
    store(shop, url, "0")
    meanwhile(
        monkeypatch, work, "try_again",
        lambda: become(url, state=UploadState.UNDOING, undone_by_id=shop.users["admin"]),
    )  # fmt: skip
    answer = shop.admin.post(f"{url}/mend", mends)
    assert (answer.status_code, "gone on meanwhile" in answer.text) == (400, True)
    assert str(finish(shop, url).state) == "undone"


def test_a_small_file_is_read_by_its_sender_or_by_the_worker_and_not_by_both(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = send(shop, "team", "Name\nOnce read\nOnce read too\n")
    meanwhile(monkeypatch, staging, "kept", lambda: finish(shop, url))
    assert counts(check(shop, url)) == ("checked", 2, 0, 0, 0)
    assert len(lines(url)) == 2


def test_an_import_that_was_ended_for_another_transaction_begins_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (add("team", name=f"{name} in the way") for name in ("First", "Second"))
    department = add("department", name="In the way")
    url = send(shop, "team", "Name;Department\nFirst in the way;In the way\nSecond in the way;In the way\n")
    check(shop, url)
    team = registry.entity("team")
    mine, other = (select(team.id).where(team.id == one).with_for_update() for one in (first, second))
    # of rows that are stored together the locks are given back, and they are tried one by one
    monkeypatch.setattr(lots, "SIZE", 1)
    with in_the_way(other, mine):
        one = store(shop, url, "1")
    assert (counts(one), one.message) == (("done", 0, 2, 0, 0), None)
    assert [stored("team", one).department_id for one in (first, second)] == [department] * 2


def test_what_is_read_for_the_sender_of_one_import_is_not_kept_for_that_of_the_next(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [send(shop, "customer", "Name\nOf two senders\n", name) for name in ("olga", "admin")]
    for url in urls:
        become(url, state=UploadState.CHECKING)
    seen: list[Any] = []

    def run(_upload_id: int) -> bool:
        seen.append(("read" in g, web_session()))
        g.read = True
        return True

    monkeypatch.setattr(work, "run", run)
    with shop.app.app_context():
        work.run_waiting()
    for url in urls:
        become(url, state=UploadState.DRAFT)
    assert [is_read for is_read, _session in seen] == [False, False]
    assert seen[0][1] is not seen[1][1]
