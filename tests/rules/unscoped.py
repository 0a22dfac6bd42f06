"""Leaving the row scope is said aloud: unscoped() always carries its reason in words."""

import ast
from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted


def unscoped_gives_its_reason(source: Source) -> Iterator[Finding]:
    """Every call of unscoped() has a string of at least two words, written there, as its first argument."""
    for call in source.calls():
        if dotted(call.func).split(".")[-1] != "unscoped":
            continue
        reason = (
            call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "reason"), None)
        )
        written = reason.value if isinstance(reason, ast.Constant) and isinstance(reason.value, str) else ""
        if len(written.split()) < 2:
            yield source.finding(call, "unscoped() without a reason in words, written where it is called")
