"""``run.py test``: the checks of the code and the tests, on servers that stay warm between runs."""

import argparse
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psycopg

from app.launch import logins, postgres, system
from app.launch.console import say
from app.launch.errors import Stop
from app.launch.paths import PROJECT
from app.launch.servers import Servers
from app.launch.settings import DEFAULT_DATA_DIR, OURS, module

CHECKS = {
    "ruff check": module("ruff", "check"),
    "ruff format": module("ruff", "format", "--check"),
    "mypy": module("mypy"),
    "lint-imports": module("importlinter.cli"),
}
WORKERS = min(6, (os.cpu_count() or 1) + 1)
"""Processes of a run of everything: one more than cores, as each waits for the database and the browser in turn."""
WHOLE_SUITE = ("-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder")
"""Arguments of a run of everything: the tests of a file stay together, in the order of collection."""
DATABASES_OF_TESTS = "test_"
COMPILED = "test-compiled"


def cluster_dir(data_dir: str | Path = DEFAULT_DATA_DIR) -> Path:
    """The data directory of the tests' servers; another release of the servers gets another one."""
    pins = [
        line
        for line in (PROJECT / "requirements.txt").read_text().splitlines()
        if line.startswith(("embedded", "valkey"))
    ]
    return Path(data_dir) / "test-cluster" / hashlib.sha256("\n".join(pins).encode()).hexdigest()[:12]


def servers_for_tests(data_dir: str | Path = DEFAULT_DATA_DIR) -> Servers:
    """Servers for tests: quick, not safe against a power cut, joined by every process of a test run.

    Name a test's databases `test_…`: those left by a run that was killed are dropped by the next one.
    """
    return Servers(cluster_dir(data_dir), durable=False, purpose="run.py test")


def drop_leftovers(servers: Servers) -> None:
    """Drop the databases of test runs that were killed."""
    with psycopg.connect(servers.data.database_url(postgres.SUPERUSER, "postgres")) as connection:
        names = [str(name) for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()]
    for name in names:
        if name.startswith(DATABASES_OF_TESTS):
            logins.drop_database(servers.data, name)


def selects(arguments: list[str]) -> bool:
    """Whether pytest's arguments choose among the tests.

    >>> selects(["-k", "rounding"]), selects(["tests/core"]), selects(["-x", "-q"])
    (True, True, False)
    """
    chooses = {"-k", "-m", "--lf", "--last-failed", "--ff", "--sw", "--co", "--collect-only"}
    return any(
        word in chooses or word.startswith("-k") or (PROJECT / word.split("::")[0]).exists()
        for word in arguments
    )


def naming(arguments: list[str]) -> list[str]:
    """The test files that name what `-k` asks for, so that the others need not be loaded.

    [] means all: when paths are given, the expression excludes something, or no file names it.
    """
    has_path = any((PROJECT / word.split("::")[0]).exists() for word in arguments)
    asked = [after for word, after in pairwise([*arguments, ""]) if word == "-k"]
    words = re.findall(r"\w+", " ".join(asked).lower())
    if has_path or not words or "not" in words:
        return []
    wanted = set(words) - {"and", "or"}
    files = sorted(path.relative_to(PROJECT) for path in (PROJECT / "tests").rglob("test_*.py"))
    found = [str(path) for path in files if names(PROJECT / path, wanted)]
    if found:
        say(f"Looking in {len(found)} of {len(files)} files; to look in all of them add: tests")
    return found


def names(path: Path, words: set[str]) -> bool:
    """Whether one of the words stands in a test file or in its path."""
    text = f"{path.relative_to(PROJECT)} {path.read_text()}".lower()
    return any(word in text for word in words)


@contextmanager
def checked(checks: dict[str, list[str]]) -> Iterator[list[str]]:
    """Check the code beside the tests, which wait for the database and the browser; the names of failed checks, at the end."""
    if checks:
        say(f"Checking meanwhile: {', '.join(checks)}")
    running = {
        name: subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for name, command in checks.items()
    }
    failed: list[str] = []
    try:
        yield failed
        failed += [name for name, process in running.items() if not passed(name, process)]
    finally:
        for process in running.values():
            process.kill()
            process.wait()


def passed(name: str, process: subprocess.Popen[str]) -> bool:
    """Wait for a check and tell what it found; whether that is nothing."""
    output, _nothing = process.communicate()
    say(f"{name}: {'ok' if process.returncode == 0 else 'FAILED'}")
    if process.returncode != 0:
        say(output)
    return process.returncode == 0


def test(options: argparse.Namespace, arguments: list[str]) -> int:
    """Run the checks (when nothing is selected) and pytest; 0 when all of it passed."""
    is_whole = not selects(arguments)
    if is_whole:
        system.install_missing()
    with servers_for_tests(options.data_dir) as servers:
        if servers.is_owner:
            drop_leftovers(servers)
        told = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            # tests start the program some hundred times: each would compile it anew where Python is told to keep nothing
            "PYTHONPYCACHEPREFIX": os.path.abspath(Path(options.data_dir) / COMPILED),  # noqa: PTH100
            "LOANDESK_TEST_CLUSTER": str(options.data_dir),
            "LOANDESK_FULL": "yes" if options.full else "no",
        }
        for name in (*OURS, "PYTHONDONTWRITEBYTECODE"):
            told.pop(name, None)
        spread = WHOLE_SUITE if is_whole and "-n" not in arguments and "-x" not in arguments else ()
        with checked(CHECKS if is_whole else {}) as failed:
            code = pytest([*module("pytest"), *spread, *arguments, *naming(arguments)], told)
    if failed:
        say(f"Failed besides the tests: {', '.join(failed)}")
    return code or int(bool(failed))


def pytest(command: list[str], environment: dict[str, str]) -> int:
    """Run pytest on our terminal; on Ctrl-C it gets the time to end by itself."""
    process = subprocess.Popen(command, cwd=PROJECT, env=environment)
    try:
        return process.wait()
    except Stop:
        process.terminate()
        process.wait()
        raise
