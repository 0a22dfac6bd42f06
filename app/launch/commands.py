"""Commands that do one thing and end: the same verbs the screens offer, for scripts and operators."""

import argparse
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from datetime import date
from pathlib import Path

from app.launch.console import say
from app.launch.errors import LaunchError, Stop
from app.launch.paths import DataDir
from app.launch.prepare import is_prepared, prepare, wants_demo
from app.launch.servers import Servers
from app.launch.settings import OURS, admin_url, app_url, environment, is_embedded, running

BENCH_DIR = "bench"
FAR = 366
"""So many days after the business date a night goes unasked."""
CUT_OFF = "The database went away. What was under way is undone; run the same command again."


@contextmanager
def application(options: argparse.Namespace) -> Iterator[Servers]:
    """The servers and, inside this process, the application: for as long as the command runs."""
    with running(options.data_dir, f"run.py {options.command}") as servers, lost_in_words():
        url = app_url(servers)
        demo = keeps_demo(servers, options)
        if not is_prepared(servers.data, url, demo=demo):
            prepare(servers, demo=demo)
        from app import create_app
        from app.core.errors import RuleError

        with create_app().app_context():
            try:
                yield servers
            except RuleError as error:
                raise LaunchError(str(error)) from error


@contextmanager
def lost_in_words() -> Iterator[None]:
    """A sentence in place of a traceback where the database goes away."""
    from app.core.retry import is_lost

    try:
        yield
    except Exception as error:
        if not is_lost(error):
            raise
        said = str(getattr(error, "orig", error)).strip()
        raise LaunchError(f"{CUT_OFF} It said: {said}") from error


def keeps_demo(servers: Servers, options: argparse.Namespace) -> bool:
    """Whether the demonstration is there already; a command that begins an installation begins it without.

    Raises:
        LaunchError: it is there and `--empty` is asked for.
    """
    is_there = bool(servers.data.read_state().get("demo"))
    return is_there and wants_demo(servers, is_empty=options.empty, is_demo=True)


def deploy(options: argparse.Namespace) -> int:
    """Bring the database up to date: once per release, where several hosts serve."""
    with running(options.data_dir, "run.py deploy") as servers:
        prepare(servers, demo=keeps_demo(servers, options))
        say("The database is as this code wants it")
    return 0


def import_file(options: argparse.Namespace) -> int:
    """Read a portfolio file and print the summary; 1 when rows were refused and no row was good."""
    if not os.path.isfile(options.file):  # noqa: PTH113
        raise LaunchError(f"There is no file {options.file}")
    with application(options):
        from app.servicing.intake import run_import

        summary = run_import(
            options.file, options.layout, options.client, as_of=options.as_of,
            progress=lambda percent, stage: say(f"{percent:3} % {stage}"),
        )  # fmt: skip
        if summary.error_file:
            say(f"Refused rows with their reasons: {_for_people(summary.error_file, options.file)}")
        say(summary.line)
    return int(summary.rejected > 0 and not summary.good)


def _for_people(key: str, imported: str) -> str:
    """A copy of the file of refused rows under a name that opens by a double click; where that may not be, the kept one."""
    from app.core import files

    kept = files.path_of(key)
    target = Path.cwd() / f"{Path(imported).stem}.refused.xlsx"
    try:
        shutil.copyfile(kept, target)
    except OSError:
        return str(kept)
    return str(target)


def compare(options: argparse.Namespace) -> int:
    """Print where a ledger states something else than the journal gives; 1 when anything differs."""
    if not os.path.isfile(options.file):  # noqa: PTH113
        raise LaunchError(f"There is no file {options.file}")
    with application(options):
        from app.core.db import unscoped
        from app.servicing.intake.compare import compare_book

        with unscoped("compare a ledger with a book") as session:
            found = compare_book(session, options.client, options.file, options.layout, options.date)
            for line in [*map(str, found.differences), *map(str, found.problems.ordered()), found.line]:
                say(line)
    return int(found.equal != found.rows)


