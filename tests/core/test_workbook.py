"""What we write opens everywhere with the same values, and never runs as a formula."""

import csv
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings, strategies as st

from app.core.export.cells import fit_numbers, fit_texts, numbers
from app.core.export.columns import sheet_title, widths
from app.core.sheets import open_table
from app.core.workbook import About, Blocks, Column, Sheet, write_csv, write_workbook

ABOUT = About("Loans overdue", "Ann Lee", datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "Branch is Tongwei")
COLUMNS = [
    Column("number", "Number"), Column("name", "客户姓名"), Column("balance", "Balance", "money"),
    Column("rate", "Rate", "rate"), Column("days", "Days", "integer"), Column("due_on", "Due", "date"),
    Column("at", "At", "datetime"), Column("is_paid", "Paid", "bool"), Column("share", "Share", "percent"),
]  # fmt: skip
ROWS: list[tuple[Any, ...]] = [
    ("00123", "通渭县", Decimal("12345678.90"), Decimal("14.07"), 35, date(2018, 6, 25),
     datetime.fromisoformat("2018-06-25T13:05"), True, Decimal("0.125")),
    ("621121197011125075", None, Decimal("-0.50"), None, 0, None, None, False, None),
]  # fmt: skip


def book(path: Path, rows: Any, columns: list[Column] | None = None, **how: Any) -> Any:
    write_workbook(path, [Sheet("Loans", columns or COLUMNS, rows)], ABOUT, **how)
    return openpyxl.load_workbook(path)


def cells(sheet: Any) -> list[list[Any]]:
    return [[cell.value for cell in line] for line in sheet.iter_rows()]


def test_openpyxl_calamine_and_our_reader_read_the_same_values_back(tmp_path: Path) -> None:
    sheet = book(tmp_path / "a.xlsx", iter(ROWS))["Loans"]
    wanted = [
        [None if v is None else float(v) if isinstance(v, Decimal) else v for v in line] for line in ROWS
    ]
    found = cells(sheet)
    assert found[0] == [column.label for column in COLUMNS]
    assert [[v.date() if i == 5 and v else v for i, v in enumerate(line)] for line in found[1:]] == wanted
    theirs = (
        python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx").get_sheet_by_name("Loans").to_python()
    )
    assert theirs[1:] == [["" if v is None else v for v in line] for line in wanted]
    with open_table(tmp_path / "a.xlsx") as table:
        assert [values for _number, values in table.rows()] == ROWS


def test_numbers_and_dates_are_shown_as_people_expect(tmp_path: Path) -> None:
    sheet = book(tmp_path / "a.xlsx", ROWS)["Loans"]
    assert [cell.data_type for cell in sheet[2]] == ["s", "s", "n", "n", "n", "d", "d", "b", "n"]
    assert [sheet.cell(2, place).number_format for place in (3, 4, 5, 6, 7, 9)] == [
        "#,##0.00", "0.00####", "0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "0.00%",
    ]  # fmt: skip


def test_the_header_is_bold_frozen_and_filtered_and_columns_have_their_width(tmp_path: Path) -> None:
    columns = [Column("a", "A", width=33), Column("b", "Name"), Column("c", "C")]
    sheet = book(tmp_path / "a.xlsx", [("x", "通渭县马营镇", "y" * 500)], columns)["Loans"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:C2")
    assert all(cell.font.b for cell in sheet[1])
    found = [round(sheet.column_dimensions[letter].width) for letter in "ABC"]
    assert found == [34, 14, 61]
    assert widths([Column("a", "A", "date")], ["A"], [[]]) == [11.0]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_a_text_never_becomes_a_formula(tmp_path: Path, start: str) -> None:
    value = f"{start}cmd|' /C calc'!A0"
    cell = book(tmp_path / "a.xlsx", [(value,)], [Column("a", "=A")])["Loans"]["A2"]
    assert (cell.data_type, cell.value.replace("_x000D_", "\r")) == ("s", value)
    write_csv(tmp_path / "a.csv", [Column("a", "A")], [(value,)])
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["'" + value]


def test_what_a_cell_cannot_hold_is_dropped_cut_or_written_as_text(tmp_path: Path) -> None:
    long, wide = "x" * 40_000, "𠮷" * 20_000
    rows = [
        ("a\x00b\x0bc\ud800d\ufffe\ne", 10**15, date(1850, 1, 1)),
        (long, Decimal("1234567890123456.78"), datetime(2020, 1, 1, 5, tzinfo=UTC)),
        (wide, float("inf"), "unknown"), (5, Decimal("NaN"), date(1900, 3, 1)), (None, "n/a", None),
    ]  # fmt: skip
    columns = [Column("a", "A"), Column("b", "B", "money"), Column("c", "C", "datetime")]
    found = cells(book(tmp_path / "a.xlsx", rows, columns)["Loans"])[1:]
    assert found[0] == ["abcd\ne", "1000000000000000", "1850-01-01"]
    assert (len(found[1][0]), found[1][0][-6:]) == (32_767, "xx […]")
    assert found[1][1:] == ["1234567890123456.78", datetime.fromisoformat("2020-01-01T05:00")]
    assert len(found[2][0].encode("utf-16-le")) <= 2 * 32_767
    assert found[2][0].endswith("𠮷 […]")
    assert found[2][1:] == [None, "unknown"]
    assert found[3] == ["5", None, datetime.fromisoformat("1900-03-01T00:00")]
    assert found[4] == [None, "n/a", None]


TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=20
)
AMOUNTS = st.decimals(-(10**12), 10**12, places=2)
DAYS = st.dates(date(1900, 3, 1), date(2999, 1, 1))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS.filter(str.strip), AMOUNTS, DAYS), min_size=1, max_size=30))
def test_whatever_is_written_is_read_again(tmp_path: Path, rows: list[tuple[str, Decimal, date]]) -> None:
    columns = [Column("a", "Text"), Column("b", "Sum", "money"), Column("c", "Day", "date")]
    write_workbook(tmp_path / "a.xlsx", [Sheet("S", columns, iter(rows))], ABOUT)
    with open_table(tmp_path / "a.xlsx") as table:
        assert [values for _number, values in table.rows()] == rows
    write_csv(tmp_path / "a.csv", columns, iter(rows))
    with open_table(tmp_path / "a.csv") as table:
        found = [(a, Decimal(b), date.fromisoformat(c)) for _number, (a, b, c) in table.rows()]  # type: ignore[arg-type]
    assert found == rows


