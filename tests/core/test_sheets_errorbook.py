"""The bad rows of an import come back as a workbook that can be mended and imported again."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl

from app.core.sheets import SheetError, convert_table, open_table, parse_layout
from app.core.sheets.errorbook import write_error_workbook
from app.core.workbook import About
from tests.core.books import row, xlsx

ABOUT = About("Rows to mend", "Ann", datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
LAYOUT = parse_layout({
    "name": "t", "title": "T", "target": "portfolio",
    "fields": [
        {"field": "id_number", "headers": ["ID"], "type": "code", "required": True},
        {"field": "amount", "headers": ["Amount"], "type": "money", "required": True},
        {"field": "due_on", "headers": ["Due"], "type": "date"},
    ],
})  # fmt: skip


def test_bad_rows_make_the_round_trip(tmp_path: Path) -> None:
    rows = (
        row(1, "ID", "Note", "Amount", "Due")
        + row(2, "A0", "fine", "10", '<c r="D2" s="1"><v>43276</v></c>')
        + row(3, "=A1", "=1+1", "x", '<c r="D3" s="1"><v>43276</v></c>')
        + row(4, "621121197011125075", "n", "5.5", "")
        + row(5, "A5", "n", "7", '<c r="D5" s="1"><v>43277</v></c>', "stray")
    )
    with open_table(xlsx(tmp_path / "a.xlsx", rows)) as table:
        (block,) = convert_table(LAYOUT, LAYOUT.match(table.header).mapping, table)
        bad = [
            (block.numbers[index], [column[index] for column in block.originals], problems)
            for index, problems in sorted(block.problems.items())
        ]
        assert write_error_workbook(tmp_path / "bad.xlsx", table.header, bad, ABOUT) == 3

    sheet = openpyxl.load_workbook(tmp_path / "bad.xlsx").worksheets[0]
    found = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert found[0] == ["ID", "Note", "Amount", "Due", "# Row", "# Reason"]
    assert found[1][:5] == ["=A1", "=1+1", "x", datetime.fromisoformat("2018-06-25T00:00"), 3]
    assert found[1][5] == "Amount: “x” is not a number"
    assert sheet["A2"].data_type == "s"
    assert found[2][:5] == [None, "n", 5.5, None, 4]
    assert "more than 15 digits" in str(found[2][5])
    assert found[3][:3] == ["A5", "n", 7]
    assert "E: stray" in str(found[3][5])

    sheet["C2"], sheet["A3"] = 12.34, "621121197011125075"
    sheet.parent.save(tmp_path / "mended.xlsx")
    with open_table(tmp_path / "mended.xlsx") as table:
        match = LAYOUT.match(table.header)
        assert (match.missing, match.unknown) == ([], ["Note"])
        (block,) = convert_table(LAYOUT, match.mapping, table)
    assert not block.problems
    assert block.values["amount"] == [Decimal("12.34"), Decimal("5.5"), Decimal(7)]
    assert block.values["id_number"] == ["=A1", "621121197011125075", "A5"]
    assert block.values["due_on"] == [date(2018, 6, 25), None, date(2018, 6, 26)]


def test_remarks_of_an_earlier_round_are_replaced(tmp_path: Path) -> None:
    header = ["ID", "# Row", "# Reason"]
    write_error_workbook(tmp_path / "a.xlsx", header, [(2, ("A", 17, "was wrong"), [])], ABOUT)
    with open_table(tmp_path / "a.xlsx") as table:
        assert table.header == header
        (values,) = [values for _number, values in table.rows()]
    assert values == ("A", 2, None)
    assert not any(isinstance(value, SheetError) for value in values)
