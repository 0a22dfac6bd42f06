"""What docs/howto/use-the-api.md tells programs to write works as written, over a real line."""

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

import config
from app.core import clock
from app.core.webhooks import dispatch, signing
from tests.rules.source import ROOT
from tests.web.people import add, rows
from tests.web.receiver import receiver
from tests.web.shop import Shop
from tests.web.test_tokens import made

PAGE = ROOT / "docs/howto/use-the-api.md"


@pytest.fixture
def base(shop: Shop) -> Iterator[str]:
    """The address of the program while it serves."""
    server = make_server("127.0.0.1", 0, shop.app, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_program_of_the_page_reads_writes_and_knows_who_calls_it(
    shop: Shop, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    said: dict[str, Any] = {"BASE": base, "TOKEN": made(shop, "admin")}
    exec(code, said)  # noqa: S102 - the page's own words
    assert sorted(said["overdue"]) == [one.number for one in rows("loan", status="overdue")]
    assert len(list(said["every"]("customer", fields="name"))) == len(rows("customer"))
    assert (said["status"], said["again_status"], said["again"]) == (201, 201, said["made"])
    assert said["again_headers"]["Idempotent-Replayed"] == "true"
    assert (said["changed"], said["late"], said["refused"]["stored"]["name"]) == (200, 412, "Field")
    assert said["told"] == ["created", "refused", "created"]
    monkeypatch.setattr(config, "WEBHOOK_HOSTS", "localhost")
    with receiver() as ear:
        salt = b"s" * 32
        add(
            "webhook",
            name="Page",
            url=ear.url,
            user_id=shop.users["admin"],
            entity="team",
            is_told_of_new=True,
            salt=salt,
        )
        add("team", name="Told to the page")
        with shop.app.app_context():
            assert dispatch.send_due() == 1
        [heard] = ear.heard
    secret, now = signing.secret_of(salt, shop.app.config["SECRET_KEY"]), clock.now().timestamp()
    assert said["is_ours"](secret, heard.headers, heard.body, now)
    assert not said["is_ours"](secret, heard.headers, heard.body + b" ", now)
    assert not said["is_ours"](secret, heard.headers, heard.body, now + 301)
