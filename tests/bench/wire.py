"""sms: from the queue's rows to the message centre, against the bare client with the same window."""

import asyncio
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench.database import Bench
from tests.bench.measure import Line, timed
from tests.messaging.measure_sms import bare, ours
from tests.peers.smsc import Smsc

MOST, WINDOW = 5_000, 50


def sms(bench: Bench) -> Iterator[Line]:
    """So many messages through the channel, from the first to the last outcome."""
    count = min(bench.scale, MOST)
    with tempfile.TemporaryDirectory() as folder:
        smsc = Smsc(Path(folder))
        try:
            seconds = timed(
                lambda: ours(smsc.port, count, WINDOW),
                lambda: _run(bare(smsc.port, count, WINDOW)),
                budget=10,
            )
        finally:
            smsc.stop()
    yield Line("sms", *seconds, 2, details=(f"{count:,} messages, {count / seconds[0]:,.0f} a second",))


def _run(work: Coroutine[Any, Any, object]) -> object:
    """Run to the end; on another thread only where this one has a loop already (a browser's test before), being slower."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, work).result()
