"""Brings the database up to this code and loads the demonstration data: a process of its own.

The supervisor stays small by never importing the application; and it skips this step altogether when the
code is the one that prepared this database last.
"""

import argparse
import hashlib
import os
import sys

from app.launch.console import say
from app.launch.errors import LaunchError
from app.launch.logins import libpq
from app.launch.paths import PROJECT, DataDir
from app.launch.process import Part
from app.launch.servers import Servers
from app.launch.settings import NO_ADMIN, Programs, admin_url, environment, module

SOURCES = ("app/**/*.py", "migrations/**/*.py", "requirements.txt")


def source_hash() -> str:
    """A fingerprint of all code that decides what the database must look like."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(PROJECT.glob(pattern)):
            digest.update(os.fsencode(path.relative_to(PROJECT)) + b"\0" + path.read_bytes())
    return digest.hexdigest()


def deployed_state(url: str) -> str:
    """What the last deployment left in the database itself; "" when there was none."""
    import psycopg

    with psycopg.connect(libpq(url), connect_timeout=10) as connection:
        (table,) = connection.execute("SELECT to_regclass('deployment')").fetchone() or (None,)
        row = connection.execute("SELECT state FROM deployment").fetchone() if table else None
    return str(row[0]) if row else ""


def wants_demo(servers: Servers, *, is_empty: bool, is_demo: bool) -> bool:
    """Whether the demonstration portfolio belongs here: into an embedded database, unless it was begun empty.

    Raises:
        LaunchError: an empty start is asked for where the demonstration data already is.
    """
    known = servers.data.read_state().get("demo")
    if is_empty and known:
        raise LaunchError(
            f"{servers.data.root} holds the demonstration data; start in another: --data-dir DIR --empty"
        )
    if is_empty or is_demo:
        return is_demo
    return servers.with_postgres if known is None else bool(known)


def refuse_part(data: DataDir) -> None:
    """Refuse to work on what an interrupted restore left.

    Raises:
        LaunchError: with what to do.
    """
    if data.read_state().get("restoring"):
        raise LaunchError(
            f"A restore into {data.root} was interrupted, so only a part is there. Remove that directory (and "
            "empty the database, where DATABASE_URL names it), then restore again."
        )


def is_prepared(data: DataDir, url: str, *, demo: bool) -> bool:
    """Whether this code prepared this database last, with the demonstration data if it is wanted.

    Raises:
        LaunchError: a restore was interrupted.
    """
    refuse_part(data)
    known = data.read_state()
    state = deployed_state(url)
    return bool(state) and (known.get("source"), known.get("state"), known.get("demo")) == (
        source_hash(),
        state,
        demo,
    )


def prepare(servers: Servers, *, demo: bool, program: str = Programs.preparation) -> None:
    """Run this module (or what stands for it) as a process and wait for it.

    Raises:
        LaunchError: it failed and has said why; or a restore was interrupted.
    """
    refuse_part(servers.data)
    command = module(program, str(servers.data.root), *(["--demo"] if demo else []))
    told = environment(servers)
    if servers.with_postgres or os.environ.get("DATABASE_ADMIN_URL"):
        told["DATABASE_ADMIN_URL"] = admin_url(servers)
    part = Part("prepare", command, environment=told, keeper=servers.keeper)
    part.start()
    try:
        assert part.process is not None  # noqa: S101 - it was just started
        failed = part.process.wait()
    finally:
        part.stop()
    if failed:
        raise LaunchError("The database could not be prepared; the lines above say why.")


def main() -> int:
    """Deploy where needed, load the demonstration data where wanted, remember both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir")
    parser.add_argument("--demo", action="store_true")
    options = parser.parse_args()
    data, url = DataDir(options.data_dir), os.environ["DATABASE_URL"]
    source = source_hash()
    from app.core import deploy

    admin = os.environ.pop("DATABASE_ADMIN_URL", "")
    if not deploy.is_current(url):
        if not admin:
            say(NO_ADMIN)
            return 1
        say("Bringing the database up to date")
        deploy.deploy(admin, url)
    from app import seeds

    seeds.seed()
    logins: list[object] = []
    if options.demo:
        from app import demo, demo_people

        demo.load(say)
        logins = [list(login) for login in demo_people.LOGINS]
    data.write_state(source=source, state=deployed_state(url), demo=options.demo, logins=logins)
    return 0


if __name__ == "__main__":
    sys.exit(main())
