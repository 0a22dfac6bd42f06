"""Files in custom fields: kept with their record, seen by whoever sees it and the field, named in the history."""

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest

from app.access.users import create_user
from app.core import clock, erasure, files, housekeeping, registry
from app.core.db import unscoped
from app.core.jobs import Record
from app.core.org import GrantKind
from tests.roles import role_that_reveals_nothing
from tests.web.people import Caller, add, rows, stored
from tests.web.sent import send as send_rows
from tests.web.shop import Shop
from tests.web.test_attachments import PNG, SVG, attach, kept
from tests.web.test_tokens import call, made


@pytest.fixture(scope="module")
def fields(shop: Shop) -> dict[str, int]:
    """A file of customers that all see, one of a role, one that is needed and one that is personal."""
    officer = next(one.id for one in rows("role") if one.name == "Officer")
    said = {
        "deed": {"label_en": "Deed"},
        "audit": {"label_en": "Audit", "roles": str(officer)},
        "passport": {"label_en": "Passport scan", "is_personal": "y"},
    }
    for code, more in said.items():
        about = {"entity": "customer", "code": code, "kind": "file", "position": "0", **more}
        answer = shop.admin.post("/custom_field/add", about)
        assert answer.status_code == 302, answer.text
    add("custom_field", entity="phone", code="bill", kind="file", label_en="Bill", is_required=True)
    return {one.code: one.id for one in rows("custom_field", kind="file")}


def upload(name: str, content: bytes = PNG) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def lines(row_id: int, code: str = "deed") -> list[Any]:
    return rows("field_file", entity="customer", row_id=row_id, field=code)


def held(row_id: int, code: str = "deed") -> Any:
    return (stored("customer", row_id).custom or {}).get(code)


def save(shop: Shop, login: str, slug: str, row_id: int, **values: Any) -> Any:
    return shop.browser(login).post(f"/{slug}/edit/{row_id}", form_of(slug, row_id) | values)


def form_of(slug: str, row_id: int) -> dict[str, Any]:
    row = stored(slug, row_id)
    if slug == "phone":
        return {
            "customer_id": row.customer_id,
            "number": row.number,
            "kind": row.kind.value,
            "state": row.state.value,
        }
    return {
        "client_id": row.client_id,
        "name": row.name,
        "kind": row.kind.value,
        "status": row.status.value,
        "manager_id": row.manager_id,
    }


def send(shop: Shop, login: str, slug: str, row_id: int, said: dict[str, Any]) -> Any:
    """A call of a program with a file, as a part of a form."""
    caller: Caller = shop.caller(login)
    path = f"/api/v1/{slug}/{row_id}"
    return caller.client.patch(path, headers=caller.headers, data=said, content_type="multipart/form-data")


def got(shop: Shop, login: str, line: Any) -> list[int]:
    """What the doors of a file answer to a person: his page's two, and his program's."""
    pages = [
        shop.browser(login).get(f"/field_file/{line.id}/{door}", buffered=True)
        for door in ("preview", "download")
    ]
    content = shop.caller(login).call("GET", f"field_file/{line.id}/content", buffered=True)
    return [one.status_code for one in (*pages, content)]


def test_a_file_sent_with_a_form_is_kept_with_its_record_and_named_everywhere(
    shop: Shop, fields: dict[str, int]
) -> None:
    one, olga = shop.customers[0], shop.browser("olga")
    assert save(shop, "olga", "customer", one, c_deed=upload("../../deed.png")).status_code == 302
    [line] = lines(one)
    assert held(one) == {"id": line.id, "name": "deed.png", "type": "image/png"}
    assert (line.author_id, line.size) == (shop.users["olga"], len(PNG))
    assert files.path_of(line.file_key).read_bytes() == PNG
    page = olga.get(f"/customer/page/{one}").text
    assert f'<img src="/field_file/{line.id}/preview" alt="deed.png"' in page
    assert f'href="/field_file/{line.id}/download"' in olga.get("/customer/list/?cols=name.c_deed").text
    assert "deed.png" in olga.get(f"/customer/edit/{one}").text
    with olga.get("/customer/export.xlsx?cols=name.c_deed&c_deed__null=0") as file:
        cells = [
            cell.value
            for row in openpyxl.load_workbook(io.BytesIO(file.data)).active.iter_rows()
            for cell in row
        ]
    assert "deed.png" in cells
    assert "Customer 00" in cells
    assert "Customer 10" not in cells
    assert "deed.png" not in olga.get(f"/customer/add?copy={one}").text, "a copy begins without the file"
    assert got(shop, "olga", line) == [200, 200, 200]
    shown = olga.get(f"/field_file/{line.id}/preview", buffered=True)
    assert (shown.data, shown.mimetype) == (PNG, "image/png")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert {one.about for one in rows("audit_event", kind="file", row_id=one)} == {"deed.png"}


