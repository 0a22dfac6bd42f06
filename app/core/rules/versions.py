"""Versions of a rule: what it said from one change to the next."""

from typing import Any

from app.core.org import Rule, RuleVersion


def columns() -> list[str]:
    """The columns that say what a rule does."""
    names = (name for name in Rule.__screen__.form_columns if name != "is_off")
    return [f"{name}_id" if f"{name}_id" in Rule.__table__.c else name for name in names]


def following(rule: Rule, user_id: int | None) -> RuleVersion:
    """The version that a change of a rule makes."""
    said: dict[str, Any] = {name: getattr(rule, name) for name in columns()}
    kept = {
        name: str(value) if name == "event" else value for name, value in said.items() if value is not None
    }
    rule.number = (rule.number or 0) + 1
    return RuleVersion(rule=rule, number=rule.number, definition=kept, user_id=user_id)
