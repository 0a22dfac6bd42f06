"""Faults of a table are told with their place: headers, sheets, cells nobody can mean."""

from pathlib import Path

import pytest

from app.core.sheets import Reason, SheetError, convert, open_table, parse_layout
from app.core.sheets.errors import SENTENCES
from tests.core.books import refused, row, xlsx

HEADERS: list[tuple[str, Reason, int | None, str]] = [
    (row(1, "1", "2") + row(2, "3", "4"), Reason.NO_HEADER, 1, ""),
    (row(1, "A", "B", "A") + row(2, "1", "2", "3"), Reason.DUPLICATE_HEADER, 1, "C"),
    (row(1, "A", "", "C") + row(2, "1", "2", "3"), Reason.MERGED_HEADER, 1, "A"),
    ("", Reason.EMPTY_SHEET, None, ""),
    ('<row r="1"><c r="A1" s="1"/></row>', Reason.EMPTY_SHEET, None, ""),
]


@pytest.mark.parametrize("rows,reason,number,column", HEADERS)
def test_a_faulty_header_is_named_with_its_place(
    tmp_path: Path, rows: str, reason: Reason, number: int | None, column: str
) -> None:
    merged = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    error = refused(xlsx(tmp_path / "a.xlsx", rows, after=merged if reason is Reason.MERGED_HEADER else ""))
    assert (error.reason, error.sheet, error.row, error.column) == (reason, "Data", number, column)


def test_a_sheet_that_is_not_there_or_hidden_is_said_to_be(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", {"Front": "", "Data": row(1, "A", "B")}, hidden=("Data",))
    assert refused(path).reason is Reason.ONLY_HIDDEN
    assert "Data" in str(refused(path))
    error = refused(path, sheet="Loans")
    assert (error.reason, error.sheet) == (Reason.NO_SUCH_SHEET, "Loans")
    assert "Front" in str(error)
    assert refused(path, sheet="Front").reason is Reason.EMPTY_SHEET
    assert refused(path, sheet="Data", header_row=9).reason is Reason.NO_HEADER


def test_the_place_of_an_error_is_part_of_its_sentence(tmp_path: Path) -> None:
    path = xlsx(tmp_path / "a.xlsx", row(1, "A", "B", "A") + row(2, "1", "2", "3"))
    assert str(refused(path)).startswith(
        "Sheet Data, row 1, column C: Two columns have the same name: A (A)."
    )


def test_every_reason_has_its_sentence_and_every_type_its_name() -> None:
    assert set(SENTENCES) == set(Reason)
    assert all(SheetError(reason, detail="x").sentence.endswith(".") for reason in Reason)


def test_numbers_and_dates_made_to_exhaust_us_are_refused_or_left_as_text(tmp_path: Path) -> None:
    zeros, nines = "0" * 5000 + "7", "9" * 5000
    cells = [
        f'<c r="{chr(65 + place)}2"><v>{value}</v></c>'
        for place, value in enumerate(
            ["1E999999999", "-1E20", "1E-999999999", zeros, nines, "NaN", "abc", "1E5"]
        )
    ]
    cells += ['<c r="I2" t="d"><v>2018-99-99</v></c>', '<c r="J2" t="d"><v>some day soon</v></c>']
    cells += ['<c r="K2" s="1"><v>1E300</v></c>', '<c r="L2" t="s"><v>77</v></c>']
    names = row(1, *[f"Name {place}" for place in range(len(cells))])
    with open_table(xlsx(tmp_path / "a.xlsx", names + row(2, *cells))) as table:
        ((_number, values),) = table.rows()
    reasons = [value.reason if isinstance(value, SheetError) else value for value in values]
    assert reasons[:2] == [Reason.DIGITS_LOST, Reason.DIGITS_LOST]
    assert reasons[2:4] == [0, 7]
    assert reasons[4] is Reason.DIGITS_LOST
    assert reasons[5:7] == ["NaN", "abc"]
    assert reasons[7:10] == [100000, "2018-99-99", "some day soon"]
    assert reasons[10:] == [Reason.BAD_DATE, None]


@pytest.mark.parametrize("kind", ["money", "integer", "decimal", "rate"])
def test_amounts_too_large_for_any_loan_are_a_problem_and_not_a_failure(kind: str) -> None:
    field = {"field": "x", "headers": ["X"], "type": kind}
    made = parse_layout({"name": "t", "title": "t", "target": "t", "fields": [field]})
    for value in ("9" * 20_000, 10**30, -(10**18)):
        found, problems = convert(made, {"x": (0,)}, (value,), ["X"])
        assert found == {"x": None}
        assert [str(problem.reason) for problem in problems] == ["is too large"]
