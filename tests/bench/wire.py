"""sms: from the queue's rows to the message centre, against the bare client with the same window."""

import asyncio
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.database import Bench
from tests.bench.measure import Line, timed
from tests.messaging.measure_sms import bare, ours
from tests.peers.smsc import Smsc

MOST, WINDOW = 5_000, 50


def sms(bench: Bench) -> Iterator[Line]:
    """So many messages through the channel, from the first to the last outcome."""
    count = min(bench.scale, MOST)
    # on a thread of its own: whoever asks may be within a loop already
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as own:
        smsc = Smsc(Path(folder))
        try:
            seconds = timed(
                lambda: ours(smsc.port, count, WINDOW),
                lambda: own.submit(lambda: asyncio.run(bare(smsc.port, count, WINDOW))).result(),
                budget=10,
            )
        finally:
            smsc.stop()
    yield Line("sms", *seconds, 2, details=(f"{count:,} messages, {count / seconds[0]:,.0f} a second",))
