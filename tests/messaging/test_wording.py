"""Templates: what is wrong with them, how they are filled, and that PostgreSQL fills them the same."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from babel.dates import format_date
from babel.numbers import format_decimal
from hypothesis import HealthCheck, given, settings, strategies as st
from psycopg import sql
from sqlalchemy import create_engine, select, text as sql_text

from app.messaging import formats, wording
from app.messaging.placeholders import OF_A_CUSTOMER, OF_A_LOAN, PLACEHOLDERS, Kind, offered
from tests.peers.database import empty_database

LANGUAGES = ("en", "uk", "ru", "zh_Hans", "zh_Hant")

ALIASES = """(
    SELECT {customer_name}::text AS name) c,
    (SELECT {loan_number}::text AS number, {contract_number}::text AS contract_number,
            {currency}::text AS currency) l,
    (SELECT {due_date}::date AS due_on, {due_amount}::numeric(18, 2) AS principal, 5.00 AS interest,
            0.00 AS principal_paid, 5.00 AS interest_paid) i,
    (SELECT {overdue_amount}::numeric(18, 2) AS overdue_amount, {days_past_due}::int AS days_past_due,
            {total_to_pay}::numeric(18, 2) AS total_to_pay) d,
    (SELECT {branch_name}::text AS name, {branch_phone}::text AS phone) b,
    (SELECT {officer_name}::text AS first_name, NULL::text AS last_name, {officer_phone}::text AS phone) o,
    (SELECT {client_name}::text AS name) k,
    (SELECT {business_date}::date AS business_on) r"""

SAMPLES = {name: each.sample for name, each in PLACEHOLDERS.items()}
TRICKY = (
    "100% '{customer_name}' \"{{x}}\" %s %1$s \\n :name $1 {total_to_pay} {total_to_pay}; {due_date} — 你好 ґ"
)


@pytest.fixture(scope="module")
def connection() -> Iterator[psycopg.Connection]:
    with empty_database() as connection:
        yield connection


def row(values: dict) -> sql.Composed:
    return sql.SQL(ALIASES).format(**{name: sql.Literal(values[name]) for name in PLACEHOLDERS})


def filled_by_database(connection: psycopg.Connection, text: str, values: dict, language: str) -> str:
    pattern, expressions = wording.compile_sql(text, language)
    call = sql.SQL(", ").join([sql.Literal(pattern), *map(sql.SQL, expressions)])
    query = sql.SQL("SELECT format({}) FROM {}").format(call, row(values))
    return connection.execute(query).fetchone()[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_and_the_database_fill_every_placeholder_alike(connection, language):
    text = "; ".join(f"{name} = {{{name}}}" for name in PLACEHOLDERS)
    filled = wording.render(text, SAMPLES, language)
    assert filled_by_database(connection, text, SAMPLES, language) == filled
    assert filled == wording.preview(text, language)
    assert "Oksana Koval" in filled


@pytest.mark.parametrize("language", LANGUAGES)
def test_signs_that_mean_something_to_sql_stay_as_they_are(connection, language):
    values = SAMPLES | {"customer_name": "O'Neil %s {due_date} \\"}
    assert filled_by_database(connection, TRICKY, values, language) == wording.render(
        TRICKY, values, language
    )
    assert wording.render(TRICKY, values, language).startswith(
        "100% 'O'Neil %s {due_date} \\' \"{x}\" %s %1$s \\n"
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_values_in_any_words_come_out_alike(connection, data):
    letters = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=15)
    names = data.draw(st.lists(st.sampled_from(sorted(PLACEHOLDERS)), max_size=6))
    words = [
        word.replace("{", "{{").replace("}", "}}")
        for word in data.draw(st.lists(letters, min_size=7, max_size=7))
    ]
    template = words[0] + "".join(f"{{{name}}}{word}" for name, word in zip(names, words[1:], strict=False))
    kinds = {
        Kind.TEXT: letters.map(str.strip),
        Kind.AMOUNT: st.decimals(Decimal("-9999999999999.99"), Decimal("9999999999999.99"), places=2),
        Kind.DAY: st.dates(date(1900, 1, 1), date(2999, 12, 31)),
        Kind.COUNT: st.integers(-9999, 99999),
    }
    values = {
        n: data.draw(st.none() | kinds[p.kind]) if n in names else p.sample for n, p in PLACEHOLDERS.items()
    }
    language = data.draw(st.sampled_from(LANGUAGES))
    assert filled_by_database(connection, template, values, language) == wording.render(
        template, values, language
    )


@pytest.mark.parametrize("absent", ["", None])
def test_a_missing_value_is_found_in_python_and_in_the_database(connection, absent):
    text = "Call {officer_phone}, {days_past_due} days"
    for values in (SAMPLES, SAMPLES | {"officer_phone": absent}, SAMPLES | {"days_past_due": None}):
        query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(wording.missing_sql(text)), row(values))
        assert connection.execute(query).fetchone()[0] == bool(wording.missing(text, values))
    assert wording.missing(text, SAMPLES | {"officer_phone": absent}) == ["officer_phone"]
    assert wording.missing_sql("no words in braces") == "false"


def test_a_template_is_a_column_of_a_select(connection):
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(connection.info.dsn, password=connection.info.password),
    )
    column = wording.text_column(TRICKY, "uk").label("text")
    statement = select(column).select_from(sql_text(row(SAMPLES).as_string(connection).replace(":", "\\:")))
    with engine.connect() as session:
        assert session.execute(statement).scalar_one() == wording.render(TRICKY, SAMPLES, "uk")
    engine.dispose()


@pytest.mark.parametrize("language", LANGUAGES)
@given(
    st.decimals(Decimal("-1e15"), Decimal("1e15"), places=2), st.dates(date(1000, 1, 1), date(2999, 12, 31))
)
def test_amounts_and_days_are_those_of_the_unicode_tables(language, amount, day):
    assert formats.amount(amount, language) == format_decimal(amount, "#,##0.00", locale=language)
    patterns = {"en": "d MMM y", "uk": "dd.MM.y", "ru": "dd.MM.y"}
    assert formats.day(day, language) == format_date(day, patterns.get(language, "medium"), locale=language)


@pytest.mark.parametrize(
    "text, code, position, words",
    [
        (
            "Dear {custmer_name}",
            "unknown_placeholder",
            6,
            "no placeholder {custmer_name}; did you mean {customer_name}?",
        ),
        ("Dear { Customer name }", "unknown_placeholder", 6, "did you mean {customer_name}?"),
        ("{zzz}", "unknown_placeholder", 1, "There is no placeholder {zzz}."),
        ("Pay {}", "empty_braces", 5, "braces at character 5 are empty"),
        ("Pay {total_to_pay", "unclosed_brace", 5, "brace at character 5 is never closed"),
        ("Pay total_to_pay}", "stray_brace", 17, "brace at character 17 closes nothing"),
        ("Pay\0", "bad_character", 4, "Character 4 cannot be stored"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, code, position, words):
    (problem,) = wording.check(text)
    assert (problem.code, problem.position) == (code, position)
    assert words in str(problem.sentence)
    with pytest.raises(wording.TemplateError, match=code):
        wording.compile_sql(text, "en")


def test_all_mistakes_are_told_at_once():
    assert [each.code for each in wording.check("{x} } {")] == [
        "unknown_placeholder",
        "stray_brace",
        "unclosed_brace",
    ]
    assert wording.check(TRICKY) == []


def test_a_message_without_a_loan_has_no_loan_words():
    assert wording.check("{customer_name}", OF_A_CUSTOMER) == []
    assert [each.code for each in wording.check("{loan_number}", OF_A_CUSTOMER)] == ["not_known_here"]
    assert [each.code for each in wording.check("{due_date}", OF_A_LOAN)] == ["not_known_here"]
    assert "due_date" not in {each.name for each in offered(OF_A_LOAN)}
    assert {each.name for each in offered()} == set(PLACEHOLDERS)


def test_a_language_nobody_knows_is_written_as_in_english():
    assert formats.amount(Decimal("1234.5"), "fr") == "1,234.50"
    assert formats.day(date(2018, 6, 25), "zh-Hant") == "2018年6月25日"
