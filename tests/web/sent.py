"""Files sent to become records, as a browser sends them, and what is stored of them."""

import io
import re
from typing import Any

from sqlalchemy import update

from app.core.db import unscoped
from app.core.org import Upload
from app.core.web.uploads import work
from tests.web.people import rows, stored
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
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
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


def finish(shop: Shop, url: str) -> Any:
    """Let the worker do what the upload waits for; the upload as it is stored then."""
    with shop.app.app_context():
        work.run_waiting()
    return upload(url)


def become(url: str, **values: Any) -> int:
    """Let the stored upload say something else; its id."""
    upload_id = int(url.rpartition("/")[2])
    with unscoped("a test's upload is another") as session:
        session.execute(update(Upload).where(Upload.id == upload_id).values(**values))
    return upload_id
