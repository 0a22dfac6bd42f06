"""Uploads and generated files lie under names nobody chooses, in one folder and nowhere else."""

import io
from pathlib import Path

import pytest

from app.core import files
from app.core.errors import RuleError

GOOD = "import/ab/" + "c" * 30


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FILES_DIR", str(tmp_path / "files"))
    return tmp_path / "files"


def test_a_file_is_kept_read_and_removed(folder: Path) -> None:
    key = files.store(io.BytesIO(b"hello"), "import")
    with files.open_file(key) as file:
        assert file.read() == b"hello"
    assert files.size_of(key) == 5
    assert files.path_of(key).is_relative_to(folder)
    assert files.path_of(key).stat().st_mode & 0o077 == 0
    assert list(files.keys("import")) == [key]
    assert files.delete(key) is True
    assert files.delete(key) is False
    with pytest.raises(FileNotFoundError):
        files.open_file(key)


def test_two_files_never_share_a_key() -> None:
    kept = {files.store(io.BytesIO(b"x"), "export") for _n in range(50)}
    assert len(kept) == 50
    assert set(files.keys("export")) == kept
    assert list(files.keys("import")) == []


@pytest.mark.parametrize(
    "key",
    [
        "", "../secret", "import/../../etc/passwd", "/etc/passwd", "import/..",
        f"{GOOD}/..", f"{GOOD}\n", f"{GOOD}.part", GOOD[:-1], GOOD[:-1] + "G", GOOD[:-1] + "ｃ",
        f"im/{GOOD}", GOOD.replace("/", "\\"), GOOD.replace("import", "%2e%2e"),
    ],
)  # fmt: skip
def test_what_is_no_key_opens_nothing(key: str) -> None:
    for verb in (files.open_file, files.delete, files.path_of, files.size_of):
        with pytest.raises(ValueError, match="no key"):
            verb(key)


@pytest.mark.parametrize("kind", ["", "..", "a/b", "A", "a" * 40, "im port", "-x"])
def test_a_kind_is_a_plain_word(kind: str) -> None:
    with pytest.raises(ValueError, match="no kind"):
        files.store(io.BytesIO(b""), kind)
    assert list(files.keys(kind)) == []


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(folder: Path) -> None:
    with pytest.raises(RuleError) as caught:
        files.store(io.BytesIO(b"x" * (3 * files.MEGA + 1)), "photo", most_bytes=3 * files.MEGA)
    assert "larger than 3 MB" in str(caught.value)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_an_upload_that_breaks_off_leaves_nothing(folder: Path) -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        files.store(Broken(), "import")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_scratch_path_is_gone_afterwards() -> None:
    with files.scratch("a.xlsx") as path:
        path.write_bytes(b"x")
    assert not path.parent.exists()


@pytest.mark.parametrize(
    "given, shown",
    [
        ("贷款台账.xlsx", "贷款台账.xlsx"),
        ("Книга за червень.csv", "Книга за червень.csv"),
        ("C:\\books\\ledger.xlsx", "ledger.xlsx"),
        ("../../etc/cron.d/台账.xlsx", "台账.xlsx"),
        ("a\x00b\r\nc\u202ed.csv", "abcd.csv"),
        ("..", "file"),
        ("/", "file"),
        ("", "file"),
        ("台" * 300 + ".xlsx", "台" * 83 + ".xlsx"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_persons_name_for_his_file_is_kept_but_never_leads_anywhere(given: str, shown: str) -> None:
    assert files.shown_name(given) == shown
