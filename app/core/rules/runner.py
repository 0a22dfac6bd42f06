"""Carrying out what rules are to do: each firing once, in one transaction with what it does.

One process works at a time, under a lock that dies with it. A firing waits until the transaction that did its work
marked it: a worker killed at any instruction leaves it done, or as if nobody had begun.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, g
from flask_babel import force_locale, gettext
from sqlalchemy import ARRAY, BigInteger, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError, IntegrityError, InternalError, OperationalError

from app.core import clock, i18n, registry
from app.core.db import ScopedSession, because, led_to_by, source, unscoped, web_session
from app.core.errors import OutOfScope, ReadOnlyScope, RuleError
from app.core.faults import reason_of
from app.core.labels import subject
from app.core.locks import Lock
from app.core.org import FiringState, Rule, RuleEvent, RuleFiring, RuleVersion
from app.core.rules import actions
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


def ask_for_night(session: Any, day: Any) -> int:
    """Let the rules of every night look at the records of a business date; how many there are."""
    asked = update(Rule).where(Rule.event == RuleEvent.NIGHTLY, ~Rule.is_off).values(night_on=day)
    return len(session.scalars(asked.returning(Rule.id)).all())


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
    except OperationalError:
        raise
    except Loop:
        pause(rule_id, "loop")
    except NobodyThere:
        pause(rule_id, "owner")
    except RuleError as error:
        pause(rule_id, "conditions", error.message)
    except Exception as error:
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
            _begin_night(rule)
        meant = matching(rule, set(waiting.values()))
        done = sum(_carry_out(rule, one) for one, row_id in waiting.items() if row_id in meant)
    _forget([one for one, row_id in waiting.items() if row_id not in meant])
    return done


def _claimed(rule_id: int) -> tuple[Rule | None, dict[int, int]]:
    """The rule, and which of its firings wait for which records; what waits for one that is off is dropped."""
    mine = RuleFiring.rule_id == rule_id, RuleFiring.state == FiringState.WAITING
    with unscoped("what a rule is to do") as house:
        rule = house.get_one(Rule, rule_id)
        if rule.is_off:
            rule.night_on = None
            house.execute(delete(RuleFiring).where(*mine))
            return None, {}
        found = house.execute(
            select(RuleFiring.id, RuleFiring.row_id).where(*mine).order_by(RuleFiring.id).limit(BATCH)
        )
        house.expunge(rule)
        return rule, {firing_id: row_id for firing_id, row_id in found}  # noqa: C416  rows are no mapping


@contextmanager
def acting(rule: Rule) -> Iterator[None]:
    """A request of the user as whom a rule acts: his scope, his rights, his language. Raises NobodyThere."""
    with current_app.test_request_context():
        found = principal.of_user(rule.user_id)
        if found is None:
            raise NobodyThere
        g.user, g.principal = found
        with force_locale(found[1].language):
            yield


def matching(rule: Rule, ids: set[int] | None = None) -> set[int]:
    """Of these records, or of all, those that the rule's user sees and that meet its conditions. Raises RuleError."""
    entity = registry.entity(rule.entity)
    if ids == set() or not principal.current().may("can_show", subject(entity)):
        return set()
    found = select(entity.id).where(*telling.where(rule.entity, rule.conditions))
    return set(web_session().scalars(found if ids is None else found.where(entity.id.in_(ids))))


def _begin_night(rule: Rule) -> None:
    """A firing for each record that a rule of every night meets: once for a record and business date."""
    ids = sorted(matching(rule))
    with unscoped("what a rule of every night is to do") as house:
        version = select(RuleVersion.id).where(
            RuleVersion.rule_id == rule.id, RuleVersion.number == rule.number
        )
        told = {
            "rule_id": rule.id, "version_id": house.scalars(version).one(), "user_id": rule.user_id, "name": rule.name,
            "entity": rule.entity, "event": RuleEvent.NIGHTLY, "night_on": rule.night_on,
        }  # fmt: skip
        rows = select(
            *(literal(value, RuleFiring.__table__.c[name].type) for name, value in told.items()),
            func.unnest(literal(ids, ARRAY(BigInteger))),
        )
        house.execute(
            insert(RuleFiring.__table__).from_select([*told, "row_id"], rows).on_conflict_do_nothing()
        )
        over = update(Rule).where(Rule.id == rule.id, Rule.night_on == rule.night_on)
        house.execute(over.values(night_on=None))


def _carry_out(rule: Rule, firing_id: int) -> bool:
    """Do what the rule says for one firing and mark it, in one transaction; False where it was not done."""
    session = web_session()
    mine = select(RuleFiring).where(RuleFiring.id == firing_id, RuleFiring.state == FiringState.WAITING)
    firing = session.scalars(mine.with_for_update(of=RuleFiring)).one_or_none()
    if firing is None:
        return False
    if firing.depth >= DEEPEST:
        firing.state, firing.done_at = FiringState.STOPPED, clock.now()
        session.commit()
        raise Loop
    # said outside of the savepoint, so that it also holds where that is undone
    led_to_by(session, firing.depth + 1)
    because(session, rule.name)
    try:
        done = attempt(session, rule, firing)
        if done is None:
            # what an earlier firing of the same batch did is why
            session.delete(firing)
            session.commit()
            return False
        firing.actions, firing.state = done, FiringState.DONE
    except REFUSALS as error:
        firing.state, firing.problem = FiringState.FAILED, said(error)
    firing.done_at, is_done = clock.now(), firing.state == FiringState.DONE
    session.commit()
    return is_done


def attempt(session: ScopedSession, rule: Rule, firing: RuleFiring) -> list[str] | None:
    """Do all that the rule says with the record, or nothing; None where it does not meet the conditions any more.

    Raises one of REFUSALS.
    """
    entity = registry.entity(rule.entity)
    with session.begin_nested():
        meant = entity.id == firing.row_id, *telling.where(rule.entity, rule.conditions)
        found = session.scalars(select(entity).where(*meant).execution_options(populate_existing=True))
        row = found.unique().one_or_none()
        return None if row is None else actions.do(session, rule, firing.id, row)


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
    """Switch a rule off, and say why."""
    with unscoped("a rule is switched off") as house:
        rule = house.get_one(Rule, rule_id)
        rule.is_off, rule.stopped_at, rule.stopped_because = True, clock.now(), reason
        rule.stopped_detail = i18n.spoken(detail)[:500] if detail else None
