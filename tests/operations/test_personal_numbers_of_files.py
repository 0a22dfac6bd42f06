"""Personal numbers in what an import refused: whole for who sent the file and who may see them, masked for others."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from app.access.users import create_user
from app.core.db import unscoped
from app.core.org import GrantKind
from app.models import ImportLayout
from app.servicing.intake import Summary, run_import
from tests.operations.desk import Desk
from tests.roles import role_that_reveals_nothing
from tests.web.people import rows

FIELDS = "number customer_name identity_number mobile product principal annual_rate disbursed_on matures_on"
FIRST = "P1,Olena,3141592653,+380501112233,{product},1000,10,2018-01-10,2019-01-10"
FILE = (
    "P1,Olena,2718281828,+380501112233,{product},1000,10,2018-01-10,2019-01-10\n"
    "P2,Petro,1618033988,05011122334455667,{product},1000,10,2018-01-10,2019-01-10\n"
    "P3,Pavlo,1414213562,+380501112234,{product},much,10,2018-01-10,2019-01-10\n"
)
NUMBERS = ("2718281828", "1618033988", "1414213562", "05011122334455667", "+380501112234")


def number_in(text: str) -> list[str]:
    return [number for number in NUMBERS if number in text]


@pytest.fixture(scope="module")
def refused(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """A second file of the book: another identity number for a loan, a phone that is none, and no amount."""
    fields = [{"field": name, "headers": [name]} for name in FIELDS.split()]
    whole = {"name": "people", "title": "people", "target": "portfolio",
             "fields": [{"field": "client", "const": "bank"}, *fields]}  # fmt: skip
    with unscoped("data of a test") as session:
        session.add(
            ImportLayout(name="people", title="people", target="portfolio", definition={"layout": whole})
        )
    product = rows("product", id=desk.product)[0].name
    made = []
    for who, lines in (("admin", FIRST), ("sender", FILE)):
        role = "Administrator" if who == "admin" else role_that_reveals_nothing("Sees no numbers")
        if who != "admin":
            for name in (who, "other"):
                desk.users[name] = create_user(name, "pw", role, grants=[{"kind": GrantKind.ALL}])
        path: Path = tmp_path_factory.mktemp(who) / "people.csv"
        path.write_text(",".join(FIELDS.split()) + "\n" + lines.format(product=product), encoding="utf-8")
        made.append(run_import(path, "people", user_id=desk.users[who]))
    assert [one.line for one in made] == [
        "created 1, updated 0, unchanged 0, rejected 0",
        "created 0, updated 0, unchanged 1, rejected 2",
    ]
    return made[1]


def pages(run: int) -> list[str]:
    problem, *_more = sorted(row.id for row in rows("import_problem", run_id=run))
    difference = rows("stated_difference", run_id=run)[0].id
    return [
        f"/imports/{run}", f"/import_problem/list/?run={run}", f"/import_problem/show/{problem}",
        f"/stated_difference/list/?run={run}", f"/stated_difference/show/{difference}", "/home/",
    ]  # fmt: skip


def cells(answer: Any) -> str:
    """Everything in a workbook."""
    with answer:
        sheets = load_workbook(BytesIO(answer.data)).worksheets
    return " ".join(str(value) for sheet in sheets for row in sheet.values for value in row)


def test_who_may_not_see_numbers_sees_them_masked_wherever_a_file_is_told_of(
    desk: Desk, refused: Summary
) -> None:
    run, other = refused.run_id, desk.browser("other")
    for path in pages(run):
        assert number_in(desk.browser("admin").get(path).text), path
        assert number_in(other.get(path).text) == [], path
    for slug in ("import_problem", "stated_difference"):
        assert number_in(desk.caller("admin").call("GET", f"{slug}/?run={run}").text)
        assert number_in(desk.caller("other").call("GET", f"{slug}/?run={run}").text) == []
        assert number_in(cells(desk.browser("admin").get(f"/{slug}/export.xlsx?run={run}")))
        assert number_in(cells(other.get(f"/{slug}/export.xlsx?run={run}"))) == []
    said = other.get(f"/import_problem/list/?run={run}").text
    assert "much" in said
    assert "0501•••" in said


def test_masked_values_give_no_filter_by_which_to_guess_them(desk: Desk, refused: Summary) -> None:
    path = f"/import_problem/list/?run={refused.run_id}&value__contains=2334455667"
    assert "is not in use as a number" in desk.browser("admin").get(path).text
    assert desk.browser("other").get(path).status_code == 400
    assert 'name="value' not in desk.browser("other").get("/import_problem/list/").text


def test_the_refused_rows_are_given_to_who_sent_them_and_who_may_see_numbers(
    desk: Desk, refused: Summary
) -> None:
    address = f"/imports/{refused.run_id}/errors.xlsx"
    for who in ("admin", "sender"):
        assert number_in(cells(desk.browser(who).get(address))) == ["1618033988", "1414213562", "05011122334455667", "+380501112234"]  # fmt: skip
        assert address in desk.browser(who).get(f"/imports/{refused.run_id}").text
    assert desk.browser("other").get(address).status_code == 403
    assert address not in desk.browser("other").get(f"/imports/{refused.run_id}").text
