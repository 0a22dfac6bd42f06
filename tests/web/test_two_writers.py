"""Two people with the same form open: the second is told, and nothing is written over unseen."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from typing import Any

import pytest

from app.core import registry
from app.core.db import unscoped
from app.core.web.principal import Principal
from tests.web.people import rows, stored
from tests.web.shop import Shop
from tests.web.test_writes import an_id
from tests.web.values import as_form, body, with_verb

CHANGED = "Somebody else changed this record meanwhile"


def change(slug: str, row_id: int, **values: Any) -> None:
    """Change a stored row past all screens."""
    with unscoped("another writer of a test") as session:
        row = session.get(registry.entity(slug), row_id)
        for name, value in values.items():
            setattr(row, name, value)


def opened(page: Any) -> str:
    """The marks that a shown form carries."""
    found = re.search(r'name="_opened" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def shown(page: Any, name: str) -> str:
    """What stands in a text input or text area of a shown form."""
    found = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', page.text)
    if found:
        value = re.search(r'\bvalue="([^"]*)"', found[0])
        return unescape(value[1]) if value else ""
    area = re.search(rf'<textarea[^>]*\bname="{name}"[^>]*>(.*?)</textarea>', page.text, re.DOTALL)
    assert area, f"no {name} in the form"
    return unescape(area[1]).strip()


def customer(shop: Shop, number: int) -> tuple[str, dict[str, str]]:
    """The address of a customer's form, and what it says when it is opened."""
    # a rule would fill in an empty zone at the first saving
    change("customer", shop.customers[number], zone="Asia/Shanghai")
    path, row = f"/customer/edit/{shop.customers[number]}", stored("customer", shop.customers[number])
    page = shop.admin.get(path)
    return path, {
        "client_id": str(row.client_id), "name": row.name, "manager_id": str(row.manager_id), "status": str(row.status),
        "branch_id": str(row.branch_id), "identity_number": row.identity_number,
        "zone": row.zone, "language": row.language or "", "_opened": opened(page),
    }  # fmt: skip


def test_the_second_of_two_writers_is_told_and_saves_again(shop: Shop) -> None:
    path, data = customer(shop, 2)
    row_id, officer = shop.customers[2], shop.browser("olga")
    assert officer.post(path, data | {"name": "Renamed"}).status_code == 302
    before = len(rows("history", entity="customer", row_id=row_id))
    answer = shop.admin.post(path, data | {"remark": "Calls back"})
    assert answer.status_code == 409
    assert f"{CHANGED}: Name. Your changes are kept below" in unescape(answer.text)
    held = stored("customer", row_id)
    assert (held.name, held.remark) == ("Renamed", None), "nothing is written"
    assert len(rows("history", entity="customer", row_id=row_id)) == before
    assert (shown(answer, "name"), shown(answer, "remark")) == ("Renamed", "Calls back")
    again = data | {"name": "Renamed", "remark": "Calls back", "_opened": opened(answer)}
    assert again["_opened"] != data["_opened"]
    assert shop.admin.post(path, again).status_code == 302
    held = stored("customer", row_id)
    assert (held.name, held.remark) == ("Renamed", "Calls back")


def test_what_both_changed_stays_as_typed_and_is_stored_when_saved_again(shop: Shop) -> None:
    path, data = customer(shop, 4)
    assert shop.admin.post(path, data | {"name": "First"}).status_code == 302
    answer = shop.admin.post(path, data | {"name": "Second"})
    assert (answer.status_code, shown(answer, "name")) == (409, "Second")
    assert "Stored meanwhile: First" in answer.text
    assert stored("customer", shop.customers[4]).name == "First"
    assert shop.admin.post(path, data | {"name": "Second", "_opened": opened(answer)}).status_code == 302
    assert stored("customer", shop.customers[4]).name == "Second"


def test_a_form_refused_for_another_reason_keeps_its_marks(shop: Shop) -> None:
    path, data = customer(shop, 6)
    assert shop.admin.post(path, data | {"name": "Changed"}).status_code == 302
    refused = shop.admin.post(path, data | {"name": "x" * 900})
    assert (refused.status_code, opened(refused)) == (422, data["_opened"])
    assert shop.admin.post(path, data | {"_opened": opened(refused)}).status_code == 409


def test_marks_tell_no_values_and_those_of_one_record_are_not_those_of_another(shop: Shop) -> None:
    path, data = customer(shop, 8)
    for said in (data["name"], data["identity_number"]):
        assert said not in data["_opened"]
    _other, others = customer(shop, 12)
    assert not set(data["_opened"].split()) & set(others["_opened"].split())
    assert shop.admin.post(path, data | {"_opened": others["_opened"]}).status_code == 409


def test_a_masked_value_is_neither_marked_nor_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = customer(shop, 14)
    monkeypatch.setattr(Principal, "may_reveal", False)
    marks = opened(shop.admin.get(path))
    assert "identity_number" not in marks
    change("customer", shop.customers[14], identity_number="621121197011129999", language="uk")
    answer = shop.admin.post(path, data | {"_opened": marks})
    assert answer.status_code == 409
    assert f"{CHANGED}: Language. Your" in answer.text
    assert "9999" not in answer.text


def test_of_two_who_save_in_the_same_moment_one_is_told(shop: Shop) -> None:
    path, data = customer(shop, 16)
    people = [shop.browser("olga"), shop.admin]
    said = [
        {**data, "name": name, "csrf_token": one.mark("/home/")}
        for name, one in zip("AB", people, strict=True)
    ]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one, form: one.client.post(path, data=form).status_code, people, said))
    assert sorted(answers) == [302, 409]
    assert stored("customer", shop.customers[16]).name == "AB"[answers.index(302)]


def test_a_form_without_marks_saves_as_ever(shop: Shop) -> None:
    path, data = customer(shop, 10)
    del data["_opened"]
    for name in ("One", "Two"):
        assert shop.admin.post(path, data | {"name": name}).status_code == 302
    assert stored("customer", shop.customers[10]).name == "Two"


@pytest.mark.parametrize("slug", with_verb("edit"))
def test_a_form_that_nobody_else_touched_is_saved_for_every_entity(shop: Shop, slug: str) -> None:
    """The marks of a form are the same when it is saved; a second saving with them is noticed."""
    row_id = an_id(shop, slug, 11)
    path = f"/{slug}/edit/{row_id}"
    marks = opened(shop.admin.get(path))
    data = as_form(slug, body(slug, shop, 12))
    assert shop.admin.post(path, data | {"_opened": marks}).status_code == 302
    after = opened(shop.admin.get(path))
    if after != marks:
        assert shop.admin.post(path, data | {"_opened": marks}).status_code == 409
