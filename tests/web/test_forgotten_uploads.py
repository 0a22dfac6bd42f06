"""Imports and time: what is kept of them while they can be undone, and what is said when it is gone."""

from datetime import timedelta

from sqlalchemy import delete

from app.core import clock, housekeeping
from app.core.db import unscoped
from app.core.org import UploadRow, UploadState
from tests.web.people import rows, stored
from tests.web.sent import become, check, finish, lines, send, store, upload
from tests.web.shop import Shop

OLD = clock.now() - timedelta(days=8)


def forget() -> None:
    with unscoped("a day of a test ends") as session:
        housekeeping.forget_uploads(session, clock.now() - housekeeping.MENDED)


def imported(shop: Shop, name: str) -> str:
    url = send(shop, "team", f"Name\n{name}\n")
    check(shop, url)
    store(shop, url, "1")
    return url


def test_an_import_sent_long_ago_and_stored_today_can_still_be_undone(shop: Shop) -> None:
    url = imported(shop, "Late")
    become(url, created_at=OLD)
    forget()
    assert len(lines(url)) == 1
    become(url, state=UploadState.UNDOING, undone_by_id=shop.users["admin"])
    assert str(finish(shop, url).state) == "undone"
    assert rows("team", name="Late") == []


def test_an_import_under_way_or_that_failed_half_way_is_not_forgotten(shop: Shop) -> None:
    under_way, half, nothing = (imported(shop, name) for name in ("Under way", "Half", "Nothing"))
    become(under_way, created_at=OLD, ended_at=None, state=UploadState.STORING)
    become(half, created_at=OLD, ended_at=None, state=UploadState.FAILED)
    with unscoped("a test's rows are not stored") as session:
        session.execute(delete(UploadRow).where(UploadRow.upload_id == int(nothing.rpartition("/")[2])))
    become(nothing, created_at=OLD, ended_at=None, state=UploadState.FAILED)
    forget()
    forget()
    assert (len(lines(under_way)), len(lines(half))) == (1, 0)
    assert upload(half).created == 1
    assert stored("upload", int(nothing.rpartition("/")[2])) is None
    become(under_way, state=UploadState.FAILED)


def test_an_import_whose_rows_are_gone_is_not_said_to_be_undone(shop: Shop) -> None:
    url = imported(shop, "Of no rows")
    upload_id = become(url, state=UploadState.UNDOING, undone_by_id=shop.users["admin"])
    with unscoped("a test's rows are gone") as session:
        session.execute(delete(UploadRow).where(UploadRow.upload_id == upload_id))
    one = finish(shop, url)
    assert str(one.state) != "undone"
    assert one.message == "The rows of this import are no longer kept, so it cannot be undone"
    assert len(rows("team", name="Of no rows")) == 1
