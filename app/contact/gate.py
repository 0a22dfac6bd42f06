"""The contact gate: may this person be contacted at this moment, by this way, at this number?

`decide` answers for one person; `app.contact.gate_sql` says the same in SQL for the whole queue of a night.
Both go through the same list of checks in the same order, so that they name the same reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _

from app.contact.packs import Hours, Rules, Way
from app.core.types import Choice


class Refusal(Choice):
    """Why a contact is refused: a stable code that is stored, its words, and a colour."""

    SETTLED = "settled", _("Nothing is owed any more"), "secondary"
    PAID_SINCE = "paid_since", _("A payment has come in since this contact was planned"), "green"
    SUSPENDED = "suspended", _("Contacts about this loan are suspended"), "orange"
    DO_NOT_CONTACT = "do_not_contact", _("The customer does not want to be contacted this way"), "red"
    VULNERABLE = "vulnerable", _("The customer is marked as vulnerable"), "purple"
    THIRD_PARTY = "third_party", _("The number belongs to somebody else"), "orange"
    NO_NUMBER = "no_number", _("No number or address is known"), "secondary"
    NUMBER_BLOCKED = "number_blocked", _("The number or address is dead or must not be used"), "red"
    UNKNOWN_ZONE = "unknown_zone", _("The customer's time zone is not known"), "yellow"
    HOLIDAY = "holiday", _("It is a holiday where the customer lives"), "yellow"
    WEEKEND = "weekend", _("It is a weekend where the customer lives"), "yellow"
    OUTSIDE_HOURS = "outside_hours", _("It is too early or too late where the customer lives"), "yellow"
    RECENT_CONVERSATION = "recent_conversation", _("The customer was spoken to recently"), "yellow"
    CAP_DAY = "cap_day", _("The most contacts of a day are reached"), "yellow"
    CAP_WEEK = "cap_week", _("The most contacts of a week are reached"), "yellow"
    CAP_MONTH = "cap_month", _("The most contacts of a month are reached"), "yellow"


@dataclass(frozen=True)
class Facts:
    """What is known of one person, one way and one number at the time of asking.

    `number` is the number or address to be used. `zones` are those of `app.contact.phones.zones_to_respect`.
    Contacts are counted over the ways that `Pack.cap(way).ways` names: on the person's day, in the 7 and in
    the 30 days that end with it. `agreed` are hours recorded with the customer; they replace the pack's hours
    and its rest days.
    """

    way: Way
    number: str | None
    zones: tuple[str, ...] = ()
    is_settled: bool = False
    has_paid_since: bool = False
    is_suspended: bool = False
    is_do_not_contact: bool = False
    is_vulnerable: bool = False
    is_third_party: bool = False
    is_number_blocked: bool = False
    contacts_day: int = 0
    contacts_week: int = 0
    contacts_month: int = 0
    days_since_conversation: int | None = None
    agreed: Hours | None = None


@dataclass(frozen=True)
class Decision:
    """The gate's answer. `sentence` is for people, translated when it is shown."""

    reason: Refusal | None = None

    @property
    def is_allowed(self) -> bool:
        return self.reason is None

    @property
    def reason_code(self) -> str | None:
        """The stable code that is stored beside a refused message."""
        return None if self.reason is None else str(self.reason.value)

    @property
    def sentence(self) -> Any:
        return "" if self.reason is None else self.reason.label


ALLOWED = Decision()


def decide(facts: Facts, rules: Rules, at: datetime) -> Decision:
    """Decide on one contact.

    `at` is the moment of the contact with its zone: the installation's business date with the real time of
    day. Raises ValueError without a zone. Nothing is read or written.
    """
    if at.tzinfo is None:
        raise ValueError("The moment of a contact needs its time zone.")
    for refusal, refuses in _CHECKS:
        if refuses(facts, rules, at):
            return Decision(refusal)
    return ALLOWED


Check = Callable[[Facts, Rules, datetime], bool]


