"""What people send is read exactly: every kind of workbook, number, date and text."""

import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import python_calamine
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from app.core.sheets import Reason, SheetError, open_table
from tests.core.books import MAIN, ods, row, text, xlsb, xlsx

LEDGER = Path(__file__).parents[2] / "demo" / "portfolio_dingxi.xlsx"


def read(path: Path, **how: Any) -> list[tuple[Any, ...]]:
    with open_table(path, **how) as table:
        return [values for _number, values in table.rows()]


def values(path: Path, *cells: str, **more: Any) -> list[Any]:
    """The values of a second row of those cells."""
    names = [text(f"{chr(65 + place)}1", f"Name {place}") for place in range(len(cells))]
    (found,) = read(xlsx(path, row(1, *names) + row(2, *cells), **more))
    return list(found)


def test_the_ledger_comes_out_as_calamine_reads_it_with_its_numbers_exact() -> None:
    sheet = python_calamine.CalamineWorkbook.from_path(LEDGER).get_sheet_by_index(0)
    names, *rows = sheet.to_python()
    with open_table(LEDGER) as table:
        assert table.header == names
        found = list(table.rows())
    assert [number for number, _row in found] == list(range(2, len(rows) + 2))
    for (_number, ours), theirs in zip(found, rows, strict=True):
        for our, their in zip(ours, theirs, strict=True):
            if isinstance(their, float):
                assert type(our) in (int, Decimal)
                assert float(our) == their  # type: ignore[arg-type]
                assert len(str(our)) <= len(repr(their))
            else:
                assert our == (their or None)


def test_numbers_are_those_that_were_typed(tmp_path: Path) -> None:
    found = values(tmp_path / "a.xlsx", "27015.860000000001", "13800138000", "-0.5", "0.30000000000000004",
                   "1E3", "9007199254740.99", "123456789012345", "1.4E-2")  # fmt: skip
    assert found == [
        Decimal("27015.86"), 13800138000, Decimal("-0.5"), Decimal("0.3"),
        1000, Decimal("9007199254740.99"), 123456789012345, Decimal("0.014"),
    ]  # fmt: skip
    assert str(found[1]) == "13800138000"
    assert type(found[4]) is int


def test_an_identity_number_stored_as_a_number_is_refused_because_digits_are_lost(tmp_path: Path) -> None:
    fine, lost = values(tmp_path / "a.xlsx", "123456789012345", "621121197011125075")
    assert fine == 123456789012345
    assert isinstance(lost, SheetError)
    assert (lost.reason, lost.sheet, lost.row, lost.column) == (Reason.DIGITS_LOST, "Data", 2, "Name 1")
    assert "15 digits" in lost.sentence
    assert "Enter it as text" in str(lost)


def test_dates_are_told_by_the_format_and_not_by_words_in_it(tmp_path: Path) -> None:
    found = values(
        tmp_path / "a.xlsx",
        '<c r="A2" s="1"><v>43276</v></c>', '<c r="B2" s="2"><v>43276.5</v></c>',
        '<c r="C2" s="3"><v>43276</v></c>',
        '<c r="D2" t="d"><v>2018-06-25T00:00:00</v></c>', '<c r="E2" s="1"><v>-5</v></c>',
        '<c r="F2" s="1"><v>59</v></c>', '<c r="G2" s="1"><v>0.25</v></c>',
    )  # fmt: skip
    assert found[:4] == [
        date(2018, 6, 25),
        datetime.fromisoformat("2018-06-25T12:00"),
        43276,
        date(2018, 6, 25),
    ]
    assert found[4].reason is Reason.BAD_DATE
    assert found[5:] == [date(1900, 2, 28), str(time(6))]


