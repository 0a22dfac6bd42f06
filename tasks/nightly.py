"""The night: the steps that bring the installation to its next business date, in this order."""

from collections.abc import Callable, Sequence
from datetime import date

from app.core import clock, settings
from app.core.chain import Chain
from app.core.clock import BUSINESS_DATE
from app.core.db import ScopedSession
from app.core.jobs import Outcome, Record
from app.core.rules import nights
from app.messaging.queue import queue
from app.servicing import arrears, snapshots

NIGHT = Chain("nightly")
MESSAGES = "messages"
"""The step that makes the day's messages."""


@NIGHT.step("close")
def close_books(session: ScopedSession, day: date, _record: Record) -> int:
    """The sums of the day that ends, now that all its money is posted and the files under way are stored."""
    clock.wait_to_move(session)
    ending = settings.read_date(session, BUSINESS_DATE)
    return snapshots.take(session, ending) if ending and ending < day else 0


@NIGHT.step("arrears")
def find_arrears(session: ScopedSession, day: date, record: Record) -> int:
    """What fell due unpaid; moves the business date. What was stored since the day's sums were taken is added to them."""
    clock.wait_to_move(session)
    ending = settings.read_date(session, BUSINESS_DATE)
    if ending and ending < day and snapshots.is_behind(session, ending):
        snapshots.take(session, ending)
    return arrears.advance(session, day, record)


@NIGHT.step("buckets")
def move_buckets(session: ScopedSession, day: date, record: Record) -> int:
    """Loans whose days past due reach a bound."""
    return arrears.classify(session, day, record)


@NIGHT.step(MESSAGES, only_last=True)
def queue_messages(session: ScopedSession, day: date, record: Record) -> int:
    """The day's reminders."""
    return queue(session, day, record)


@NIGHT.step("snapshot")
def take_snapshot(session: ScopedSession, day: date, _record: Record) -> int:
    """The sums of the day that begins, until its own end replaces them."""
    return snapshots.take(session, day) + snapshots.prune(session, day)


@NIGHT.step("rules", only_last=True)
def look_by_rules(session: ScopedSession, day: date, _record: Record) -> int:
    """Rules of every night look at the records as the night left them; a worker carries them out."""
    return nights.ask(session, day)


def run(day: date, tell: Callable[[str], None], user_id: int | None = None) -> list[Outcome]:
    """Bring the installation to a day, saying each step. Raises RuleError for a day that is over."""
    return NIGHT.run(day, tell, user_id)


def told(day: date, outcomes: Sequence[Outcome]) -> str:
    """What came of bringing the installation to a day, as the command says it at its end."""
    new = sum(outcome.rows for outcome in outcomes if outcome.is_new and outcome.step == MESSAGES)
    done = "done" if any(outcome.is_new for outcome in outcomes) else "done already"
    return f"{day} is {done}: {new} new messages"


def run_requested() -> int:
    """Close the days that somebody asked to close; how many."""
    return NIGHT.run_requested()


def follow_the_clock() -> int:
    """Close the days that are over by the computer's date, where the installation follows it; how many steps."""
    return NIGHT.follow_the_clock()
