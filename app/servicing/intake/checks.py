"""What must hold of the rows of a portfolio, whoever sent it. One statement a rule, over all rows at once."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import i18n
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import run


@dataclass(frozen=True)
class Check:
    """A rule: the field at fault, why, and the rows that break it as (row, value, detail).

    The reason may name the `detail` of a row.
    """

    field: str
    reason: Any
    query: str


DUPLICATES = """
    SELECT row, {field}, first FROM (
        SELECT row, {field}, first_value(row) OVER (PARTITION BY {field} ORDER BY row) AS first FROM staged
        WHERE {field} IS NOT NULL) d WHERE row <> first"""

PORTFOLIO = (
    Check("number", _("stands already in row %(detail)s"), DUPLICATES.format(field="number")),
    Check("matures_on", _("is not after the day of disbursement, %(detail)s"),
          "SELECT row, matures_on, disbursed_on FROM staged WHERE matures_on <= disbursed_on"),
    Check("first_due_on", _("does not lie between disbursement and maturity"),
          "SELECT row, first_due_on, NULL FROM staged "
          "WHERE first_due_on <= disbursed_on OR first_due_on > matures_on"),
    Check("identity_number", _("has other signs than letters, digits, spaces, - and /"),
          "SELECT row, identity_number, NULL FROM staged WHERE identity_number COLLATE pg_c_utf8 !~ '^[[:alnum:] /-]+$'"),
    Check("identity_number", _("stands in row %(detail)s with another name"),
          """SELECT row, identity_number, first FROM (
                SELECT row, identity_number, customer_name, first_value(row) OVER w AS first,
                    first_value(customer_name) OVER w AS name
                FROM staged WHERE identity_number IS NOT NULL AND customer_name IS NOT NULL
                WINDOW w AS (PARTITION BY identity_number ORDER BY row)) d WHERE customer_name <> name"""),
    Check("currency", _("is no currency code of three letters"),
          "SELECT row, currency, NULL FROM staged WHERE currency !~ '^[A-Z]{3}$'"),
    Check("stated_balance", _("is more than was lent, %(detail)s"),
          "SELECT row, stated_balance, principal FROM staged WHERE stated_balance > principal"),
    Check("as_of", _("is before the day of disbursement, %(detail)s"),
          "SELECT row, as_of, disbursed_on FROM staged WHERE as_of < disbursed_on"),
    Check("as_of", _("is after the business date, %(detail)s"),
          "SELECT row, as_of, CAST(:on AS date) FROM staged WHERE as_of > CAST(:on AS date)"),
    Check("stated_overdue_since", _("is after the day the file speaks of, %(detail)s"),
          "SELECT row, stated_overdue_since, as_of FROM staged WHERE stated_overdue_since > as_of"),
)  # fmt: skip


def check(session: Session, checks: tuple[Check, ...], on: date, problems: Problems) -> None:
    """Tell every row that breaks a rule. `on` is the business date."""
    for rule in checks:
        for row, value, detail in run(session, rule.query, on=on):
            column = problems.columns.get(rule.field, rule.field)
            reason = rule.reason if detail is None else i18n.filled(rule.reason, detail=detail)
            problems.add(row, column, value, reason)
