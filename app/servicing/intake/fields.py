"""What can be imported: the fields of each target, how each is stored while a file is checked, and its limits."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.org import RegionLevel
from app.core.types import Choice
from app.models.customers import Sex
from app.models.lending import LoanStatus, Method

CODE, NAME, LINE, CURRENCY = 60, 200, 500, 3
LARGEST = "9999999999999999.99"
MOST_LENT = "999999999999.99"
"""Of one loan. At the highest rate and for the longest time between two days that can stand in a file (999 % a year,
301 years) it owes 3 x 10^15: within LARGEST, and room is left for the sums of a book."""


@dataclass(frozen=True)
class Spec:
    """A field of a target: its type in a layout and in the database, and what is always demanded of it."""

    type: str = "text"
    sql: str = "text"
    is_required: bool = False
    max_length: int | None = None
    words: tuple[str, ...] = ()
    min: str | None = None
    max: str | None = None
    personal: str | None = None
    """As what its values are masked for those who may not see personal numbers."""


def _words(choices: type[Choice]) -> tuple[str, ...]:
    return tuple(str(member.value) for member in choices)


def code(*, required: bool = False, longest: int = CODE) -> Spec:
    """A number or code people quote."""
    return Spec("code", is_required=required, max_length=longest)


def name(*, required: bool = False, longest: int = NAME) -> Spec:
    """A text."""
    return Spec(is_required=required, max_length=longest)


def day(*, required: bool = False) -> Spec:
    """A day of this century or the last two."""
    return Spec("date", "date", required, min="1900-01-01", max="2200-12-31")


def money(*, required: bool = False, least: str = "0", most: str = LARGEST) -> Spec:
    """An amount."""
    return Spec("money", "numeric(18,2)", required, min=least, max=most)


def words(choices: type[Choice], *, required: bool = False) -> Spec:
    """One of a Choice's values."""
    return Spec(is_required=required, words=_words(choices))


PHONE = Spec("phone", personal="phone")
PLACES: Sequence[str] = tuple(str(level.value) for level in RegionLevel if level is not RegionLevel.GROUP)

TARGETS: dict[str, dict[str, Spec]] = {
    "regions": {
        "code": code(required=True), "parent_code": code(), "level": words(RegionLevel, required=True),
        "name": name(required=True),
    },
    "portfolio": {
        "number": code(required=True), "contract_number": code(), "currency": code(longest=CURRENCY),
        "customer_name": name(required=True), "identity_number": Spec("code", max_length=CODE, personal="code"), "sex": words(Sex), "born_on": day(),
        "mobile": PHONE, "landline": PHONE, "spouse_name": name(), "spouse_mobile": PHONE,
        **{level: name() for level in PLACES}, "village_group": name(), "house": name(longest=LINE),
        "product": name(required=True), "purpose": name(longest=LINE), "repayment_account": code(),
        "principal": money(required=True, least="0.01", most=MOST_LENT),
        "annual_rate": Spec("rate", "numeric(9,6)", is_required=True, min="0", max="999"),
        "disbursed_on": day(required=True), "matures_on": day(required=True), "first_due_on": day(),
        "method": words(Method), "due_day": Spec("integer", "int", min="1", max="31"),
        "branch": name(), "officer": name(longest=64), "joint_group": name(), "as_of": day(),
        "stated_balance": money(), "stated_interest_paid_to": day(), "stated_overdue_since": day(),
        "stated_status": words(LoanStatus),
    },
    "repayments": {
        "received_on": day(required=True), "loan_number": code(required=True), "customer_name": name(),
        "amount": money(required=True, least="0.01"), "principal": money(), "interest": money(),
        "currency": code(longest=CURRENCY), "branch": name(), "reference": code(required=True),
        "remark": name(longest=LINE), "source": code(),
    },
    "write_offs": {
        "written_off_on": day(required=True), "loan_number": code(required=True), "customer_name": name(),
        "principal": money(required=True, least="0.01"), "currency": code(longest=CURRENCY),
        "reason": name(required=True, longest=LINE),
    },
}  # fmt: skip
"""target → its fields. A layout may leave out what is not required; no other field is known."""
