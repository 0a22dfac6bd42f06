"""A backup holds everything, and a restore brings it back without the roles of the server it came from."""

import argparse
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.launch import backup, settings
from app.launch.errors import LaunchError
from app.launch.prepare import is_prepared, prepare
from app.launch.servers import Servers

BOOK = """
CREATE TABLE loan (id int PRIMARY KEY, branch_lft int NOT NULL, balance numeric(18,2) NOT NULL);
CREATE TABLE deployment (state text NOT NULL);
CREATE ROLE loandesk_s_branch;
ALTER TABLE loan ENABLE ROW LEVEL SECURITY;
CREATE POLICY branch ON loan TO loandesk_s_branch USING (branch_lft = 1);
GRANT SELECT ON loan TO loandesk_s_branch;
INSERT INTO loan VALUES (1, 1, 100.10), (2, 2, 200.20);
INSERT INTO deployment VALUES ('yesterday');
"""


@pytest.fixture(autouse=True)
def _embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the servers of these tests; what a command puts into the environment is taken back."""
    for name in (*settings.OURS, "TMPDIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture
def archive(place: Path) -> Iterator[Path]:
    """A backup of an installation with two loans, a policy and a file."""
    with Servers(place / "bank", durable=False, with_valkey=False) as servers:
        with psycopg.connect(servers.admin_url) as connection:
            connection.execute(BOOK)
        (servers.data.files / "recordings").mkdir()
        (servers.data.files / "recordings" / "call.wav").write_bytes(b"RIFF")
        target = place / "bank.tar"
        assert backup.backup(argparse.Namespace(data_dir=place / "bank", file=str(target))) == 0
        yield target


def test_a_restored_installation_has_the_rows_and_the_files(
    archive: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[Servers] = []
    monkeypatch.setattr(backup, "prepare", lambda servers, **_words: prepared.append(servers))
    for name in settings.OURS:
        monkeypatch.delenv(name, raising=False)
    assert archive.stat().st_mode & 0o777 == 0o600
    with Servers(place / "other", durable=False) as servers:
        options = argparse.Namespace(data_dir=place / "other", file=str(archive))
        assert backup.restore(options) == 0
        with psycopg.connect(servers.superuser_url) as connection:
            assert connection.execute("SELECT sum(balance)::text FROM loan").fetchone() == ("300.30",)
            owner = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'loan'").fetchone()
            assert owner == ("loandesk_owner",)
            assert connection.execute("SELECT to_regclass('deployment')").fetchone() == (None,)
        assert (servers.data.files / "recordings" / "call.wav").read_bytes() == b"RIFF"
        assert len(prepared) == 1
        for name in settings.OURS:
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(LaunchError, match="There is data here already"):
            backup.restore(options)


def test_what_an_interrupted_restore_left_is_never_worked_on(
    archive: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def restore() -> None:
        for name in settings.OURS:
            monkeypatch.delenv(name, raising=False)
        backup.restore(options)

    (place / "short.tar").write_bytes(archive.read_bytes()[:2000])
    options = argparse.Namespace(data_dir=place / "other", file=str(place / "short.tar"))
    with Servers(place / "other", durable=False, with_valkey=False) as servers:
        with pytest.raises(LaunchError, match="is no whole backup"):
            restore()
        monkeypatch.setattr(backup, "restore_database", lambda *_told: 1 / 0)
        options.file = str(archive)
        with pytest.raises(ZeroDivisionError):
            restore()
        for attempt in (
            restore,
            lambda: is_prepared(servers.data, servers.app_url, demo=False),
            lambda: prepare(servers, demo=False),
        ):
            with pytest.raises(LaunchError, match="was interrupted, so only a part is there"):
                attempt()


def test_a_backup_replaces_an_older_one_only_when_it_is_complete(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        assert sorted(opened.getnames())[:2] == ["database.dump", "files"]
    assert [path.name for path in archive.parent.iterdir() if path.name.startswith(".")] == []


def test_a_backup_into_a_directory_that_is_not_there_is_refused_before_any_work(place: Path) -> None:
    for file in (place / "none" / "bank.tar", place):
        with pytest.raises(LaunchError, match="cannot be written to"):
            backup.backup(argparse.Namespace(data_dir=place / "bank", file=str(file)))
    assert list(place.iterdir()) == []


def test_a_file_that_is_no_backup_is_refused(place: Path) -> None:
    (place / "letter.tar").write_text("Dear customer")
    with pytest.raises(LaunchError, match=r"letter\.tar is no backup"):
        backup.restore(argparse.Namespace(data_dir=place, file=str(place / "letter.tar")))
    with tarfile.open(place / "letters.tar", "w") as letters:
        letters.add(place / "letter.tar", "letter")
    with pytest.raises(LaunchError, match=r"letters\.tar is no backup"):
        backup.unpack(place / "letters.tar", str(place))
    assert not (place / "letter").exists()
