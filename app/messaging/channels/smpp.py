"""Short messages over SMPP 3.4, the protocol of mobile operators and aggregators."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import smpp34

from app.messaging.channels import smpp_pdu as pdu
from app.messaging.channels.base import Channel, ChannelError, Event, Message, Outcome, Receipt
from app.messaging.channels.smpp_job import Job
from app.messaging.channels.smpp_line import Line, SmppSettings, longer
from app.messaging.channels.smpp_link import Link, LinkLost
from app.messaging.throttle import TokenBucket

log = logging.getLogger(__name__)

_TURN = 0.5
"""Seconds after which a turn ends though nothing happened, to look at the clock."""


@dataclass(frozen=True, slots=True)
class _Flight:
    job: Job
    part: int
    at: float


class SmppChannel(Channel, name="smpp"):
    """A bound transceiver that keeps a window of unanswered submissions full.

    Nothing runs behind the caller's back: the connection is served while `send`, `send_many` or `events`
    run, so a process that only waits should stay in `events`. Deliveries are acknowledged to the SMSC only
    after the caller has stored them. Parts that surely did not leave before a connection broke are sent
    over the next one; parts of which that cannot be known make the message's outcome unknown.
    """

    Settings = SmppSettings
    settings: SmppSettings

    def __init__(self, settings: SmppSettings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(settings)
        self._clock = clock
        self._bucket = TokenBucket(settings.rate, max(1, int(settings.rate / 10)), clock)
        self._line = Line(settings, clock)
        self._ready: deque[tuple[Job, int]] = deque()
        self._flights: dict[int, _Flight] = {}
        self._done: deque[tuple[Message, Outcome]] = deque()
        self._inbox: list[tuple[Link, int, Event]] = []
        self._paused_until = self._throttle_delay = 0.0

    def send(self, message: Message) -> Receipt:
        others: list[tuple[Message, Outcome]] = []
        for sent, outcome in self.send_many([message]):
            if sent is not message:
                others.append((sent, outcome))
                continue
            self._done.extend(others)
            if isinstance(outcome, Receipt):
                return outcome
            raise outcome
        raise AssertionError("every message has an outcome")

    def send_many(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Outcome]]:
        """As the base says; outcomes that an abandoned call left behind come first."""
        source = iter(messages)
        more = True
        while True:
            while more and len(self._ready) < self.settings.window:
                message = next(source, None)
                more = message is not None
                if message is not None:
                    self._accept(message)
            while self._done:
                yield self._done.popleft()
            if self._ready or self._flights:
                self._turn(_TURN)
            elif not more:
                return

    def events(self, wait: float = 0.0) -> Iterator[list[Event]]:
        until = self._clock() + wait
        while True:
            self._turn(0.0 if self._inbox else min(_TURN, max(0.0, until - self._clock())))
            if self._inbox:
                batch, self._inbox = self._inbox, []
                yield [event for _, _, event in batch]
                self._acknowledge(batch)
            elif self._clock() >= until:
                return

    def close(self) -> None:
        if self._flights:
            self._lose("the channel was closed")
        self._line.leave()

    def _turn(self, wait: float) -> None:
        """Connect if need be, submit, exchange bytes, sort what came."""
        link = self._line.ready(0.0 if self._ready and self._line.is_given_up else wait)
        if link is None:
            if self._line.is_given_up:
                self._give_up()
            return
        try:
            wait = min(wait, self._submit(link))
            for unit in link.exchange(wait):
                self._line.heard()
                self._sort(link, unit)
            self._submit(link)
            link.flush()  # the SMSC has work while the caller stores outcomes and fetches messages
        except LinkLost as lost:
            self._lose(str(lost))
            return
        oldest = next(iter(self._flights.values()), None)
        if oldest and self._clock() - oldest.at > self.settings.answer_wait:
            self._lose(f"no answer within {self.settings.answer_wait:g} seconds")

    def _submit(self, link: Link) -> float:
        """Fill the window; the answer is how long there is surely nothing to submit."""
        now = self._clock()
        if now < self._paused_until:
            return self._paused_until - now
        if link.is_silent():
            return _TURN  # the peer must answer our keep-alive before it is trusted with messages
        while self._ready and len(self._flights) < self.settings.window:
            job, part = self._ready[0]
            if not job.is_refused and (wait := self._bucket.take()):
                return wait
            self._ready.popleft()
            if job.is_refused:
                self._settle(job)
                continue
            sequence = link.next_sequence()
            link.queue(job.submission(part, sequence), sequence)
            self._flights[sequence] = _Flight(job, part, now)
        return _TURN

    def _sort(self, link: Link, unit: pdu.Unit) -> None:
        if unit.command == pdu.DELIVER_SM:
            self._deliver(link, unit)
        elif unit.command in {pdu.SUBMIT_SM | pdu.RESPONSE, pdu.GENERIC_NACK}:
            if flight := self._flights.pop(unit.sequence, None):
                self._answer(flight, unit)
        elif not unit.command & pdu.RESPONSE:
            link.queue(pdu.unit(pdu.GENERIC_NACK, unit.sequence, pdu.INVALID_COMMAND), unit.sequence)

    def _answer(self, flight: _Flight, unit: pdu.Unit) -> None:
        job, part = flight.job, flight.part
        if unit.status in pdu.TOO_FAST and job.may_wait(self._clock(), self.settings.throttled_for):
            self._slow_down()
            self._ready.appendleft((job, part))
            return
        if unit.status == pdu.OK:
            self._throttle_delay = 0.0
            job.taken(part, self._provider_id(unit.text_id))
        else:
            job.refused(pdu.refusal(unit.status), permanent=unit.status not in pdu.TEMPORARY)
        self._settle(job)

    def _slow_down(self) -> None:
        """Pause, longer each time the SMSC complains again; a whole window of complaints counts once."""
        now = self._clock()
        if now >= self._paused_until:
            self._throttle_delay = longer(self._throttle_delay)
            self._paused_until = now + self._throttle_delay

    def _deliver(self, link: Link, unit: pdu.Unit) -> None:
        try:
            event = pdu.event(unit)
        except smpp34.SmppError as error:
            log.warning("a delivery that cannot be read was refused: %s", error)
            link.queue(pdu.unit(pdu.GENERIC_NACK, unit.sequence, pdu.SYSTEM_ERROR), unit.sequence)
            return
        if event is None:
            self._acknowledge_one(link, unit.sequence)
        else:
            self._inbox.append((link, unit.sequence, event))

    def _acknowledge(self, batch: list[tuple[Link, int, Event]]) -> None:
        for link, sequence, _event in batch:
            if link is self._line.link:  # one that was lost meanwhile: the SMSC delivers again
                self._acknowledge_one(link, sequence)
        self._turn(0.0)

    def _acknowledge_one(self, link: Link, sequence: int) -> None:
        link.queue(pdu.unit(pdu.DELIVER_SM | pdu.RESPONSE, sequence, body=b"\0"), sequence)

    def _accept(self, message: Message) -> None:
        try:
            job = Job(message, self.settings)
        except ValueError as error:
            self._done.append((message, ChannelError(str(error), permanent=True)))
            return
        self._ready.extend((job, part) for part in range(len(job.parts)))

    def _settle(self, job: Job) -> None:
        if job.settle():
            self._done.append((job.message, job.outcome(self.name)))

    def _provider_id(self, text: str) -> str:
        try:
            return str(int(text, 16)) if self.settings.hex_ids else text
        except ValueError:
            return text

    def _give_up(self) -> None:
        while self._ready:
            job, _part = self._ready.popleft()
            job.refused(self._line.reason, permanent=False)
            self._settle(job)

    def _lose(self, reason: str) -> None:
        unwritten = self._line.link.unwritten() if self._line.link else set()
        self._line.lost(f"{reason}; {len(self._flights)} submissions were without an answer")
        flights, self._flights = self._flights, {}
        for sequence, flight in reversed(flights.items()):
            if sequence in unwritten:
                self._ready.appendleft((flight.job, flight.part))
            else:
                flight.job.lost(flight.part, reason)
                self._settle(flight.job)
