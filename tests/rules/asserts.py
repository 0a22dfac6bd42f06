"""A test that asserts nothing passes whatever the code does."""

import ast
import re
from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted

# Calls that fail by themselves: pytest's, Playwright's, helpers named after what they check or wait for.
_FAILS = re.compile(
    r"(^|\.)(raises|warns|deprecated_call|expect|fail|assert_\w+|check_\w+|expect_\w+|wait_until_\w+)$"
)


def every_test_asserts(source: Source) -> Iterator[Finding]:
    """Each test function asserts, itself or through a function of its module that does."""
    if not source.is_test:
        return
    alone = {name for name, function in source.functions if _asserts(function, frozenset())}
    asserting = frozenset(name.split(".")[-1] for name in alone)
    for name, function in source.functions:
        is_test = name.split(".")[-1].startswith("test_")
        if is_test and name not in alone and not _asserts(function, asserting):
            yield source.finding(function, f"{name} asserts nothing", name)


def _asserts(function: ast.AST, asserting: frozenset[str]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if _FAILS.search(name) or name.split(".")[-1] in asserting:
                return True
    return False
