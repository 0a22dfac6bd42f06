"""Saving a form changes what the person changed and nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.core import registry
from app.core.db import unscoped
from tests.web.people import fingerprint, rows, stored
from tests.web.shop import Shop
from tests.web.shown import Form
from tests.web.test_two_writers import CHANGED, change
from tests.web.test_writes import an_id
from tests.web.values import fields, with_verb

KEPT = ("audit_event", "ab_user", "idempotent_request")
"""Tables that keep that somebody looked, came or sent a form."""


def as_shown(shop: Shop, path: str) -> Form:
    """The form of a page, as its browser would send it."""
    return Form(shop.admin.get(path).text, path)


def bare(slug: str, row_id: int) -> None:
    """Empty every column of a stored row that may be empty: what was imported is seldom complete."""
    typed = {field.column.key for field in fields(slug) if field.column is not None}
    empty = [c.key for c in registry.entity(slug).__table__.columns if c.nullable and c.key in typed]
    with unscoped("an incomplete row") as session:
        row = session.get(registry.entity(slug), row_id)
        for name in empty:
            setattr(row, name, None)


@pytest.mark.parametrize("slug", with_verb("edit"))
@pytest.mark.parametrize("is_bare", [False, True], ids=["full", "bare"])
def test_a_form_saved_as_it_was_opened_changes_nothing(
    shop: Shop, slug: str, database: Any, is_bare: bool
) -> None:
    known = rows("setting", name="business_date")[0].id if slug == "setting" else None
    row_id = known or an_id(shop, slug, 21 + is_bare)
    path = f"/{slug}/edit/{row_id}"
    if is_bare and slug != "data_grant":  # needs what its kind asks for
        bare(slug, row_id)
    form, before = as_shown(shop, path).sent(), fingerprint(database, *KEPT)
    kept = vars(stored(slug, row_id)) | {"_sa_instance_state": None, "last_login": None, "login_count": None}
    answer = shop.admin.client.post(path, data=form)
    if answer.status_code == 302:
        now = vars(stored(slug, row_id)) | {
            "_sa_instance_state": None,
            "last_login": None,
            "login_count": None,
        }
        assert now == kept
    else:
        assert (answer.status_code, is_bare) == (422, True), "a bare row may lack what its form needs"
    assert fingerprint(database, *KEPT) == before


def test_a_saved_name_is_all_that_the_history_and_the_second_writer_hear_of(shop: Shop) -> None:
    row_id = shop.customers[2]
    change("customer", row_id, zone=None)
    path = f"/customer/edit/{row_id}"
    first, second = as_shown(shop, path), as_shown(shop, path)
    assert shop.admin.client.post(path, data=first.sent(name="Renamed")).status_code == 302
    held = stored("customer", row_id)
    assert (held.name, held.zone) == ("Renamed", None)
    assert set(rows("history", entity="customer", row_id=row_id)[-1].changes) == {"name"}
    answer = shop.admin.client.post(path, data=second.sent(remark="Calls back"))
    assert answer.status_code == 409
    assert f"{CHANGED}: Name. Your" in answer.text


def test_a_new_customer_and_one_whose_zone_is_cleared_live_where_the_client_is(shop: Shop) -> None:
    path = f"/customer/edit/{shop.customers[4]}"
    change("customer", shop.customers[4], zone="Europe/Kyiv")
    assert shop.admin.client.post(path, data=as_shown(shop, path).sent(zone="")).status_code == 302
    assert stored("customer", shop.customers[4]).zone == "Asia/Shanghai"


def test_an_instant_keeps_its_part_of_a_second_unless_it_is_changed(shop: Shop) -> None:
    row_id = an_id(shop, "contact_note", 23)
    at = datetime(2018, 6, 20, 7, 30, 15, 123456, tzinfo=UTC)
    change("contact_note", row_id, at=at)
    path = f"/contact_note/edit/{row_id}"
    assert shop.admin.client.post(path, data=as_shown(shop, path).sent(text="More")).status_code == 302
    held = stored("contact_note", row_id)
    assert (held.at, held.text) == (at, "More")


def test_a_program_writes_an_instant_as_it_read_it_and_in_any_zone(shop: Shop) -> None:
    row_id, program = an_id(shop, "contact_note", 24), shop.caller("admin")
    at, path = datetime(2018, 6, 8, 2, 40, tzinfo=UTC), f"contact_note/{row_id}"
    change("contact_note", row_id, at=at)
    read = program.call("GET", path).json["result"]["at"]
    for said in (
        read,
        "2018-06-08T02:40:00Z",
        "2018-06-08T10:40:00+08:00",
        "2018-06-07T19:40-07:00",
        "2018-06-08T10:40",
    ):
        change("contact_note", row_id, at=datetime(2018, 6, 1, tzinfo=UTC))
        assert program.call("PUT", path, {"at": said}).status_code == 200, said
        assert stored("contact_note", row_id).at == at, said
    for wrong in ("0001-01-01T00:00:00+14:00", "2018-06-08T10:40+25:00", "2018-06-08T99:40Z"):
        assert program.call("PUT", path, {"at": wrong}).status_code == 422, wrong
