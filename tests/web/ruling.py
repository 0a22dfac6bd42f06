"""Rules of administrators as tests type them, and what carries them out."""

from typing import Any

from app.core.rules import runner
from tests.web.shop import Shop


def rule(shop: Shop, **values: Any) -> Any:
    """A rule typed in by the administrator; the answer of the API."""
    said = {"name": "A rule", "entity": "customer", "event": "changed", "user": shop.users["admin"], **values}
    return shop.caller("admin").call("POST", "rule/", said)


def made(shop: Shop, **values: Any) -> int:
    """The id of a rule that was stored."""
    answer = rule(shop, **values)
    assert answer.status_code == 201, answer.text
    return int(answer.json["result"]["id"])


def rename(shop: Shop, customer: int, name: str = "Renamed") -> None:
    """A change of a customer by the administrator."""
    assert shop.caller("admin").call("PATCH", f"customer/{customer}", {"name": name}).status_code == 200


def work(shop: Shop) -> int:
    """Carry out what waits; how many firings were done."""
    with shop.app.app_context():
        return runner.run()
