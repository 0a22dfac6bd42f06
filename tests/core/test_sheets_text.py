"""CSV, TSV and text: the encoding and the separator are found, or taken as told."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.core.sheets import Reason, SheetError, open_table

RUSSIAN = "Номер договора;Клиент;Сумма\n001;Иванова Мария Петровна;1 234,56\n002;Ёлкин Пётр;500,00\n"
UKRAINIAN = "Номер;Клієнт;Адреса\n1;Ґжицька Їванна;вул. Є. Коновальця, 5\n2;Шевченко Олег;м. Київ\n"
SIMPLIFIED = "借据编号,客户姓名,贷款用途\nDX00001,柴伟,购买羔羊\nDX00002,丁桂荣,修建圈舍\n"
TRADITIONAL = "借據編號,客戶姓名,貸款用途\nDX00001,陳美玲,購買羔羊\nDX00002,黃國強,修建圈舍\n"


def table(path: Path, data: bytes | str, **how: Any) -> tuple[Any, list[tuple[Any, ...]]]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with open_table(path, **how) as opened:
        return opened, [values for _number, values in opened.rows()]


@pytest.mark.parametrize(
    "text,encoding,found",
    [
        (RUSSIAN, "cp1251", "cp1251"),
        (UKRAINIAN, "cp1251", "cp1251"),
        (RUSSIAN.upper(), "cp1251", "cp1251"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (RUSSIAN, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (TRADITIONAL, "utf-16", "utf-16"),
        (UKRAINIAN, "utf-16-be", "utf-16-be"),
        ("Number,Name\n1,Ann\n", "ascii", "utf-8"),
    ],
)
def test_an_encoding_is_told_by_the_letters_it_gives(
    tmp_path: Path, text: str, encoding: str, found: str
) -> None:
    opened, rows = table(tmp_path / "a.csv", text.encode(encoding))
    assert opened.encoding == found
    separator = ";" if ";" in text else ","
    assert [opened.header, *map(list, rows)] == [line.split(separator) for line in text.splitlines()]


def test_letters_far_down_in_a_long_file_decide_too(tmp_path: Path) -> None:
    data = b"Number;Name\n" + b"1;Ann\n" * 300_000 + "2;Ганна Шевченко\n".encode("cp1251")
    opened, rows = table(tmp_path / "a.csv", data)
    assert opened.encoding == "cp1251"
    assert rows[-1] == ("2", "Ганна Шевченко")
    assert len(rows) == 300_001


def test_an_encoding_that_is_told_is_taken_or_refused(tmp_path: Path) -> None:
    data = SIMPLIFIED.encode("gb18030")
    assert table(tmp_path / "a.csv", data, encoding="GBK")[0].encoding == "gbk"
    with pytest.raises(SheetError) as caught:
        table(tmp_path / "a.csv", data, encoding="utf-8")
    assert (caught.value.reason, caught.value.row) == (Reason.WRONG_ENCODING, 1)
    for name in ("klingon", "base64"):
        with pytest.raises(SheetError, match=name):
            table(tmp_path / "a.csv", data, encoding=name)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_is_what_divides_all_lines_alike(tmp_path: Path, separator: str) -> None:
    rows = [["Number", "Name", "Sum, with; all|in\tone"], ["1", "a,b;c|d\te", "1,5"], ["2", "f", "2,25"]]
    path = tmp_path / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    opened, found = table(tmp_path / "a.csv", path.read_bytes())
    assert opened.separator == separator
    assert opened.header == ["Number", "Name", "Sum, with; all|in one"]
    assert [list(row) for row in found] == rows[1:]


def test_the_first_line_may_tell_the_separator(tmp_path: Path) -> None:
    opened, rows = table(tmp_path / "a.csv", "sep=;\r\nNumber;Name, first\r\n1;a,b\r\n")
    assert (opened.header, opened.header_row, rows) == (["Number", "Name, first"], 2, [("1", "a,b")])


def test_rows_keep_the_number_of_the_line_on_which_they_begin(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('Number,Note\n1,"two\nlines"\n\n2,b\n,\n3,c\n', encoding="utf-8")
    with open_table(tmp_path / "a.csv") as opened:
        assert list(opened.rows()) == [(2, ("1", "two\nlines")), (5, ("2", "b")), (7, ("3", "c"))]


def test_a_line_with_more_fields_than_names_is_told(tmp_path: Path) -> None:
    _opened, rows = table(tmp_path / "a.csv", "A,B\n1,2\n3,4,5\n6\n")
    assert rows[0] == ("1", "2")
    assert rows[1][1].reason is Reason.BEYOND_HEADER
    assert rows[2] == ("6", None)


def test_a_formula_that_our_export_made_harmless_is_itself_again(tmp_path: Path) -> None:
    _opened, rows = table(tmp_path / "a.csv", "A,B,C\n'=1+1,'+380 50,'tis\n-5,'@x,O'Neil\n")
    assert rows == [("=1+1", "+380 50", "'tis"), ("-5", "@x", "O'Neil")]


def test_a_table_without_names_is_said_to_have_none(tmp_path: Path) -> None:
    for text in ("1,2,3\n4,5,6\n", "2018-06-25;1,5\n2018-06-26;2,5\n"):
        with pytest.raises(SheetError) as caught:
            table(tmp_path / "a.csv", text)
        assert caught.value.reason is Reason.NO_HEADER


def test_characters_that_divide_our_own_messages_do_no_harm(tmp_path: Path) -> None:
    _opened, rows = table(tmp_path / "a.csv", "A,B\na\x01b\x02c,\x1fd\ne,f\n")
    assert rows == [("ab\x02c", "\x1fd"), ("e", "f")]


def test_text_stays_text_whatever_it_looks_like(tmp_path: Path) -> None:
    _opened, rows = table(tmp_path / "a.csv", "A,B,C\n007,2018-06-25,TRUE\n")
    assert rows == [("007", "2018-06-25", "TRUE")]
    assert date(2018, 6, 25) not in rows[0]
