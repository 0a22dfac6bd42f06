"""SQL as text stands only in modules listed with the reason why the expression language cannot say it."""

import ast
import re
from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted

# What is told to the database in SQL by its nature: conditions, expressions, defaults.
_MADE_OF_SQL = {"Index", "CheckConstraint", "ExcludeConstraint", "mapped_column"}
# A statement's first words, all in capitals or all in small letters: "Select a loan" is a label.
_STATEMENT = r"""
    select\s .* \sfrom\s | insert\s+into\s | update\s+\S*\s*set\s | delete\s+from\s | merge\s+into\s
  | with\s+(recursive\s+)?\w+\s+as\s | copy\s.*\s(from|to)\s | truncate\s | lock\s+table\s | grant\s
  | (create|alter|drop)\s+(or\s+replace\s+)?(role|policy|table|unlogged|temp|index)\b
  | (create|alter|drop)\s+(or\s+replace\s+)?(function|trigger|extension|view|database)\b | revoke\s
  | set\s+(local|session|role)\s | reset\s+role | notify\s | listen\s | analyze\s | vacuum\s
"""
_SQL = (
    re.compile(_STATEMENT, re.VERBOSE | re.DOTALL),
    re.compile(re.sub(r"(?<!\\)[a-z]+", lambda word: word[0].upper(), _STATEMENT), re.VERBOSE | re.DOTALL),
)


def sql_is_not_text(source: Source) -> Iterator[Finding]:
    """No text(…) of SQLAlchemy and no string that is an SQL statement in the product."""
    if not source.is_product:
        return
    names, passed_over = _names_of_text(source), _no_statements(source)
    for call in source.calls():
        if dotted(call.func) in names and id(call) not in passed_over:
            yield source.finding(call, f"{dotted(call.func)}(…) is SQL as text")
    for node in source.nodes:
        if id(node) not in passed_over and _is_sql(node):
            yield source.finding(node, "a string is SQL as text")


def _names_of_text(source: Source) -> set[str]:
    """Under which names this module calls SQLAlchemy's text()."""
    names = {"sa.text", "sqlalchemy.text", "sqlalchemy.sql.text", "db.text"}
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "text"}
    return names


def _no_statements(source: Source) -> set[int]:
    """What is no statement of its own: documentation, the parts of an f-string, what indexes are made of."""
    nodes = source.nodes
    found = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    found |= {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in _MADE_OF_SQL:
            found |= {id(part) for part in ast.walk(node)} - {id(node)}
    return found


def _is_sql(node: ast.AST) -> bool:
    """Whether a string, with insertions or without, starts like an SQL statement."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "x" for part in node.values]
        written = "".join(str(part) for part in parts)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        written = node.value
    else:
        return False
    return any(pattern.match(written.lstrip() + " ") for pattern in _SQL)
