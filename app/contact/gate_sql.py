"""The contact gate over a whole queue: the checks of `app.contact.gate` as one SQL expression.

The SELECT gives one row a contact under the alias `g`:

===========================  ============  ==================================================================
column                       type          meaning
===========================  ============  ==================================================================
``g.is_settled``             boolean       as the fields of `app.contact.gate.Facts`
``g.has_paid_since``         boolean
``g.is_suspended``           boolean
``g.is_do_not_contact``      boolean
``g.is_vulnerable``          boolean
``g.is_third_party``         boolean
``g.is_number_blocked``      boolean
``g.number``                 text          NULL or empty: none
``g.zones``                  text[]        NULL or empty: not known
``g.contacts_day``           integer
``g.contacts_week``          integer
``g.contacts_month``         integer
``g.days_since_conversation`` integer      NULL: never
``g.agreed_from``            time          NULL: nothing was agreed
``g.agreed_until``           time
===========================  ============  ==================================================================

Columns that the pack does not need are not read, so the SELECT may leave them out: `columns` names them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from app.contact.gate import Refusal
from app.contact.packs import Hours, Rules, Way

_PLAIN = {
    Refusal.SETTLED: "g.is_settled",
    Refusal.PAID_SINCE: "g.has_paid_since",
    Refusal.SUSPENDED: "g.is_suspended",
    Refusal.DO_NOT_CONTACT: "g.is_do_not_contact",
    Refusal.VULNERABLE: "g.is_vulnerable",
    Refusal.THIRD_PARTY: "g.is_third_party",
    Refusal.NO_NUMBER: "coalesce(g.number, '') = ''",
    Refusal.NUMBER_BLOCKED: "g.is_number_blocked",
}
KNOWN_ZONES = "SELECT name FROM pg_timezone_names"


def refusal_sql(rules: Rules, way: Way, at: str = "g.at", known_zones: str = KNOWN_ZONES) -> str:
    """An expression that is the code of the refusal, or NULL where the contact is allowed.

    `at` is an SQL expression of type timestamptz: the business date with the real time of day. `known_zones` is a
    query of the time zones that the database knows, for who has put them into a table: it reads them from six
    hundred files. The expression holds no percent sign and no parameter, so it can stand in any statement.
    """
    parts = [_case(_plain_checks(rules, way))]
    if way in rules.pack.timed:
        parts.append(_clock_check(rules, way, at, known_zones))
    if counted := _counted_checks(rules, way):
        parts.append(_case(counted))
    return f"coalesce({', '.join(parts)})"


def columns(rules: Rules, way: Way) -> set[str]:
    """The columns of `g` that the expression reads."""
    return set(re.findall(r"\bg\.(\w+)", refusal_sql(rules, way, at="now()")))


def _case(checks: Iterable[tuple[Refusal, str]]) -> str:
    return "CASE " + " ".join(f"WHEN {test} THEN '{refusal.value}'" for refusal, test in checks) + " END"


def _plain_checks(rules: Rules, way: Way) -> list[tuple[Refusal, str]]:
    is_spared = way not in rules.pack.vulnerable
    return [
        (refusal, test) for refusal, test in _PLAIN.items() if is_spared or refusal is not Refusal.VULNERABLE
    ]


def _counted_checks(rules: Rules, way: Way) -> list[tuple[Refusal, str]]:
    cap, days = rules.pack.cap(way), rules.pack.after_conversation.get(way)
    limits = (
        (Refusal.RECENT_CONVERSATION, "g.days_since_conversation <", days),
        (Refusal.CAP_DAY, "g.contacts_day >=", cap.day),
        (Refusal.CAP_WEEK, "g.contacts_week >=", cap.week),
        (Refusal.CAP_MONTH, "g.contacts_month >=", cap.month),
    )
    return [(refusal, f"{test} {limit}") for refusal, test, limit in limits if limit is not None]


def _clock_check(rules: Rules, way: Way, at: str, known_zones: str) -> str:
    """Look at the clock of the person's zone, or at those of all zones where there are several.

    A name is looked up among the known zones before it is used, since an unknown one would be an error. One zone
    is the usual case and needs no aggregate, which makes it several times faster.
    """
    tests = _clock_tests(rules, way)
    known = f"CASE WHEN g.zones[1] IN ({known_zones}) THEN g.zones[1] END"
    one = (
        f"(SELECT {_case([(Refusal.UNKNOWN_ZONE, 'local IS NULL'), *tests])}"
        f" FROM (SELECT {at} AT TIME ZONE ({known}) AS local OFFSET 0) AS clock)"
    )
    several = _case([
        (Refusal.UNKNOWN_ZONE, "bool_or(local IS NULL) IS NOT false"),
        *((refusal, f"bool_or({test})") for refusal, test in tests),
    ])  # fmt: skip
    clocks = (
        f"SELECT CASE WHEN zone IN ({known_zones}) THEN {at} AT TIME ZONE zone END AS local"
        " FROM (SELECT unnest(g.zones) AS zone) AS named"
    )
    return (
        f"CASE WHEN cardinality(g.zones) = 1 THEN {one} ELSE (SELECT {several} FROM ({clocks}) AS clocks) END"
    )


def _clock_tests(rules: Rules, way: Way) -> list[tuple[Refusal, str]]:
    """Each reason that a person's date and time, called `local`, may give, and the test for it, in order."""
    resting = rules.pack.hours(way, is_rest_day=True)
    working = rules.pack.special.get(way, rules.pack.working)
    holiday = f"local::date = ANY ({_days(rules.holidays)})"
    weekend = _weekend(rules)
    # where rest days are closed, they were refused before the hours are looked at
    by_pack = _outside(working)
    if resting is not None and resting != working:
        by_pack = f"CASE WHEN {holiday} OR {weekend} THEN {_outside(resting)} ELSE {by_pack} END"
    outside = f"CASE WHEN g.agreed_from IS NOT NULL THEN {_outside_agreed()} ELSE {by_pack} END"
    closed_days = [
        (Refusal.HOLIDAY, f"(g.agreed_from IS NULL AND {holiday})"),
        (Refusal.WEEKEND, f"(g.agreed_from IS NULL AND {weekend})"),
    ]
    return [*(closed_days if resting is None else []), (Refusal.OUTSIDE_HOURS, outside)]


def _weekend(rules: Rules) -> str:
    days = ", ".join(map(str, sorted(rules.pack.weekend))) or "0"
    worked = f" AND local::date <> ALL ({_days(rules.working_days)})" if rules.working_days else ""
    return f"(date_part('isodow', local) IN ({days}){worked})"


def _outside(hours: Hours) -> str:
    joined = "OR" if hours.opens < hours.closes else "AND"
    return f"(local::time < time '{hours.opens}' {joined} local::time >= time '{hours.closes}')"


def _outside_agreed() -> str:
    early, late = "local::time < g.agreed_from", "local::time >= g.agreed_until"
    return f"CASE WHEN g.agreed_from < g.agreed_until THEN {early} OR {late} ELSE {early} AND {late} END"


def _days(days: frozenset[date]) -> str:
    listed = ", ".join(f"'{day.isoformat()}'" for day in sorted(days))
    return f"ARRAY[{listed}]::date[]"
