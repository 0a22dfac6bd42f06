"""A file handed in at the screen."""

from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest

from app.core import files
from app.core.db import unscoped
from app.models import ImportLayout
from tests.web.people import stored
from tests.web.shop import Shop


@pytest.mark.parametrize(
    "given, shown",
    [("贷款台账.xlsx", "贷款台账.xlsx"), ("../../книга.xlsx", "книга.xlsx"), ("../..", "file")],
)
def test_an_upload_is_listed_under_the_persons_own_name_for_it(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, shown: str
) -> None:
    monkeypatch.setenv("FILES_DIR", str(tmp_path))
    name = f"layout-{uuid4().hex[:8]}"
    with unscoped("a test's layout") as session:
        session.add(ImportLayout(name=name, title="A book", target="portfolio", definition={}))
    form = {"layout": name, "file": (BytesIO(b"rows"), given)}
    answer = shop.admin.post("/imports/new", form, content_type="multipart/form-data")
    assert answer.status_code == 302
    run = stored("import_run", int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert run.file_name == shown
    assert files.path_of(run.file_key).read_bytes() == b"rows"
    assert shown in shop.admin.get(answer.headers["Location"]).text
