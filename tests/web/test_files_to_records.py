"""Records of any entity from a file: columns are guessed or named, rows tried, mended and stored."""

import io
import re
from typing import Any

from tests.web.people import add, rows, stored
from tests.web.shop import Shop


def send(shop: Shop, slug: str, text: str, name: str = "admin", file_name: str = "rows.csv") -> str:
    """Upload a text; the address of the upload."""
    data = {"file": (io.BytesIO(text.encode()), file_name)}
    answer = shop.browser(name).post(f"/upload/new/{slug}", data, content_type="multipart/form-data")
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"])


def said(shop: Shop, url: str, name: str = "admin", **others: str) -> dict[str, str]:
    """What the page of columns proposes, with some of it said otherwise."""
    page = shop.browser(name).get(url).text
    found = {}
    for field, options in re.findall(r'<select[^>]*name="(u-[^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[field] = chosen[1] if chosen else ""
    return {"u-mode": "both", **found, **others}


def check(shop: Shop, url: str, name: str = "admin", **others: str) -> Any:
    """Try the rows by what the page proposes; the upload as it is stored then."""
    answer = shop.browser(name).post(f"{url}/check", said(shop, url, name, **others))
    assert answer.status_code == 302, re.findall(r"<li>.*?</li>", answer.text)
    return upload(url)


def upload(url: str) -> Any:
    return stored("upload", int(url.rpartition("/")[2]))


def store(shop: Shop, url: str, whole: str, name: str = "admin") -> Any:
    shop.browser(name).post(f"{url}/store", {"whole": whole})
    return upload(url)


def counts(one: Any) -> tuple[str, int, int, int, int]:
    return str(one.state), one.created, one.updated, one.unchanged, one.refused


def lines(url: str) -> list[Any]:
    return rows("upload_row", upload_id=int(url.rpartition("/")[2]))


def test_rows_are_tried_mended_and_stored_by_the_rules_of_the_form(shop: Shop) -> None:
    department = add("department", name="Collections")
    known = add("team", name="Wolves")
    before = len(rows("team"))
    url = send(
        shop,
        "team",
        "Команда;Підрозділ;Name\nx;Collections;Wolves\ny;Collections;Bears\nz;Nowhere;Foxes\nw;;\n",
    )
    tried = check(shop, url, **{"u-map-1": "department"})
    assert counts(tried) == ("checked", 1, 1, 0, 2), tried.message
    assert len(rows("team")) == before, "nothing is stored by trying"
    refused = [line for line in lines(url) if line.state == "refused"]
    assert [set(line.reasons) for line in refused] == [{"department"}, {"name"}]
    mended = {f"c-{refused[0].id}-1": "Collections", f"c-{refused[1].id}-2": "Owls", "row": refused[0].id}
    shop.admin.post(f"{url}/mend", mended)
    assert counts(upload(url)) == ("checked", 2, 1, 0, 1), "only rows that are named are tried again"
    done = store(shop, url, "0")
    assert counts(done) == ("done", 2, 1, 0, 1)
    assert stored("team", known).department_id == department
    made = {row.name: row.department_id for row in rows("team")[before:]}
    assert made == {"Bears": department, "Foxes": department}
    [change] = [one for one in rows("history", entity="team", row_id=known) if one.action == "change"]
    assert (change.source, change.reason) == ("import", f"rows.csv (#{done.id})")
    chosen = shop.admin.get(f"/team/list/?picked={done.selection_id}").text
    assert all(name in chosen for name in ("Wolves", "Bears", "Foxes"))
