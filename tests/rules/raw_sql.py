"""SQL as text stands only in modules listed with the reason why the expression language cannot say it."""

import ast
from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted

_TAKES_SQL = {"exec_driver_sql", "executemany", "copy"}


def sql_is_not_text(source: Source) -> Iterator[Finding]:
    """No text("…") and no SQL string given to a driver in the product."""
    if not source.is_product:
        return
    for call in source.calls():
        name = dotted(call.func)
        last = name.split(".")[-1]
        if last == "text" and name in _names_of_text(source.tree):
            yield source.finding(call, f"{name}(…) is SQL as text")
        elif (
            last in _TAKES_SQL
            and isinstance(call.func, ast.Attribute)
            and call.args
            and _is_sql(call.args[0])
        ):
            yield source.finding(call, f"{last}(…) is given SQL as text")
        elif last == "execute" and call.args and _is_sql(call.args[0]):
            yield source.finding(call, "execute(…) is given SQL as text")


def _names_of_text(tree: ast.Module) -> set[str]:
    """Under which names this module calls SQLAlchemy's text()."""
    names = {"sa.text", "sqlalchemy.text", "sqlalchemy.sql.text", "db.text"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "text"}
    return names


def _is_sql(node: ast.AST) -> bool:
    """Whether the argument is a string written there (insertions or not) that starts with a word of SQL."""
    if isinstance(node, ast.JoinedStr):
        node = node.values[0] if node.values else node
    words = str(node.value).split() if isinstance(node, ast.Constant) and isinstance(node.value, str) else []
    return bool(words) and words[0].lower() in {
        *(
            "select",
            "insert",
            "update",
            "delete",
            "merge",
            "with",
            "copy",
            "create",
            "alter",
            "drop",
            "grant",
        ),
        *(
            "revoke",
            "set",
            "reset",
            "lock",
            "notify",
            "listen",
            "truncate",
            "analyze",
            "vacuum",
            "comment",
            "do",
        ),
    }
