"""What tests of the SMPP channel send, and how they take apart what came of it."""

from app.messaging.channels import (
    ChannelError,
    Message,
    Receipt,
    UnknownOutcome,
)


def messages(count, text="Please pay 250.00 by 25 Jun."):
    return [Message(f"out-{n}", f"+38067{n:07}", text) for n in range(count)]


def events_of(channel, count, seconds=5.0):
    """At least so many events, as one list."""
    found = []
    for batch in channel.events(seconds):
        found += batch
        if len(found) >= count:
            break
    return found


def outcomes_by_kind(outcomes):
    return {
        kind: [m for m, o in outcomes if isinstance(o, kind)]
        for kind in (Receipt, ChannelError, UnknownOutcome)
    }
