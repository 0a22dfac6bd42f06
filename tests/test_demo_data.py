"""The demonstration books are what demo/README.md says: exact, consistent, and made again to the cell."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from python_calamine import CalamineWorkbook

from app.core.money import ZERO
from app.servicing.daycount import DayCount
from app.servicing.duedates import DueRule
from app.servicing.schedule import schedule
from app.servicing.terms import Line, Method, Plan, Terms
from demo import make_portfolio_ua
from demo.people_ua import HERE, places

AS_OF = date(2018, 6, 25)
METHODS = {"Ануїтет": Method.ANNUITY, "Рівними частинами основного боргу": Method.EQUAL_PRINCIPAL}
Row = dict[str, Any]


def rows(path: Path, sheet: str) -> list[Row]:
    """The rows of a sheet as dictionaries; dates as dates, numbers as they were written."""
    heading, *found = CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
    return [dict(zip(heading, map(plain, row), strict=True)) for row in found]


def plain(value: Any) -> Any:
    """A cell's value without the disguises of the file format."""
    if isinstance(value, float | int):
        return Decimal(str(value))
    return value if value != "" else None


@pytest.fixture(scope="module")
def loans() -> list[Row]:
    return rows(HERE / "portfolio_ua.xlsx", "Кредитний портфель")


@pytest.fixture(scope="module")
def paid() -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in rows(HERE / "repayments_ua.xlsx", "Платежі"):
        found[row["Номер кредиту"]].append(row)
    return found


def lines(loan: Row) -> list[Line]:
    return schedule(
        Terms(
            principal=loan["Сума кредиту"],
            annual_rate=loan["Річна ставка, %"],
            disbursed_on=loan["Дата видачі"],
            matures_on=loan["Дата погашення"],
            rule=DueRule(due_day=int(loan["День платежу"])),
            plan=Plan(METHODS[loan["Спосіб погашення"]], DayCount.ACT_365),
        )
    )


def sums(payments: list[Row]) -> tuple[Decimal, Decimal]:
    """Principal and interest paid."""
    return (
        sum((row["У тому числі основний борг"] for row in payments), ZERO),
        sum((row["У тому числі проценти"] for row in payments), ZERO),
    )


def test_the_committed_books_are_what_the_script_makes(tmp_path: Path) -> None:
    make_portfolio_ua.main(tmp_path)
    for name in ("portfolio_ua.xlsx", "repayments_ua.xlsx"):
        made, committed = (CalamineWorkbook.from_path(folder / name) for folder in (tmp_path, HERE))
        assert made.sheet_names == committed.sheet_names
        for sheet in made.sheet_names:
            assert made.get_sheet_by_name(sheet).to_python() == committed.get_sheet_by_name(sheet).to_python()
    assert (tmp_path / "staff_ua.csv").read_bytes() == (HERE / "staff_ua.csv").read_bytes()


def test_every_payment_is_its_parts_and_every_balance_is_what_is_left(
    loans: list[Row], paid: dict[str, list[Row]]
) -> None:
    payments = [row for made in paid.values() for row in made]
    assert len({row["Номер операції"] for row in payments}) == len(payments) > 1500
    for row in payments:
        parts = row["У тому числі основний борг"] + row["У тому числі проценти"]
        assert row["Сума платежу"] == parts > 0
        assert row["Дата платежу"] < AS_OF
    for loan in loans:
        principal, _ = sums(paid[loan["Номер кредиту"]])
        assert loan["Залишок основного боргу"] == loan["Сума кредиту"] - principal >= 0


