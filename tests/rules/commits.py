"""Who opened a transaction ends it: rules write, their callers commit."""

from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted


def rules_do_not_commit(source: Source) -> Iterator[Finding]:
    """No .commit() in a rules package."""
    if not source.is_rules:
        return
    for call in source.calls():
        name = dotted(call.func)
        if name.split(".")[-1] == "commit":
            yield source.finding(call, f"{name}() in a rule: the caller ends the transaction")