def test_a_page_tells_what_the_file_is(tmp_path: Path) -> None:
    about = cells(book(tmp_path / "a.xlsx", ROWS)["About"])
    assert about[1:] == [
        ["Title", "Loans overdue"], ["Made by", "Ann Lee"], ["Made at", "2026-01-02 03:04 UTC"],
        ["Filters", "Branch is Tongwei"], ["Rows in Loans", "2"],
    ]  # fmt: skip


def test_rows_may_be_mappings_and_names_may_be_equal(tmp_path: Path) -> None:
    columns = [Column("a", "Name"), Column("b", "Name"), Column("c", "Name (2)")]
    found = cells(book(tmp_path / "a.xlsx", [{"b": "2", "a": "1"}, {"c": "3", "z": "?"}], columns)["Loans"])
    assert found == [["Name", "Name (2)", "Name (2) (2)"], ["1", "2", None], [None, None, "3"]]


def test_an_empty_list_has_its_header(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", [Sheet("Loans", COLUMNS, [])], ABOUT)
    with open_table(tmp_path / "a.xlsx") as table:
        assert table.header == [column.label for column in COLUMNS]
        assert list(table.rows()) == []


def test_a_full_sheet_goes_on_in_the_next(tmp_path: Path) -> None:
    columns = [Column("n", "N", "integer"), Column("d", "Day", "date"), Column("m", "Money", "money")]
    sheets = [
        Sheet("Loans", columns, ((n, date(2020, 1, 1), Decimal(n)) for n in range(25))),
        Sheet("Loans", columns[:1], ((n,) for n in range(5))),
        Sheet(
            "Names", [Column("a", "A"), *columns], (("x", n, date(2020, 1, 2), Decimal(n)) for n in range(11))
        ),
    ]
    assert write_workbook(tmp_path / "a.xlsx", sheets, ABOUT, most_rows=10) == 41
    found = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert found.sheetnames == ["Loans", "Loans (3)", "Loans (4)", "Loans (2)", "Names", "Names (2)", "About"]
    numbers = [cell.value for name in ("Loans", "Loans (3)", "Loans (4)") for cell in found[name]["A"][1:]]
    assert numbers == list(range(25))
    assert [cell.value for name in ("Names", "Names (2)") for cell in found[name]["B"][1:]] == list(range(11))
    for name in ("Loans (4)", "Names (2)"):
        sheet = found[name]
        letter = "B" if name.startswith("Loans") else "C"
        assert sheet[f"{letter}2"].is_date
        assert sheet[f"{letter}2"].number_format == "yyyy-mm-dd"
        assert (sheet.freeze_panes, sheet["A1"].font.b, bool(sheet.sheet_view.tabSelected)) == (
            "A2",
            True,
            False,
        )
    assert [line[1] for line in cells(found["About"])[5:]] == ["25", "5", "11"]
    book = python_calamine.CalamineWorkbook.from_path(tmp_path / "a.xlsx")
    assert book.sheet_names == found.sheetnames
    assert len(book.get_sheet_by_name("Loans (4)").to_python()) == 6


def test_titles_are_what_a_workbook_accepts() -> None:
    taken: set[str] = set()
    titles = ["a" * 40, "A" * 40, "History", "'quoted'", "  ", "[x]:*?/\\"]
    assert [sheet_title(title, taken) for title in titles] == [
        "a" * 31, "A" * 27 + " (2)", "History (2)", "quoted", "Sheet", "(x)-----",
    ]  # fmt: skip


def test_a_row_that_does_not_fit_its_columns_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    for rows in ([("a",)], [("a", "b"), ("a", "b", "c")]):
        with pytest.raises(ValueError, match="values for 2 columns"):
            write_workbook(
                tmp_path / "a.xlsx", [Sheet("S", [Column("a", "A"), Column("b", "B")], rows)], ABOUT
            )
    with pytest.raises(ValueError, match="colour is none of text"):
        Column("a", "A", "colour")
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_middle_of_the_rows_leaves_the_old_file(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[str]]:
        yield from [("a",)] * 2000
        raise ConnectionError("the database went away")

    (tmp_path / "a.xlsx").write_text("old")
    with pytest.raises(ConnectionError):
        write_workbook(tmp_path / "a.xlsx", [Sheet("S", [Column("a", "A")], rows())], ABOUT)
    assert (tmp_path / "a.xlsx").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]


