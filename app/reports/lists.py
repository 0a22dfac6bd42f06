"""The lists that open the rows behind the numbers, and which filter each parameter becomes there."""

from collections.abc import Mapping

from app.core.report import Rows

OPEN = ("current", "grace", "overdue")
"""Status of loans that are neither settled nor written off."""
_LIMITS = {
    "currency": "currency",
    "client_id": "client",
    "product_kind": "product.kind",
    "region_id": "region",
    "branch_id": "branch",
    "officer_id": "officer",
    "customer_id": "customer",
}
_DAYS = frozenset({"as_of", "since", "until"})


BALANCE = ("principal_outstanding",)
OVERDUE = ("overdue_principal", "overdue_interest")


def loans(*adds: str, **given: str) -> Rows:
    """Loans as they are now."""
    return Rows("loan", {"status__in": ",".join(OPEN), **given}, _LIMITS, _DAYS, adds=adds)


def late(*adds: str) -> Rows:
    """Loans that are past due now: the same that the home page and every report calls overdue."""
    return loans(*adds, days_past_due__gt="0")


def every_loan(*adds: str) -> Rows:
    """Loans as they are now, settled and written off ones too."""
    return Rows("loan", {}, _LIMITS, _DAYS, adds=adds)


def disbursed() -> Rows:
    """Loans paid out in the period; one that a ledger took over has no days before it."""
    named = {**_LIMITS, "since": "disbursed_on__ge", "until": "disbursed_on__le"}
    given = {"taken_over_on__null": "yes"}
    return Rows("loan", given, named, frozenset({"as_of"}), is_current=False, adds=("principal",))


def _of_loan(days: Mapping[str, str]) -> dict[str, str]:
    return {name: f"loan.{filter_name}" for name, filter_name in _LIMITS.items()} | dict(days)


def collected(component: str) -> Rows:
    """What of the repayments received in the period paid principal, or interest."""
    days = {"since": "repayment.received_on__ge", "until": "repayment.received_on__le"}
    given = {"component": component, "repayment.kind__ne": "opening"}
    named, ignored = _of_loan(days), frozenset({"as_of"})
    return Rows("allocation", given, named, ignored, is_current=False, adds=("amount",))


def due(*parts: str) -> Rows:
    """These parts of instalments due in the period; those from before a ledger took their loan over are none."""
    named = _of_loan({"since": "due_on__ge", "until": "due_on__le"})
    given, ignored = {"is_before_takeover": "no"}, frozenset({"as_of"})
    return Rows("instalment", given, named, ignored, is_current=False, adds=parts)
