"""The house rules hold everywhere: imports, sizes, docstrings, the clock, money, scope, SQL, tests."""

import configparser
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.rules import (
    asserts,
    clock,
    commits,
    docstrings,
    exemptions,
    floats,
    raw_sql,
    size,
    skips,
    unscoped,
)
from tests.rules.source import NOT_RULES, ROOT, Finding, Source, is_exempt, sources, unused

Rule = Callable[[Source], Iterator[Finding]]

RULES: dict[Rule, dict[str, str]] = {
    size.file_is_small: exemptions.LONG_FILES,
    size.functions_are_small: exemptions.LONG_FUNCTIONS,
    docstrings.module_says_what_it_is_for: {},
    clock.only_the_clock_reads_the_clock: exemptions.CLOCKS,
    floats.rules_have_no_floats: exemptions.FLOATS,
    unscoped.unscoped_gives_its_reason: exemptions.UNSCOPED,
    raw_sql.sql_is_not_text: exemptions.SQL_AS_TEXT,
    commits.rules_do_not_commit: exemptions.COMMITS,
    asserts.every_test_asserts: exemptions.NO_ASSERTION,
    skips.no_test_is_skipped: {},
}


@cache
def files() -> list[Source]:
    return sources()


@cache
def broken(rule: Rule) -> list[Finding]:
    """Where a rule is broken, exempted or not."""
    return [finding for file in files() for finding in rule(file)]


@pytest.fixture(scope="module")
def contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_holds_in_every_file(rule: Rule) -> None:
    told = [str(finding) for finding in broken(rule) if not is_exempt(finding, RULES[rule])]
    assert not told, f"{rule.__doc__}\n" + "\n".join(told)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_exemption_is_needed_and_has_a_reason(rule: Rule) -> None:
    assert unused(RULES[rule], broken(rule)) == []
    assert all(len(reason.split()) > 2 for reason in RULES[rule].values())


def test_imports_go_one_way() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_stands_in_a_layer(contracts: configparser.ConfigParser) -> None:
    layers = contracts["importlinter:contract:layers"]["layers"]
    missing = [package for package in _packages() if f"app.{package}" not in layers]
    assert not missing, f".importlinter does not say where these stand: {missing}"


def test_every_rules_package_keeps_away_from_the_web_framework(contracts: configparser.ConfigParser) -> None:
    listed = contracts["importlinter:contract:rules"]["source_modules"].split()
    missing = [
        package for package in _packages() if package not in NOT_RULES and f"app.{package}" not in listed
    ]
    assert not missing, f".importlinter does not forbid Flask and Celery to: {missing}"


def _packages() -> list[str]:
    return sorted(folder.parent.name for folder in (ROOT / "app").glob("*/__init__.py"))
