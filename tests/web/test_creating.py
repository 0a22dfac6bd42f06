"""Adding a row where a form asks for one: offered to who may, stored by the usual rules, told to the lookup."""

import re

from tests.web.people import rows
from tests.web.shop import Shop

PART = {"X-Partial": "new"}


def test_lookups_offer_to_add_what_the_reader_may_add(shop: Shop) -> None:
    page = shop.admin.get("/team/add").text
    assert re.search(r'<a class="form-new" href="/department/add" target="_blank" data-new="name">', page)
    offered = re.findall(
        r'class="form-new" href="/(\w+)/add"', shop.browser("olga").get("/customer/add").text
    )
    assert offered == []


def test_the_dialog_has_the_usual_form_without_the_page_and_ids_of_its_own(shop: Shop) -> None:
    part = shop.admin.get("/department/add?name=Recovery", headers=PART).text
    assert "<html" not in part
    assert 'id="new-name"' in part
    assert 'for="new-name"' in part
    assert 'value="Recovery"' in part
    assert "form-new" not in shop.admin.get("/team/add", headers=PART).text


def test_the_new_row_is_stored_and_told_and_a_refusal_keeps_what_was_typed(shop: Shop) -> None:
    told = shop.admin.post("/department/add", {"name": "Recovery"}, headers=PART)
    [made] = rows("department", name="Recovery")
    assert told.json == {"value": str(made.id), "text": "Recovery"}
    again = shop.admin.post("/department/add", {"name": "Recovery"}, headers=PART)
    assert again.status_code == 422
    assert "There is one like this already" in again.text
    assert "<html" not in again.text
    assert len(rows("department", name="Recovery")) == 1
    assert shop.browser("olga").post("/department/add", {"name": "Smuggled"}, headers=PART).status_code != 200
    assert rows("department", name="Smuggled") == []
