"""Reports that users build: figures of their own scope, each leading to exactly its rows, kept and lent."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import g
from werkzeug.datastructures import MultiDict

from app.core import registry
from app.core.db import scoped_as
from app.core.web import principal
from app.core.web.builder import table
from app.core.web.builder.asked import read
from app.core.web.builder.cube import Cube, cube
from tests.web.people import rows
from tests.web.shop import DAY, Shop


@pytest.fixture
def told(shop: Shop) -> Any:
    """The cube of an address as a person sees it."""

    def ask(query: str, name: str = "admin", slug: str = "loan") -> tuple[Cube, table.Table]:
        with shop.app.test_request_context("/home/"):
            found = principal.of_user(shop.users[name])
            assert found is not None
            g.principal = found[1]
            with scoped_as(shop.users[name]) as session:
                made = cube(read(registry.entity(slug), MultiDict(parse_qsl(query)), found[1], DAY), session)
                return made, table.made(made)

    return ask


def numbers(shown: table.Table) -> dict[str, list[Any]]:
    return {" ".join(line.names).strip(): [one.value for one in line.entries] for line in shown.lines}


def test_groups_sums_and_totals_are_those_of_the_rows(told: Any) -> None:
    _made, shown = told("_row=status&_m=count&_m=principal__sum&_m=principal__avg&_m=principal__max")
    loans = rows("loan")
    for label in ("Current", "Overdue"):
        mine = [loan.principal for loan in loans if str(loan.status.label) == label]
        assert numbers(shown)[label] == [len(mine), sum(mine), sum(mine) / len(mine), max(mine)]
    every = [loan.principal for loan in loans]
    assert [one.value for one in shown.total.entries] == [
        len(every),
        sum(every),
        sum(every) / len(every),
        max(every),
    ]
