"""A file that is no ledger is refused in one sentence, and nothing of it is stored."""

import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.core.db import unscoped
from app.core.errors import RuleError
from app.models import Client, ImportRun, Loan
from app.servicing.intake import run_import
from tests.servicing.ledgers import LEDGER, ledger, rows, settle_in, workbook


@pytest.fixture(scope="module")
def installed(database, tmp_path_factory):
    """The classifier, and one good loan so that branches and officers are there."""
    settle_in(tmp_path_factory.mktemp("first"))
    return run_import(ledger(tmp_path_factory.mktemp("one"), rows(1)), "dingxi")


def hostile(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that are none, and a part of the sentence that refuses each."""
    good = ledger(folder, rows(2))
    found = {}

    def put(name: str, data: bytes, sentence: str) -> None:
        (folder / name).write_bytes(data)
        found[name] = (folder / name, sentence)

    put("empty.xlsx", b"", "The file is empty")
    put("letter.pdf", b"%PDF-1.7\n" + b"x" * 2000, "a PDF document")
    put("locked.xlsx", encrypted(), "protected by a password")
    put("letter.xlsx", b"hello, not a workbook", "The file is not a table")
    put("half.xlsx", good.read_bytes()[:-3000], "damaged or incomplete")
    bomb = folder / "bomb.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, b" " * 300_000_000 if name.endswith("styles.xml") else data)
    found["bomb.xlsx"] = (bomb, "would unpack to far more")
    far = load_workbook(good)
    far.active["XFD1048576"] = "here"
    far.save(folder / "far.xlsx")
    found["far.xlsx"] = (folder / "far.xlsx", "XFD1048576")
    without = [{name: value for name, value in row.items() if name != "借据编号"} for row in rows(2)]
    found["without.xlsx"] = (ledger(folder, without, "without.xlsx"), "has no column 借据编号")
    found["other.xlsx"] = (workbook(folder / "other.xlsx", {"别的": [{"甲": 1}]}), "no such sheet")
    return found


def encrypted() -> bytes:
    """The beginning of an encrypted workbook: a compound file that names an EncryptedPackage."""
    name = "EncryptedPackage".encode("utf-16-le")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + name + b"\0" * 4096


@pytest.fixture(scope="module")
def hostile_files(tmp_path_factory):
    return hostile(tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize(
    "name",
    [
        "empty.xlsx",
        "letter.pdf",
        "locked.xlsx",
        "letter.xlsx",
        "half.xlsx",
        "bomb.xlsx",
        "far.xlsx",
        "without.xlsx",
        "other.xlsx",
    ],
)
def test_a_file_that_is_no_ledger_is_refused_in_one_sentence_and_stores_nothing(
    installed, hostile_files, name
) -> None:
    path, sentence = hostile_files[name]
    with unscoped("a test counts") as session:
        before = session.scalar(select(func.count()).select_from(Loan))
    with pytest.raises(RuleError) as refusal:
        run_import(path, "dingxi")
    assert sentence in str(refusal.value)
    with unscoped("a test looks at the record") as session:
        run = session.scalars(select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).unique().one()
        assert (run.state, run.message) == ("failed", str(refusal.value))
        assert session.scalar(select(func.count()).select_from(Loan)) == before


def test_a_client_that_is_not_there_is_not_made_for_a_file_that_cannot_be_read(
    installed, hostile_files
) -> None:
    with pytest.raises(RuleError):
        run_import(hostile_files["half.xlsx"][0], "dingxi-b")
    with pytest.raises(RuleError, match="There is no client nobody"):
        run_import(LEDGER, "dingxi", "nobody")
    with unscoped("a test looks at clients") as session:
        assert "dingxi-b" not in set(session.scalars(select(Client.code)))