def test_who_does_not_see_the_record_or_the_field_finds_no_file(shop: Shop, fields: dict[str, int]) -> None:
    one = shop.customers[2]
    sent = {"c_audit": upload("secret.png"), "c_deed": upload("page.svg", SVG)}
    assert save(shop, "olga", "customer", one, **sent).status_code == 302
    secret, drawing = lines(one, "audit")[0], lines(one)[0]
    assert got(shop, "olga", secret) == [200, 200, 200]
    assert got(shop, "admin", secret) == [404, 404, 404], "the field is of officers"
    assert got(shop, "otto", secret) == [404, 404, 404], "the customer is olga's"
    assert got(shop, "olga", drawing) == [404, 200, 200], "a drawing could run"
    told = "".join(shop.admin.get(f"/customer/{page}/{one}").text for page in ("page", "edit", "activity"))
    assert "secret.png" not in told
    assert "secret.png" in shop.browser("olga").get(f"/customer/activity/{one}").text
    assert "c_audit" not in shop.caller("admin").call("GET", f"customer/{one}").text


def test_another_file_takes_its_place_and_the_history_names_both(shop: Shop, fields: dict[str, int]) -> None:
    one = shop.customers[4]
    save(shop, "olga", "customer", one, c_deed=upload("old.png"))
    save(shop, "olga", "customer", one)
    assert held(one)["name"] == "old.png", "nothing was sent: it stays"
    save(shop, "olga", "customer", one, c_deed=upload("new.png"))
    save(shop, "olga", "customer", one, c_deed="-")
    assert held(one) is None
    told = shop.browser("olga").get(f"/customer/activity/{one}?kind=history").text
    assert "Deed: old.png → new.png" in told
    assert "Deed: new.png → –" in told
    first, second = lines(one)
    with unscoped("what housekeeping removes") as session:
        housekeeping.remove_left_files(
            session, clock.now() + timedelta(days=1), Record("housekeeping", "files", None)
        )
    assert files.path_of(first.file_key).exists()
    assert got(shop, "olga", second) == [200, 200, 200]
    refused = shop.admin.post(f"/custom_field/delete/{fields['deed']}", follow_redirects=True).text
    assert "Files kept of it" in refused
    assert stored("custom_field", fields["deed"]) is not None


def test_what_is_needed_must_be_sent_once_and_stays(shop: Shop, fields: dict[str, int]) -> None:
    phone = rows("phone", customer_id=shop.customers[0])[0].id
    assert save(shop, "olga", "phone", phone).status_code == 422
    assert save(shop, "olga", "phone", phone, c_bill=upload("bill.pdf", b"%PDF-1.4 x")).status_code == 302
    assert save(shop, "olga", "phone", phone).status_code == 302
    assert save(shop, "olga", "phone", phone, c_bill="-").status_code == 422
    assert save(shop, "olga", "phone", phone, c_bill=upload("none.pdf", b"")).status_code == 422
    assert stored("phone", phone).custom["bill"]["name"] == "bill.pdf"
    assert len(rows("field_file", entity="phone")) == 1


def test_a_program_sends_a_file_or_names_an_attachment_and_reads_a_link(
    shop: Shop, fields: dict[str, int]
) -> None:
    one, olga = shop.customers[6], shop.caller("olga")
    answer = send(shop, "olga", "customer", one, {"c_deed": upload("sent.png")})
    assert answer.status_code == 200, answer.text
    read = olga.call("GET", f"customer/{one}").json["result"]["c_deed"]
    assert read["name"] == "sent.png"
    assert olga.call("GET", read["url"].removeprefix("/api/v1/"), buffered=True).data == PNG
    for entities, status in (([], 200), (["customer"], 200), (["loan"], 404)):
        token = made(shop, "olga", entities=entities, is_read_only=True)
        assert (
            call(shop, token, path=read["url"].removeprefix("/api/v1/"), buffered=True).status_code == status
        )
    attach(shop, "olga", PNG, "scan.png", "customer", one)
    attach(shop, "olga", PNG, "other.png", "customer", shop.customers[0])
    assert olga.call("PATCH", f"customer/{one}", {"c_deed": kept("scan.png").id}).status_code == 200
    assert held(one)["name"] == "scan.png"
    for wrong in (kept("other.png").id, 10**30, "here.png", True, {"id": 1}, [1]):
        refused = olga.call("PATCH", f"customer/{one}", {"c_deed": wrong})
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["c_deed"]), wrong
    items = [{"id": one, "c_deed": kept("scan.png").id}]
    assert olga.call("POST", "customer/bulk", {"items": items}).status_code == 422
    assert olga.call("PATCH", f"customer/{one}", {"c_deed": None}).status_code == 200
    assert held(one) is None


