"""Carrying out what rules are to do: each firing once, in one transaction with what it does.

One process works at a time, under a lock that dies with it. A firing waits until the transaction that did its work
marked it: a worker killed at any instruction leaves it done, or as if nobody had begun.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import current_app, g
from flask_babel import force_locale, gettext
from sqlalchemy import ARRAY, Text, cast, delete, func, literal, select
from sqlalchemy.exc import DataError, IntegrityError, InternalError, OperationalError

from app.core import clock, i18n, registry
from app.core.db import ScopedSession, because, led_to_by, source, unscoped, web_session
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.faults import reason_of
from app.core.labels import subject
from app.core.locks import Lock
from app.core.notices import stopped
from app.core.org import FiringState, Rule, RuleEvent, RuleFiring
from app.core.retry import is_of_statement
from app.core.rules import actions, gone, left, nights
from app.core.web import bodies, principal
from app.core.webhooks import telling

log = logging.getLogger("loandesk.rules")
BATCH = 200
WORK_SECONDS = 20.0
DEEPEST = 5
"""So many rules may lead to one another; the next is taken for a loop."""
REFUSALS = (RuleError, OutOfScope, ReadOnlyScope, DataError, IntegrityError, InternalError)
"""What is wrong with one record or one rule, and not with the server."""


class Loop(Exception):
    """Rules set each other off again and again."""


@dataclass(frozen=True)
class Waiting:
    """One firing that is to be carried out."""

    id: int
    row_id: int
    event: RuleEvent
    depth: int

    @property
    def is_gone(self) -> bool:
        """Whether its record was deleted: what it was is asked when it is carried out."""
        return self.event == RuleEvent.DELETED


class NobodyThere(Exception):
    """The user as whom a rule acts has no login any more."""


def run() -> int:
    """Carry out what waits, for some seconds; how many firings were done. Needs an application context."""
    until, done = time.monotonic() + WORK_SECONDS, 0
    with unscoped("one process at a time works by the rules") as house:
        if not house.scalar(select(func.pg_try_advisory_xact_lock(Lock.RULES, 0))):
            return 0
        while waiting := _with_something_to_do():
            done += sum(map(_served, waiting))
            if time.monotonic() >= until:
                break
    return done


def _with_something_to_do() -> list[int]:
    with unscoped("which rules have something to do") as house:
        waits = select(RuleFiring.rule_id).where(RuleFiring.state == FiringState.WAITING).distinct()
        night = select(Rule.id).where(Rule.night_on.is_not(None))
        return sorted({*house.scalars(waits), *house.scalars(night)})


def _served(rule_id: int) -> int:
    """Serve one rule; what is wrong with it switches it off with the reason, and the others go on."""
    mark = source.set("rule")
    try:
        return _serve(rule_id)
    except Loop:
        pause(rule_id, "loop")
    except NobodyThere:
        pause(rule_id, "owner")
    except RuleError as error:
        pause(rule_id, "conditions", error.message)
    except Exception as error:
        if isinstance(error, OperationalError) and not is_of_statement(error):
            # the server is at fault, or somebody who was in the way
            raise
        log.exception("rule %d could not be carried out", rule_id)
        pause(rule_id, "fault", reason_of(error))
    finally:
        source.reset(mark)
    return 0


def _serve(rule_id: int) -> int:
    rule, waiting = _claimed(rule_id)
    if rule is None:
        return 0
    with acting(rule):
        if rule.night_on:
            nights.begin(rule, sorted(matching(rule)))
        meant = matching(rule, {one.row_id for one in waiting if not one.is_gone})
        came_of = {
            one.id: _carry_out(rule, one) if one.is_gone or one.row_id in meant else None for one in waiting
        }
    _forget([one for one, is_done in came_of.items() if is_done is None])
    return sum(filter(None, came_of.values()))


def _claimed(rule_id: int) -> tuple[Rule | None, list[Waiting]]:
    """The rule, and which of its firings wait for which records; what waits for one that is off is kept for later."""
    mine = RuleFiring.rule_id == rule_id, RuleFiring.state == FiringState.WAITING
    with unscoped("what a rule is to do") as house:
        rule = house.get_one(Rule, rule_id)
        left.aside(house, rule)
        if rule.is_off:
            rule.night_on = None
            return None, []
        told = (RuleFiring.id, RuleFiring.row_id, RuleFiring.event, RuleFiring.depth)
        found = house.execute(select(*told).where(*mine).order_by(RuleFiring.id).limit(BATCH)).all()
        house.expunge(rule)
        return rule, [Waiting(*one) for one in found]


@contextmanager
def acting(rule: Rule) -> Iterator[None]:
    """A request of the user as whom a rule acts: his scope, his rights, his language. Raises NobodyThere."""
    # a context of its own, also within a request: what that one's reader may and sees stays as it is
    with current_app.app_context(), current_app.test_request_context():
        found = principal.of_user(rule.user_id)
        if found is None:
            raise NobodyThere
        g.user, g.principal = found
        with force_locale(found[1].language):
            yield


def matching(rule: Rule, ids: set[int] | None = None) -> set[int]:
    """Of these records, or of all, those that the rule's user sees and that meet its conditions. Raises RuleError."""
    entity = registry.entity(rule.entity)
    if not principal.current().may("can_show", subject(entity)):
        return set()
    # also where deleted records alone wait: conditions that are wrong stop the rule before it begins with one
    found = select(entity.id).where(*telling.where(rule.entity, rule.conditions))
    if ids == set():
        return set()
    return set(web_session().scalars(found if ids is None else found.where(entity.id.in_(ids))))


