"""``run.py doctor``: looks at the machine and the installation, and says what to do about what is wrong."""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version

import psycopg
import redis

from app.launch import logins, postgres, system, valkey
from app.launch.console import say
from app.launch.errors import LaunchError
from app.launch.lock import Lock
from app.launch.paths import PROJECT, DataDir
from app.launch.port import holder
from app.launch.prepare import deployed_state, source_hash
from app.launch.settings import app_url, is_embedded, running

Finding = tuple[str, str]
OK, WARN, FAIL = "ok", "warn", "FAIL"
LEAST_DISK, LOW_DISK = 500 * postgres.MB, 5_000 * postgres.MB
CLOCK_SECONDS = 5
DEFAULT_PORT = 5000


def python(_data: DataDir) -> Iterator[Finding]:
    """Python and the packages against requirements.txt."""
    yield OK, f"Python {sys.version.split()[0]} in {sys.prefix}"
    wrong = []
    for line in (PROJECT / "requirements.txt").read_text().splitlines():
        name, _equals, wanted = line.partition("#")[0].strip().partition("==")
        try:
            found = version(name.partition("[")[0]) if name else wanted
        except PackageNotFoundError:
            found = "missing"
        if found != wanted:
            wrong.append(f"{name} {found}, not {wanted}")
    yield (
        (FAIL, f"packages: {'; '.join(wrong)}. Run: python3 run.py") if wrong else (OK, "packages as pinned")
    )


def disk(data: DataDir) -> Iterator[Finding]:
    """Room for the data."""
    place = next(path for path in (data.root, *data.root.parents) if path.exists())
    free = shutil.disk_usage(place).free
    level = FAIL if free < LEAST_DISK else WARN if free < LOW_DISK else OK
    yield level, f"{free / 1e9:.1f} GB free for {data.root}"
    if not os.access(place, os.W_OK):
        yield FAIL, f"{place} cannot be written to"


def port(data: DataDir) -> Iterator[Finding]:
    """Whether it runs, or could."""
    lock = Lock(data.lock)
    if lock.is_held():
        owner = lock.owner()
        yield (
            OK,
            f"running: {owner.get('purpose')} as process {owner.get('pid')} {owner.get('url', '')}".rstrip(),
        )
        return
    who = holder(DEFAULT_PORT)
    yield (
        (WARN, f"port {DEFAULT_PORT} is in use{who}; choose another with --port")
        if who
        else (OK, f"port {DEFAULT_PORT} is free")
    )


def programs(_data: DataDir) -> Iterator[Finding]:
    """The embedded servers' programs, where they are needed."""
    for name, is_needed, find in (
        ("PostgreSQL", is_embedded(), lambda: postgres.program("postgres")),
        ("Valkey", not os.environ.get("REDIS_URL"), valkey.program),
    ):
        try:
            yield OK, f"{name}: {find() if is_needed else 'a server of your own'}"
        except LaunchError as error:
            yield FAIL, str(error)


def tests(_data: DataDir) -> Iterator[Finding]:
    """What only the tests need."""
    packages = system.missing()
    yield (
        (WARN, f"for the tests only: {', '.join(packages)} not installed")
        if packages
        else (OK, "browser and fonts for the tests")
    )


def database(data: DataDir, url: str) -> Iterator[Finding]:
    """The application's login, its rights, the clock, the state of the deployment."""
    with psycopg.connect(logins.libpq(url), connect_timeout=5) as connection:
        server, now = connection.execute(
            "SELECT version(), extract(epoch FROM clock_timestamp())"
        ).fetchone() or ("", 0)
    yield OK, str(server).split(" on ")[0]
    drift = abs(float(now) - time.time())
    yield (OK if drift < CLOCK_SECONDS else FAIL), f"clocks differ by {drift:.1f} s"
    found = logins.faults(url)
    yield (
        (FAIL, f"DATABASE_URL's login: {', '.join(found)}")
        if found
        else (OK, "login owns nothing; row security holds it")
    )
    state, known = deployed_state(url), data.read_state()
    if not state:
        yield WARN, "nothing deployed yet; the next start does it"
    elif (known.get("state"), known.get("source")) == (state, source_hash()):
        yield OK, "database as this code wants it"
    else:
        yield WARN, "the code changed since the last deployment; the next start checks the database"


def seals(_data: DataDir, url: str) -> Iterator[Finding]:
    """Whether what is kept is sealed soon, and the coming months are made."""
    try:
        is_deployed = bool(deployed_state(url))
    except psycopg.OperationalError:
        return  # told by the database's own look
    if not is_deployed:
        return
    import app.models  # noqa: F401  all declarations
    from app.core.db import unscoped
    from app.core.seals import SOON, waiting

    with unscoped("doctor looks at the seals") as session:
        for one in waiting(session):
            seconds = time.time() - one.oldest_at.timestamp() if one.oldest_at else 0
            told = f"{one.rows} rows of {one.entity} are not sealed yet"
            if seconds > SOON.total_seconds():
                yield WARN, f"{told}, the oldest for {seconds:,.0f} s: does the worker run?"
            else:
                yield OK, told


def queue(_data: DataDir, _url: str) -> Iterator[Finding]:
    """Redis or Valkey."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)
    facts = client.info()
    assert isinstance(facts, dict)  # noqa: S101 - it is asked synchronously
    name = "Valkey" if "valkey_version" in facts else "Redis"
    release = facts.get("valkey_version") or facts.get("redis_version")
    yield (
        OK,
        f"{name} {release}, {facts['used_memory_human']} used",
    )
    policy = facts.get("maxmemory_policy")
    yield (
        (OK, "keeps every key")
        if policy == "noeviction"
        else (WARN, f"maxmemory-policy is {policy}; jobs may be lost: noeviction")
    )


def private(data: DataDir) -> Iterator[Finding]:
    """Files with passwords and sockets: closed to other users."""
    for path in (data.secrets, data.sockets, data.postgres):
        if path.exists():
            is_open = bool(path.stat().st_mode & 0o077)
            yield (
                (FAIL, f"{path} is open to other users: chmod go= {path}")
                if is_open
                else (OK, f"{path} is private")
            )


MACHINE: tuple[Callable[[DataDir], Iterator[Finding]], ...] = (python, disk, programs, port, tests)
SERVERS: tuple[Callable[[DataDir, str], Iterator[Finding]], ...] = (database, seals, queue)


def findings(options: argparse.Namespace) -> Iterator[Finding]:
    """Everything, the machine first; the servers are started for it where they do not run."""
    data = DataDir(options.data_dir)
    for look in MACHINE:
        yield from look(data)
    try:
        with running(options.data_dir, "run.py doctor") as servers:
            for ask in SERVERS:
                try:
                    yield from ask(data, app_url(servers))
                except (psycopg.Error, redis.RedisError) as error:
                    yield FAIL, f"{ask.__name__}: {str(error).strip()}"
            yield from private(data)
    except LaunchError as error:
        yield FAIL, str(error)


def doctor(options: argparse.Namespace) -> int:
    """Print a line for each thing looked at; 1 when one of them prevents working."""
    levels = set()
    for level, text in findings(options):
        say(f"{level:4}  {text}")
        levels.add(level)
    return int(FAIL in levels)
