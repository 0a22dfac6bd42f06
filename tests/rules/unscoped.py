"""Leaving the row scope is said aloud: unscoped() always carries its reason in words."""

import ast
from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted

FEWEST_WORDS = 2


def unscoped_gives_its_reason(source: Source) -> Iterator[Finding]:
    """Every call of unscoped() has a string of at least two words, written there, as its first argument."""
    for call in source.calls():
        if dotted(call.func).split(".")[-1] != "unscoped":
            continue
        reason = (
            call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "reason"), None)
        )
        if len(_written(reason).split()) < FEWEST_WORDS:
            yield source.finding(call, "unscoped() without a reason in words, written where it is called")


def _written(reason: ast.expr | None) -> str:
    """The words of a reason that stand in the source, without what is inserted into them."""
    parts = reason.values if isinstance(reason, ast.JoinedStr) else [reason]
    return "".join(
        part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )
