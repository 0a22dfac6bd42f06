"""A layout says how a client writes his table; its mistakes and the table's are told one by one."""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from app.core.sheets import LayoutError, Reason, SheetError, convert, convert_table, open_table, parse_layout
from app.core.sheets.layout_json import LAYOUT_KEYS
from app.core.sheets.numbers import AmbiguousNumberError, parse_decimal
from app.core.sheets.values import AFTER, BEFORE, as_text


def layout(*fields: dict[str, Any], **more: Any) -> Any:
    return parse_layout(
        {"name": "test", "title": "Test", "target": "portfolio", "fields": list(fields), **more}
    )


def one(value: Any, **field: Any) -> Any:
    """The value, or the reason against it, of a cell under one field."""
    made = layout({"field": "x", "headers": ["X"], **field})
    found, problems = convert(made, {"x": (0,)}, (value,), ["X"])
    return str(problems[0].reason) if problems else found["x"]


@pytest.mark.parametrize(
    "text,number",
    [
        ("1 234,56", "1234.56"), ("1,234.56", "1234.56"), ("1.234,56", "1234.56"), ("1\u00a0234.5", "1234.5"),
        ("１２３４．５０", "1234.50"), ("１,２３４,５６７", "1234567"), ("12,5", "12.5"), ("0,125", "0.125"),
        ("1'234'567.89", "1234567.89"), ("(500)", "-500"), ("500-", "-500"), ("−7", "-7"), ("+3", "3"),
        ("¥ 12.50", "12.50"), ("500 грн.", "500"), ("1.234.567", "1234567"), (".5", "0.5"),
        ("12 000元", "12000"),
    ],
)  # fmt: skip
def test_numbers_are_understood_as_people_write_them(text: str, number: str) -> None:
    assert parse_decimal(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["", "abc", "1,23,4", "12.34.5", "1,2345.6", "--5", "1e5", "٣x", "1.234,5.6", "."]
)
def test_what_is_no_number_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_decimal(text)


def test_a_thousand_and_one_and_a_bit_are_not_confused() -> None:
    with pytest.raises(AmbiguousNumberError):
        parse_decimal("1,234")
    assert "say in the layout" in one("1,234", type="money")
    assert one("1,234", type="money", decimal_mark=".") == Decimal(1234)
    assert one("1,23", type="money", decimal_mark=",") == Decimal("1.23")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**13), max_value=10**13))
def test_every_amount_survives_being_written_in_three_countries(amount: Decimal) -> None:
    english = f"{amount:,.2f}"
    assert parse_decimal(english, ".") == amount
    assert parse_decimal(english.replace(",", " ").replace(".", ","), ",") == amount
    assert parse_decimal(english.translate(str.maketrans(",.", ".,")), ",") == amount


def test_a_value_is_of_the_type_its_field_wants() -> None:
    assert one(Decimal("27015.86"), type="money") == Decimal("27015.86")
    assert str(one(28000, type="money")) == "28000.00"
    assert one("1.005", type="money") == "has more than two decimals"
    assert one("14,07%", type="rate") == Decimal("14.07")
    assert one(Decimal("0.1407"), type="rate", transforms=["fraction_to_percent"]) == Decimal("14.07")
    assert one("12.5", type="integer") == "is not a whole number"
    assert one(date(2018, 6, 25), type="money") == "is not a number"
    assert one(value=True, type="integer") == "is not a number"
    assert [
        one(v, type="date")
        for v in (20180625, "２０１８年6月25日", "25.06.2018", datetime.fromisoformat("2018-06-25T05:00"))
    ] == [date(2018, 6, 25)] * 4
    assert one("31.06.2018", type="date") == "is not a date"
    assert one("06/25/18", type="date", date_formats=["%m/%d/%y"]) == date(2018, 6, 25)
    assert [one(v, type="bool") for v in ("是", "Нет", 1, False, "TRUE", "так")] == [
        True,
        False,
        True,
        False,
        True,
        True,
    ]
    assert one("maybe", type="bool") == "is neither yes nor no"
    assert one("+86 (138) 0013-8000", type="phone") == "+8613800138000"
    assert one(13800138000, type="phone") == "13800138000"
    assert one("ask his wife", type="phone") == "is not a telephone number"
    assert one(13800138000, type="code") == "13800138000"
    assert one(" ＤＸ０１ ", type="code") == "DX01"
    assert one(Decimal("1.50")) == "1.50"


