"""Peers of the messaging tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.messaging.channels import Channel, open_channel
from tests.peers.smsc import Smsc


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def start_smsc(tmp_path: Path, stack: ExitStack) -> Callable[..., Smsc]:
    """Start an SMSC with the options of smsc.js."""

    def start(**options) -> Smsc:
        smsc = Smsc(tmp_path, **options)
        stack.callback(smsc.stop)
        return smsc

    return start


@pytest.fixture
def open_smpp(stack: ExitStack) -> Callable[..., Channel]:
    """Open the SMPP channel to an SMSC, patient for seconds instead of minutes."""

    def open_it(smsc: Smsc, **settings: object) -> Channel:
        known = {
            "host": "127.0.0.1",
            "port": smsc.port,
            "system_id": "loandesk",
            "password": "pw",
            "source": "BANK",
            "answer_wait": 2,
            "reconnect_for": 3,
        }
        return stack.enter_context(open_channel("smpp", {k: str(v) for k, v in (known | settings).items()}))

    return open_it