def nightly(options: argparse.Namespace) -> int:
    """Close a business date, saying each step and how many messages are new."""
    with application(options):
        from tasks.nightly import run, told

        if not options.far:
            refuse_far(options.date)
        try:
            say(told(options.date, run(options.date, say)))
        except Stop:
            say(
                "Stopped. What was done stays done: start the same command again and the night goes on where it stopped."
            )
            raise
    return 0


def verify_audit(options: argparse.Namespace) -> int:
    """Follow the chain of seals over the history and the access log; 1 when anything is not as it was sealed."""
    if is_embedded() and not DataDir(options.data_dir).postgres.exists():
        raise LaunchError(f"There is no installation in {options.data_dir}")
    with application(options):
        from app.core.db import unscoped
        from app.core.seal_check import check

        with unscoped("verify the sealed history") as session:
            found = check(session)
    for sentence in found.lines():
        say(sentence)
    return int(bool(found.faults))


def refuse_far(day: date) -> None:
    """Raises LaunchError for a day so far off that it is a slip of the hand: each day between would be closed."""
    from app.core import clock
    from app.core.db import unscoped

    with unscoped("how far off a day is") as session:
        present = clock.business_date(session)
    if (day - present).days > FAR:
        raise LaunchError(
            f"{day} is {(day - present).days:,} days after the business date {present}, and each of them would be "
            "closed. Nothing was done. Check the date; if it is right, add --far."
        )


def create_user(options: argparse.Namespace) -> int:
    """Make a login; its password comes from standard input or is made up and printed."""
    password = sys.stdin.readline().rstrip("\n") if options.password_stdin else secrets.token_urlsafe(12)
    with application(options):
        from app.access.users import create_user as make
        from app.core import passwords
        from app.core.org import GrantKind

        passwords.check(password, options.name, options.email or "")

        grants = [{"kind": GrantKind(options.sees)}] if options.sees else []
        names = {name: getattr(options, name) or "" for name in ("first_name", "last_name", "email")}
        make(options.name, password, options.role, grants=grants, **names)
    say(f"{options.name} may log in as {options.role} and sees {options.sees or 'nothing yet'}.")
    if not options.password_stdin:
        say(f"First password: {password}")
    return 0


def bench(options: argparse.Namespace) -> int:
    """Run the benchmarks on servers and databases of their own, whatever DATABASE_URL says."""
    data = os.path.join(options.data_dir, BENCH_DIR)  # noqa: PTH118
    for name in OURS:
        os.environ.pop(name, None)
    with ExitStack() as ending:
        with redirect_stdout(sys.stderr):  # standard output is for the figures
            servers = ending.enter_context(Servers(data, purpose="run.py bench"))
        os.environ.update(environment(servers))
        from tests.bench.run import main

        return main(servers, options.names, options.scale, is_json=options.json, is_verbose=options.verbose)


def migration(options: argparse.Namespace) -> int:
    """Write a migration for what the declarations have and the database has not."""
    with running(options.data_dir, "run.py migration") as servers:
        from app.core.deploy import make_migration

        made = make_migration(options.message, admin_url(servers))
        say(f"Written: {getattr(made, 'path', made)}. Read it before you commit it.")
    return 0


def settings(_options: argparse.Namespace) -> int:
    """Print every setting: its name, what it is now, and its meaning."""
    from config import SETTINGS

    for setting in SETTINGS.values():
        value = os.environ.get(setting.name) or setting.default or "–"
        shown = "(set)" if setting.is_secret and os.environ.get(setting.name) else value
        say(f"{setting.name:22} {shown:22} {setting.meaning}")
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "deploy": deploy,
    "import": import_file,
    "compare": compare,
    "nightly": nightly,
    "verify-audit": verify_audit,
    "create-user": create_user,
    "bench": bench,
    "migration": migration,
    "settings": settings,
}