def test_interest_paid_to_and_overdue_since_follow_from_the_schedule(
    loans: list[Row], paid: dict[str, list[Row]]
) -> None:
    for loan in loans:
        if loan["Залишок основного боргу"] == 0:
            assert loan["Прострочено з"] is None
            continue
        principal, interest = sums(paid[loan["Номер кредиту"]])
        planned = lines(loan)
        asked_principal = accumulate(line.principal for line in planned)
        asked_interest = accumulate(line.interest for line in planned)
        state = [
            (line.due_on, p <= principal, i <= interest)
            for line, p, i in zip(planned, asked_principal, asked_interest, strict=True)
        ]
        late = [due_on for due_on, p, i in state if not (p and i) and due_on < AS_OF]
        assert loan["Прострочено з"] == (late[0] if late else None), loan["Номер кредиту"]
        paid_to = [due_on for due_on, _, i in state if i]
        assert loan["Проценти сплачено по"] == (paid_to[-1] if paid_to else loan["Дата видачі"])


def test_the_status_follows_from_the_days_past_due(loans: list[Row]) -> None:
    written_off = {row["Номер кредиту"] for row in rows(HERE / "repayments_ua.xlsx", "Списання")}
    for loan in loans:
        days = (AS_OF - loan["Прострочено з"]).days if loan["Прострочено з"] else 0
        if loan["Номер кредиту"] in written_off:
            expected = "Списаний"
        elif loan["Залишок основного боргу"] == 0:
            expected = "Погашений"
        else:
            expected = "Поточний" if days == 0 else "Пільговий строк" if days <= 15 else "Прострочений"
        assert loan["Стан"] == expected, loan["Номер кредиту"]
    assert set(Counter(loan["Стан"] for loan in loans)) == {
        *("Поточний", "Погашений", "Прострочений", "Пільговий строк", "Списаний")
    }


def test_taxpayer_numbers_carry_their_check_digit_birthday_and_sex(loans: list[Row]) -> None:
    for loan in loans:
        digits = [int(digit) for digit in loan["РНОКПП"]]
        weights = (-1, 5, 7, 9, 4, 6, 10, 5, 7)
        assert len(digits) == 10
        assert sum(map(int.__mul__, weights, digits[:9])) % 11 % 10 == digits[9]
        assert digits[8] % 2 == (loan["Стать"] == "чоловіча")
    people = {(loan["РНОКПП"], loan["ПІБ позичальника"], loan["Мобільний телефон"]) for loan in loans}
    assert len({number for number, _, _ in people}) == len(people) < len(loans)


def test_telephones_are_valid_and_nobody_can_be_reached_by_them(loans: list[Row]) -> None:
    for loan in loans:
        for column in ("Мобільний телефон", "Домашній телефон", "Телефон дружини (чоловіка)"):
            if loan[column]:
                number = phonenumbers.parse(loan[column], "UA")
                assert phonenumbers.is_valid_number(number), loan[column]
                assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[6:8] == "00"


def test_every_place_exists_once_in_the_classifier_and_every_word_fits_cp1251(loans: list[Row]) -> None:
    raions = {loan["Район"] for loan in loans}
    known = {place for found in places({"Львівська", "Полтавська"}, raions).values() for place in found}
    assert len(raions) > 8
    for loan in loans:
        assert (loan["Район"], loan["Громада"], loan["Населений пункт"]) in {
            (place.raion, place.hromada, place.settlement) for place in known if place.raion == loan["Район"]
        }
        assert all(isinstance(value, str) <= bool(str(value).encode("cp1251")) for value in loan.values())


def test_dingxi_amounts_less_repayments_are_the_balances() -> None:
    repaid: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows(HERE / "repayments_dingxi.xlsx", "还款流水"):
        repaid[row["借据编号"]] += row["其中本金"]
        assert row["还款金额"] == row["其中本金"] + row["其中利息"]
    ledger = rows(HERE / "portfolio_dingxi.xlsx", "贷款台账")
    assert len(ledger) == 10_000
    assert all(row["贷款金额"] - repaid[row["借据编号"]] == row["贷款余额"] for row in ledger)


def test_the_readme_names_every_file_with_its_licence() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    table = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("|")]
    described = {row[1]: row[4] for row in table}
    for file in data_files():
        assert described[file.name], file.name


def data_files() -> Iterator[Path]:
    return (file for file in HERE.iterdir() if file.suffix in {".xlsx", ".csv"})
