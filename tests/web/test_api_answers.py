"""What programs are answered has the shape that the description says, for every kind of record."""

from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from app.core.web.links import shown_entities
from tests.web.shop import Shop


@pytest.fixture(scope="module")
def document(shop: Shop) -> Any:
    return shop.caller("admin").call("GET", "_openapi").json


def faults(document: Any, method: str, path: str, answer: Any) -> list[str]:
    """Where an answer differs from what the description says of it."""
    said = document["paths"][f"/api/v1/{path}"][method]["responses"][str(answer.status_code)]
    schema = {**said["content"]["application/json"]["schema"], "components": document["components"]}
    found = OAS30Validator(schema).iter_errors(answer.json)
    return [f"{path} {list(one.absolute_path)}: {one.message}"[:200] for one in found]


def test_every_list_and_record_is_answered_in_the_shape_that_is_described(shop: Shop, document: Any) -> None:
    program, wrong, tried = shop.caller("admin"), [], 0
    for entity in shown_entities():
        slug = entity.slug()
        listed = program.call("GET", f"{slug}/?size=25")
        wrong += faults(document, "get", f"{slug}/", listed)
        for row in listed.json["result"][:1]:
            tried += 1
            wrong += faults(document, "get", f"{slug}/{{pk}}", program.call("GET", f"{slug}/{row['id']}"))
    assert (wrong, tried > 10) == ([], True), tried


def test_writes_operations_and_refusals_are_answered_as_described(shop: Shop, document: Any) -> None:
    program, loan = shop.caller("admin"), shop.loans[0]
    calls: list[tuple[str, str, str, Any]] = [
        ("post", "team/", "team/", {"name": "As described"}),
        ("post", "team/", "team/", {"name": "x" * 900}),
        ("post", "team/bulk", "team/bulk", {"items": [{"name": "One"}, {"name": "Two"}]}),
        ("post", "team/bulk", "team/bulk", {"items": [{"name": "x" * 900}, {"nam": 1}]}),
        ("post", "loan/{pk}/do/stop_dunning", f"loan/{loan}/do/stop_dunning", {"reason": "He is ill"}),
        ("post", "loan/{pk}/do/post_repayment", f"loan/{loan}/do/post_repayment", {}),
        ("patch", "customer/{pk}", f"customer/{shop.customers[0]}", {"remark": "read"}),
        ("patch", "customer/{pk}", "customer/999999", {"remark": "read"}),
    ]
    answers = [(path, program.call(method.upper(), at, said)) for method, path, at, said in calls]
    wrong = [one for (path, answer), (method, *_rest) in zip(answers, calls, strict=True) for one in faults(document, method, path, answer)]  # fmt: skip
    assert wrong == []
    assert [answer.status_code for _path, answer in answers] == [201, 422, 200, 422, 200, 422, 200, 404]


def test_the_reference_tells_arguments_and_answers(shop: Shop) -> None:
    page = shop.browser("olga").get("/reference/loan").text
    assert "amount: string, received_on: date, reference: string" in page
    assert "200 {result, next, count}" in page