def test_lists_ask_only_whether_there_is_one(shop: Shop, fields: dict[str, int]) -> None:
    olga = shop.browser("olga")
    for query in ("sort=c_deed", "c_deed=x", "c_deed__contains=x"):
        assert olga.get(f"/customer/list/?{query}").status_code == 400, query
    assert olga.get(f"/customer/cell/c_deed/{shop.customers[0]}").status_code == 404
    page = olga.post("/customer/change", {"ids": str(shop.customers[0])}).text
    assert "c_deed" not in page
    for more in ({"default_value": "x"}, {"is_indexed": "y"}, {"is_searched": "y"}):
        about = {
            "entity": "customer",
            "code": "none",
            "kind": "file",
            "label_en": "No",
            "position": "0",
            **more,
        }
        assert shop.admin.post("/custom_field/add", about).status_code == 422, more


def test_a_personal_file_is_opened_by_who_may_see_such_values_and_goes_with_the_person(
    shop: Shop, fields: dict[str, int]
) -> None:
    one = add("customer", client_id=shop.client, name="Gone", manager_id=shop.users["olga"])
    save(shop, "olga", "customer", one, c_passport=upload("FE123456.png"), c_deed=upload("stays.png"))
    [line] = lines(one, "passport")
    create_user("veiled", "pw", role_that_reveals_nothing("Veiled"), grants=[{"kind": GrantKind.ALL}])
    assert got(shop, "olga", line) == [200, 200, 200]
    assert got(shop, "veiled", line) == [404, 404, 404]
    assert "FE123456" not in shop.browser("veiled").get(f"/customer/page/{one}").text
    with unscoped("erase a person") as session:
        erasure.erase(session, session.get_one(registry.entity("customer"), one))
    assert lines(one, "passport") == []
    assert list(stored("customer", one).custom) == ["deed"]
    assert "FE123456" not in shop.browser("olga").get(f"/customer/activity/{one}?kind=history").text


def test_a_file_does_not_wait_for_approval_with_the_other_changes(shop: Shop, fields: dict[str, int]) -> None:
    manager = next(each.id for each in rows("role") if each.name == "Manager")
    add("approval_route", operation="edit.customer", name="Names", field_names="name", first_role_id=manager)
    one = shop.customers[8]
    answer = save(shop, "olga", "customer", one, name="Another", c_deed=upload("waits.png"))
    assert (answer.status_code, "A file cannot wait for approval" in answer.text) == (422, True)
    assert (stored("customer", one).name, held(one), lines(one)) == ("Customer 08", None, [])
    assert save(shop, "olga", "customer", one, c_deed=upload("alone.png")).status_code == 302
    assert held(one)["name"] == "alone.png"


def test_programs_are_told_how_it_is_written_and_files_of_rows_are_not_asked_for_it(
    shop: Shop, fields: dict[str, int]
) -> None:
    paths = shop.caller("admin").call("GET", "_openapi").json["paths"]
    for path, verb in (("/api/v1/customer/", "post"), ("/api/v1/customer/{pk}", "patch")):
        content = paths[path][verb]["requestBody"]["content"]
        said = {kind: one["schema"]["properties"]["c_deed"] for kind, one in content.items()}
        assert said["application/json"]["type"] == "integer"
        assert said["multipart/form-data"]["format"] == "binary"
    items = paths["/api/v1/customer/bulk"]["post"]["requestBody"]["content"]["application/json"]["schema"][
        "properties"
    ]["items"]
    assert "c_deed" not in items["items"]["properties"]
    assert "{name, url}" in shop.admin.get("/reference/customer").text
    columns = shop.admin.get(send_rows(shop, "customer", "Name;Deed\nWang;deed.png\n")).text
    assert ('value="name"' in columns, 'value="c_deed"' in columns) == (True, False)
