"""Addresses are built as Werkzeug builds them, though nothing is compiled for a route before its first."""

from typing import Any

from werkzeug.routing import Map, Rule

from app.core.web.routes import Route

SAMPLES = {"pk": 7, "row_id": 7, "version": 2, "number": 3, "id": 7}


def test_every_route_builds_the_address_that_a_plain_one_does(app: Any) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    assert len(rules) > 1000
    for rule in rules:
        plain = Rule(rule.rule, endpoint=rule.endpoint, methods=rule.methods, defaults=rule.defaults)
        Map([plain], converters=app.url_map.converters)
        values = {name: SAMPLES.get(name, 5) for name in rule.arguments}
        for unknown in ({}, {"q": "a b/ü", "more": ["1", "2"]}):
            assert isinstance(rule, Route)
            assert rule.build({**values, **unknown}) == plain.build({**values, **unknown})
        assert rule.build(values, append_unknown=False) == plain.build(values, append_unknown=False)


def test_a_route_compiles_what_builds_its_address_with_the_first_one() -> None:
    route = Route("/thing/<int:pk>/page", endpoint="thing")
    Map([route])
    before = route._build_unknown
    assert route.build({"pk": 7, "at": 1}) == ("", "/thing/7/page?at=1")
    after = route._build_unknown
    assert route.build({"pk": 8}) == ("", "/thing/8/page")
    assert before is not after
    assert after is route._build_unknown
