"""Files of records: kept as they came, known by their content, never run, seen and taken within the record's scope."""

import io
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest

from app.core import clock, files, housekeeping, settings
from app.core.db import unscoped
from tests.web.people import rows, stored
from tests.web.shop import Shop

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
MULTIPART = "multipart/form-data; boundary=b"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


def form_of(name: str, **fields: str) -> bytes:
    """The beginning of a form with these fields and a file of that name, as a browser sends it."""
    part = '--b\r\nContent-Disposition: form-data; name="{}"'
    said = "".join(f"{part.format(key)}\r\n\r\n{value}\r\n" for key, value in fields.items())
    return f'{said}{part.format("file_key")}; filename="{name}"\r\n\r\n'.encode()


def attach(shop: Shop, login: str, content: bytes, name: str, slug: str = "loan", row_id: int = 0) -> Any:
    browser = shop.browser(login)
    mark, about = browser.mark("/home/"), str(row_id or shop.loans[0])
    head = form_of(name, csrf_token=mark, entity=slug, row_id=about, note="as agreed")
    # the client would put a long body into a file that it leaves open
    return browser.client.post(
        "/attachment/add", data=head + content + b"\r\n--b--\r\n", content_type=MULTIPART
    )


def kept(name: str) -> Any:
    found = rows("attachment", name=name)
    assert len(found) == 1
    return found[0]


def test_a_file_is_kept_as_it_came_under_its_record(shop: Shop) -> None:
    answer = attach(shop, "olga", PNG, "../../herd.png")
    assert answer.headers["Location"] == f"/loan/page/{shop.loans[0]}?tab=activity"
    one = kept("herd.png")
    assert (one.entity, one.row_id, one.author_id) == ("loan", shop.loans[0], shop.users["olga"])
    assert (one.media_type, one.size, one.note) == ("image/png", len(PNG), "as agreed")
    assert files.path_of(one.file_key).read_bytes() == PNG
    page = shop.browser("olga").get(f"/loan/activity/{shop.loans[0]}").text
    assert f'<img src="/attachment/{one.id}/preview" alt="herd.png"' in page


def test_an_image_is_shown_without_an_origin_and_anything_can_be_kept(shop: Shop) -> None:
    attach(shop, "olga", PNG, "shown.png")
    one, olga = kept("shown.png"), shop.browser("olga")
    shown = olga.get(f"/attachment/{one.id}/preview", buffered=True)
    assert (shown.status_code, shown.data, shown.mimetype) == (200, PNG, "image/png")
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    taken = olga.get(f"/attachment/{one.id}/download", buffered=True)
    assert taken.headers["Content-Disposition"] == "attachment; filename=shown.png"
    part = olga.get(f"/attachment/{one.id}/preview", headers={"Range": "bytes=0-7"}, buffered=True)
    assert (part.status_code, part.data) == (206, PNG[:8])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("drawing.svg", SVG),
        ("fake.png", SVG),
        ("page.html", b"<html><script>alert(1)</script>"),
        ("x.pdf", b" <script>"),
    ],
)
def test_what_could_run_is_only_ever_to_be_kept(shop: Shop, name: str, content: bytes) -> None:
    attach(shop, "olga", content, name)
    one, olga = kept(name), shop.browser("olga")
    assert one.media_type == "application/octet-stream"
    assert olga.get(f"/attachment/{one.id}/preview", buffered=True).status_code == 404
    taken = olga.get(f"/attachment/{one.id}/download", buffered=True)
    assert taken.data == content
    assert taken.mimetype == "application/octet-stream"
    assert taken.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in taken.headers["Content-Security-Policy"]
    assert f"/attachment/{one.id}/preview" not in olga.get(f"/loan/activity/{shop.loans[0]}").text


def test_who_does_not_see_the_record_finds_no_file_of_it(shop: Shop) -> None:
    attach(shop, "olga", PNG, "hers.png")
    one, otto = kept("hers.png"), shop.browser("otto")
    for path in ("preview", "download"):
        assert otto.get(f"/attachment/{one.id}/{path}", buffered=True).status_code == 404
    assert shop.caller("otto").call("GET", f"attachment/{one.id}/content", buffered=True).status_code == 404
    assert otto.post(f"/attachment/delete/{one.id}").status_code == 404
    before = set(files.keys("attachment"))
    assert attach(shop, "otto", PNG, "smuggled.png").status_code == 404
    assert rows("attachment", name="smuggled.png") == []
    assert set(files.keys("attachment")) == before


def test_opening_a_file_of_a_person_is_logged_and_of_a_product_is_not(shop: Shop) -> None:
    attach(shop, "olga", PNG, "identity.png", "customer", shop.customers[0])
    attach(shop, "admin", PNG, "office.png", "product", shop.product)
    person, product = kept("identity.png"), kept("office.png")
    admin = shop.browser("admin")
    admin.get(f"/attachment/{person.id}/preview", buffered=True)
    admin.get(f"/attachment/{person.id}/preview", headers={"Range": "bytes=20-"}, buffered=True)
    shop.caller("admin").call("GET", f"attachment/{person.id}/content", buffered=True)
    admin.get(f"/attachment/{product.id}/download", buffered=True)
    taken = [e for e in rows("audit_event", kind="file") if e.about in ("identity.png", "office.png")]
    log = [(e.user_id, e.entity, e.row_id, e.about) for e in taken]
    assert log == [(shop.users["admin"], "customer", shop.customers[0], "identity.png")] * 2
    assert (
        "identity.png"
        in admin.get(f"/audit_event/list/?entity=customer&row_id={shop.customers[0]}&partial=tab").text
    )
    assert "Who has looked" in admin.get(f"/customer/page/{shop.customers[0]}").text
    assert "Who has looked" not in shop.browser("olga").get(f"/customer/page/{shop.customers[0]}").text


