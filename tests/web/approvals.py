"""Two managers, a route, and what was asked for and said: what the tests of approval have in common."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete

from app.access.users import create_user
from app.core.db import unscoped
from app.core.org import Absence, ApprovalRequest, ApprovalRoute, GrantKind, Notification, Task
from app.core.web import approved
from tests.web.people import rows
from tests.web.shop import Shop


@pytest.fixture(autouse=True)
def no_other_route(shop: Shop) -> Iterator[None]:
    """Mary and Martin, who manage; what a test asked for is gone after it."""
    for name in ("mary", "martin"):
        if not rows("user", username=name):
            person(shop, name, "Manager")
    yield
    with unscoped("no route of another test") as session:
        for entity in (Notification, Absence, ApprovalRequest, ApprovalRoute, Task):
            session.execute(delete(entity))


def person(shop: Shop, name: str, role_name: str, *grants: dict[str, Any], **columns: Any) -> int:
    """A further user, who sees all unless his grants say otherwise."""
    shop.users[name] = create_user(
        name, "pw", role_name, first_name=name.title(), last_name="T",
        grants=grants or ({"kind": GrantKind.ALL},), **columns,
    )  # fmt: skip
    return shop.users[name]


def role(name: str) -> int:
    return int(next(one.id for one in rows("role") if one.name == name))


def route(shop: Shop, **values: Any) -> int:
    """A route by which a manager decides; for stopping dunning unless it says otherwise."""
    said = {"name": "Stopping", "operation": "stop_dunning", "first_role": role("Manager"), **values}
    answer = shop.caller("admin").call("POST", "approval_route/", said)
    assert answer.status_code == 201, answer.text
    return int(answer.json["result"]["id"])


def request(row_id: int, slug: str = "loan") -> Any:
    """The one request about a record."""
    [one] = rows("approval_request", entity=slug, row_id=row_id)
    return one


def decide(shop: Shop, login: str, request_id: int, verb: str = "approve_request", **said: str) -> Any:
    return shop.caller(login).call("POST", f"approval_request/{request_id}/do/{verb}", said)


def work(shop: Shop) -> int:
    """Do what was approved."""
    with shop.app.app_context():
        return approved.run()
