"""Why a whole file is refused is told in the language of whoever reads it, not in that of whoever sent the file."""

import html
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from app.core.db import unscoped
from app.core.errors import RuleError
from app.servicing.intake import run_import
from tests.operations.desk import Desk
from tests.operations.test_clerk import HEAD, layout
from tests.web.people import rows


@pytest.fixture(scope="module")
def admin(desk: Desk) -> int:
    """Who sends the files; English is the language of his profile."""
    with unscoped("data of a test") as session:
        session.add(layout("payments", "repayments"))
    return desk.users["admin"]


def _letter(folder: Path) -> Path:
    file = folder / "letter.pdf"
    file.write_bytes(b"%PDF-1.7\n" + b"x" * 2000)
    return file


def _picture(folder: Path) -> Path:
    file = folder / "picture.xlsx"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 2000)
    return file


def _doubled(folder: Path) -> Path:
    file = folder / "doubled.csv"
    file.write_text(f"{HEAD},amount\n2018-06-20,1,,2,3,4\n", encoding="utf-8")
    return file


def _far(folder: Path) -> Path:
    book = Workbook()
    book.active.title = "Дані"
    book.active.append(HEAD.split(","))
    book.active["XFD1048576"] = "here"
    book.save(folder / "far.xlsx")
    return folder / "far.xlsx"


REFUSED = [
    (_letter, "The file is a PDF document. ", "Файл — це документ PDF. "),
    (_picture, "The file is a picture. ", "Файл — це зображення. "),
    (_doubled, "Row 1, column F: Two columns have the same name: amount",
     "Рядок 1, стовпець F: Два стовпці мають однакову назву: amount"),
    (_far, "Sheet Дані, row 1048576, column XFD: The sheet reaches as far as cell XFD1048576",
     "Аркуш Дані, рядок 1048576, стовпець XFD: Аркуш сягає клітинки XFD1048576"),
]  # fmt: skip


@pytest.mark.parametrize("made, english_words, ukrainian_words", REFUSED)
def test_a_refused_file_is_told_of_in_the_readers_language(
    desk: Desk, admin: int, tmp_path: Path, made: Callable[[Path], Path], english_words: str, ukrainian_words: str
) -> None:  # fmt: skip
    with desk.app.app_context(), pytest.raises(RuleError) as refused:
        run_import(made(tmp_path), "payments", user_id=admin)
    assert str(refused.value).startswith(english_words)
    [*_before, run] = rows("import_run")
    assert run.message.startswith(english_words)
    reader = desk.browser("admin")
    reader.get("/lang/uk")
    for page in (f"/imports/{run.id}", f"/import_run/show/{run.id}"):
        assert ukrainian_words in html.unescape(reader.get(page, follow_redirects=True).text), page
    reader.get("/lang/en")
    assert english_words in html.unescape(reader.get(f"/imports/{run.id}").text)
