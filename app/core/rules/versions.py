"""Versions of a rule: what it said from one change to the next."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.org import Rule, RuleVersion


def columns() -> list[str]:
    """The columns that say what a rule does."""
    names = (name for name in Rule.__screen__.form_columns if name != "is_off")
    return [f"{name}_id" if f"{name}_id" in Rule.__table__.c else name for name in names]


def follow(session: Session, rule: Rule, user_id: int | None) -> None:
    """Keep what a changed rule says as its next version."""
    said: dict[str, Any] = {name: getattr(rule, name) for name in columns()}
    kept = {
        name: str(value) if name == "event" else value for name, value in said.items() if value is not None
    }
    before = select(func.max(RuleVersion.number)).where(RuleVersion.rule_id == rule.id)
    rule.number = 1 + ((session.scalar(before) or 0) if rule.id else 0)
    # a change of many rows lets go of each before it is stored
    of = {"rule_id": rule.id} if rule.id else {"rule": rule}
    session.add(RuleVersion(**of, number=rule.number, definition=kept, user_id=user_id))