def test_the_calendar_that_begins_in_1904_gives_the_same_days(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append(["Day", "Instant"])
    book.active.append([date(2018, 6, 25), datetime.fromisoformat("2018-06-25T13:05")])
    book.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx") == [(date(2018, 6, 25), datetime.fromisoformat("2018-06-25T13:05"))]


def test_error_cells_and_uncalculated_formulas_are_told_from_empty_cells(tmp_path: Path) -> None:
    found = values(
        tmp_path / "a.xlsx",
        '<c r="A2" t="e"><v>#N/A</v></c>', '<c r="B2"><f>C2*2</f></c>', '<c r="C2"><f>A1</f><v>7</v></c>',
        '<c r="D2" t="str"><f>""</f><v></v></c>', '<c r="E2" s="1"/>', '<c r="F2" t="b"><v>1</v></c>',
    )  # fmt: skip
    assert (found[0].reason, found[0].row, found[0].column) == (Reason.ERROR_CELL, 2, "Name 0")
    assert "#N/A" in found[0].sentence
    assert found[1].reason is Reason.FORMULA_WITHOUT_VALUE
    assert found[2:] == [7, None, None, True]


def test_a_workbook_saved_by_openpyxl_with_formulas_has_none_calculated(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Number", "Sum"])
    for number in range(2, 2500):
        book.active.append([number, f"=A{number}+1"])
    book.save(tmp_path / "a.xlsx")
    rows = read(tmp_path / "a.xlsx")
    assert len(rows) == 2498
    assert {cell.reason for _number, cell in rows} == {Reason.FORMULA_WITHOUT_VALUE}
    assert rows[-1][1].row == 2499


def test_shared_strings_keep_their_runs_escapes_and_spaces_but_not_their_readings(tmp_path: Path) -> None:
    strings = (
        "<si><t>plain &amp; simple</t></si>"
        "<si><r><t>in </t></r><r><rPr><b/></rPr><t>bold</t></r></si>"
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>'
        '<si><t xml:space="preserve"> a_x000D_b </t></si><si/>'
    )
    cells = [f'<c r="{letter}2" t="s"><v>{place}</v></c>' for place, letter in enumerate("ABCDE")]
    found = values(tmp_path / "a.xlsx", *cells, text("F2", "l"), strings=strings)
    assert found == ["plain & simple", "in bold", "東京", " a\rb ", None, "l"]


def test_names_of_parts_may_have_a_prefix_and_cells_no_reference(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", "")
    rows = "".join(
        f"<x:row><x:c t='inlineStr'><x:is><x:t>{a}</x:t></x:is></x:c>"
        f'<x:c t="str"><x:v>{b}</x:v></x:c></x:row>'
        for a, b in [("Number", "Name"), *((f"n{i}", f"m{i}") for i in range(3000))]
    )
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            if "sheet1" not in name:
                new.writestr(name, old.read(name))
        new.writestr(
            "xl/worksheets/sheet1.xml",
            f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>',
        )
    with open_table(tmp_path / "b.xlsx") as table:
        assert table.header == ["Number", "Name"]
        found = list(table.rows())
    assert found[0] == (2, ("n0", "m0"))
    assert found[-1] == (3001, ("n2999", "m2999"))


def test_rows_that_change_their_shape_are_read_all_the_same(tmp_path: Path) -> None:
    """Cells come and go, change type and style, are out of the usual form: nothing is lost or moved."""
    rows, wanted = [row(1, "A", "B", "C", "D")], []
    for number in range(2, 6000):
        odd = number % 7
        cells = ["x" if odd == 1 else str(number), f"text {number} &lt;", "", ""]
        expected: list[Any] = ["x" if odd == 1 else number, f"text {number} <", None, None]
        if odd == 2:
            cells[2], expected[2] = f'<c r="C{number}" s="1"><v>43276</v></c>', date(2018, 6, 25)
        if odd == 3:
            cells[3], expected[3] = f'<c t="b" r="D{number}"><v>0</v></c>', False
        if odd == 4 and number > 3000:
            cells[3], expected[3] = f'<c r="D{number}" cm="1" t="str"><f>B{number}</f><v>s</v></c>', "s"
        rows.append(row(number, *cells))
        wanted.append((number, tuple(expected)))
    with open_table(xlsx(tmp_path / "a.xlsx", "".join(rows))) as table:
        assert list(table.rows()) == wanted


def test_blank_rows_are_passed_over_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="1"/><c r="B{n}"/></row>' for n in range(6, 3000))
    rows = row(3, "Name", "Sum") + row(4, "a", "1") + row(5, text("A5", " ")) + blank + row(3000, "b", "0")
    with open_table(xlsx(tmp_path / "a.xlsx", rows)) as table:
        assert table.header_row == 3
        assert list(table.rows()) == [(4, ("a", 1)), (3000, ("b", 0))]


def test_a_title_above_the_table_is_not_its_header(tmp_path: Path) -> None:
    rows = (
        row(1, "Ledger of June")
        + row(2, "Made by the branch")
        + row(4, "Number", "Name", "Sum")
        + row(5, "1", "a", "2")
    )
    with open_table(xlsx(tmp_path / "a.xlsx", rows)) as table:
        assert (table.header, table.header_row) == (["Number", "Name", "Sum"], 4)
        assert [values for _n, values in table.rows()] == [(1, "a", 2)]
    with open_table(tmp_path / "a.xlsx", header_row=5) as table:
        assert table.header == ["1", "a", "2"]


def test_a_value_beside_the_table_spoils_only_its_row(tmp_path: Path) -> None:
    rows = row(1, "A", "B") + row(2, "1", "2") + row(3, "3", "4", "5") + row(4, "6", "7")
    (first, second, third) = read(xlsx(tmp_path / "a.xlsx", rows))
    assert (first, third) == ((1, 2), (6, 7))
    assert second[0] == 3
    assert (second[1].reason, second[1].detail, second[1].original) == (Reason.BEYOND_HEADER, "C: 5", "4")


def test_the_first_visible_sheet_with_data_is_read_and_any_other_by_its_name(tmp_path: Path) -> None:
    sheets = {"Empty": "", "Secret": row(1, "S") + row(2, "s"), "Loans": row(1, "L") + row(2, "l")}
    path = xlsx(tmp_path / "a.xlsx", sheets, hidden=("Secret",))
    with open_table(path) as table:
        assert (table.sheet, table.sheet_names, table.hidden_names) == (
            "Loans",
            ["Empty", "Loans"],
            ["Secret"],
        )
        assert [values for _n, values in table.rows()] == [("l",)]
    assert read(path, sheet="Secret") == [("s",)]


def test_an_xls_of_the_last_century_is_read(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet("Loans")
    style = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for column, name in enumerate(["Number", "Sum", "Day", "Phone"]):
        sheet.write(2, column + 1, name)
    for column, value in enumerate(["DX1", 27015.86, date(2018, 6, 25), 13800138000]):
        sheet.write(3, column + 1, value, style if isinstance(value, date) else xlwt.Style.default_style)
    book.save(tmp_path / "a.xls")
    with open_table(tmp_path / "a.xls") as table:
        assert (table.kind, table.header, table.header_row) == (
            "xls",
            ["", "Number", "Sum", "Day", "Phone"],
            3,
        )
        assert list(table.rows()) == [(4, (None, "DX1", Decimal("27015.86"), date(2018, 6, 25), 13800138000))]


def test_an_ods_and_a_binary_workbook_are_read(tmp_path: Path) -> None:
    assert read(ods(tmp_path / "a.ods", [["Номер", "Ім’я"], ["001", "Ґанна"]])) == [("001", "Ґанна")]
    cells = {(0, 0): "Name", (0, 1): "Sum", (1, 0): "王芳", (1, 1): 621121197011125075.0, (2, 1): 0.1}
    first, second = read(xlsb(tmp_path / "a.xlsb", cells))
    assert first[0] == "王芳"
    assert first[1].reason is Reason.DIGITS_LOST
    assert second == (None, Decimal("0.1"))


def test_reading_may_stop_at_any_row_and_leaves_no_process(tmp_path: Path) -> None:
    table = open_table(LEDGER)
    process = table._reading._process
    for _row in table.rows():
        break
    table.close()
    assert process.returncode is not None
