"""The list for a round has the open loans of its villages, with the numbers of people masked for partners."""

from collections.abc import Callable
from typing import Any

from tests.reports.reading import Page, number, workbook
from tests.reports.world import OPEN, Book, Fact

Login = Callable[[str], Any]


def sheets(html: str) -> list[list[list[str]]]:
    """The rows of each village's sheet as texts; above them stand the village's name, for paper, and the columns'."""
    return [[[text for text, _a in row] for row in table[2:]] for table in Page(html).tables]


def expected(book: Book, place: str, holds: Callable[[Fact], bool] = lambda fact: True) -> list[Fact]:
    return [fact for fact in book.facts if fact.is_under(place) and fact.status in OPEN and holds(fact)]


def test_each_village_is_a_sheet_with_its_open_loans(client: Login, book: Book) -> None:
    found = sheets(client("manager").get(f"/report/villages/?region_id={book.places['c2']}").text)
    loans = expected(book, "c2")
    assert len(found) == 1
    assert sorted(row[4] for row in found[0][:-1]) == sorted(f"L{fact.number:03d}" for fact in loans)
    assert found[0][-1][0] == f"{len(loans)} loans"


def test_a_row_has_house_phone_what_is_due_and_room_to_sign(client: Login, book: Book) -> None:
    fact = expected(book, "v1", lambda fact: fact.days > 0)[0]
    found = sheets(client("manager").get(f"/report/villages/?region_id={book.places['v1']}").text)
    (row,) = [row for row in found[0][:-1] if row[4] == f"L{fact.number:03d}"]
    place = list(book.customers).index((fact.client, fact.customer))
    assert row[:3] == [f"Customer {place:02d}", f"House {place}", f"+86138000{place:05d}"]
    assert [number(text) for text in row[6:9]] == [220, fact.overdue, fact.days]
    assert row[9] == ""


def test_sums_of_a_village_keep_currencies_apart(client: Login, book: Book) -> None:
    found = sheets(client("manager").get(f"/report/villages/?region_id={book.places['v1']}").text)
    sums = {
        code: sum(fact.overdue for fact in expected(book, "v1") if fact.currency == code)
        for code in ("CNY", "UAH")
    }
    assert found[0][-1][2] == ", ".join(f"{amount:,.2f} {code}" for code, amount in sums.items())


def test_the_round_can_be_for_those_overdue(client: Login, book: Book) -> None:
    found = sheets(
        client("manager").get(f"/report/villages/?region_id={book.places['c1']}&visited=overdue").text
    )
    loans = expected(book, "c1", lambda fact: fact.days > 0)
    assert sorted(row[4] for table in found for row in table[:-1]) == sorted(
        f"L{fact.number:03d}" for fact in loans
    )


def test_nothing_is_listed_before_a_place_or_officer_is_chosen(client: Login) -> None:
    answer = client("manager").get("/report/villages/")
    assert (answer.status_code, sheets(answer.text)) == (200, [])


def test_an_officer_first_gets_the_list_of_his_own_loans(client: Login, book: Book) -> None:
    found = sheets(client("o1").get("/report/villages/").text)
    loans = [fact for fact in book.facts if fact.officer == "o1" and fact.status in OPEN]
    assert sorted(row[4] for table in found for row in table[:-1]) == sorted(
        f"L{fact.number:03d}" for fact in loans
    )


def test_partners_see_telephone_numbers_masked_on_page_and_in_the_workbook(client: Login, book: Book) -> None:
    browser, query = client("partner"), f"?region_id={book.places['t3']}"
    page = browser.get(f"/report/villages/{query}").text
    phones = [row[2] for table in sheets(page) for row in table[:-1]]
    assert phones
    assert all("•" in phone for phone in phones)
    assert "+86138000" not in page
    written = workbook(browser.get(f"/report/villages/export.xlsx{query}").data)["Village list"]
    assert sorted(row["Phone"] for row in written if row["Phone"]) == sorted(phones)


def test_the_workbook_has_the_rows_of_the_page(client: Login, book: Book) -> None:
    browser, query = client("manager"), f"?region_id={book.places['c1']}"
    shown = sorted(
        row[4] for table in sheets(browser.get(f"/report/villages/{query}").text) for row in table[:-1]
    )
    written = workbook(browser.get(f"/report/villages/export.xlsx{query}").data)["Village list"]
    assert sorted(row["Loan"] for row in written if row["Loan"]) == shown
    assert {row["Village"] for row in written if row["Loan"]} <= {
        "Place v1",
        "Place v2",
        "Place v3",
        "Place c1",
    }
