"""A dry run: what a rule would have done with the records that something happened with last. Nothing of it is stored."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from app.core import codes, registry
from app.core.db import ScopedSession, unscoped, web_session
from app.core.errors import RuleError
from app.core.org import History, Rule, RuleEvent, RuleFiring
from app.core.rules import runner

LOOKED_AT = 200
"""Events of the past, or records for a rule of every night, that are looked at."""
MOST = 25
"""Records with which it is tried."""
_ACTIONS = {RuleEvent.CREATED: "create", RuleEvent.CHANGED: "change"}


@dataclass(frozen=True)
class Tried:
    """One record that would have set the rule off: when, and what would have been done or why it could not."""

    row_id: int
    title: str
    at: datetime | None
    done: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Trial:
    """How many records were looked at and met the conditions, and what came of the newest of them."""

    looked_at: int
    met: int
    tried: list[Tried]


def trial(rule: Rule) -> Trial:
    """Try a rule as its user. Raises RuleError for conditions that are wrong, NobodyThere for a closed login."""
    if not registry.has_entity(rule.entity):
        raise RuleError(_("There are no such records"))
    with runner.acting(rule):
        at = _events(rule)
        met = runner.matching(rule, set(at)) if at else set()
        newest = [row_id for row_id in at if row_id in met][:MOST]
        return Trial(len(at), len(met), [_tried(web_session(), rule, one, at[one]) for one in newest])


def _events(rule: Rule) -> dict[int, datetime | None]:
    """Records with which the event happened lately, the newest first."""
    entity = registry.entity(rule.entity)
    if rule.event == RuleEvent.NIGHTLY:
        ids = web_session().scalars(select(entity.id).order_by(entity.id.desc()).limit(LOOKED_AT))
        return dict.fromkeys(ids)
    wanted = History.entity == rule.entity, History.action == _ACTIONS[rule.event]
    with unscoped("what happened lately, to try a rule on") as house:
        query = select(History.row_id, History.at).where(*wanted).order_by(History.id.desc()).limit(LOOKED_AT)
        if rule.field:
            query = query.where(func.jsonb_exists(History.changes, rule.field))
        found: dict[int, datetime | None] = {}
        for row_id, at in house.execute(query):
            found.setdefault(row_id, at)
        return found


def _tried(session: ScopedSession, rule: Rule, row_id: int, at: datetime | None) -> Tried:
    """What the rule would do with a record: it is done and taken back."""
    entity = registry.entity(rule.entity)
    title = str(session.scalars(select(entity).where(entity.id == row_id)).unique().one())
    firing = RuleFiring(id=0, row_id=row_id, entity=rule.entity)
    try:
        done = runner.attempt(session, rule, firing) or []
        return Tried(row_id, title, at, tuple(codes.say("rule_action", one) for one in done))
    except runner.REFUSALS as error:
        return Tried(row_id, title, at, problem=runner.said(error))
    finally:
        session.rollback()
