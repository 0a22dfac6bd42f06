"""Rules of every night: asked for by the night, they look at every record once a business date."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import unscoped
from app.core.org import Rule, RuleEvent, RuleFiring, RuleVersion


def ask(session: Any, day: Any) -> int:
    """Let the rules of every night look at the records of a business date; how many there are."""
    asked = update(Rule).where(Rule.event == RuleEvent.NIGHTLY, ~Rule.is_off).values(night_on=day)
    return len(session.scalars(asked.returning(Rule.id)).all())


def begin(rule: Rule, ids: Sequence[int]) -> None:
    """A firing for each record that a rule of every night meets: once for a record and business date."""
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
            func.unnest(literal(list(ids), ARRAY(BigInteger))),
        )
        house.execute(
            insert(RuleFiring.__table__).from_select([*told, "row_id"], rows).on_conflict_do_nothing()
        )
        over = update(Rule).where(Rule.id == rule.id, Rule.night_on == rule.night_on)
        house.execute(over.values(night_on=None))
