"""Every module says in its first line what it is for."""

import ast
from collections.abc import Iterator

from tests.rules.source import Finding, Source


def module_says_what_it_is_for(source: Source) -> Iterator[Finding]:
    """A module that holds anything starts with a docstring."""
    if source.text.strip() and not (ast.get_docstring(source.tree) or "").strip():
        yield source.finding(source.tree, "no docstring: the first line says what the module is for")
