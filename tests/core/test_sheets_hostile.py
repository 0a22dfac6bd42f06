"""Files that are damaged, disguised or meant to do harm each give one clear error, and our process lives."""

import subprocess
import sys
import zipfile
from pathlib import Path
from time import monotonic, sleep

import openpyxl
import pytest

from app.core.sheets import Limits, Reason, open_table
from tests.core.books import ole, refused, row, xlsb, xlsx

MEGA = 1024 * 1024
LOCKED = Path(__file__).resolve().parents[1] / "data" / "locked.xlsx"


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data,words",
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
        (b"MZ\x90\0\x03\0\0\0" + b"\0" * 50, "a program"),
        (b"\x7fELF\x02\x01\x01\0" + b"\0" * 50, "a program"),
        (b"<html><table><tr><td>1</td></tr></table>", "a web page with the name of a workbook"),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE HTML>", "a web page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "an XML file"),
        (b"{\\rtf1 hello}", "a text document"),
        (b"Rar!\x1a\x07", "an archive"),
        (b"\x00\x01\x02\x03\x04\x05" * 40, "not a table"),
    ],
)
def test_what_a_file_is_is_told_by_its_content(tmp_path: Path, data: bytes, words: str) -> None:
    error = refused(written(tmp_path / "ledger.xls", data))
    assert error.reason is Reason.WRONG_TYPE
    assert words in str(error)


def test_a_workbook_may_have_any_name(tmp_path: Path) -> None:
    with open_table(xlsx(tmp_path / "photo.jpg", row(1, "A", "B") + row(2, "1", "2"))) as table:
        assert [values for _n, values in table.rows()] == [(1, 2)]


@pytest.mark.parametrize(
    "text", ["hello, not a workbook", "Dear all,\nthe file follows\n", "one\ntwo\nthree\n"]
)
@pytest.mark.parametrize("ending", ["xlsx", "XLS", "ods"])
def test_a_text_under_the_name_of_a_workbook_is_refused_unless_it_is_a_table(
    tmp_path: Path, text: str, ending: str
) -> None:
    error = refused(written(tmp_path / f"a.{ending}", text.encode()))
    assert error.reason is Reason.WRONG_TYPE
    assert "The file is not a table" in str(error)
    with open_table(written(tmp_path / f"b.{ending}", b"Name;Sum\na;1\nb;2\n")) as table:
        assert (table.header, table.kind) == (["Name", "Sum"], "text")


def test_documents_and_archives_are_not_workbooks(tmp_path: Path) -> None:
    for name, words in (("word/document.xml", "text document"), ("photo.png", "archive")):
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as out:
            out.writestr(name, "x")
        assert words in str(refused(tmp_path / "a.xlsx"))
    assert refused(ole(tmp_path / "a.xls", "WordDocument")).reason is Reason.WRONG_TYPE


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b" \r\n\r\n", b"\xff\xfe"])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, data: bytes) -> None:
    assert refused(written(tmp_path / "a.csv", data)).reason is Reason.EMPTY_FILE


