"""The words in braces that a template may hold: what each means, what it needs, and where SQL finds it.

A template is fixed text with `{placeholders}`; a brace that is meant as a brace is doubled: `{{`.

Each placeholder names an expression over the aliases that the queue's SELECT provides:

======  =====================================================================================
alias   row
======  =====================================================================================
``c``   the customer
``l``   the loan
``i``   the instalment that the message is about: the oldest unpaid one, or the next to fall due
``d``   what is owed on the loan that day: overdue_amount, days_past_due, total_to_pay
``b``   the branch of the loan, or of the customer where there is no loan
``o``   the user who is its officer
``k``   the client whose loan it is
``r``   the run: business_on
======  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _

from app.messaging import formats


class Context(StrEnum):
    """What must be known for a placeholder to have a value."""

    ALWAYS = "always"
    CUSTOMER = "customer"
    LOAN = "loan"
    INSTALMENT = "instalment"


class Kind(StrEnum):
    """What sort of value it is, which decides how it is written."""

    TEXT = "text"
    AMOUNT = "amount"
    DAY = "day"
    COUNT = "count"


_WRITERS: dict[Kind, Callable[[Any, str], str]] = {
    Kind.TEXT: lambda value, _language: str(value),
    Kind.COUNT: lambda value, _language: str(int(value)),
    Kind.AMOUNT: formats.amount,
    Kind.DAY: formats.day,
}
_SQL_WRITERS: dict[Kind, Callable[[str, str], str]] = {
    Kind.TEXT: formats.plain_sql,
    Kind.COUNT: formats.count_sql,
    Kind.AMOUNT: formats.amount_sql,
    Kind.DAY: formats.day_sql,
}


@dataclass(frozen=True)
class Placeholder:
    """One word in braces. `sample` is shown in previews; `sql` reads it from the aliases above."""

    name: str
    label: Any
    needs: Context
    kind: Kind
    sample: Any
    sql: str

    def write(self, value: Any, language: str) -> str:
        """The value as it stands in a text of that language; an empty text where there is none."""
        return "" if value is None else _WRITERS[self.kind](value, language)

    def written_sql(self, language: str) -> str:
        """The SQL expression of `write`."""
        return _SQL_WRITERS[self.kind](self.sql, language)


_UNPAID = "(i.principal + i.interest - i.principal_paid - i.interest_paid)"
_OFFICER = "nullif(btrim(concat_ws(' ', o.first_name, o.last_name)), '')"

_CUSTOMER, _LOAN, _INSTALMENT = Context.CUSTOMER, Context.LOAN, Context.INSTALMENT
_ALL = (
    Placeholder("customer_name", _("Customer's name"), _CUSTOMER, Kind.TEXT, "Oksana Koval", "c.name"),
    Placeholder("loan_number", _("Loan number"), _LOAN, Kind.TEXT, "UA-2018-0077", "l.number"),
    Placeholder("contract_number", _("Contract number"), _LOAN, Kind.TEXT, "77/18", "l.contract_number"),
    Placeholder("currency", _("Currency"), _LOAN, Kind.TEXT, "UAH", "l.currency"),
    Placeholder("due_date", _("Due date"), _INSTALMENT, Kind.DAY, date(2018, 6, 25), "i.due_on"),
    Placeholder("due_amount", _("Amount due"), _INSTALMENT, Kind.AMOUNT, Decimal("1234.56"), _UNPAID),
    Placeholder(
        "overdue_amount", _("Overdue amount"), _LOAN, Kind.AMOUNT, Decimal("2469.12"), "d.overdue_amount"
    ),
    Placeholder("days_past_due", _("Days past due"), _LOAN, Kind.COUNT, 12, "d.days_past_due"),
    Placeholder("total_to_pay", _("Total to pay"), _LOAN, Kind.AMOUNT, Decimal("2507.40"), "d.total_to_pay"),
    Placeholder("branch_name", _("Branch"), _CUSTOMER, Kind.TEXT, "Poltava branch", "b.name"),
    Placeholder("branch_phone", _("Branch telephone"), _CUSTOMER, Kind.TEXT, "+380532123456", "b.phone"),
    Placeholder("officer_name", _("Officer's name"), _CUSTOMER, Kind.TEXT, "Andrii Bondar", _OFFICER),
    Placeholder("officer_phone", _("Officer's telephone"), _CUSTOMER, Kind.TEXT, "+380671112233", "o.phone"),
    Placeholder("client_name", _("Lender"), _CUSTOMER, Kind.TEXT, "Poltava Savings Bank", "k.name"),
    Placeholder(
        "business_date", _("Business date"), Context.ALWAYS, Kind.DAY, date(2018, 7, 7), "r.business_on"
    ),
)

PLACEHOLDERS: dict[str, Placeholder] = {each.name: each for each in _ALL}

OF_A_CUSTOMER = frozenset({Context.ALWAYS, Context.CUSTOMER})
OF_A_LOAN = OF_A_CUSTOMER | {Context.LOAN}
OF_AN_INSTALMENT = OF_A_LOAN | {Context.INSTALMENT}


def offered(known: frozenset[Context] = OF_AN_INSTALMENT) -> list[Placeholder]:
    """The placeholders that have a value where this much is known, for the editor's list."""
    return [each for each in PLACEHOLDERS.values() if each.needs in known]
