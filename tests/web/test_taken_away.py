"""What leaves past the pages stands in the access log, too: a made export each time, and what webhooks send of persons."""

from tests.web.people import add, rows
from tests.web.receiver import Receiver
from tests.web.shop import CUSTOMERS, Shop
from tests.web.test_exports import ask, make, small_cap
from tests.web.test_webhooks import ear, hook, hurry, send

__all__ = ["ear", "small_cap"]


def test_a_made_export_is_kept_each_time_it_is_taken(shop: Shop, small_cap: int) -> None:
    job_id = ask(shop, "olga", "sort=name")
    job = make(shop, job_id)
    for _time in range(2):
        shop.browser("olga").get(f"/files/{job_id}/download").close()
    assert shop.browser("otto").get(f"/files/{job_id}/download").status_code == 404
    made, *taken = rows("audit_event", kind="export")
    assert (made.details["rows"], "filters" in made.details) == (CUSTOMERS // 2, True)
    assert [(one.user_id, one.entity, one.about, one.details) for one in taken] == [
        (shop.users["olga"], "customer", job.file_name, {"file_job": job_id, "rows": CUSTOMERS // 2})
    ] * 2


def test_personal_values_that_a_webhook_sends_are_a_look_of_its_owner(shop: Shop, ear: Receiver) -> None:
    webhook = hook(shop, ear, "customer")
    shop.caller("admin").call("PATCH", f"customer/{shop.customers[12]}", {"name": "Told with its number"})
    before = len(rows("audit_event", kind="look"))
    ear.answers = [(500, {})]
    for delivered in (0, 1):
        assert send(shop) == delivered
        hurry(webhook)
    assert "62112119701112" in ear.heard[0].body.decode()
    seen = rows("audit_event", kind="look")[before:]
    assert [(one.user_id, one.entity, one.row_id, one.about, one.source) for one in seen] == [
        (shop.users["admin"], "customer", shop.customers[12], "customer as admin", "job")
    ] * 2, "a target that answers with an error has read it, too"
    hook(shop, ear, "team")
    add("team", name="Nobody's number")
    assert send(shop) == 1
    assert len(rows("audit_event", kind="look")) == before + 2
