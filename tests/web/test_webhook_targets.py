"""The time that a webhook's target may take counts for everything: its name, the handshake and each byte of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

import config
from app.core.webhooks import addresses, post
from tests.web.people import add, rows
from tests.web.receiver import Receiver
from tests.web.shop import Shop
from tests.web.test_webhooks import ear, hook, send

__all__ = ["ear"]


@contextmanager
def dripping(pause: float) -> Iterator[str]:
    """The address of a program that takes a connection and shakes hands a byte at a time, or never."""
    ended = threading.Event()

    def serve(heard: socket.socket) -> None:
        with suppress(OSError), heard:
            heard.sendall(b"\x16\x03\x03\x40\x00" if pause else b"")
            while not ended.wait(pause or 0.05):
                heard.sendall(b"\x02" if pause else b"")

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"https://localhost:{listening.getsockname()[1]}/told"
        ended.set()


@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_a_target_that_never_ends_its_handshake_is_cut_in_time(
    pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "WEBHOOK_HOSTS", "localhost")
    monkeypatch.setattr(post, "SECONDS", 0.5)
    with dripping(pause) as url:
        heard = post.post(url, {}, b"{}")
    assert (heard.problem, heard.is_sent, 0.4 < heard.seconds < 1.2) == ("timeout", False, True), heard


def test_a_name_of_which_nothing_is_heard_costs_no_more_than_the_time_of_a_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silent = threading.Event()

    def ask(*_asked: object, **_more: object) -> list[object]:
        silent.wait(5)
        return []

    monkeypatch.setattr(addresses.socket, "getaddrinfo", ask)
    monkeypatch.setattr(post, "SECONDS", 0.3)
    heard = post.post("https://bank.example/told", {}, b"{}")
    silent.set()
    assert (heard.problem, heard.is_sent, 0.2 < heard.seconds < 1.0) == ("timeout", False, True), heard


def test_a_redirect_is_not_followed(shop: Shop, ear: Receiver) -> None:
    webhook = hook(shop, ear)
    ear.answers = [(302, {"Location": "http://169.254.169.254/latest/meta-data/"})]
    add("team", name="Led astray")
    assert send(shop) == 0
    [one] = rows("webhook_delivery", webhook_id=webhook)
    assert (one.problem, one.status_code, len(ear.heard)) == ("redirect", 302, 1)