def test_csv_keeps_decimals_and_marks_itself_as_utf8(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "a.csv", COLUMNS, ROWS, separator=";") == 2
    lines = (tmp_path / "a.csv").read_bytes().decode("utf-8").splitlines()
    assert lines == [
        "\ufeffNumber;客户姓名;Balance;Rate;Days;Due;At;Paid;Share",
        "00123;通渭县;12345678.90;14.07;35;2018-06-25;2018-06-25 13:05:00;TRUE;0.125",
        "621121197011125075;;-0.50;;0;;;FALSE;",
    ]
    write_csv(tmp_path / "a.csv", [Column("a", "A", "decimal")], [(Decimal("1E+3"),), (Decimal("1E-7"),)])
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").split() == ["A", "1000", "0.0000001"]


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    code = (
        "import sys, resource; sys.path.insert(0, sys.argv[1])\n"
        "from datetime import datetime\n"
        "from app.core.workbook import *\n"
        "columns = [Column(str(n), str(n)) for n in range(20)]\n"
        "def write(count):\n"
        "    rows = ((f'{n}-{c}' for c in range(20)) for n in range(count))\n"
        "    about = About('t', '', datetime(2026, 1, 1))\n"
        "    write_workbook(sys.argv[2], [Sheet('S', columns, map(tuple, rows))], about)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "few = write(1000); print(write(15000) - few)\n"
    )
    root = str(Path(__file__).parents[2])
    said = subprocess.run(
        [sys.executable, "-c", code, root, str(tmp_path / "a.xlsx")],
        capture_output=True,
        text=True,
        check=True,
    )
    unit = 1024 if sys.platform != "darwin" else 1
    assert int(said.stdout) * unit < 8 * 1024 * 1024


def test_blocks_of_columns_make_the_same_file_as_rows(tmp_path: Path) -> None:
    rows = [(*ROWS[n % 2][:4], n, *ROWS[n % 2][5:]) for n in range(25)]
    lots = [rows[:7], rows[7:14], rows[14:25]]
    blocks = Blocks(list(zip(*lot, strict=True)) for lot in lots)
    by_rows = book(tmp_path / "a.xlsx", rows, most_rows=10)
    by_blocks = book(tmp_path / "b.xlsx", blocks, most_rows=10)
    assert by_blocks.sheetnames == by_rows.sheetnames == ["Loans", "Loans (2)", "Loans (3)", "About"]
    for one, other in zip(by_blocks, by_rows, strict=True):
        assert cells(one) == cells(other)
    write_csv(tmp_path / "a.csv", COLUMNS, rows)
    write_csv(tmp_path / "b.csv", COLUMNS, Blocks(list(zip(*lot, strict=True)) for lot in lots))
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()


@pytest.mark.parametrize("wrong", [[("a",)], [("a", "b"), ("c",)], [("a",), ("b",), ("c",)], []])
def test_a_block_that_does_not_fit_its_columns_is_an_error(tmp_path: Path, wrong: Any) -> None:
    columns = [Column("a", "A"), Column("b", "B")]
    with pytest.raises(ValueError, match="values for 2 columns"):
        write_workbook(tmp_path / "a.xlsx", [Sheet("S", columns, Blocks([wrong]))], ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_amounts_given_in_binary_stay_decimal_where_one_is_too_long_for_it() -> None:
    assert numbers([0.1, None, -999999999999999.0], [None] * 3) == [0.1, None, -999999999999999.0]
    for odd in ("1000000000000000.00", "999999999999999.99", "1234567890123456.78", "NaN", "Infinity"):
        found = numbers([0.1, None, float(odd)], [None, None, odd])
        assert (found[:2], str(found[2])) == ([0.1, None], odd)
        assert fit_numbers(found) == [0.1, None, None if odd in ("NaN", "Infinity") else odd]
    assert numbers([], []) == []


def test_names_of_columns_may_hold_anything(tmp_path: Path) -> None:
    names = ['a"b', "c'd", "{e}", "f\\n", "lambda: 0", "\n", "号"]
    sheet = book(tmp_path / "a.xlsx", [list(range(7))], [Column("k", n, "integer") for n in names])["Loans"]
    assert cells(sheet) == [names, list(range(7))]


def test_a_nought_in_a_column_of_texts_is_text() -> None:
    assert fit_texts(("a", None, 0, False)) == ["a", None, "0", "False"]
    assert fit_texts(("a", None, "")) == ("a", None, "")
