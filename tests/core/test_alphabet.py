"""Names stand by the alphabet of their readers, in the database as in the program."""

from typing import Any

import pytest
from flask_babel import force_locale
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import ARRAY, Text, column, func, literal, select, table

from app.access.users import create_user
from app.core import codes
from app.core.alphabet import LETTERS, alphabetical, by_alphabet, in_order
from app.core.db import scoped_as, unscoped

UKRAINIAN = ["Абрам", "авдій", "Гук", "Ґудзь", "Дяк", "Енко", "Єременко", "Жук", "Зуб", "Иван", "Івко",
             "Ільків", "Їжакевич", "Йова", "Лень", "Щур", "юрків", "Ярема"]  # fmt: skip
RUSSIAN = ["Елкин", "Ёлкин", "Жуков", "объезд", "объём", "Пыжов", "Хлебников", "Эдин", "Юдин"]
ALONE = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def program(_application: Any, database: Any) -> Any:
    return _application


def test_words_stand_as_in_a_dictionary_whatever_their_case() -> None:
    assert in_order(reversed(UKRAINIAN)) == UKRAINIAN
    assert in_order(reversed(RUSSIAN)) == RUSSIAN
    assert in_order(["Абрам", "王芳", "wang", "Li", "12"]) == ["12", "Li", "wang", "Абрам", "王芳"]
    assert alphabetical("ЇЖАК Li") == alphabetical("їжак lI")


@ALONE
@given(
    words=st.lists(
        st.text(LETTERS + LETTERS.upper() + " '-AZaz09Éé王", max_size=6)
        | st.text(
            st.characters(max_codepoint=0x4FF, min_codepoint=1, exclude_characters="İ")
            | st.sampled_from("王李"),
            max_size=6,
        ),
        max_size=12,
    )
)
def test_the_database_orders_as_the_program_does(database: Any, words: list[str]) -> None:
    word = func.unnest(literal(words, ARRAY(Text))).column_valued("word")
    with unscoped("an order of words") as session:
        found = session.execute(select(word, func.alphabetical(word)).order_by(by_alphabet(word), word)).all()
    assert dict(map(tuple, found)) == {each: alphabetical(each) for each in words}
    assert [row[1] for row in found] == sorted(map(alphabetical, words))


def test_the_order_is_open_to_who_sees_nothing_and_may_stand_in_an_index(program: Any) -> None:
    with scoped_as(create_user("nobody", "pw", "Officer")) as session:
        assert session.scalar(select(func.alphabetical("Їжак"))) == alphabetical("їжак")
    with unscoped("how a function is declared") as session:
        declared = select(column("provolatile"), column("proparallel")).select_from(table("pg_proc"))
        found = session.execute(declared.where(column("proname") == "alphabetical")).one()
    assert tuple(map(str, found)) == ("i", "s")


def test_countries_stand_by_their_names_in_the_readers_language(program: Any) -> None:
    with program.test_request_context(), force_locale("uk"):
        names = list(codes.words("country").values())
    assert names.index("Італія") < names.index("Казахстан")
    assert names.index("Ємен") < names.index("Замбія")
    assert names == in_order(names)
