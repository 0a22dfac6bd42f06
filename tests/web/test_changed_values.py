"""The history is found by a value that a field had or was given, and tells nobody what he does not see."""

from urllib.parse import quote

from tests.web.people import add, rows
from tests.web.shop import Shop


def found(shop: Shop, login: str, value: str) -> int:
    """How many changes of customers and teams a reader finds by a value."""
    answer = shop.caller(login).call("GET", f"history/?changes__value={quote(value)}")
    assert answer.status_code == 200, answer.text
    return len([one for one in answer.json["result"] if one["action"] == "change"])


def test_changes_are_found_by_their_values_and_hidden_ones_cannot_be_guessed(shop: Shop) -> None:
    officer = next(str(row.id) for row in rows("role") if row.name == "Officer")
    common = {"entity": "customer", "position": 0}
    add("custom_field", **common, code="grade", kind="text", label_en="Grade", roles=[officer])
    add("custom_field", **common, code="area", kind="number", label_en="Area", places=2)
    mine, team = shop.customers[0], add("team", name='North "7" (a\\b) 😀')
    said = {"c_grade": "A-secret", "c_area": "1500.5"}
    assert shop.caller("olga").call("PATCH", f"customer/{mine}", said).status_code == 200
    assert shop.caller("admin").call("PATCH", f"team/{team}", {"name": "South"}).status_code == 200
    assert [found(shop, "olga", value) for value in ("a-SECRET", "1,500.50", "1500.51")] == [1, 1, 0]
    assert [found(shop, "admin", value) for value in ("a-secret", "1500.5")] == [0, 1]
    for value in ('"7" (a\\b)', "😀", "south", 'h "7'):
        assert found(shop, "admin", value) == 1, value
    for value in ('" || true', "^.*$", "1e-999999"):
        assert found(shop, "admin", value) == 0, value
