"""Ids, numbers and days that no column can hold: found nowhere or refused in words, never an error of ours."""

import os
import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import cycle, product
from typing import Any, get_type_hints

import pytest

from app.core import registry
from app.core.report import entity_of
from app.core.web.conditions import OPS_OF
from app.core.web.fields import FieldInfo, listable
from app.core.web.ids import Id
from app.core.web.links import shown_entities
from tests.web.people import fingerprint
from tests.web.shop import Shop
from tests.web.values import with_verb

IDS = ("99999999999999999999", str(2**63), str(2**31), "0", "9" * 400)
"""Those of no row: past both sorts of integers, past one of them, and none at all."""
NUMBERS = (str(-(2**63) - 1), "9" * 400, "-1e15", "99999999999999999999", "1e400", "NaN")
DAYS = ("9999-12-31", "0001-01-05", "2018-02-30", "0001-01-01", "10000-01-01", "1899-12-31", "2200-01-01")
VALUES = {
    "money": NUMBERS, "rate": NUMBERS, "number": NUMBERS, "days": NUMBERS, "id": IDS, "link": IDS,
    "date": DAYS, "datetime": DAYS,
}  # fmt: skip
FULL = os.environ.get("LOANDESK_FULL") == "yes"
BRIEFLY = {"Accept": "application/json"}
SAMPLES = ("customer", "user")
"""An entity whose ids are of 64 bits, and one whose are of 32."""


def id_routes(app: Any) -> list[Any]:
    """The routes in which the id of a row stands."""
    return [rule for rule in app.url_map.iter_rules() if any(_is_id(rule, name) for name in rule.arguments)]


def _is_id(rule: Any, name: str) -> bool:
    return name == "pk" or name.endswith("_id") or isinstance(rule._converters[name], Id)


def test_no_route_takes_a_number_without_saying_whose_id_it_is(shop: Shop) -> None:
    plain = [rule.rule for rule in shop.app.url_map.iter_rules() if re.search(r"<int[:(]", rule.rule)]
    assert not plain