@pytest.mark.parametrize("asked", [f"bytes=-{len(PNG)}", "bytes=1-", "bytes=20-", None])
def test_a_file_of_a_person_is_logged_whichever_part_of_it_is_asked_for(
    shop: Shop, asked: str | None
) -> None:
    name = f"part {asked}.png".replace("=", "").replace(":", "")
    attach(shop, "olga", PNG, name, "customer", shop.customers[0])
    one, admin = kept(name), shop.browser("admin")
    headers = {"Range": asked} if asked else {}
    for _time in range(2):
        assert admin.get(f"/attachment/{one.id}/preview", headers=headers, buffered=True).status_code in (
            200,
            206,
        )
    [log] = rows("audit_event", kind="file", about=name)
    assert (log.user_id, log.entity, log.row_id) == (shop.users["admin"], "customer", shop.customers[0])
    assert log.details == {"attachment": one.id}
    elsewhere = {"environ_base": {"REMOTE_ADDR": "10.1.2.3"}}
    admin.client.get(f"/attachment/{one.id}/download", buffered=True, **elsewhere)
    assert len(rows("audit_event", kind="file", about=name)) == 2, "another place is another look"


def test_a_file_of_a_record_that_belongs_to_a_person_is_logged_as_his(shop: Shop) -> None:
    attach(shop, "olga", PNG, "contract.png")
    shop.admin.get(f"/attachment/{kept('contract.png').id}/download", buffered=True)
    [log] = rows("audit_event", kind="file", about="contract.png")
    assert (log.entity, log.row_id) == ("loan", shop.loans[0])
    assert "Who has looked" in shop.admin.get(f"/loan/show/{shop.loans[0]}").text


@pytest.mark.parametrize(("size", "status"), [(1_100_000, 422), (900_000, 302), (0, 422)])
def test_the_largest_file_is_a_setting(shop: Shop, size: int, status: int) -> None:
    with unscoped("a limit of a test") as session:
        settings.write(session, "attachment_mb", "1")
    answer = attach(shop, "olga", b"x" * size, f"{size}.bin")
    assert answer.status_code == status
    assert (status == 302) == bool(rows("attachment", name=f"{size}.bin"))
    said = {1_100_000: "larger than 1 MB", 0: "The file is empty"}
    assert said.get(size, "") in answer.text


class Endless(io.RawIOBase):
    """As many bytes as are asked for, without holding them."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        given = min(self.left, size if size >= 0 else self.left)
        self.left -= given
        return b"x" * given


def test_an_upload_of_200_mb_is_refused_in_words_and_never_in_memory(shop: Shop) -> None:
    olga = shop.browser("olga")
    mark, before = olga.mark("/home/"), len(rows("attachment"))
    head = form_of("big.bin", csrf_token=mark)
    body = io.BufferedReader(_Joined(head, Endless(200_000_000)), 65536)
    tracemalloc.start()
    sent = {"wsgi.input": body, "CONTENT_LENGTH": str(200_000_000 + len(head)), "CONTENT_TYPE": MULTIPART}
    answer = olga.client.post("/attachment/add", environ_overrides=sent)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code == 413
    assert "too large" in answer.text
    assert peak < 30_000_000
    assert len(rows("attachment")) == before


class _Joined(io.RawIOBase):
    def __init__(self, head: bytes, rest: Endless) -> None:
        self.head, self.rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        given = self.head[: len(into)] or self.rest.read(len(into))
        self.head = self.head[len(given) :] if self.head else b""
        into[: len(given)] = given
        return len(given)


def test_a_program_attaches_and_takes_a_file(shop: Shop) -> None:
    olga = shop.caller("olga")
    form = {"entity": "loan", "row_id": str(shop.loans[0]), "file_key": (io.BytesIO(PNG), "api.png")}
    headers = olga.headers | {"Idempotency-Key": "once-only"}
    made = olga.client.post("/api/v1/attachment/", data=form, headers=headers)
    assert made.status_code == 201
    one = kept("api.png")
    form["file_key"] = (io.BytesIO(PNG), "api.png")
    again = olga.client.post("/api/v1/attachment/", data=form, headers=headers)
    assert (again.status_code, again.json["result"]["id"]) == (201, one.id)
    assert olga.call("GET", f"attachment/{one.id}/content", buffered=True).data == PNG
    assert olga.call("PATCH", f"attachment/{one.id}", {"note": "read"}).status_code == 200
    assert stored("attachment", one.id).note == "read"
    wrong = olga.call(
        "POST", "attachment/", {"entity": "loan", "row_id": shop.loans[0], "file_key": "import/aa/x"}
    )
    assert wrong.status_code == 422


def test_housekeeping_keeps_files_of_records_and_clears_those_of_deleted_ones(shop: Shop) -> None:
    attach(shop, "olga", PNG, "stays.png")
    attach(shop, "olga", PNG, "goes.png")
    stays, goes = kept("stays.png"), kept("goes.png")
    assert shop.browser("olga").post(f"/attachment/delete/{goes.id}").status_code == 302
    with unscoped("housekeeping of a test") as session:
        housekeeping.remove_left_files(session, clock.now() + timedelta(hours=1), _Record())
    assert files.path_of(stays.file_key).exists()
    assert not files.path_of(goes.file_key).exists()
    assert shop.browser("olga").get(f"/attachment/{stays.id}/preview", buffered=True).data == PNG
    actions = [h.action for h in rows("history", entity="attachment", row_id=goes.id)]
    assert actions == ["create", "delete"]


class _Record:
    def problem(self, *_told: Any) -> None:
        raise AssertionError
