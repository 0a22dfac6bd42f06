"""A dry run: what a rule would have done with the records that something happened with last. Nothing of it is stored."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from app.core import codes, registry
from app.core.db import ScopedSession, unscoped, web_session
from app.core.errors import RuleError
from app.core.org import History, Rule, RuleEvent
from app.core.rules import gone, runner
from app.core.webhooks import telling

LOOKED_AT = 200
"""Events of the past, or records for a rule of every night, that are looked at."""
MOST = 25
"""Records with which it is tried."""
_ACTIONS = {RuleEvent.CREATED: "create", RuleEvent.CHANGED: "change", RuleEvent.DELETED: "delete"}


@dataclass(frozen=True)
class Tried:
    """One record that would have set the rule off: when, and what would have been done or why it could not."""

    row_id: int
    title: str
    at: datetime | None
    done: tuple[str, ...] = ()
    problem: str = ""
    is_gone: bool = False


@dataclass(frozen=True)
class Trial:
    """How many records were looked at and met the conditions, and what came of the newest of them."""

    looked_at: int
    met: int
    tried: list[Tried]


@dataclass(frozen=True)
class Past:
    """One record with which the event happened lately; of a deleted one also what it was."""

    row_id: int
    at: datetime | None
    kept: str = ""


def trial(rule: Rule) -> Trial:
    """Try a rule as its user. Raises RuleError for conditions that are wrong, NobodyThere for a closed login."""
    if not registry.has_entity(rule.entity):
        raise RuleError(_("There are no such records"))
    with runner.acting(rule):
        session, past = web_session(), _events(rule)
        met = _met(session, rule, past)
        return Trial(len(past), len(met), [_tried(session, rule, one) for one in met[:MOST]])


def _events(rule: Rule) -> list[Past]:
    """Records with which the event happened lately, the newest first."""
    entity = registry.entity(rule.entity)
    if rule.event == RuleEvent.NIGHTLY or not entity.__history__:
        ids = web_session().scalars(select(entity.id).order_by(entity.id.desc()).limit(LOOKED_AT))
        return [Past(one, None) for one in ids]
    is_gone = rule.event == RuleEvent.DELETED
    wanted = History.entity == rule.entity, History.action == _ACTIONS[rule.event]
    with unscoped("what happened lately, to try a rule on") as house:
        query = select(History).where(*wanted).order_by(History.id.desc()).limit(LOOKED_AT)
        if rule.field:
            query = query.where(func.jsonb_exists(History.changes, rule.field))
        found: dict[int, Past] = {}
        for row in house.scalars(query):
            kept = gone.remembered(house, entity, row.row_id, row.changes) if is_gone else ""
            found.setdefault(row.row_id, Past(row.row_id, row.at, kept))
        return list(found.values())


def _met(session: ScopedSession, rule: Rule, past: list[Past]) -> list[Past]:
    """Those that the rule's user sees, or would have seen, and that meet its conditions."""
    if rule.event == RuleEvent.DELETED:
        meant, entity = telling.where(rule.entity, rule.conditions), registry.entity(rule.entity)
        return [one for one in past if runner.was(session, entity, one.kept, meant) is not None]
    met = runner.matching(rule, {one.row_id for one in past}) if past else set()
    return [one for one in past if one.row_id in met]


def _tried(session: ScopedSession, rule: Rule, past: Past) -> Tried:
    """What the rule would do with a record: it is done and taken back."""
    entity = registry.entity(rule.entity)
    if past.kept:
        title = str(gone.row(session, entity, past.kept, ()))
    else:
        title = str(session.scalars(select(entity).where(entity.id == past.row_id)).unique().one())
    try:
        done = runner.attempt(session, rule, 0, past.row_id, past.kept) or []
        said = tuple(codes.say("rule_action", one) for one in done)
        return Tried(past.row_id, title, past.at, said, is_gone=bool(past.kept))
    except runner.REFUSALS as error:
        return Tried(past.row_id, title, past.at, problem=runner.said(error), is_gone=bool(past.kept))
    finally:
        session.rollback()