def test_every_route_with_an_id_finds_nothing_under_an_impossible_one(shop: Shop, database: Any) -> None:
    program, wrong, mark = shop.caller("admin"), [], {"csrf_token": shop.admin.mark("/home/")}
    before, routes = fingerprint(database, "audit_event", "ab_user"), id_routes(shop.app)
    assert len(routes) > len(shown_entities())
    for rule, number in zip(routes, cycle(IDS[:3]), strict=False):
        path = re.sub(r"<(?:[^<>:]+:)?(\w+)>", partial(_put, number), rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            if path.startswith("/api/"):
                answer = program.call(method, path.removeprefix("/api/v1/"), {} if method != "GET" else None)
            else:
                form = None if method == "GET" else mark
                answer = shop.admin.client.open(path, method=method, data=form, headers=BRIEFLY)
            is_not_offered = answer.status_code == 405 and method not in answer.headers["Allow"].split(", ")
            if answer.status_code != 404 and not is_not_offered:
                wrong.append((method, path, answer.status_code))
    assert not wrong
    assert fingerprint(database, "audit_event", "ab_user") == before


def _put(number: str, found: Any) -> str:
    return number if found[1] == "pk" or found[1].endswith("_id") else "none"


def filters() -> dict[tuple[str, ...], tuple[str, str]]:
    """An address for each comparison of each sort of column with each value: (list, parameter) by what it tries.

    A derived value is a sort of its own. `run.py test --full` asks it of every column of every list.
    """
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for entity in shown_entities():
        for field in listable(entity):
            plain = field.column is not None and field.custom is None
            sort = str(field.column.type) if plain else f"{entity.slug()}.{field.name}"
            for op, value in product(OPS_OF.get(field.kind, ()), VALUES.get(field.kind, ())):
                where = (entity.slug(), field.name) if FULL else ()
                found[field.kind, sort, op, value, *where] = (entity.slug(), f"{field.name}__{op}")
    return found


@pytest.mark.parametrize("kind", sorted({what[0] for what in filters()}))
def test_every_filter_answers_whatever_number_or_day_it_is_given(shop: Shop, kind: str) -> None:
    tried = {what: where for what, where in filters().items() if what[0] == kind}
    assert len(tried) >= len(VALUES[kind])
    for (_kind, _sort, _op, value, *_), (slug, parameter) in tried.items():
        given = {parameter: value, "partial": "1"}
        answer = shop.admin.get(f"/{slug}/list/", query_string=given, headers=BRIEFLY)
        assert answer.status_code in (200, 400), (slug, given)


def test_what_follows_from_a_column_is_sorted_and_filtered_by_or_refused_in_words(shop: Shop) -> None:
    every = [(cls.slug(), f) for cls in shown_entities() for f in listable(cls)]
    derived = [(slug, f) for slug, f in every if f.derived is not None]
    kept = [(slug, f) for slug, f in every if f.kind == "json" and not f.has_fields]
    assert len({type(field.derived) for _slug, field in derived}) > 2
    assert kept
    for slug, field in [*derived, *kept]:
        asked = f"{field.name}__contains" if field.kind == "json" else field.name
        for said in ({"sort": field.name}, {"sort": f"-{field.name}"}, {asked: "1"}):
            for path in (f"/{slug}/list/", f"/{slug}/export.xlsx", f"/api/v1/{slug}/"):
                asker = shop.caller("admin") if "api" in path else shop.admin
                headers = asker.headers if "api" in path else BRIEFLY
                with asker.client.get(path, query_string=said, headers=headers) as answer:
                    assert answer.status_code == (200 if field.is_compared else 400), (path, said)


@pytest.mark.parametrize("slug", SAMPLES)
@pytest.mark.parametrize("name", ["after", "before", "size", "at", "sort", "cols", "last", "q", "ids"])
def test_the_rest_of_a_lists_address_answers_too(shop: Shop, slug: str, name: str) -> None:
    for value in (NUMBERS[0], DAYS[0]):
        for path in (f"/{slug}/list/", f"/{slug}/lookup/branch", f"/lookups/{slug}", "/search/"):
            answer = shop.admin.get(path, query_string={name: value}, headers=BRIEFLY)
            assert answer.status_code in (200, 400), (path, name, value)


def test_an_operation_on_an_impossible_row_finds_nothing(shop: Shop) -> None:
    operations = [one for cls in registry.entities() for one in registry.operations(cls)]
    assert len(operations) > 10
    mark = {"csrf_token": shop.admin.mark("/home/"), "__run": "1"}
    for operation, number in product(operations, IDS):
        path = f"/{operation.entity.slug()}/do/{operation.name}"
        assert shop.admin.get(path, query_string={"ids": number}, headers=BRIEFLY).status_code == 404, path
        sent = shop.admin.client.post(path, data={"ids": number, **mark}, headers=BRIEFLY)
        assert sent.status_code == 404, path


@pytest.mark.parametrize("slug", with_verb("add"))
def test_a_form_opened_or_sent_with_an_impossible_value_says_so(shop: Shop, slug: str, database: Any) -> None:
    fields = _typed(slug)
    before = fingerprint(database, "audit_event", "ab_user")
    for number in range(2):
        said = {f: VALUES[f.kind][number % len(VALUES[f.kind])] for f in fields}
        opened = shop.admin.get(f"/{slug}/add", query_string={f.name: value for f, value in said.items()})
        assert opened.status_code == 200, said
        sent = shop.admin.post(f"/{slug}/add", {f.column.key: value for f, value in said.items()})
        assert sent.status_code in (400, 422) or not said, said
        called = shop.caller("admin").call("POST", f"{slug}/", {f.name: value for f, value in said.items()})
        assert called.status_code == 422, said
    assert fingerprint(database, "audit_event", "ab_user") == before


def _typed(slug: str) -> list[FieldInfo]:
    from tests.web.values import fields

    return [field for field in fields(slug) if field.kind in VALUES]


def parameters() -> Iterator[tuple[str, str, bool]]:
    """(address, parameter, whether it is a day) of every day and id that a report is asked for."""
    for report in registry.reports():
        kinds = get_type_hints(report.asked)
        for one in report.asked.parameters():
            is_day = kinds[one.name] == date | None
            if is_day or entity_of(one):
                yield report.url, one.name, is_day


def test_a_report_names_the_parameter_that_makes_no_sense(shop: Shop) -> None:
    assert len(list(parameters())) > 2 * len(registry.reports())
    days, ids = cycle(DAYS), cycle(IDS[:3])
    for url, name, is_day in parameters():
        value = next(days if is_day else ids)
        page = shop.admin.get(f"{url}/", query_string={name: value})
        assert page.status_code == 422, (url, name, value)
        assert f'id="error-{name}"' in page.text
        for door in ("chart", "export.xlsx"):
            answer = shop.admin.get(f"{url}/{door}", query_string={name: value}, headers=BRIEFLY)
            assert answer.status_code == 400, (url, name, value)
            assert answer.json["message"].partition(": ")[2]


@pytest.mark.parametrize("day", ["1900-01-01", "2199-12-31"])
def test_the_first_and_last_day_that_make_sense_are_answered(shop: Shop, day: str) -> None:
    for url, name, is_day in parameters():
        if is_day:
            assert shop.admin.get(f"{url}/", query_string={name: day}).status_code == 200, (url, name)


def test_an_address_fills_a_form_in_as_if_it_were_typed(shop: Shop) -> None:
    page = shop.admin.get("/customer/add?name=Olena&born_on=1990-05-17&client=1&zone=Europe/Kyiv").text
    for value in ('value="Olena"', 'value="1990-05-17"', 'value="Europe/Kyiv"', "The Bank"):
        assert value in page