def _carry_out(rule: Rule, waiting: Waiting) -> bool | None:
    """Do what the rule says for one firing and mark it, in one transaction.

    False where it was not done, None where it is not meant: what an earlier firing of the same batch did can be why.
    """
    session = web_session()
    kept = session.scalar(select(func.rule_take(waiting.id, type_=Text)))
    if kept is None:
        return False
    if waiting.depth >= DEEPEST:
        _mark(session, waiting, FiringState.STOPPED)
        session.commit()
        raise Loop
    # said outside of the savepoint, so that it also holds where that is undone
    led_to_by(session, waiting.depth + 1)
    because(session, rule.name)
    try:
        done = attempt(session, rule, waiting.id, waiting.row_id, kept)
        if done is None:
            session.rollback()
            return None
        _mark(session, waiting, FiringState.DONE, done=done)
    except REFUSALS as error:
        done = None
        _mark(session, waiting, FiringState.FAILED, problem=said(error))
    session.commit()
    return done is not None


def _mark(
    session: ScopedSession, one: Waiting, state: FiringState, *, done: list[str] | None = None, problem: str | None = None
) -> None:  # fmt: skip
    codes = literal(done, ARRAY(Text))
    session.execute(select(func.rule_mark(one.id, cast(state.value, Text), codes, cast(problem, Text))))


def attempt(session: ScopedSession, rule: Rule, firing_id: int, row_id: int, kept: str) -> list[str] | None:
    """Do all that the rule says with the record, or nothing; None where it does not meet the conditions any more.

    Of a deleted record it is `kept` what it was. Raises one of REFUSALS.
    """
    entity = registry.entity(rule.entity)
    with session.begin_nested():
        meant = [entity.id == row_id, *telling.where(rule.entity, rule.conditions)]
        if kept:
            row = was(session, entity, kept, meant)
        else:
            found = session.scalars(select(entity).where(*meant).execution_options(populate_existing=True))
            row = found.unique().one_or_none()
        return None if row is None else actions.do(session, rule, firing_id, row, is_gone=bool(kept))


def was(session: ScopedSession, entity: Any, kept: str, meant: Any) -> Any | None:
    """A deleted record as it was, for a user who may open such records; None where it is not meant."""
    may = principal.current().may("can_show", subject(entity))
    return gone.row(session, entity, kept, meant) if may else None


def said(error: BaseException) -> str:
    """Why something was not done, in the language of whoever carries it out."""
    if isinstance(error, OutOfScope):
        return gettext("A record that is named is out of the sight of the rule's user")
    if isinstance(error, ReadOnlyScope):
        return gettext("The rule's user may only read here")
    told = "; ".join(str(one) for many in error.errors.values() for one in many) if isinstance(error, bodies.Wrong) else ""  # fmt: skip
    return (told or i18n.spoken(reason_of(error)))[:500]


def _forget(ids: list[int]) -> None:
    """Firings for records that do not meet the conditions, or that the rule's user does not see."""
    if ids:
        with unscoped("firings that are not meant") as house:
            house.execute(
                delete(RuleFiring).where(RuleFiring.id.in_(ids), RuleFiring.state == FiringState.WAITING)
            )


def pause(rule_id: int, reason: str, detail: Any = None) -> None:
    """Switch a rule off, and say why in the language of its user."""
    with unscoped("a rule is switched off") as house:
        rule = house.get_one(Rule, rule_id, with_for_update=True)
        rule.is_off, rule.stopped_at, rule.stopped_because = True, clock.now(), reason
        with force_locale(rule.user.language):
            rule.stopped_detail = i18n.spoken(detail)[:500] if detail else None
        left.aside(house, rule)
        stopped.tell(house, rule)
