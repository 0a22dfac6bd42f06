"""The gate over a whole queue says the same as the gate of one person, on a real PostgreSQL."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import sql
from sqlalchemy import text

from app.contact.gate import Facts, decide
from app.contact.gate_sql import columns, refusal_sql
from app.contact.packs import PACKS, Hours, Rules, Way
from tests.peers.database import empty_database

BOOLEANS = (
    "is_settled", "has_paid_since", "is_suspended", "is_do_not_contact", "is_vulnerable", "is_third_party",
    "is_number_blocked",
)  # fmt: skip
NUMBERS = ("contacts_day", "contacts_week", "contacts_month", "days_since_conversation")
SOURCE = sql.SQL("(SELECT {}) AS g")


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection]:
    with empty_database() as connection:
        yield connection


def as_columns(facts: Facts, at: datetime) -> dict[str, sql.Composable]:
    found: dict[str, sql.Composable] = {
        name: sql.SQL("{}::boolean").format(getattr(facts, name)) for name in BOOLEANS
    }
    found |= {name: sql.SQL("{}::int").format(getattr(facts, name)) for name in NUMBERS}
    found["number"] = sql.SQL("{}::text").format(facts.number)
    found["zones"] = sql.SQL("{}::text[]").format(list(facts.zones))
    found["agreed_from"] = sql.SQL("{}::time").format(facts.agreed and facts.agreed.opens)
    found["agreed_until"] = sql.SQL("{}::time").format(facts.agreed and facts.agreed.closes)
    found["at"] = sql.SQL("{}::timestamptz").format(at)
    return found


def asked(connection, facts: Facts, rules: Rules, at: datetime) -> str | None:
    needed = columns(rules, facts.way) | {"at"}
    given_columns = {name: value for name, value in as_columns(facts, at).items() if name in needed}
    listed = sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(value, sql.Identifier(name)) for name, value in given_columns.items()
    )
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(refusal_sql(rules, facts.way)), SOURCE.format(listed))
    return connection.execute(query).fetchone()[0]


ZONES = [
    "Europe/Kyiv",
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Moscow",
    "Asia/Kamchatka",
    "Asia/Kolkata",
    "UTC",
]
TIMES = st.sampled_from([time(0), time(7, 30), time(8), time(9), time(20), time(21), time(22)])
RARELY = st.sampled_from([False] * 12 + [True])
DAYS = st.frozensets(st.dates(date(2018, 3, 20), date(2018, 4, 5)), max_size=6)
FACTS = st.builds(
    Facts,
    way=st.sampled_from(Way),
    number=st.sampled_from(["+380671112233"] * 12 + ["", None]),
    zones=st.lists(st.sampled_from(ZONES * 4 + ["Mars/Olympus"]), min_size=0, max_size=3).map(tuple),
    **dict.fromkeys(BOOLEANS, RARELY),
    contacts_day=st.integers(0, 4),
    contacts_week=st.integers(0, 8),
    contacts_month=st.integers(0, 20),
    days_since_conversation=st.none() | st.integers(0, 9),
    agreed=st.none() | st.builds(Hours, TIMES, TIMES),
)
RULES = st.builds(Rules, st.sampled_from(list(PACKS.values())), DAYS, DAYS)
MOMENTS = st.builds(
    lambda minutes: datetime(2018, 3, 20, tzinfo=UTC) + timedelta(minutes=minutes),
    st.integers(0, 17 * 24 * 4).map(lambda quarter: quarter * 15),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS, rules=RULES, at=MOMENTS)
def test_the_queue_and_the_button_give_the_same_reason(connection, facts, rules, at):
    assert asked(connection, facts, rules, at) == decide(facts, rules, at).reason_code


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("way", Way)
def test_around_the_clock_both_agree(connection, pack, way):
    rules = Rules(PACKS[pack], frozenset({date(2018, 3, 28)}), frozenset({date(2018, 3, 31)}))
    facts = Facts(way, "+1", ("Europe/Kyiv",))
    start = datetime(2018, 3, 24, tzinfo=ZoneInfo("Europe/Kyiv")).astimezone(UTC)
    moments = [start + timedelta(minutes=30 * half) for half in range(48 * 8)]
    query = sql.SQL(
        "SELECT {} FROM (SELECT m AS at, NULL::time AS agreed_from, NULL::time AS agreed_until,"
        " ARRAY['Europe/Kyiv'] AS zones,"
        " '+1' AS number, {} FROM unnest({}::timestamptz[]) WITH ORDINALITY AS x (m, n) ORDER BY n) AS g"
    ).format(
        sql.SQL(refusal_sql(rules, way)),
        sql.SQL(", ".join([f"false AS {name}" for name in BOOLEANS] + [f"0 AS {name}" for name in NUMBERS[:3]]
                          + ["NULL::int AS days_since_conversation"])),
        moments,
    )  # fmt: skip
    by_database = [row[0] for row in connection.execute(query)]
    assert by_database == [decide(facts, rules, at).reason_code for at in moments]


def test_a_missing_list_of_zones_is_an_unknown_zone(connection):
    query = f"""SELECT {refusal_sql(Rules(PACKS["default"]), Way.SMS)} FROM (SELECT now() AS at,
        NULL::text[] AS zones, '+1' AS number, NULL::time AS agreed_from, NULL::time AS agreed_until,
        {", ".join(f"false AS {name}" for name in BOOLEANS)}) AS g"""
    assert connection.execute(query).fetchone() == ("unknown_zone",)


def test_a_pack_reads_only_the_columns_that_it_needs():
    assert "contacts_day" not in columns(Rules(PACKS["default"]), Way.SMS)
    assert "zones" not in columns(Rules(PACKS["RU"]), Way.LETTER)
    assert {"contacts_day", "contacts_week", "contacts_month"} <= columns(Rules(PACKS["RU"]), Way.CALL)


def test_the_expression_can_stand_in_a_statement_with_parameters():
    rules = Rules(PACKS["UA"], frozenset({date(2018, 6, 28)}))
    expression = refusal_sql(rules, Way.SMS, at=":at")
    assert "%" not in expression
    assert set(text(expression)._bindparams) == {"at"}
