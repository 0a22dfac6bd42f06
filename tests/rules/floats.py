"""No float money: what a rule calculates with is Decimal, or whole cents when it works on arrays."""

import ast
import re
from collections.abc import Iterator

from tests.rules.source import Finding, Source, dotted

# The edges of the process count seconds and messages a second; no money gets there but as text.
_EDGE = re.compile(r"/(channels|providers)/")
_FLOAT_TYPES = {"float", "np.float64", "np.float32", "numpy.float64", "numpy.float32"}


def rules_have_no_floats(source: Source) -> Iterator[Finding]:
    """A rules package neither makes a float nor declares one, in calls, annotations or array types."""
    if not (source.is_rules or source.path == "app/core/money.py") or _EDGE.search(source.path):
        return
    for node in source.nodes:
        if isinstance(node, ast.Call) and dotted(node.func) in _FLOAT_TYPES:
            yield source.finding(node, f"{dotted(node.func)}(…): money is Decimal or whole cents")
        elif isinstance(node, ast.Call):
            for given in [*node.args, *(word.value for word in node.keywords)]:
                if dotted(given) in _FLOAT_TYPES:
                    yield source.finding(
                        given, f"{dotted(given)} handed to a call: money is Decimal or whole cents"
                    )
        elif isinstance(node, ast.arg | ast.AnnAssign) and _names_a_float(node.annotation):
            yield source.finding(node, "a float is declared: money is Decimal or whole cents")


def _names_a_float(annotation: ast.AST | None) -> bool:
    return annotation is not None and any(dotted(part) in _FLOAT_TYPES for part in ast.walk(annotation))
