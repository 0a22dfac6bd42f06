"""The values of a list for a file, read by the block: every row once, every amount exact."""

from decimal import Decimal
from io import BytesIO

from openpyxl import load_workbook
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from app.core import registry
from app.core.db import scoped_as, unscoped
from app.core.org import GrantKind
from app.core.web import principal
from app.core.web.listing import Listing
from app.core.web.values import Values
from tests.web.people import add, rows
from tests.web.shop import DAY, Shop


def test_every_row_is_there_with_its_amounts_however_many_are_read_at_a_time(shop: Shop) -> None:
    [loan] = rows("loan", number="L-0001")
    keys = {"taken_on": DAY, "client_id": loan.client_id, "product_id": loan.product_id, "currency": "CNY"}
    large = Decimal("12345678901234.56")
    for n in range(7):
        amounts = {"principal": large, "outstanding": Decimal(n) / 4, "overdue": 0}
        add("portfolio_snapshot", **keys, status=f"s{n}", loans=n, **amounts)
    found = principal.load(principal.stamp(shop.users["admin"]))
    assert found is not None
    asked = MultiDict({"cols": "status.loans.principal.outstanding", "sort": "status"})
    with shop.app.test_request_context("/"), scoped_as(shop.users["admin"]) as session:
        values = Values(Listing(registry.entity("portfolio_snapshot"), asked, found[1], DAY))
        for size in (1, 2, 3, 7, 8):
            blocks = list(values.blocks(session, size))
            assert max(len(block[0]) for block in blocks) <= size
            read = [row for block in blocks for row in zip(*block, strict=True)]
            assert read == [(f"s{n}", n, large, Decimal(n) / 4) for n in range(7)]


def test_lists_of_codes_of_every_length_stand_in_one_file(shop: Shop) -> None:
    kinds = (None, ["livestock"], ["livestock", "consumer"], [])
    about = {"user_id": shop.users["olga"], "kind": GrantKind.BRANCH, "branch_id": shop.branches["north"]}
    for some in kinds:
        add("data_grant", **about, product_kinds=some)
    with shop.admin.get("/data_grant/export.xlsx?cols=user.product_kinds") as answer:
        lines = list(load_workbook(BytesIO(answer.get_data())).worksheets[0].iter_rows(values_only=True))
    assert len(lines) == 1 + len(rows("data_grant"))
    assert [words for _user, words in lines[1:5]] == [None, "Livestock, Consumer", "Livestock", None]


def test_an_amount_with_more_digits_than_a_spreadsheet_keeps_is_text(shop: Shop) -> None:
    change = text("UPDATE loan SET overdue_principal = :amount WHERE number = 'L-0003'")
    [loan] = rows("loan", number="L-0003")
    for amount, wanted in (
        (Decimal("1234567890123456.78"), "1234567890123456.78"),
        (loan.overdue_principal,) * 2,
    ):
        with unscoped("a loan beyond all measure, and as it was") as session:
            session.execute(change, {"amount": amount})
        path = "/loan/export.xlsx?cols=number.overdue_principal&sort=number"
        with shop.admin.get(path) as answer:
            lines = load_workbook(BytesIO(answer.get_data())).worksheets[0].iter_rows(values_only=True)
        assert dict(lines)["L-0003"] == wanted
