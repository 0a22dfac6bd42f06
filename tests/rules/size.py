"""Small by default: a file is read in one go, a function in one look."""

import ast
import io
import tokenize
from collections.abc import Iterator

from tests.rules.source import Finding, Source

FILE_LINES = 250  # lines that are not blank
FUNCTION_LINES = 40  # code lines nobody may pass
FUNCTION_GOAL = 25  # code lines to aim at; tools/pruning.py lists what is above

_NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def file_lines(source: Source) -> int:
    """Lines that are not blank."""
    return sum(1 for line in source.text.splitlines() if line.strip())


def code_lines(source: Source) -> dict[str, int]:
    """Lines of code of every function by qualified name: no docstring, comment or blank line counts."""
    busy: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type not in _NOT_CODE:
            busy.update(range(token.start[0], token.end[0] + 1))
    found = {}
    for name, function in source.functions:
        body = set(range(function.lineno, (function.end_lineno or function.lineno) + 1))
        found[name] = len((busy & body) - _docstring_lines(function))
    return found


def _span(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _docstring_lines(function: ast.AST) -> set[int]:
    if (
        not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        or ast.get_docstring(function) is None
    ):
        return set()
    first = function.body[0]
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


def file_is_small(source: Source) -> Iterator[Finding]:
    """A file holds one idea: at most FILE_LINES lines."""
    lines = file_lines(source)
    if lines > FILE_LINES:
        yield source.finding(source.tree, f"{lines} lines, at most {FILE_LINES}: split it by idea")


def functions_are_small(source: Source) -> Iterator[Finding]:
    """A function says one thing: at most FUNCTION_LINES lines of code."""
    if not any(_span(function) > FUNCTION_LINES for _name, function in source.functions):
        return  # shorter with all its comments: what of it is code need not be asked
    at = dict(source.functions)
    for name, lines in code_lines(source).items():
        if lines > FUNCTION_LINES:
            message = f"{name} has {lines} lines of code, at most {FUNCTION_LINES} (goal {FUNCTION_GOAL})"
            yield source.finding(at[name], message, name)
