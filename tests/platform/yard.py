"""The shop with lorries: who may do what with them is ticked on the roles' pages, as an administrator does it."""

import os
import re
from dataclasses import dataclass
from typing import Any

from app.access.users import create_user
from app.core.org import GrantKind
from tests.kept import filled
from tests.web.approvals import role
from tests.web.people import add, stored
from tests.web.shop import Shop, open_shop
from tests.web.shown import Form

RIGHTS = {
    "Officer": ("List", "View", "Add", "Edit", "Export", "Chart", "Send to repair"),
    "Manager": ("List", "View"),
}
"""An installation that exists gives a new entity's rights to its administrators alone."""


@dataclass
class Yard(Shop):
    """The shop, whose officers drive lorries of its branch in the north; `sven` sees those of the south."""

    def said(self, plate: str, **values: Any) -> dict[str, Any]:
        """What somebody says of a new lorry of olga's: columns → values."""
        usual = {
            "plate": plate, "branch_id": self.branches["north"], "driver_id": self.users["olga"], "customer_id": self.customers[0],
            "bought_on": "2018-05-20", "price": "1000.50", "currency": "CNY", "state": "ready",
        }  # fmt: skip
        return {name: value for name, value in {**usual, **values}.items() if value is not None}

    def some_name(self, login: str) -> str:
        """The name of a customer whom that officer sees and the other one does not."""
        return str(stored("customer", self.customers[0 if login == "olga" else 1]).name)

    def lorry(self, plate: str, **values: Any) -> int:
        """The id of a lorry that a program of the administrator's made."""
        answer = self.caller("admin").call("POST", "lorry/", self.said(plate, **values))
        assert answer.status_code == 201, answer.text
        return int(answer.json["result"]["id"])

    def some_of(self, prefix: str, **values: Any) -> list[int]:
        """Five lorries: two of olga's, two of otto's and one of the south; prices and days rise."""
        drivers = ["olga", "otto", "olga", "otto", None]
        items = [
            self.said(
                f"{prefix}-{n}", price=f"{1000 * (n + 1)}.50", bought_on=f"2018-06-{10 + n}", driver_id=driver and self.users[driver],
                branch_id=self.branches["north" if driver else "south"], **values,
            )
            for n, driver in enumerate(drivers)
        ]  # fmt: skip
        answer = self.caller("admin").call("POST", "lorry/bulk", {"items": items})
        assert answer.json["counts"] == {"created": 5}, answer.text
        return [one["id"] for one in answer.json["results"]]


def open_yard(application: Any, database: Any) -> Yard:
    """The shop's rows, a branch in the south with its officer, two who approve, and rights to lorries."""
    yard = Yard(application, **{
        name: value for name, value in vars(filled(database, open_shop)).items() if name != "app" and not name.startswith("_")
    })  # fmt: skip
    application.config["REDIS_URL"] = os.environ["REDIS_URL"]
    yard.branches["south"] = add("branch", name="South", parent_id=yard.branches["head"])
    south = {"kind": GrantKind.BRANCH, "branch_id": yard.branches["south"]}
    for name, of_role, grant in (
        ("sven", "Officer", south), ("mary", "Manager", {"kind": GrantKind.ALL}), ("second", "Administrator", {"kind": GrantKind.ALL}),
    ):  # fmt: skip
        yard.users[name] = create_user(
            name, "pw", of_role, first_name=name.title(), last_name="Test", grants=(grant,)
        )
    for name, verbs in RIGHTS.items():
        _give(yard, name, verbs)
    return yard


def _give(yard: Yard, name: str, verbs: tuple[str, ...]) -> None:
    """Tick rights to lorries on a role's page, and leave the others as they are."""
    path = f"/roles/{role(name)}"
    form = Form(yard.admin.get(path).text, path)
    ticks = re.findall(
        r'name="permission" value="(\d+)"[^>]* aria-label="Lorries: ([^"]+)"', yard.admin.get(path).text
    )
    wanted = [number for number, verb in ticks if verb in verbs]
    assert len(wanted) == len(verbs), ticks
    yard.admin.post(path, {"permission": [*form.sent()["permission"], *wanted]})
