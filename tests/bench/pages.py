"""page-depth and list-request: a page of the loans, wherever it is, and the whole answer to a browser."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

from flask.testing import FlaskClient

from app import create_app
from app.core.web import principal
from app.launch.paths import PROJECT
from app.launch.settings import module
from app.models import Loan
from tests.bench.database import Bench
from tests.bench.measure import Line, interleaved, taken, timed
from tests.bench.viewers import Statement, Viewer, sent, viewer, watched

ADDRESS = "/loan/list/"
STOCK = ("/loanview/list/", "/leanloanview/list/")
"""Stock's list as it comes, which is judged; and without links in its search form."""


def page_depth(bench: Bench) -> Iterator[Line]:
    """The statement of the last page against that of the first: by its address and by the cursor of its first row."""
    found: dict[str, tuple[float, float]] = {}
    for kind in ("all", "branch"):
        reader = viewer(kind)
        with reader.session() as session:
            found |= {f"{name}, {kind}": pair for name, pair in _depths(session, reader).items()}
    worst = max(found.values(), key=lambda pair: pair[0] / pair[1])
    details = tuple(
        f"{what:<24} {a * 1000:8.3f} ms {b * 1000:8.3f} ms {a / b:6.2f}" for what, (a, b) in found.items()
    )
    yield Line("page-depth", *worst, 1.5, details=details)


def _depths(session: Any, reader: Viewer) -> dict[str, tuple[float, float]]:
    last = reader.listing(Loan, last="1")
    cursor = last.cursor(last.page(session).rows[0])
    held: Any = session.connection().connection.driver_connection
    first = _page(session, reader, {})

    def compared(address: dict[str, str]) -> tuple[float, float]:
        there = _page(session, reader, address)
        return interleaved(lambda: held.execute(*there).fetchall(), lambda: held.execute(*first).fetchall())

    return {"last page": compared({"last": "1"}), "after a row": compared({"after": cursor})}


def _page(session: Any, reader: Viewer, address: dict[str, str]) -> Statement:
    return sent(session, reader.listing(Loan, **address).page)[-1]


class Stock:
    """The stock application in a process of its own."""

    def __init__(self, bench: Bench) -> None:
        self.log = bench.servers.data.logs / "stock.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                module("tests.bench.stock", bench.superuser_url),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                env=os.environ | {"PYTHONPATH": str(PROJECT)},
            )  # fmt: skip

    def ask(self, path: str) -> dict[str, Any]:
        """What one request took: seconds, statements, bytes.

        Raises:
            RuntimeError: it ended; with what it said.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the stock application ended:\n{self.log.read_text()}")
        return json.loads(line)  # type: ignore[no-any-return]

    def stop(self) -> None:
        """End it."""
        self.process.communicate(timeout=30)


def client_of(reader: Viewer) -> FlaskClient:
    """A browser in which this reader is logged in."""
    client = create_app(RATELIMIT_ENABLED=False, SESSION_COOKIE_SECURE=False).test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = principal.stamp(reader.user_id), True
    return client


def list_request(bench: Bench) -> Iterator[Line]:
    """The list of loans for a manager who sees all, through the whole stack, and by stock Flask-AppBuilder."""
    client = client_of(viewer("all"))

    def ours() -> None:
        answer = client.get(ADDRESS)
        if answer.status_code != 200 or answer.text.count("<tr") < min(bench.scale, 25):
            raise ValueError(f"{ADDRESS} answers {answer.status}")

    ours()
    with watched() as statements:
        ours()
    details = [f"{len(statements)} statements, {len(client.get(ADDRESS).data) / 1000:.0f} kB"]
    pairs, stock = {}, Stock(bench)
    try:
        for path in STOCK:
            facts = stock.ask(path)
            figure, floor = timed(
                lambda: taken(ours), lambda path=path: stock.ask(path)["seconds"], budget=6, fewest=5
            )
            pairs[path] = figure, floor
            details.append(
                f"{path:<24} {figure * 1000:8.1f} ms {floor * 1000:8.1f} ms {figure / floor:6.3f}, "
                f"{facts['statements']} statements, {facts['bytes'] / 1000:.0f} kB"
            )
    finally:
        stock.stop()
    yield Line("list-request", *pairs[STOCK[0]], 0.3, details=tuple(details))
