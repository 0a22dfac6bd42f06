"""The command line, its settings and the guide that describes them."""

import os
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import config
from app.core import clock
from app.core.db import unscoped
from app.launch import commands, system, testing
from app.launch.__main__ import COMMANDS, parser
from app.launch.errors import LaunchError
from app.launch.paths import PROJECT, DataDir
from tests.launch.installation import environment
from tests.web.people import rows

GUIDE = PROJECT / "docs" / "operate.md"


def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run run.py with the Python of these tests."""
    return subprocess.run(
        [sys.executable, str(PROJECT / "run.py"), *words], env=environment(**more), capture_output=True,
        text=True, timeout=120, check=False, cwd="/",
    )  # fmt: skip


def test_settings_are_printed_with_their_meaning_and_secrets_are_not() -> None:
    done = run("settings", DATABASE_URL="postgresql://app:hidden@db/loandesk", SMPP_PORT="2776")
    assert done.returncode == 0, done.stderr
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["DATABASE_URL"].startswith("(set)")
    assert "hidden" not in done.stdout
    assert lines["SMPP_PORT"].split()[0] == "2776"
    assert set(config.SETTINGS) <= set(lines)


def test_a_command_that_does_not_exist_is_answered_with_those_that_do() -> None:
    done = run("sevre")
    assert done.returncode == 2
    assert all(name in done.stderr for name in COMMANDS)


def test_a_login_made_from_standard_input_follows_the_rule_of_the_screens(
    database: Any, tmp_path: Path
) -> None:
    import app.models  # noqa: F401  users are linked to what it declares

    known = environment(
        **{name: os.environ[name] for name in ("DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL")}
    )
    made = [
        sys.executable,
        str(PROJECT / "run.py"),
        "create-user",
        "anna",
        "--role",
        "Officer",
        "--password-stdin",
        "--data-dir",
        str(tmp_path / "var"),
    ]
    for password, said in (("short", "At least 8 characters"), ("anna-anna", "anna may log in as Officer")):
        done = subprocess.run(
            made,
            input=f"{password}\n",
            env=known,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd="/",
        )
        assert said in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert len(rows("user", username="anna")) == (done.returncode == 0)


@pytest.mark.parametrize(
    "words, said",
    [
        (["nightly", "--date", "tomorrow"], "tomorrow is no date; write it as 2018-06-25"),
        (["nightly", "--date", "2018-02-30"], "2018-02-30 is no date"),
        (["--port", "99999"], "99999 is no port; they go from 1 to 65535"),
        (["--port", "-1"], "no port"),
        (["serve", "--port", "web"], "web is no port"),
        (["--bogus"], "unknown arguments: --bogus"),
        (["import", "book.xlsx"], "--layout"),
    ],
)
def test_what_is_wrong_on_the_command_line_is_named(words: list[str], said: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_may_begin_an_installation_without_the_demonstration(place: Path) -> None:
    data = str(place / "new" / "var")
    made = run("create-user", "anna", "--role", "Administrator", "--empty", "--data-dir", data)
    assert made.returncode == 0, made.stderr
    assert "anna may log in" in made.stdout
    assert "demonstration" not in made.stdout
    state = DataDir(data)
    assert state.read_state()["demo"] is False
    night = run("nightly", "--date", "2018-06-25", "--empty", "--data-dir", data)
    assert night.returncode == 0, night.stderr
    state.write_state(demo=True)
    refused = run(
        "compare",
        str(GUIDE),
        "--layout",
        "x",
        "--client",
        "y",
        "--date",
        "2018-06-25",
        "--empty",
        "--data-dir",
        data,
    )
    assert (refused.returncode, refused.stderr.count("holds the demonstration data")) == (1, 1)


@pytest.mark.parametrize("words", [
    ["import", "book.xlsx", "--layout", "x"], ["nightly", "--date", "2018-06-25"], ["create-user", "anna", "--role", "Officer"],
    ["compare", "a.xlsx", "--layout", "x", "--client", "y", "--date", "2018-06-25"], ["deploy"], ["serve"],
], ids=lambda words: words[0])  # fmt: skip
def test_every_command_that_can_begin_an_installation_takes_empty(words: list[str]) -> None:
    assert parser().parse_args([*words, "--empty"]).empty is True
    assert parser().parse_args(words).empty is False


def test_a_night_a_year_ahead_is_refused_unless_it_is_meant(database: Any) -> None:
    today = date(2018, 6, 25)
    with unscoped("a test's installation") as session:
        clock.set_business_date(session, today)
    commands.refuse_far(today)
    commands.refuse_far(today + timedelta(days=366))
    for day in (today + timedelta(days=367), date(9999, 12, 31)):
        with pytest.raises(LaunchError, match=r"days after the business date 2018-06-25.*add --far"):
            commands.refuse_far(day)
    assert parser().parse_args(["nightly", "--date", "9999-12-31"]).far is False
    assert parser().parse_args(["nightly", "--date", "9999-12-31", "--far"]).far is True


def test_help_is_given_before_any_package_is_installed(place: Path) -> None:
    bare = place / "loandesk"
    shutil.copytree(PROJECT / "app" / "launch", bare / "app" / "launch")
    (bare / "app" / "__init__.py").touch()
    shutil.copy(PROJECT / "run.py", bare)
    words = [sys.executable, "-I", "-S", str(bare / "run.py"), "nightly", "--help"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "close a business date" in done.stdout
    assert not (bare / ".venv").exists()


def test_the_doctor_starts_the_servers_it_examines_and_says_what_he_found(place: Path) -> None:
    done = run("doctor", "--data-dir", str(place / "var"))
    assert done.returncode == 0, done.stdout
    said = done.stdout
    for line in (
        "PostgreSQL 18",
        "login owns nothing",
        "Valkey 9",
        "GB free",
        "secrets.json is private",
        "clocks differ",
    ):
        assert line in said
    assert "warn  nothing deployed yet" in said


def test_the_first_command_in_a_fresh_copy_may_be_the_migration_of_a_new_entity(place: Path) -> None:
    copy = place / "loandesk"
    for part in ("app", "migrations"):
        shutil.copytree(PROJECT / part, copy / part, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(PROJECT / "config.py", copy)
    page = (PROJECT / "docs" / "howto" / "add-an-entity.md").read_text(encoding="utf-8")
    (copy / "app" / "models" / "lorries.py").write_text(
        # under another name, as whoever follows the page has this one
        page.split("```python\n")[1].split("```")[0].replace("Vehicle", "Lorry"),
        encoding="utf-8",
    )
    with (copy / "app" / "models" / "__init__.py").open("a", encoding="utf-8") as models:
        models.write("from app.models.lorries import Lorry as Lorry\n")
    words = ["migration", "Lorries", "--data-dir", str(place / "var")]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "app.launch", *words], env=environment(PYTHONPATH=str(copy)),
        capture_output=True, text=True, timeout=120, check=False, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [made] = (copy / "migrations" / "versions").glob("*_lorries.py")
    written = made.read_text(encoding="utf-8")
    assert re.findall(r"op\.create_table\(\s*[\"'](\w+)", written) == ["lorry"]
    assert "op.drop_table" not in written.split("def downgrade")[0]


def test_the_doctor_fails_on_a_server_that_is_not_there(place: Path) -> None:
    done = run(
        "doctor", "--data-dir", str(place / "var"), DATABASE_URL=f"postgresql://app@/x?host={place}",
        REDIS_URL=f"unix://{place}/none.sock",
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.count("FAIL") == 2


def test_the_guide_tells_every_setting_and_every_command() -> None:
    guide = GUIDE.read_text()
    assert [name for name in config.SETTINGS if f"`{name}`" not in guide] == []
    assert [name for name in COMMANDS if f"`{name}" not in guide] == []


def test_system_packages_are_listed_with_a_proof_each() -> None:
    wanted = system.wanted()
    assert {"nodejs", "npm", "chromium-headless-shell", "fonts-noto-cjk", "fonts-dejavu-core"} <= set(wanted)
    assert system.is_there("sh")
    assert not system.is_there("/no/such/file")


def test_a_word_is_looked_for_only_in_the_files_that_name_it() -> None:
    here = "tests/launch/test_command_line.py"
    assert testing.naming(["-k", "zebra_crossing or quagga"]) == [here]
    assert testing.naming(["-k", "not quagga"]) == []
    assert testing.naming(["-k", "quagga", "tests/launch"]) == []
    assert testing.naming(["-k", "qua" + "ggas"]) == []
    assert testing.naming(["-x"]) == []


@pytest.mark.parametrize(
    "arguments,chooses",
    [
        (["-k", "rounding"], True),
        (["-krounding"], True),
        (["tests/launch/test_servers.py::test_both_servers_answer"], True),
        (["-m", "not full"], True),
        (["-x", "-q"], False),
        ([], False),
        (["-n", "1"], False),
    ],
)
def test_checks_are_left_out_when_tests_are_chosen(arguments: list[str], chooses: bool) -> None:
    assert testing.selects(arguments) is chooses