def test_words_are_translated_and_unknown_ones_refused() -> None:
    words = {"男": "male", "女": "female"}
    assert one(" 男 ", values=words) == "male"
    assert one("未知", values=words) == "is none of 男, 女"
    assert one("未知", values=words, keep_others=True) == "未知"
    assert one(1, values={"1": "active"}) == "active"


def test_transforms_run_in_their_order() -> None:
    assert one("  a  b\u3000c ", transforms=["squeeze", "upper"]) == "A B C"
    assert one("No. 12/7", transforms=["digits"]) == "127"
    assert one("６２１１x", transforms=["nfkc", "upper", "remove_spaces"]) == "6211X"
    assert one("-5", type="money", transforms=["absolute"]) == Decimal(5)
    assert one("0", type="money", transforms=["zero_is_empty"]) is None


def test_bounds_are_checked_and_said() -> None:
    assert one(40, type="rate", max=36) == "is more than 36"
    assert one("2001-01-01", type="date", min="2010-01-01") == "is less than 2010-01-01"
    assert one("62112", type="code", pattern="[0-9]{17}[0-9X]") == "does not have the form expected"
    assert one("abcdef", max_length=5) == "is longer than 5 characters"


def test_a_field_may_be_constant_have_a_default_be_joined_or_split() -> None:
    made = layout(
        {"field": "currency", "const": "CNY"},
        {"field": "rate", "headers": ["Rate"], "type": "rate", "default": 5},
        {"field": "address", "headers": ["Town", "Village"], "join": " "},
        {"field": "county", "headers": ["Place"], "split": "/", "part": 1, "required": True},
    )
    match = made.match(["Village", "Town", "Place"])
    assert match.mapping == {"address": (1, 0), "county": (2,)}
    found, problems = convert(made, match.mapping, ("V", "T", "a / b"), ["Village", "Town", "Place"])
    assert (found, problems) == ({"currency": "CNY", "rate": Decimal(5), "address": "T V", "county": "b"}, [])
    found, problems = convert(made, match.mapping, (None, None, "a"), ["Village", "Town", "Place"])
    assert found == {"currency": "CNY", "rate": Decimal(5), "address": None, "county": None}
    assert [str(problem) for problem in problems] == ["Place: “a” is empty"]


def test_headers_are_recognised_in_any_language_width_and_case() -> None:
    made = layout(
        {"field": "number", "headers": ["借据编号", "Loan number", "Номер"], "required": True},
        {"field": "rate", "headers": ["年利率(%)"], "required": True},
        {"field": "phone", "headers": ["Phone"], "required": True},
    )
    match = made.match(["# Row", " LOAN  NUMBER* ", "年利率（％）", "Shoe size", ""])
    assert match.mapping == {"number": (1,), "rate": (2,)}
    assert match.missing == ["Phone"]
    assert match.unknown == ["Shoe size"]
    assert made.header() == ["借据编号", "年利率(%)", "Phone"]


def test_required_cells_and_unreadable_ones_are_problems_of_their_row(tmp_path: Path) -> None:
    made = layout(
        {"field": "number", "headers": ["Number"], "required": True, "type": "code"},
        {"field": "amount", "headers": ["Amount"], "type": "money"},
    )
    (tmp_path / "a.csv").write_text("Number,Amount\nA1,5\n,7\nA3,x\nA4,8,9\nA5,1\n", encoding="utf-8")
    with open_table(tmp_path / "a.csv") as table:
        (block,) = convert_table(made, made.match(table.header).mapping, table)
    assert block.numbers == [2, 3, 4, 5, 6]
    assert block.values["number"] == ["A1", None, "A3", "A4", "A5"]
    assert block.values["amount"] == [Decimal(5), Decimal(7), None, None, Decimal(1)]
    told = {
        index: [(p.column, p.value, str(p.reason)) for p in found] for index, found in block.problems.items()
    }
    assert told == {
        1: [("Number", "", "is empty")],
        2: [("Amount", "x", "is not a number")],
        3: [("Amount", "C: 9", "There is a value in a column without a name (C: 9).")],
    }


