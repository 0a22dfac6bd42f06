"""Once a day the files that no row names are removed: never one that is young or named."""

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from app.core import clock, files, housekeeping
from app.core.db import unscoped
from app.core.jobs import Record
from app.core.org import BulkJob, FileJob, IdempotentRequest, JobRun, JobState, User
from app.models import ImportLayout, ImportRun
from tasks.schedule import BEAT

LATER = timedelta(hours=25)


@pytest.fixture(autouse=True)
def folder(database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's folder of files, and a day on which nothing was cleared away yet."""
    monkeypatch.setenv("FILES_DIR", str(tmp_path))
    with unscoped("a test clears away") as session:
        session.execute(delete(JobRun).where(JobRun.job == housekeeping.JOB))
    return tmp_path


def kept(kind: str) -> str:
    return files.store(io.BytesIO(b"x"), kind)


def swept(after: timedelta = LATER) -> tuple[int, Record]:
    """What a sweep does that comes so long after now."""
    record = Record(housekeeping.JOB, housekeeping.FILES, None)
    with unscoped("a test clears away") as session:
        before = clock.now() + after - housekeeping.YOUNG
        return housekeeping.remove_left_files(session, before, record), record


def test_only_what_no_row_names_is_removed() -> None:
    exported, uploaded, refused = kept("export"), kept("import"), kept("import-errors")
    left = [kept("export"), kept("import"), kept("import-errors"), kept("photo")]
    with unscoped("a test names files") as session:
        user = User(username="sweeper", first_name="S", last_name="W", email="s@w.example", active=True)
        layout = ImportLayout(name="sweep", title="Sweep", target="regions", definition={})
        session.add_all([user, layout])
        session.flush()
        session.add(FileJob(user_id=user.id, title="A list", request={}, file_key=exported))
        session.add(
            ImportRun(layout_id=layout.id, file_name="a.csv", file_key=uploaded, error_file_key=refused)
        )
    assert swept()[0] == len(left)
    assert [files.path_of(key).exists() for key in (exported, uploaded, refused)] == [True] * 3
    assert not any(files.path_of(key).exists() for key in left)
    with unscoped("a test takes a row away") as session:
        session.execute(delete(FileJob).where(FileJob.file_key == exported))
    assert swept()[0] == 1
    assert not files.path_of(exported).exists()


def test_a_young_file_waits_for_its_row() -> None:
    key = kept("import")
    assert swept(timedelta(hours=23))[0] == 0
    assert files.path_of(key).exists()


def test_a_file_put_back_with_its_old_date_is_young(folder: Path) -> None:
    key = kept("import")
    os.utime(files.path_of(key), (0, 0))
    assert swept(timedelta())[0] == 0


def test_the_draft_of_a_killed_upload_is_removed_and_one_being_written_stays(folder: Path) -> None:
    class Slow:
        """A stream during which the folder is swept."""

        def read(self, _size: int) -> bytes:
            [draft] = files.drafts("import")
            assert swept(timedelta(hours=1))[0] == 0
            assert draft.exists()
            return b""

    assert files.size_of(files.store(Slow(), "import")) == 0
    dead = files.path_of(files.new_key("import")).with_suffix(files.PART)
    dead.parent.mkdir(parents=True)
    dead.write_bytes(b"half")
    assert list(files.drafts("import")) == [dead]
    swept()
    assert not dead.exists()


def test_what_is_no_kept_file_is_left_alone(folder: Path) -> None:
    strangers = [
        folder / "README",
        folder / "import" / "ab" / "notes.txt",
        folder / "Other" / "ab" / ("c" * 30),
    ]
    for path in strangers:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert swept()[0] == 0
    assert all(path.exists() for path in strangers)


def test_it_is_done_once_a_day_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    kept("import")
    kept("export")
    later = clock.now() + LATER
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (housekeeping.run().rows, housekeeping.run().is_new) == (2, False)
    with unscoped("a test reads the runs of jobs") as session:
        run = session.scalars(select(JobRun).where(JobRun.job == housekeeping.JOB)).one()
        assert (run.step, run.business_on, str(run.state), run.rows) == ("files", later.date(), "done", 2)


def test_keys_of_requests_are_forgotten_after_a_day_and_not_before() -> None:
    with unscoped("a test asks under keys") as session:
        user = User(username="program", first_name="P", last_name="R", email="p@r.example", active=True)
        session.add(user)
        session.flush()
        for key, hours in (("old", 25), ("young", 23)):
            asked_at = clock.now() - timedelta(hours=hours)
            row = IdempotentRequest(user_id=user.id, key=key, digest="", status=200, created_at=asked_at)
            session.add(row)
    assert [(one.rows, one.is_new) for one in (housekeeping.run_requests(), housekeeping.run_requests())] == [
        (1, True), (1, False),
    ]  # fmt: skip
    with unscoped("a test looks what is left") as session:
        assert session.scalars(select(IdempotentRequest.key)).all() == ["young"]


def test_values_of_a_large_change_that_failed_are_forgotten_after_days_and_not_before() -> None:
    with unscoped("a test asks for large changes") as session:
        user = User(username="changer", first_name="C", last_name="H", email="c@h.example", active=True)
        session.add(user)
        session.flush()
        for title, days in (("old", 8), ("young", 6)):
            at = clock.now() - timedelta(days=days)
            what = {"entity": "customer", "arguments": {"name": "Liu"}, "row_ids": [1], "total": 1}
            session.add(BulkJob(user_id=user.id, title=title, state=JobState.FAILED, ended_at=at, **what))
    done = housekeeping.run_changes(), housekeeping.run_changes()
    assert [(one.rows, one.is_new) for one in done] == [(1, True), (1, False)]
    with unscoped("a test looks what is left") as session:
        left = session.execute(
            select(BulkJob.title, BulkJob.arguments, BulkJob.row_ids).order_by(BulkJob.title)
        )
        assert list(map(tuple, left)) == [("old", {}, []), ("young", {"name": "Liu"}, [1])]


def test_a_file_that_cannot_be_removed_is_told_and_the_others_go(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, other = sorted([kept("import"), kept("import")])
    unlink = Path.unlink

    def refusing(path: Path, *args: bool, **words: bool) -> None:
        if path == files.path_of(stuck):
            raise PermissionError(13, "Permission denied")
        unlink(path, *args, **words)

    monkeypatch.setattr(Path, "unlink", refusing)
    removed, record = swept()
    assert (removed, [error["row"] for error in record.errors]) == (1, [stuck])
    assert not files.path_of(other).exists()


def test_the_clockwork_starts_it() -> None:
    from tasks.celery import celery

    name = BEAT["clear-away"]["task"]
    celery.loader.import_default_modules()
    assert name in celery.tasks
