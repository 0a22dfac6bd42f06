"""A running application on the walk's data, and a browser that watches what pages do."""

import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from werkzeug.serving import make_server

from tests.kept import filled
from tests.walk.canaries import keep_files
from tests.walk.world import LOANS, World, make_world

CHROMIUM = "/usr/bin/chromium-headless-shell"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = [(1366, "light"), pytest.param((360, "dark"), marks=pytest.mark.full)]
"""An errand is run at a desk; on a phone, where tests/browser/test_pages.py looks at every kind of page, with the volumes."""
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Over when the scripts of the page have run and what they made stands on the screen."""
AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def contents() -> Any:
    return make_world


@pytest.fixture(scope="module")
def world(database: Any) -> World:
    import app.models  # noqa: F401

    made: World = filled(database, make_world)
    keep_files(range(len(LOANS)))
    return made


@pytest.fixture(scope="module")
def address(_application: Any, world: World) -> Iterator[str]:
    """Where the application answers."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, _application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@dataclass
class Visit:
    """A page with a memory: what it complained of, what it asked of other hosts, how much it loaded."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    under_way: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("request", lambda r: self.under_way.add(r))
        for end in ("requestfinished", "requestfailed"):
            self.page.on(end, lambda r: self.under_way.discard(r))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on(
            "request",
            lambda r: None if r.url.startswith((self.address, "data:")) else self.foreign.append(r.url),
        )

    def login(self, name: str) -> None:
        """Log in without drawing the pages of it, which would take as long as what is tested."""
        asked = self.page.context.request
        mark = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', asked.get(f"{self.address}/login/").text())
        assert mark
        said = {"username": name, "password": "pw", "csrf_token": mark[1]}
        answer = asked.post(f"{self.address}/login/", form=said, max_redirects=0)
        assert answer.status == 302, f"{name} cannot log in"

    def speak(self, language: str) -> None:
        """Have pages in this language from here on."""
        answer = self.page.context.request.get(f"{self.address}/lang/{language}", max_redirects=0)
        assert answer.status == 302

    def login_by_hand(self, name: str) -> None:
        self.page.goto(f"{self.address}/login/")
        self.page.fill("#username", name)
        self.page.fill("#password", "pw")
        self.page.click(".login-go")
        self.page.wait_for_url(f"{self.address}/home/")

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has fetched and drawn what it shows; half a second sooner than "networkidle" does."""
        self.page.evaluate(DRAWN)
        while self.under_way:
            self.page.wait_for_timeout(20)
            self.page.evaluate(DRAWN)

    def violations(self) -> list[str]:
        """Failures of WCAG 2.1 A and AA, as axe finds them."""
        self.page.evaluate(AXE)
        found = self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations']})"
        )
        return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found["violations"]]

    def is_wider_than_screen(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


@pytest.fixture
def visit(browser: Browser, address: str, request: Any) -> Iterator[Visit]:
    """A visit of a size and theme: `@pytest.mark.parametrize("visit", [(390, "dark")], indirect=True)`."""
    width, theme = getattr(request, "param", (1366, "light"))
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    yield Visit(context.new_page(), address)
    context.close()
