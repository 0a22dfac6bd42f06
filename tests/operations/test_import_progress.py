"""What the page of an import shows while it runs: the rows as they are known and the step that is true."""

import re
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest

from app.core.db import unscoped
from app.core.errors import Stopped
from app.servicing.intake import runs
from app.servicing.intake.importing import run_waiting
from app.servicing.intake.summary import Step
from tests.operations.desk import Desk
from tests.operations.test_clerk import layout, number_of, written
from tests.web.people import rows, stored


def seen(desk: Desk, path: str) -> tuple[str, str, bool]:
    """(step, words beside the state, whether figures of the end are shown) of an import's page."""
    page = unescape(desk.browser("admin").get(path).text)
    step = re.search(r'aria-current="step"><span[^>]*>.*?</span>([^<]+)</li>', page, re.DOTALL)
    said = re.search(r'<p role="status">([^<]*)</p>', page)
    assert step
    assert said
    return step[1], said[1], 'class="tiles"' in page


@pytest.mark.parametrize("seconds", [0.0, 3600.0], ids=["told always", "told at each step"])
def test_the_page_tells_the_step_and_the_rows_read_so_far(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    name = f"pay-{seconds:.0f}"
    with unscoped("data of a test") as session:
        session.add(layout(name, "repayments"))
    loan = number_of(desk.loan())
    file = written(tmp_path / "day.csv", [f"2018-06-20,{loan},,10,{name}-{n}" for n in range(2)])
    form = {"layout": name, "file": (BytesIO(file.read_bytes()), "day.csv")}
    answer = desk.browser("admin").post("/imports/new", form, content_type="multipart/form-data")
    path = answer.headers["Location"]
    shown = [seen(desk, path)]
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_TELLING", seconds)
    run_waiting(int(path.rsplit("/", 1)[1]), lambda _percent, _stage: shown.append(seen(desk, path)))
    reading = [("Check", "", False), ("Check", "Reading: 2 rows", False)]
    told = [
        *(reading if seconds == 0 else reading[:1]),
        ("Check", "Checking: 2 rows", False),
        ("Import", "Storing: 2 rows", False),
        ("Result", "Rows: 2", True),
    ]
    assert list(dict.fromkeys(shown)) == told


def test_an_import_that_is_stopped_stores_nothing_and_can_be_run_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unscoped("data of a test") as session:
        session.add(layout("pay-stop", "repayments"))
    file = written(tmp_path / "stop.csv", [f"2018-06-20,{number_of(desk.loan())},,10,pay-stop"])
    form = {"layout": "pay-stop", "file": (BytesIO(file.read_bytes()), "stop.csv")}
    admin = desk.browser("admin")
    run_id = int(admin.post("/imports/new", form, content_type="multipart/form-data").headers["Location"].rsplit("/", 1)[1])  # fmt: skip

    def stop(percent: int, _stage: str) -> None:
        if percent < Step.STORING:
            admin.post("/import_run/do/stop_import_run", {"ids": run_id, "__run": "1"})

    monkeypatch.setattr(runs, "SECONDS_BETWEEN_TELLING", 0.0)
    with pytest.raises(Stopped):
        run_waiting(run_id, stop)
    assert (str(stored("import_run", run_id).state), rows("repayment", reference="pay-stop")) == (
        "stopped",
        [],
    )
    assert "Stopped" in admin.get(f"/imports/{run_id}").text
    admin.post("/import_run/do/rerun_import_run", {"ids": run_id, "__run": "1"})
    assert run_waiting(run_id).good == 1
    assert len(rows("repayment", reference="pay-stop")) == 1
