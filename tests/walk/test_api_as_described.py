"""Whatever a program sends within the description of the API is answered as it says, with nothing of anybody else's."""

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies as st
from schemathesis import Case
from schemathesis.checks import CHECKS as KNOWN, load_all_checks

from app.core import registry
from app.core.web.links import is_shown
from tests.walk.doors import LEFT_OUT
from tests.walk.oracle import Oracle
from tests.walk.walking import Walker, canaries, fingerprint
from tests.walk.world import World

IS_FULL = os.environ.get("LOANDESK_FULL") == "yes"
PEOPLE = ("branch_subtree", "client", "masked")
SHARE = 1 if IS_FULL else 8
"""In a common run each person tries every eighth operation, always the same; in a full one all, with other calls each time."""
EXAMPLES = 8 if IS_FULL else 2
load_all_checks()
CHECKS = [KNOWN.get_one("status_code_conformance"), KNOWN.get_one("response_schema_conformance")]


class Program:
    """What a person's program may call, with ids that mean something: of rows in sight and of others'."""

    def __init__(self, world: World, app: Any, name: str) -> None:
        self.oracle, self.walker = Oracle(world, world.person(name)), Walker(app, name)
        document = self.walker.program.get("/api/v1/_openapi", headers=self.walker.headers)
        self.schema = schemathesis.openapi.from_dict(document.json)
        self.allowed, self.world = self.oracle.tokens(), world

    def operations(self, among: random.Random) -> Iterator[Any]:
        """Those of this person's share."""
        found = sorted((one.ok() for one in self.schema.get_all_operations()), key=lambda one: one.label)
        known = [one for one in found if not any(one.path.startswith(start) for start in LEFT_OUT)]
        yield from among.sample(known, len(known) // SHARE)

    def ids(self, path: str) -> list[int]:
        """Ids for an operation on a record: one in sight, one out of sight, and one that there is not."""
        slug = path.removeprefix("/api/v1/").split("/")[0]
        if slug not in self.world.rows or not is_shown(registry.entity(slug)):
            return [1, 10**9]
        return [
            *(row.id for rows in (self.oracle.visible(slug), self.oracle.foreign(slug)) for row in rows[:1]),
            10**9,
        ]

    def call(self, case: Case, number: int) -> Any:
        """Send what was made up; the answer."""
        if "pk" in (case.path_parameters or {}):
            case.path_parameters["pk"] = number
        sent = case.as_transport_kwargs()
        headers = {
            **{str(each): str(value) for each, value in (case.headers or {}).items()},
            **self.walker.headers,
        }
        return self.walker.program.open(
            case.formatted_path, method=case.method, query_string=sent.get("params"), headers=headers,
            json=sent.get("json"), data=sent.get("data"),
        )  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
def test_what_the_description_allows_is_answered_as_described(
    world: World, app: Any, database: Any, name: str
) -> None:
    program, chosen = Program(world, app, name), random.Random(random.random() if IS_FULL else name)  # noqa: S311  no secret
    before, tried = fingerprint(database, program.oracle), 0
    for operation in program.operations(chosen):
        ids = program.ids(operation.path)

        @seed(chosen.randrange(2**32))
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(), number=st.sampled_from(ids))
        def check(case: Case, number: int) -> None:
            answer = program.call(case, number)
            assert answer.status_code < 500, f"{name}: {case.as_curl_command()} -> {answer.text}"
            assert canaries(answer.text) <= program.allowed, (
                f"{name}: {case.as_curl_command()} shows too much"
            )
            case.validate_response(answer, checks=CHECKS)

        check()
        tried += 1
    assert tried > 30
    assert fingerprint(database, program.oracle) == before
