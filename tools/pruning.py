"""What to look at once a month: the longest files and functions, every way out of the scope, every exemption.

    python tools/pruning.py

Whatever it lists is deleted, split or justified.
"""

import ast
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.rules import exemptions, size
from tests.rules.source import Source, dotted, sources

MOST = 10


def longest_files(files: list[Source]) -> list[str]:
    """The longest files, longest first."""
    counted = sorted(((size.file_lines(file), file.path) for file in files), reverse=True)
    return [f"{lines:5} {path}" for lines, path in counted[:MOST]]


def functions_above_the_goal(files: list[Source]) -> list[str]:
    """Functions of the product longer than the goal, longest first."""
    counted = [
        (lines, f"{file.path} {name}")
        for file in files
        if file.is_product
        for name, lines in size.code_lines(file).items()
        if lines > size.FUNCTION_GOAL
    ]
    return [f"{lines:5} {where}" for lines, where in sorted(counted, reverse=True)]


def ways_out_of_the_scope(files: list[Source]) -> list[str]:
    """Every unscoped() of the product with its reason."""
    return [
        f"      {file.path}:{call.lineno} {ast.unparse(call)}"
        for file in files
        if file.is_product
        for call in file.calls()
        if dotted(call.func).split(".")[-1] == "unscoped"
    ]


def exempted() -> list[str]:
    """Every exemption from a rule of the house with its reason."""
    tables = {name: table for name, table in vars(exemptions).items() if name.isupper()}
    return [
        f"      {name} {path}: {reason}" for name, table in tables.items() for path, reason in table.items()
    ]


def main() -> None:
    """Print the lists."""
    files = sources()
    for title, lines in (
        ("Longest files", longest_files(files)),
        (f"Functions of more than {size.FUNCTION_GOAL} lines of code", functions_above_the_goal(files)),
        ("Ways out of the scope", ways_out_of_the_scope(files)),
        ("Exemptions", exempted()),
    ):
        print(f"{title} ({len(lines)})", *lines, sep="\n", end="\n\n")


if __name__ == "__main__":
    main()
