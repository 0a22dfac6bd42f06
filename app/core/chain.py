"""A chain: the named steps of a job that are done day by day, in the order of their declaration."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, jobs, settings
from app.core.clock import BUSINESS_DATE
from app.core.db import ScopedSession, unscoped
from app.core.errors import RuleError
from app.core.jobs import Outcome, Record

Step = Callable[[ScopedSession, date, Record], int]
log = logging.getLogger("loandesk.jobs")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Link:
    name: str
    work: Step
    is_only_last: bool


class Chain:
    """Steps declared one after the other.

    ::

        NIGHT = Chain("nightly")

        @NIGHT.step("arrears")
        def arrears(session, day, record): ...

    Each step is a function of the session it writes through, the business date and its record; it returns the
    number of rows.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.links: list[_Link] = []

    def step(self, name: str, *, only_last: bool = False) -> Callable[[Step], Step]:
        """Declare the next step. `only_last`: not made up for on days that were missed."""

        def declare(work: Step) -> Step:
            self.links.append(_Link(name, work, only_last))
            return work

        return declare

    def run(
        self, until: date, tell: Callable[[str], None], user_id: int | None = None,
        pulse: Callable[[int], object] = int,
    ) -> list[Outcome]:  # fmt: skip
        """Do every step of every day after the business date up to `until`; done ones are passed over.

        A day that an interrupted run left half done is ended first. `pulse` is told between two steps how many
        percent of them are done; what it raises leaves the others to another run.

        Raises RuleError when `until` lies before the business date and has not been done.
        """
        days, done = self._days(until)
        for outcome in done:
            tell(str(outcome))
        outcomes: list[Outcome] = []
        for day in days:
            for outcome in self._day(day, tell, user_id, is_last=day == until):
                outcomes.append(outcome)
                if len(outcomes) < len(days) * len(self.links):
                    pulse(len(outcomes) * 100 // (len(days) * len(self.links)))
        return done + outcomes

    def run_requested(self) -> int:
        """Run what was asked for (`app.core.jobs.request`); how many requests were met.

        A request that a dead process was at is taken up again after a while; its done steps are passed over.
        """
        with unscoped("which runs are asked for") as session:
            waiting = [(row.business_on, row.user_id) for row in jobs.requested(session, self.name)]
        return sum(
            jobs.meet(
                self.name, day, partial(self._days_until, day, user, partial(jobs.pulse, self.name, day))
            )
            for day, user in waiting
            if day
        )

    def follow_the_clock(self) -> int:
        """Run until the computer's date, where the installation's date follows it; how many steps were new."""
        with unscoped("whether the clock runs") as session:
            if not settings.read_flag(session, "clock_runs"):
                return 0
            today = clock.now().astimezone(ZoneInfo(settings.read(session, "zone"))).date()
            present = clock.business_date(session)
            if today < present or (today == present and not self._is_begun(session, present)):
                return 0
        return self._days_until(today, None)

    def _days_until(self, day: date, user_id: int | None, pulse: Callable[[int], object] = int) -> int:
        return sum(outcome.is_new for outcome in self.run(day, log.info, user_id, pulse))

    def _day(
        self, day: date, tell: Callable[[str], None], user_id: int | None, *, is_last: bool
    ) -> Iterator[Outcome]:
        for link in self.links:
            if link.is_only_last and not is_last:
                outcome = jobs.miss(self.name, link.name, day)
            else:
                work = partial(_on_day, link.work, day)
                outcome = jobs.run_step(self.name, link.name, day, work, user_id=user_id)
            tell(str(outcome))
            yield outcome

    def _is_begun(self, session: Session, day: date) -> bool:
        """Whether a day was begun and not ended: a step moves the business date, so a process may die after it."""
        known = jobs.done(session, self.name, day)
        return 0 < sum(link.name in known for link in self.links) < len(self.links)

    def _days(self, until: date) -> tuple[list[date], list[Outcome]]:
        """The days that are left to do, and how the steps of `until` ended when none is.

        What has been done stays done, so a day that is over costs no lock and no transaction for each step.
        """
        with unscoped("which days are to be done") as session:
            present = settings.read_date(session, BUSINESS_DATE)
            if present is not None and until > present:
                first = 0 if self._is_begun(session, present) else 1
                return [present + ONE_DAY * n for n in range(first, (until - present).days + 1)], []
            known = jobs.done(session, self.name, until)
        if all(link.name in known for link in self.links):
            return [], [known[link.name] for link in self.links]
        if present is not None and until < present:
            raise RuleError(
                _("%(day)s is over: the business date is %(present)s", day=until, present=present), "date"
            )
        return [until], []


def _on_day(work: Step, day: date, session: ScopedSession, record: Record) -> int:
    return work(session, day, record)
