"""The command line: ``python3 run.py COMMAND`` ends up here, inside the environment."""

import argparse
import sys
from datetime import date

from app.launch.errors import LaunchError, Stop
from app.launch.settings import DEFAULT_DATA_DIR
from app.launch.signals import SIGNALS

HIGHEST_PORT = 65535
STOPPED = 130
"""Exit code of a program ended by Ctrl-C, as shells have it."""


COMMANDS = {
    "serve": "start everything and serve (the default)",
    "test": "run the checks and every test; other arguments go to pytest",
    "bench": "run the benchmarks: a figure, its floor and their ratio a line",
    "import": "read a portfolio file",
    "compare": "hold a ledger against a client's book and print what differs",
    "nightly": "close a business date",
    "verify-audit": "follow the seals over history and access log and name what was altered",
    "deploy": "bring the database up to date without serving",
    "create-user": "make a login; prints its password",
    "backup": "write database and files into one archive",
    "restore": "read such an archive into an empty installation",
    "doctor": "check this machine and this installation",
    "settings": "print every setting of the environment with its meaning",
    "migration": "developer: write the migration for what the entities declare",
}


MAY_BEGIN = ("serve", "deploy", "import", "compare", "nightly", "create-user")
"""Commands that make the data directory where it is new. All but `serve` make it without the demonstration."""
EMPTY = "without the demonstration portfolio; refused where it is already"


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(
        prog="run.py", description="Loandesk: the back office for loans after pay-out."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add = {}
    for name, does in COMMANDS.items():
        add[name] = commands.add_parser(name, help=does, description=does, allow_abbrev=False)
        add[name].add_argument(
            "--data-dir", default=DEFAULT_DATA_DIR, metavar="DIR", help="where the data is (var)"
        )
    for name in MAY_BEGIN:
        add[name].add_argument("--empty", action="store_true", help=EMPTY)
    add["verify-audit"].set_defaults(empty=False)
    serving(add["serve"])
    making_a_user(add["create-user"])
    add["test"].add_argument("--full", action="store_true", help="with the sizes that take long")
    add["bench"].add_argument("names", nargs="*", metavar="NAME")
    add["bench"].add_argument("--scale", type=int, default=100_000, metavar="N", help="number of loans")
    add["bench"].add_argument("--json", action="store_true", help="one object a line")
    add["bench"].add_argument("--verbose", action="store_true", help="with what each figure is made of")
    add["import"].add_argument("file")
    add["import"].add_argument("--layout", required=True, help="name of the file's layout")
    add["import"].add_argument("--client", help="code of the client bank whose portfolio it is")
    add["import"].add_argument("--as-of", type=day, metavar="YYYY-MM-DD", help="day of the ledger")
    add["compare"].add_argument("file")
    add["compare"].add_argument("--layout", required=True, help="name of the ledger's layout")
    add["compare"].add_argument("--client", required=True, help="code of the client whose book it is")
    add["compare"].add_argument(
        "--date", required=True, type=day, metavar="YYYY-MM-DD", help="day of the ledger"
    )
    add["backup"].add_argument("file")
    add["restore"].add_argument("file")
    add["nightly"].add_argument("--date", required=True, type=day, metavar="YYYY-MM-DD")
    add["nightly"].add_argument(
        "--far", action="store_true", help="also a day more than a year after the business date"
    )
    add["migration"].add_argument("message")
    return top


def day(given: str) -> date:
    """A date of the command line.

    >>> day("2018-06-25")
    datetime.date(2018, 6, 25)
    """
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{given} is no date; write it as 2018-06-25") from None


def port(given: str) -> int:
    """A port of the command line; 0 means one that is free.

    >>> port("5000")
    5000
    """
    if given.isascii() and given.isdigit() and int(given) <= HIGHEST_PORT:
        return int(given)
    raise argparse.ArgumentTypeError(f"{given} is no port; they go from 1 to {HIGHEST_PORT}")


def serving(add: argparse.ArgumentParser) -> None:
    """Options of `serve`."""
    add.add_argument("--port", type=port, default=5000)
    add.add_argument("--host", default="127.0.0.1", help="0.0.0.0 serves other machines too")
    add.add_argument(
        "--demo", action="store_true", help="with it, also where it would not be loaded by itself"
    )


def making_a_user(add: argparse.ArgumentParser) -> None:
    """Options of `create-user`."""
    add.add_argument("name")
    add.add_argument("--role", required=True)
    add.add_argument(
        "--sees", choices=["all", "own"], help="whose rows; other grants are given on the screen"
    )
    for name in ("--email", "--first-name", "--last-name"):
        add.add_argument(name)
    add.add_argument("--password-stdin", action="store_true", help="read the password instead of making one")


def main(arguments: list[str]) -> int:
    """Run a command and give its exit code."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in {"-h", "--help"}):
        arguments = ["serve", *arguments]
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command != "test":
        parser().error(f"unknown arguments: {' '.join(rest)}")
    SIGNALS.install()
    try:
        return run(options, rest)
    except LaunchError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    except Stop:
        return STOPPED


def run(options: argparse.Namespace, rest: list[str]) -> int:
    """Hand over to the command's module; only that one is imported."""
    if options.command == "serve":
        from app.launch.serve import serve

        return serve(options)
    if options.command == "test":
        from app.launch.testing import test

        return test(options, rest)
    if options.command == "doctor":
        from app.launch.doctor import doctor

        return doctor(options)
    if options.command in {"backup", "restore"}:
        from app.launch import backup

        return int(getattr(backup, options.command)(options))
    from app.launch import commands

    return commands.COMMANDS[options.command](options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
