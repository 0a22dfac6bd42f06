"""Messages a second through the SMPP channel and through the bare smpp34 client, against the same SMSC.

`python -m tests.messaging.measure_sms [messages] [window] [rounds]`: the two take turns; medians are printed.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import smpp34

from app.messaging.channels import Message, Receipt, open_channel
from tests.peers.smsc import Smsc

TEXT = "Please pay 1,234.56 by 25 Jun 2018. Contract 77/18."


async def bare(port: int, count: int, window: int) -> float:
    """Seconds of the smpp34 client with that many submissions unanswered at any time."""
    client = smpp34.Client("127.0.0.1", port, "bare", "pw", window_size=window)
    session = await client.connect()
    numbers = iter(range(count))

    async def lane() -> None:
        for number in numbers:
            answer = await session.submit_sm(
                f"38067{number:07}", TEXT.encode(), source_addr="BANK", registered_delivery=1
            )
            if not answer.is_success:
                raise SystemExit("the SMSC refused a message")

    started = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(window)))
    seconds = time.perf_counter() - started
    await session.unbind()
    return seconds


def ours(port: int, count: int, window: int) -> float:
    """Seconds of the channel, from the first message to the last outcome."""
    settings = {
        "host": "127.0.0.1",
        "port": str(port),
        "system_id": "ours",
        "password": "pw",
        "source": "BANK",
    }
    messages = [Message(f"out-{n}", f"+38067{n:07}", TEXT) for n in range(count)]
    with open_channel("smpp", settings | {"window": str(window)}) as channel:
        list(channel.events())  # connects and binds before the clock starts, as the bare client does
        started = time.perf_counter()
        outcomes = list(channel.send_many(messages))
        seconds = time.perf_counter() - started
    if sum(isinstance(outcome, Receipt) for _, outcome in outcomes) != count:
        raise SystemExit("not every message was taken")
    return seconds


def main(count: int = 5000, window: int = 50, rounds: int = 5) -> None:
    """Print both rates and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        smsc = Smsc(Path(folder))
        pairs = [
            (asyncio.run(bare(smsc.port, count, window)), ours(smsc.port, count, window))
            for _ in range(rounds)
        ]
        smsc.stop()
    floor, figure = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"bare smpp34 {count / floor:.0f}/s, channel {count / figure:.0f}/s, ratio {figure / floor:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
