"""What a rule reads and what it answers: a parsed source file, and findings that name the line."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Packages under app/ without rules of the trade: platform, entities, rights, screens, start.
NOT_RULES = frozenset({"core", "models", "access", "views", "launch"})


@dataclass(frozen=True)
class Finding:
    """One place that breaks a rule: `where` names the line, `exempt_by` is the key of an exemption."""

    where: str
    exempt_by: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True)
class Source:
    """A Python file by its path from the root of the repository."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree: walking it anew for each rule took longer than the rules."""
        return list(ast.walk(self.tree))

    @property
    def is_test(self) -> bool:
        """Whether pytest collects it."""
        return self.path.startswith("tests/") and Path(self.path).name.startswith("test_")

    @property
    def is_rules(self) -> bool:
        """Whether it lies in a rules package: app/<package>/… with a package that is not named NOT_RULES."""
        parts = Path(self.path).parts
        return len(parts) > 2 and parts[0] == "app" and parts[1] not in NOT_RULES

    @property
    def is_product(self) -> bool:
        """Whether it belongs to what is installed (and not to its tests and tools)."""
        return self.path.startswith(("app/", "tasks/")) or self.path in {"run.py", "config.py"}

    def finding(self, node: ast.AST, message: str, name: str = "") -> Finding:
        """A finding at the line of node; exempted by the file, or by "file:name" when a name is given."""
        line = getattr(node, "lineno", 1)
        return Finding(f"{self.path}:{line}", f"{self.path}:{name}" if name else self.path, message)

    @cached_property
    def functions(self) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Every function with its qualified name."""
        return list(_functions(self.tree, ""))

    def calls(self) -> Iterator[ast.Call]:
        """Every call in the file."""
        return (node for node in self.nodes if isinstance(node, ast.Call))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, child
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        yield from _functions(child, f"{prefix}{child.name}." if named else prefix)


def is_exempt(finding: Finding, exemptions: Collection[str]) -> bool:
    """Whether one of the exemptions names the finding's file, function or folder."""
    return any(_names(exemption, finding) for exemption in exemptions)


def unused(exemptions: Collection[str], findings: Collection[Finding]) -> list[str]:
    """Exemptions that name none of the findings."""
    return [exemption for exemption in exemptions if not any(_names(exemption, found) for found in findings)]


def _names(exemption: str, finding: Finding) -> bool:
    return finding.exempt_by == exemption or (exemption.endswith("/") and finding.where.startswith(exemption))


def dotted(node: ast.AST) -> str:
    """By what name a thing is called, "datetime.now" for example; "" for what is not a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    return ""


def sources() -> list[Source]:
    """Every Python file people write: the product, its tests, its tools; not the generated migrations."""
    files = [ROOT / "run.py", ROOT / "config.py"]
    for folder in ("app", "tasks", "tests", "tools", "demo"):
        files += sorted((ROOT / folder).rglob("*.py"))
    return [
        Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
        for file in files
        if file.exists()
    ]
