"""Fields that are asked for only while another one has some value: in the form, and for every door behind it."""

import re

from app.access.users import create_user
from tests.web.people import rows, stored
from tests.web.shop import Shop


def test_the_form_says_while_which_value_of_which_field_another_is_asked_for(shop: Shop) -> None:
    page = shop.admin.get("/data_grant/add").text
    found = r'data-only-if="kind" data-only-values="([\w;]+)">\s*<label class="form-label( required)?" for="(\w+)"'
    told = {name: (values, bool(needed)) for values, needed, name in re.findall(found, page)}
    assert told == {
        "branch_id": ("branch", True), "region_id": ("region", True), "team_id": ("team", False),
        "department_id": ("team", False), "client_id": ("client", True), "product_kinds": ("region", False),
    }  # fmt: skip


def test_a_value_that_is_not_asked_for_is_refused_beside_its_field_and_by_the_interface_for_programs(
    shop: Shop,
) -> None:
    user = create_user("conditional", "pw", "Officer", grants=())
    grant = {"user_id": str(user), "kind": "all", "client_id": str(shop.client)}
    assert shop.admin.post("/data_grant/add", grant).status_code == 422
    body = {"user": user, "kind": "client"}
    refused = shop.caller("admin").call("POST", "data_grant/", body)
    assert refused.status_code == 422
    assert rows("data_grant", user_id=user) == []
    made = shop.caller("admin").call("POST", "data_grant/", {**body, "client": shop.client})
    assert made.status_code == 201
    number = made.json["result"]["id"]
    assert shop.caller("admin").call("PUT", f"data_grant/{number}", {"kind": "all"}).status_code == 422
    changed = {"user_id": str(user), "kind": "all"}
    assert shop.admin.post(f"/data_grant/edit/{number}", changed).status_code == 302
    assert (str(stored("data_grant", number).kind), stored("data_grant", number).client_id) == ("all", None)