def _is_true(name: str) -> Check:
    return lambda facts, _rules, _at: bool(getattr(facts, name))


def _is_spared(facts: Facts, rules: Rules, _at: datetime) -> bool:
    return facts.is_vulnerable and facts.way not in rules.pack.vulnerable


def _has_no_number(facts: Facts, _rules: Rules, _at: datetime) -> bool:
    return not facts.number


def _is_nowhere(facts: Facts, rules: Rules, _at: datetime) -> bool:
    if facts.way not in rules.pack.timed:
        return False
    return not facts.zones or any(_zone(name) is None for name in facts.zones)


def _is_holiday(facts: Facts, rules: Rules, at: datetime) -> bool:
    return _is_closed_day(facts, rules) and any(
        moment.date() in rules.holidays for moment in _moments(facts, rules, at)
    )


def _is_weekend(facts: Facts, rules: Rules, at: datetime) -> bool:
    return _is_closed_day(facts, rules) and any(
        _is_rest_day(moment, rules) for moment in _moments(facts, rules, at)
    )


def _is_closed_day(facts: Facts, rules: Rules) -> bool:
    return facts.agreed is None and rules.pack.hours(facts.way, is_rest_day=True) is None


def _is_outside(facts: Facts, rules: Rules, at: datetime) -> bool:
    for moment in _moments(facts, rules, at):
        hours = facts.agreed or rules.pack.hours(facts.way, is_rest_day=_is_rest_day(moment, rules))
        if hours is not None and not hours.include(_time_of(moment)):
            return True
    return False


def _is_rest_day(moment: datetime, rules: Rules) -> bool:
    day = moment.date()
    is_weekend = day.isoweekday() in rules.pack.weekend and day not in rules.working_days
    return is_weekend or day in rules.holidays


def _was_spoken_to(facts: Facts, rules: Rules, _at: datetime) -> bool:
    days = rules.pack.after_conversation.get(facts.way)
    return (
        days is not None
        and facts.days_since_conversation is not None
        and facts.days_since_conversation < days
    )


def _reaches(span: str) -> Check:
    def reaches(facts: Facts, rules: Rules, _at: datetime) -> bool:
        most = getattr(rules.pack.cap(facts.way), span)
        return most is not None and getattr(facts, f"contacts_{span}") >= most

    return reaches


_CHECKS: tuple[tuple[Refusal, Check], ...] = (
    (Refusal.SETTLED, _is_true("is_settled")),
    (Refusal.PAID_SINCE, _is_true("has_paid_since")),
    (Refusal.SUSPENDED, _is_true("is_suspended")),
    (Refusal.DO_NOT_CONTACT, _is_true("is_do_not_contact")),
    (Refusal.VULNERABLE, _is_spared),
    (Refusal.THIRD_PARTY, _is_true("is_third_party")),
    (Refusal.NO_NUMBER, _has_no_number),
    (Refusal.NUMBER_BLOCKED, _is_true("is_number_blocked")),
    (Refusal.UNKNOWN_ZONE, _is_nowhere),
    (Refusal.HOLIDAY, _is_holiday),
    (Refusal.WEEKEND, _is_weekend),
    (Refusal.OUTSIDE_HOURS, _is_outside),
    (Refusal.RECENT_CONVERSATION, _was_spoken_to),
    (Refusal.CAP_DAY, _reaches("day")),
    (Refusal.CAP_WEEK, _reaches("week")),
    (Refusal.CAP_MONTH, _reaches("month")),
)


def _moments(facts: Facts, rules: Rules, at: datetime) -> list[datetime]:
    """The moment on the clocks of every zone the person may be in; none for a way that waits to be opened."""
    if facts.way not in rules.pack.timed:
        return []
    return [at.astimezone(zone) for zone in map(_zone, facts.zones) if zone is not None]


def _time_of(moment: datetime) -> time:
    return moment.time().replace(tzinfo=None)


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such name, a folder of names, no name at all
        return None