def test_a_value_beside_the_table_is_told_even_if_no_field_reads_the_last_column() -> None:
    made = layout({"field": "number", "headers": ["Number"]})
    fault = SheetError(Reason.BEYOND_HEADER, row=2, column="Note", detail="C: 9", original="n")
    found, problems = convert(made, {"number": (0,)}, ("A1", fault), ["Number", "Note"])
    assert found == {"number": "A1"}
    assert [problem.column for problem in problems] == ["Note"]


def test_equal_values_of_different_types_are_not_mixed_up() -> None:
    made = layout({"field": "x", "headers": ["X"]})
    block = [convert(made, {"x": (0,)}, (value,))[0]["x"] for value in (1, True, Decimal("1.0"), "1")]
    assert block == ["1", "TRUE", "1.0", "1"]
    assert as_text(datetime.fromisoformat("2018-06-25T01:00")) == "2018-06-25 01:00:00"


def test_every_mistake_in_a_layout_is_named_with_its_place() -> None:
    with pytest.raises(LayoutError) as caught:
        parse_layout({
            "name": 5, "title": "T", "colour": "red", "decimal_mark": ";", "date_formats": ["%d"],
            "fields": [
                {"field": "Sum A", "headers": ["Sum"], "type": "number"},
                {"field": "a", "headers": "Sum"},
                {"field": "b"},
                {"field": "c", "headers": ["C"], "join": "", "split": "/"},
                {"field": "d", "headers": ["D"], "transforms": ["shout", "negate"], "pattern": "("},
                {"field": "d", "headers": ["D"], "type": "date", "min": "yesterday"},
                {"field": "e", "headers": ["E"], "max": 5, "required": "yes"},
                "f",
            ],
        })  # fmt: skip
    assert str(caught.value).splitlines() == [
        "name: must be a text",
        f"colour: is not known; known are {', '.join(LAYOUT_KEYS)}",
        "target: is missing",
        "fields[0].type: is none of text, code, integer, decimal, money, rate, date, bool, phone",
        "fields[1].headers: must be a list",
        "fields[2]: needs headers, a const or a default",
        "fields[3]: cannot have both join and split",
        f"fields[4].transforms: shout is none of {', '.join([*BEFORE, *AFTER])}",
        "fields[4].transforms: negate is for numbers only",
        "fields[4].pattern: is no regular expression: see character 1",
        "fields[5].min: must be a date such as 2018-12-31",
        "fields[6].required: must be true or false",
        "fields[7]: must be a table of words",
        "fields: d stands twice",
        "decimal_mark: must be a point, a comma or empty",
        "date_formats: %d does not make a date",
    ]
    with pytest.raises(LayoutError, match="line 1, character 10: is not JSON"):
        parse_layout('{"name": x}')
    with pytest.raises(LayoutError, match="an object with name"):
        parse_layout("[]")


def test_a_layout_survives_being_stored() -> None:
    made = layout(
        {"field": "number", "headers": ["借据编号"], "required": True, "transforms": ["upper"]},
        {"field": "gender", "headers": ["性别"], "values": {"男": "male"}, "keep_others": True},
        {"field": "sum", "headers": ["Sum"], "type": "money", "min": "0", "default": "0"},
        creates=["branch", "group"], header_row=3, decimal_mark=",",
    )  # fmt: skip
    assert parse_layout(made.to_json()) == made
    assert json.loads(made.to_json())["fields"][0] == {
        "field": "number", "headers": ["借据编号"], "required": True, "transforms": ["upper"],
    }  # fmt: skip
