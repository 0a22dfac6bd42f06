"""Makes the Ukrainian demonstration book: portfolio_ua.xlsx, repayments_ua.xlsx and staff_ua.csv beside this file.

    python demo/make_portfolio_ua.py [FOLDER]

The seed is fixed, so that every run makes the same cells. Schedules are the product's own
(app.servicing.schedule): annuity or equal principal, act/365, every amount rounded half-up to the kopiyka.
"""

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule, months_later
from app.servicing.schedule import schedule
from app.servicing.terms import Line, Method, Plan, Terms
from demo.history_ua import (
    AS_OF,
    WRITTEN_OFF,
    WRITTEN_OFF_ON,
    Habit,
    Payment,
    Standing,
    habit,
    payments,
    standing,
)
from demo.people_ua import HERE, People, Person, Place, places

SEED = 20180625
LOANS = 240
WRITTEN_OFF_LOANS = {41, 173}  # the loans nobody paid after the second instalment
METHODS = {Method.ANNUITY: "Ануїтет", Method.EQUAL_PRINCIPAL: "Рівними частинами основного боргу"}
BOOK: dict[str, Any] = json.loads((HERE / "book_ua.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Loan:
    """A loan of the book with its history."""

    number: str
    person: Person
    kind: str
    purpose: str
    terms: Terms
    branch: str
    officer: str
    lines: list[Line]
    made: list[Payment]
    stands: Standing


class Book:
    """Makes the loans one after another."""

    def __init__(self) -> None:
        self.chance = Random(SEED)
        self.people = People(self.chance)
        branches = BOOK["branches"]
        raions = {raion for branch in branches for raion in branch["raions"]}
        self.places = places({branch["oblast"] for branch in branches}, raions)
        self.officers = {b["name"]: [self.people.officer() for _ in range(b["officers"])] for b in branches}
        self.borrowers: list[tuple[Person, dict[str, Any], str]] = []

    def loans(self) -> list[Loan]:
        """The whole book, by loan number."""
        return [self._loan(n) for n in range(1, LOANS + 1)]

    def _loan(self, n: int) -> Loan:
        person, branch, officer = self._borrower()
        product = self.chance.choices(BOOK["products"], [product["share"] for product in BOOK["products"]])[0]
        is_written_off = n in WRITTEN_OFF_LOANS
        terms = self._terms(product, is_old=is_written_off)
        lines = schedule(terms)
        if is_written_off:
            made = payments(lines[:2], Habit(), self.chance)
        else:
            made = payments(lines, habit(self.chance), self.chance)
        stands = standing(lines, terms.disbursed_on, made, is_written_off=is_written_off)
        purpose = self.chance.choice(product["purposes"])
        number = f"UA{n:05d}"
        return Loan(
            number, person, product["kind"], purpose, terms, branch["name"], officer, lines, made, stands
        )

    def _borrower(self) -> tuple[Person, dict[str, Any], str]:
        """Mostly somebody new; one loan in ten goes to a borrower who has one already."""
        if self.borrowers and self.chance.random() < 0.1:
            return self.chance.choice(self.borrowers)
        branch = self.chance.choice(BOOK["branches"])
        place: Place = self.chance.choice(self.places[self.chance.choice(branch["raions"])])
        self.borrowers.append(
            (self.people.person(place), branch, self.chance.choice(self.officers[branch["name"]]))
        )
        return self.borrowers[-1]

    def _terms(self, product: dict[str, Any], *, is_old: bool) -> Terms:
        months = max(product["months"]) if is_old else self.chance.choice(product["months"])
        disbursed_on = date(2017, 9, 4) if is_old else AS_OF - timedelta(days=self.chance.randint(20, 560))
        low, high = (amount // product["step"] for amount in product["amounts"])
        # small amounts are the usual ones
        steps = low + int((high - low) * self.chance.random() ** 2)
        is_equal = self.chance.randrange(100) < product["equal_principal"]
        return Terms(
            principal=Decimal(steps * product["step"]),
            annual_rate=Decimal(self.chance.choice(product["rates"])),
            disbursed_on=disbursed_on,
            matures_on=months_later(disbursed_on, months),
            rule=DueRule(due_day=disbursed_on.day),
            plan=Plan(Method.EQUAL_PRINCIPAL if is_equal else Method.ANNUITY, DayCount.ACT_365),
        )


def portfolio_row(loan: Loan) -> list[Any]:
    """A loan in the columns of the book."""
    who, terms, stands = loan.person, loan.terms, loan.stands
    place = who.place
    return [
        *(loan.number, f"КД-{terms.disbursed_on.year}-{loan.number[2:]}", who.name, who.sex, who.tax_number),
        *(who.mobile, who.landline, who.spouse, who.spouse_mobile),
        *(place.raion, place.hromada, place.settlement, who.address),
        *(loan.kind, loan.purpose, terms.principal, terms.annual_rate, terms.disbursed_on, terms.matures_on),
        *(METHODS[terms.plan.method], terms.disbursed_on.day, loan.branch, loan.officer, None, AS_OF),
        *(stands.balance, stands.interest_paid_to, stands.overdue_since, stands.status),
    ]


def repayment_rows(loans: list[Loan]) -> Iterator[list[Any]]:
    """Every payment by day; of a loan's payments on one day the instalment comes before the pay-off."""
    made = [
        (payment.paid_on, loan.number, n, loan, payment)
        for loan in loans
        for n, payment in enumerate(loan.made)
    ]
    for n, (paid_on, number, _, loan, payment) in enumerate(sorted(made, key=lambda entry: entry[:3]), 1):
        parts = payment.principal + payment.interest, payment.principal, payment.interest
        yield [paid_on, number, loan.person.name, *parts, loan.branch, f"ПЛ{paid_on:%Y%m%d}{n:06d}"]


def write_off_rows(loans: list[Loan]) -> Iterator[list[Any]]:
    """The loans written off with what was still owed on them."""
    for loan in loans:
        if loan.stands.status == WRITTEN_OFF:
            yield [
                WRITTEN_OFF_ON,
                loan.number,
                loan.person.name,
                loan.stands.balance,
                BOOK["write_off_reason"],
            ]


def save(path: Path, sheets: dict[str, tuple[list[str], list[list[Any]]]]) -> None:
    """A workbook of sheets, each a heading and rows; dates as dates, money with two decimals."""
    book = Workbook()
    book.remove(book.active)
    for title, (heading, rows) in sheets.items():
        sheet = book.create_sheet(title)
        sheet.append(heading)
        sheet.freeze_panes = "A2"
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for row in rows:
            sheet.append([value or None if isinstance(value, str) else value for value in row])
            for cell in sheet[sheet.max_row]:
                if isinstance(cell.value, Decimal):
                    cell.number_format = "0.00"
        for column in range(len(heading)):
            sheet.column_dimensions[sheet.cell(1, column + 1).column_letter].width = 18
    book.properties.creator = "Loandesk"
    book.properties.created = book.properties.modified = datetime(2018, 6, 25)  # noqa: DTZ001  a file has no zone
    book.save(path)


def save_staff(path: Path, officers: dict[str, list[str]]) -> None:
    """The branches and their officers, whom the lender must have before its book comes in."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("branch", "officer"))
        writer.writerows((branch, officer) for branch, people in officers.items() for officer in people)


def main(folder: Path) -> None:
    """Write both workbooks and the list of the staff."""
    book = Book()
    loans = book.loans()
    save_staff(folder / "staff_ua.csv", book.officers)
    rows = [portfolio_row(loan) for loan in loans]
    save(folder / "portfolio_ua.xlsx", {"Кредитний портфель": (BOOK["portfolio_columns"], rows)})
    paid, written_off = list(repayment_rows(loans)), list(write_off_rows(loans))
    sheets = {
        "Платежі": (BOOK["repayment_columns"], paid),
        "Списання": (BOOK["write_off_columns"], written_off),
    }
    save(folder / "repayments_ua.xlsx", sheets)
    print(f"{len(rows)} loans, {len(paid)} payments, {len(written_off)} write-offs")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
