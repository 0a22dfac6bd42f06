"""The demonstration layouts read their files whole, and only them."""

import json
from collections import Counter
from decimal import Decimal
from zoneinfo import available_timezones

import pytest

from app.contact.packs import PACKS
from app.core.money import RoundingMode
from app.core.sheets.convert import convert_table
from app.core.sheets.layout import Layout
from app.core.sheets.layout_json import parse_layout
from app.core.sheets.table import open_table
from app.models.lending import LoanStatus, Method, ProductKind
from app.servicing.daycount import DayCount
from app.servicing.waterfall import Order
from demo.people_ua import HERE

FILES = {
    "regions-cn": ("regions_cn_gansu.csv", 19_224),
    "regions-ua": ("regions_ua.csv", 31_744),
    "dingxi": ("portfolio_dingxi.xlsx", 10_000),
    "dingxi-b": ("portfolio_dingxi.xlsx", 10_000),
    "ua": ("portfolio_ua.xlsx", 240),
    "repayments-dingxi": ("repayments_dingxi.xlsx", 34_504),
    "repayments-ua": ("repayments_ua.xlsx", 1968),
    "write-offs-dingxi": ("repayments_dingxi.xlsx", 7),
    "write-offs-ua": ("repayments_ua.xlsx", 2),
}


LEFT_OUT = {"dingxi-b": ["数据日期", "贷款余额", "利息结至", "逾期起始日", "状态"]}
"""The same loans from pay-out: what became of them comes from the file of repayments."""


def layout(name: str) -> Layout:
    return parse_layout((HERE / f"layouts/{name}.json").read_text(encoding="utf-8"))


def test_every_layout_is_told_here() -> None:
    assert {path.stem for path in (HERE / "layouts").glob("*.json")} == set(FILES)
    assert all(layout(name).name == name for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_layout_reads_every_row_and_column_of_its_file(name: str) -> None:
    file, rows = FILES[name]
    reads = layout(name)
    with open_table(HERE / file, sheet=reads.sheet, encoding=reads.encoding) as table:
        match = reads.match(table.header)
        assert (match.missing, match.unknown) == ([], LEFT_OUT.get(name, []))
        read = 0
        for block in convert_table(reads, match.mapping, table):
            assert not block.problems, {
                index: list(map(str, found)) for index, found in block.problems.items()
            }
            read += len(block.numbers)
    assert read == rows


def test_only_the_book_of_dingxi_opens_unknown_branches_officers_and_groups() -> None:
    assert {name for name in FILES if layout(name).creates} == {"dingxi", "dingxi-b"}


def test_the_words_of_a_book_mean_our_choices() -> None:
    products = {client["code"]: {p["code"] for p in client["products"]} for client in clients()}
    for name in ("dingxi", "ua"):
        fields = {field.field: field for field in layout(name).fields}
        assert set(fields["method"].values.values()) <= {str(method.value) for method in Method}
        assert set(fields["stated_status"].values.values()) == {str(status.value) for status in LoanStatus}
        assert set(fields["product"].values.values()) == products[fields["client"].const]


def test_the_statuses_of_dingxi_are_counted_as_known() -> None:
    reads = layout("dingxi")
    with open_table(HERE / "portfolio_dingxi.xlsx", sheet=reads.sheet) as table:
        blocks = convert_table(reads, reads.match(table.header).mapping, table)
        counted = Counter(status for block in blocks for status in block.values["stated_status"])
    assert counted == {"current": 9375, "settled": 447, "overdue": 104, "grace": 67, "written_off": 7}


def test_the_terms_of_the_clients_are_words_the_rules_know() -> None:
    for client in clients():
        terms = client["terms"]
        assert client["contact_pack"] in PACKS
        assert client["zone"] in available_timezones()
        assert DayCount(terms["day_count"]) in DayCount
        assert RoundingMode(terms["rounding_mode"]) in RoundingMode
        assert Decimal(terms["rounding_unit"]) == Decimal("0.01")
        assert str(Order.parse(terms["allocation_order"])) == terms["allocation_order"]
        assert {product["kind"] for product in client["products"]} <= {
            str(kind.value) for kind in ProductKind
        }


def clients() -> list[dict]:
    return json.loads((HERE / "clients.json").read_text(encoding="utf-8"))
