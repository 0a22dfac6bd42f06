"""Undoing an import while people go on working, and of records that more than one row of the file is about."""

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from sqlalchemy import update

from app.core.db import unscoped
from app.core.org import UploadState, User
from app.core.web.uploads import undoing
from tests.web.people import add, rows, stored
from tests.web.sent import become, check, finish, lines, send, store
from tests.web.shop import Shop


def undone(shop: Shop, url: str) -> Any:
    """Have it undone by the worker; the upload as it is stored then."""
    become(url, state=UploadState.UNDOING, undone_by_id=shop.users["admin"])
    return finish(shop, url)


def mended(shop: Shop, url: str, *cells: str) -> None:
    """Mend the one row that is refused, and store it."""
    [row] = [line for line in lines(url) if line.state == "refused"]
    shop.admin.post(
        f"{url}/mend", {"row": row.id, **{f"c-{row.id}-{place}": cell for place, cell in enumerate(cells)}}
    )
    store(shop, url, "0")


def test_who_changes_a_record_while_its_import_is_undone_is_not_written_over(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = add("team", name="Rooks")
    first, other = (add("department", name=f"{name} of rooks") for name in ("First", "Other"))
    url = send(shop, "team", "Name;Department\nRooks;First of rooks\n")
    check(shop, url)
    store(shop, url, "1")
    assert stored("team", team).department_id == first
    caller, usual = shop.caller("admin"), undoing._last_changes
    with ThreadPoolExecutor(1) as somebody:
        writes: list[Any] = []

        def read(*given: Any) -> Any:
            found = usual(*given)
            writes.append(somebody.submit(caller.call, "PATCH", f"team/{team}", {"department": other}))
            wait(writes, timeout=1)
            return found

        monkeypatch.setattr(undoing, "_last_changes", read)
        undone(shop, url)
        assert writes[0].result().status_code == 200
    assert stored("team", team).department_id == other


@pytest.mark.parametrize("is_there", [True, False])
def test_of_a_record_met_by_two_rows_both_are_undone(shop: Shop, *, is_there: bool) -> None:
    name = f"Twins {is_there}"
    first, _second, _third = (
        add("department", name=f"{one} of {name}") for one in ("First", "Second", "Third")
    )
    team = add("team", name=name, department_id=first) if is_there else None
    url = send(shop, "team", f"Name;Department\n{name};Second of {name}\n{name};Third of {name}\n")
    check(shop, url)
    store(shop, url, "0")
    mended(shop, url)
    assert [row.department_id for row in rows("team", name=name)] == [_third]
    assert str(undone(shop, url).state) == "undone"
    assert [(row.id, row.department_id) for row in rows("team", name=name)] == (
        [(team, first)] if team else []
    )


def test_a_record_changed_by_a_later_row_first_is_as_it_was_when_both_are_undone(shop: Shop) -> None:
    first, early, late = (add("department", name=f"{one} of trios") for one in ("First", "Early", "Late"))
    team = add("team", name="Trios", department_id=first)
    url = send(shop, "team", "Name;Department\nTrios;Nowhere\nTrios;Late of trios\n")
    check(shop, url)
    assert (store(shop, url, "0").updated, stored("team", team).department_id) == (1, late)
    mended(shop, url, "Trios", "Early of trios")
    assert stored("team", team).department_id == early
    assert str(undone(shop, url).state) == "undone"
    assert stored("team", team).department_id == first


def test_a_record_made_by_a_later_row_and_changed_by_an_earlier_one_is_gone_when_both_are_undone(
    shop: Shop,
) -> None:
    for name in ("Early", "Late"):
        add("department", name=f"{name} of pairs")
    url = send(shop, "team", "Name;Department\nPairs;Nowhere\nPairs;Late of pairs\n")
    check(shop, url)
    store(shop, url, "0")
    mended(shop, url, "Pairs", "Early of pairs")
    assert len(rows("team", name="Pairs")) == 1
    assert str(undone(shop, url).state) == "undone"
    assert rows("team", name="Pairs") == []


def test_an_undo_that_is_broken_off_can_be_begun_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    url = send(shop, "team", "Name\nBroken off\n")
    check(shop, url)
    store(shop, url, "1")

    def breaks(*_given: Any) -> None:
        raise OSError("a fault of a test")

    with monkeypatch.context() as patched:
        patched.setattr(undoing, "_take_back", breaks)
        one = undone(shop, url)
    assert (str(one.state), one.message) == ("done", "The upload could not be finished")
    assert str(undone(shop, url).state) == "undone"
    assert rows("team", name="Broken off") == []


def test_who_may_no_longer_undo_imports_when_the_worker_comes_undoes_nothing(shop: Shop) -> None:
    url = send(shop, "team", "Name\nStaying\n")
    check(shop, url)
    store(shop, url, "1")
    become(url, state=UploadState.UNDOING, undone_by_id=shop.users["auditor"])
    one = finish(shop, url)
    assert (str(one.state), one.message) == ("done", "You may no longer do this")
    assert len(rows("team", name="Staying")) == 1
    with unscoped("a test closes a login") as session:
        session.execute(update(User).where(User.id == shop.users["partner"]).values(active=False))
    become(url, state=UploadState.UNDOING, undone_by_id=shop.users["partner"])
    one = finish(shop, url)
    assert (str(one.state), one.message) == ("done", "The login is closed")
