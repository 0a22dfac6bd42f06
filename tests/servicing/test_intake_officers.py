"""Officers whose names files write in more than one way, and who are entered by several imports at once."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from sqlalchemy import select

from app.core.db import unscoped
from app.core.org import Branch, User
from app.models import Client
from app.seeds import seed
from app.servicing.intake.names import enter_people
from tests.web.people import add, rows

PLACE = "Відділення"


@pytest.fixture(scope="module")
def book(database) -> None:
    """A lender with one branch."""
    seed()
    words = {"currency": "UAH", "country": "UA", "zone": "Europe/Kyiv", "language": "uk"}
    with unscoped("a test makes a lender") as session:
        session.add(Client(code="union", name="Спілка", **words))
        session.add(Branch(name=PLACE))


def users() -> int:
    return len(rows("user"))


def next_login() -> str:
    """The login that the next officer would get."""
    known = [user.username for user in rows("user") if user.username.startswith("union-")]
    return f"union-{1 + len(known):03d}"


def enter(names: list[str]) -> dict[str, int]:
    """Enter officers of the branch as an import does; the user's id by name."""
    with unscoped("a test enters staff") as session:
        client = session.scalars(select(Client).where(Client.code == "union")).one()
        found = enter_people(session, client, [PLACE], [(name, PLACE) for name in names])[1]
        return {name: number for (name, _branch), number in found.items()}


@pytest.mark.parametrize(
    "first, last, written",
    [
        ("Мар’яна Олегівна", "Гриценко", "Гриценко Мар'яна Олегівна"),
        ("Марʼяна", "Лук’янець", "Марʼяна  Лук'янець"),
        ("", "Лук’яненко Дем’ян Ігорович", "ЛУК'ЯНЕНКО ДЕМ'ЯН  ІГОРОВИЧ"),
        ("Гнатюк Ольга", "Петрівна", "Гнатюк Ольга Петрівна"),
        ("娜", "欧阳", "欧阳 娜"),
    ],
)
def test_an_officer_is_known_however_the_name_is_spread_and_written(book, first, last, written) -> None:
    [branch], [role] = rows("branch", name=PLACE), rows("role", name="Officer")
    names = {"first_name": first, "last_name": last, "username": last, "email": f"{last}@union.example"}
    known, before = add("user", **names, branch_id=branch.id, role_id=role.id), users()
    assert enter([written]) == {written: known}
    assert users() == before


def test_the_same_name_at_another_branch_is_another_person(book) -> None:
    [role] = rows("role", name="Officer")
    south = add("branch", name="Південне")
    names = {
        "first_name": "",
        "last_name": "Бондар Ілля",
        "username": "bondar",
        "email": "bondar@union.example",
    }
    elsewhere = add("user", **names, branch_id=south, role_id=role.id)
    assert enter(["Бондар Ілля"])["Бондар Ілля"] != elsewhere


def test_two_spellings_of_one_new_officer_and_imports_at_once_make_one(book) -> None:
    before = users()
    with ThreadPoolExecutor(4) as pool:
        made = list(
            pool.map(
                lambda number: enter(["Дем'яненко Іван", "Дем’яненко  Іван", f"Нова {number}"]), range(4)
            )
        )
    assert [len(set(each.values())) for each in made] == [2] * 4
    assert len({each["Дем'яненко Іван"] for each in made}) == 1
    assert users() == before + 5


def test_a_login_that_somebody_takes_at_the_same_moment_is_passed_over(book) -> None:
    with unscoped("another writer of a test") as other, ThreadPoolExecutor(1) as pool:
        taken = next_login()
        other.add(
            User(username=taken, last_name="T", first_name="", email="taken@union.example", active=True)
        )
        other.flush()
        entering = pool.submit(enter, ["Одночасний Остап"])
        sleep(0.3)
        other.commit()
        [made] = entering.result(timeout=30).values()
    with unscoped("a test looks at a login") as session:
        assert session.get_one(User, made).username == f"union-{int(taken[-3:]) + 1:03d}"
