"""A skipped test is a claim nobody checks: none is skipped and none is expected to fail."""

import ast
from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted

_SKIPS = {"skip", "skipif", "xfail", "importorskip", "skipIf", "skipUnless", "expectedFailure", "SkipTest"}


def no_test_is_skipped(source: Source) -> Iterator[Finding]:
    """No skip, skipif, xfail or importorskip in the tests, as a call or as a mark."""
    if not source.path.startswith("tests/"):
        return
    for node in source.nodes:
        name = dotted(node) if isinstance(node, ast.Attribute) else ""
        if name.startswith(("pytest.", "mark.", "unittest.")) and name.split(".")[-1] in _SKIPS:
            yield source.finding(node, f"{name}: make it pass or delete it")
