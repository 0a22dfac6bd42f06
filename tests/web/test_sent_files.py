"""Files that are sent to become records: how they are read, who sees them, what is wrong with them."""

import io
from typing import Any

from app.core import clock, files, housekeeping
from app.core.db import unscoped
from app.core.workbook import About, Column, Sheet, write_workbook
from tests.web.people import rows
from tests.web.sent import check, counts, finish, lines, said, send, upload
from tests.web.shop import Shop


def workbook(path: Any) -> bytes:
    """A workbook whose table stands on the second sheet, below a title."""
    lines = [("Deer", "x"), ("", "no name")]
    columns = [Column("a", "Name", "text"), Column("b", "Remark", "text")]
    notes = Sheet("Notes", [Column("n", "Of no use", "text")], [("n",)])
    about = About(title="Teams", who="Ann", when=clock.now(), filters="none")
    write_workbook(path, [notes, Sheet("Teams", columns, lines)], about)
    return bytes(path.read_bytes())


def test_the_table_of_a_workbook_is_chosen_and_refused_rows_come_back_as_one(
    shop: Shop, tmp_path: Any
) -> None:
    file = workbook(tmp_path / "teams.xlsx")
    data = {"file": (io.BytesIO(file), "teams.xlsx")}
    url = shop.admin.post("/upload/new/team", data, content_type="multipart/form-data").headers["Location"]
    page = shop.admin.get(url).text
    assert ">Teams</option>" in page
    shop.admin.post(f"{url}/table", {"sheet": "Teams"})
    shop.admin.post(f"{url}/table", {"sheet": "Teams", "header_row": "999"})
    assert "There is no row with the names of the columns" in shop.admin.get(url).text
    shop.admin.post(f"{url}/table", {"sheet": "Teams", "header_row": ""})
    assert counts(check(shop, url)) == ("checked", 1, 0, 0, 1), upload(url).source
    answer = shop.admin.get(f"{url}/errors.xlsx")
    again = {"file": (io.BytesIO(answer.data), "errors.xlsx")}
    sent = shop.admin.post("/upload/new/team", again, content_type="multipart/form-data").headers["Location"]
    shop.admin.post(f"{sent}/table", {"sheet": "Rows to mend", "header_row": ""})
    assert [cell["n"] if isinstance(cell, dict) else cell for cell in _first(shop, sent).cells][
        1
    ] == "no name"


def _first(shop: Shop, url: str) -> Any:
    check(shop, url)
    return lines(url)[0]


def test_nobody_but_its_sender_reads_the_rows_of_a_file_or_goes_on_with_it(shop: Shop) -> None:
    url = send(shop, "customer", "Name,Manager\nSecret Name,No One\n", "olga")
    check(shop, url, "olga")
    assert "Secret Name" in shop.browser("olga").get(url).text
    for name in ("otto", "owner", "nobody"):
        assert shop.browser(name).get(url).status_code in (302, 404), name
    assert "Secret Name" not in shop.admin.get(url).text, "who sees all sees that there is one"
    for door in ("check", "table", "mend", "store", "again", "undo"):
        for name in ("otto", "admin"):
            assert shop.browser(name).post(f"{url}/{door}").status_code == 404, (name, door)
    assert shop.admin.get(f"{url}/errors.xlsx").status_code == 404
    assert shop.browser("olga").get("/upload/new/user").status_code == 404, "no right to add users"
    assert counts(upload(url)) == ("checked", 0, 0, 0, 1)
    assert len(shop.browser("olga").get(send(shop, "customer", wide(), "olga")).text) < 60_000


def wide() -> str:
    """A table of twenty columns."""
    names = ["Name", "Identity number", "Client", "Manager", "Status", *(f"More {n}" for n in range(15))]
    return "\n".join([",".join(names), *(",".join(["A longer value"] * 20) for _row in range(3))])


def test_what_cannot_be_read_or_meant_is_said_in_a_sentence(shop: Shop) -> None:
    for text, told in (("", "The file is empty"), ("\x00\x01binary", "")):
        data = {"file": (io.BytesIO(text.encode()), "x.xlsx")}
        answer = shop.admin.post("/upload/new/team", data, content_type="multipart/form-data")
        assert answer.status_code in (302, 422), text
        assert told in (
            answer.text if answer.status_code == 422 else shop.admin.get(answer.headers["Location"]).text
        )
    assert shop.admin.post("/upload/new/team", {}).status_code == 422
    assert shop.admin.get("/upload/new/nothing").status_code == 404
    url = send(shop, "team", "A;B\n1;2\n")
    for wrong in (
        {"u-map-0": "", "u-map-1": ""}, {"u-map-0": "name", "u-map-1": "name"}, {"u-map-0": "name", "u-as-0": "negate"},
        {"u-map-0": "name", "u-date-0": "%q", "u-mark-0": "x"}, {"u-map-0": "department", "u-key": "name"},
        {"u-map-0": "name", "_change": "department_id", "department_id": "999999"},
    ):  # fmt: skip
        assert shop.admin.post(f"{url}/check", {**said(shop, url), **wrong}).status_code == 422, wrong
    assert shop.admin.post(f"{url}/store").status_code == 400
    assert str(upload(url).state) == "draft"
    files.delete(upload(url).file_key)
    assert shop.admin.get(url).status_code == 400
    with unscoped("what is old is forgotten") as session:
        housekeeping.forget_uploads(session, clock.now())
    assert rows("upload_row") == []
    assert {str(one.state) for one in rows("upload")} <= {"done", "undone"}


def test_how_a_text_is_written_is_told_in_words_and_a_button_counts_one_row_as_one(shop: Shop) -> None:
    url = send(shop, "team", "Name\nOf one row\n")
    page = shop.admin.get(url).text
    assert '<option value="utf-8" selected>Unicode (UTF-8)</option>' in page
    assert '<option value="cp1251">Cyrillic (Windows-1251)</option>' in page
    check(shop, url)
    finish(shop, url)
    assert "<span>Import the 1 row</span>" in shop.admin.get(url).text
