"""One entity is declared by one class, and all that the platform does is done with it: tests/platform, in a process of its own."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.rules.source import ROOT

PROOFS = sorted((ROOT / "tests/platform").glob("proof_*.py"))


def proofs() -> list[str]:
    """What they prove, as their functions are called: file, sentence."""
    trees = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in PROOFS}
    named = [
        (stem, one.name)
        for stem, tree in trees.items()
        for one in tree.body
        if isinstance(one, ast.FunctionDef)
    ]
    return [f"{stem}-{name}" for stem, name in named if name.startswith("test_")]


@cache
def outcomes(told: Path) -> dict[str, list[tuple[bool, str]]]:
    """Run them; by sentence whether each of its cases passed, and what was said if not."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={told}"]
    command += [f"--basetemp={told.with_suffix('')}", *map(str, PROOFS)]
    inside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=inside, capture_output=True, text=True, check=False)
    assert told.exists(), done.stdout + done.stderr
    found: dict[str, list[tuple[bool, str]]] = {}
    for case in ET.parse(told).iter("testcase"):  # noqa: S314  written by the run above
        faults = [str(one.text) for one in case if one.tag in ("failure", "error", "skipped")]
        key = f"{case.attrib['classname'].rpartition('.')[2]}-{case.attrib['name'].partition('[')[0]}"
        found.setdefault(key, []).append((not faults, "\n".join(faults)))
    return found


@pytest.mark.parametrize("proof", proofs())
def test_one_class_is_enough(proof: str, template: str, tmp_path_factory: Any) -> None:
    cases = outcomes(tmp_path_factory.getbasetemp() / "one_class.xml").get(proof, [])
    assert cases, "it was not run"
    assert all(passed for passed, _said in cases), "\n".join(said for _passed, said in cases)