def test_a_workbook_with_a_password_is_said_to_have_one(tmp_path: Path) -> None:
    for locked in (LOCKED, ole(tmp_path / "a.xlsx", "EncryptedPackage")):
        error = refused(locked)
        assert error.reason is Reason.ENCRYPTED
        assert "protected by a password" in str(error)
    path = xlsx(tmp_path / "b.xlsx", row(1, "A", "B"))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refused(written(path, bytes(data))).reason is Reason.ENCRYPTED


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    blank = row(1, "A", "B") + '<row r="2"><c r="A2"/></row>' * (60 * MEGA // 28)
    path = xlsx(tmp_path / "a.xlsx", blank)
    assert path.stat().st_size < MEGA
    began = monotonic()
    error = refused(path)
    assert error.reason is Reason.ZIP_BOMB
    assert "(60 MB)" in str(error)
    assert monotonic() - began < 3


def test_a_zip_with_too_many_parts_is_not_opened(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", row(1, "A", "B"))
    with zipfile.ZipFile(path, "a") as out:
        for number in range(60):
            out.writestr(f"xl/media/{number}", "")
    assert refused(path, limits=Limits(entries=50)).reason is Reason.ZIP_BOMB


def test_a_sheet_that_lies_about_its_size_is_damaged(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", row(1, "A", "B") + "".join(row(n, "1", "2") for n in range(2, 4000)))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    data[at + 24 : at + 28] = (500).to_bytes(4, "little")
    assert refused(written(path, bytes(data))).reason is Reason.DAMAGED


def test_a_stray_cell_in_the_last_corner_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Name", "Sum"])
    book.active.append(["a", 1])
    book.active["XFD1048576"] = "stray"
    book.save(tmp_path / "a.xlsx")
    error = refused(tmp_path / "a.xlsx")
    assert (error.reason, error.sheet, error.row, error.column) == (Reason.FAR_CELL, "Sheet", 1048576, "XFD")
    assert "XFD1048576" in str(error)
    assert "Delete the rows and columns beside the table" in str(error)


def test_a_parser_that_dies_takes_only_its_own_process_with_it(tmp_path: Path) -> None:
    """The parser wants memory for every cell up to the last one, and aborts when it gets none."""
    path = xlsb(tmp_path / "a.xlsb", {(0, 0): "Name", (0, 1): "Sum", (1_048_575, 16_383): "stray"})
    error = refused(path, limits=Limits(memory_bytes=500 * MEGA))
    assert error.reason is Reason.TOO_MUCH_MEMORY
    assert "Divide it" in str(error)


def test_a_table_larger_than_allowed_is_refused(tmp_path: Path) -> None:
    many = xlsx(tmp_path / "a.xlsx", row(1, "A", "B") + "".join(row(n, "1", "2") for n in range(2, 3000)))
    assert refused(many, limits=Limits(rows=2000)).reason is Reason.TOO_MANY_ROWS
    assert refused(many, limits=Limits(file_bytes=1000)).reason is Reason.FILE_TOO_LARGE
    wide = xlsx(tmp_path / "b.xlsx", row(1, *["A"] * 20))
    assert refused(wide, limits=Limits(columns=10)).reason is Reason.FAR_CELL
    csv = written(tmp_path / "a.csv", b"a,b\n" + b"1,2\n" * 3000)
    assert refused(csv, limits=Limits(rows=2000)).reason is Reason.TOO_MANY_ROWS
    assert refused(csv, limits=Limits(columns=1)).reason is Reason.TOO_MANY_COLUMNS
    assert (
        refused(written(tmp_path / "b.csv", b'a,b\n"' + b"x" * 5000), limits=Limits(cell_chars=1000)).row == 2
    )


def test_memory_processor_and_waiting_are_limited(tmp_path: Path) -> None:
    strings = "".join(f"<si><t>{n:0200}</t></si>" for n in range(60_000))
    path = xlsx(tmp_path / "a.xlsx", row(1, "A", "B"), strings=strings)
    small = Limits(memory_bytes=60 * MEGA)
    assert refused(path, limits=small).reason is Reason.TOO_MUCH_MEMORY
    slow = xlsx(tmp_path / "b.xlsx", row(1, "A", "B") + "".join(
        row(n, f'<c cm="1" r="A{n}"><v>{n}</v></c>', "x") for n in range(2, 60_000)))  # fmt: skip
    assert refused(slow, limits=Limits(cpu_seconds=1)).reason is Reason.TOO_SLOW
    assert refused(slow, limits=Limits(wait_seconds=0.05)).reason is Reason.TOO_SLOW


def test_time_in_which_the_caller_works_does_not_count_as_waiting(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", b"a,b\n" + b"1,2\n" * 60_000)
    with open_table(path) as table:
        table._reading._left = 6.0
        for count, _row in enumerate(table.rows(), 1):
            if count == 1:
                sleep(6.1)
    assert count == 60_000


@pytest.mark.parametrize("cut", [30, 200, -40])
def test_a_file_cut_short_is_damaged(tmp_path: Path, cut: int) -> None:
    path = xlsx(tmp_path / "a.xlsx", row(1, "A", "B"))
    assert refused(written(path, path.read_bytes()[:cut])).reason is Reason.DAMAGED


def test_damaged_parts_are_named_with_their_row(tmp_path: Path) -> None:
    good = "".join(row(n, "1", "2") for n in range(2, 50))
    broken = row(1, "A", "B") + good + '<row r="50"><c r="A50"><v>1</c></row>'
    error = refused(xlsx(tmp_path / "a.xlsx", broken))
    assert (error.reason, error.row) == (Reason.DAMAGED, 50)
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>'
    path = xlsx(tmp_path / "b.xlsx", row(1, "A", "B"))
    with zipfile.ZipFile(path, "a") as out, pytest.warns(UserWarning, match="Duplicate name"):
        out.writestr("xl/workbook.xml", f"{bomb}<workbook>&a9;</workbook>")
    assert "xl/workbook.xml" in refused(path).detail
    data = bytearray(xlsx(tmp_path / "c.xlsx", row(1, "A", "B") + good).read_bytes())
    at = data.index(b"xl/worksheets/sheet1.xml") + 60
    data[at : at + 20] = b"\xff" * 20
    assert refused(written(tmp_path / "c.xlsx", bytes(data))).reason is Reason.DAMAGED


def test_the_reading_process_loads_nothing_of_the_product(tmp_path: Path) -> None:
    """It starts in hundredths of a second because neither Flask nor SQLAlchemy come with it."""
    program = Path(__file__).parents[2] / "app/core/sheets/reader/__main__.py"
    code = (
        f"import runpy, sys; sys.argv = ['x', '{{}}']\n"
        f"try: runpy.run_path({str(program)!r})\nexcept KeyError: pass\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'flask', 'sqlalchemy', 'babel', 'flask_babel'}))"
    )
    said = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_the_reading_process_keeps_its_compiled_modules(tmp_path: Path) -> None:
    """Its limits once forbade that, and every start compiled them anew."""
    with open_table(xlsx(tmp_path / "a.xlsx", row(1, "A", "B"))):
        pass
    reader = Path(__file__).parents[2] / "app/core/sheets/reader"
    # it takes nothing from the environment, so not where these tests keep theirs
    assert (reader / "__pycache__" / f"xlsx.{sys.implementation.cache_tag}.pyc").exists()
