"""What tests stand on: a real PostgreSQL and Valkey, a database of their own, and the real application.

A deployed database is kept as a template and copied for every test module that asks for one, so that no
test depends on what another left behind.
"""

import gc
import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.launch import logins, postgres
from app.launch.paths import PROJECT
from app.launch.servers import Servers
from app.launch.settings import DEFAULT_DATA_DIR
from app.launch.testing import servers_for_tests
from app.launch.web import SELDOM
from tests.kept import beginning, faults_of_history, forget

os.environ.setdefault("SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests")
os.environ.setdefault("SESSION_COOKIE_SECURE", "no")
os.environ.setdefault("PASSWORD_HASH", "pbkdf2:sha256:100")  # hundreds of people are made and log in here


class Running(threading.Thread):
    """Holds the servers for the life of the test process (Linux ends them with the thread that started them)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.servers: Servers | None = None
        self.failure: BaseException | None = None
        self.ready, self.over = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            with servers_for_tests(os.environ.get("LOANDESK_TEST_CLUSTER", "var")) as self.servers:
                self.ready.set()
                self.over.wait()
        except BaseException as error:  # noqa: BLE001  told to the test that waits
            self.failure = error
            self.ready.set()


@pytest.fixture(scope="session", autouse=True)
def _scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Temporary files are made where pytest clears up, also those of a process that is killed."""
    place = str(tmp_path_factory.mktemp("scratch"))
    with pytest.MonkeyPatch.context() as told:
        told.setattr(tempfile, "tempdir", place)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_installation() -> Iterator[None]:
    """Nothing begins an installation where `python3 run.py` would find it: it would take it for one without the demonstration."""
    state = PROJECT / DEFAULT_DATA_DIR / "state.json"
    was_there = state.exists()
    yield
    assert was_there or not state.exists(), f"a test has begun {state}; give it a --data-dir"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The tests' PostgreSQL and Valkey, joined or started."""
    running = Running()
    running.start()
    assert running.ready.wait(90), "the servers did not start"
    if running.failure:
        raise running.failure
    assert running.servers is not None
    os.environ["REDIS_URL"] = running.servers.redis_url
    yield running.servers
    running.over.set()
    running.join(30)


def _state() -> str:
    """Changes with every declaration and migration, so that a stale template is never used."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for folder in (
        "app/core",
        "app/models",
        "app/access",
        "app/views",
        "app/reports",
        "app/servicing",
        "app/messaging",
        "migrations",
    ):
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def kept_databases(servers: Servers) -> Iterator[tuple[psycopg.Connection[Any], list[str]]]:
    """A connection that holds back everybody else who makes such a database, and the names of those there are."""
    superuser = servers.data.database_url(postgres.SUPERUSER, "postgres")
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(7213002)")
        found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'kept_%'").fetchall()
        yield connection, [str(name) for (name,) in found]


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """The name of a deployed, empty database. Made once for a state of the code and kept for later runs."""
    from app.core.deploy import deploy

    name = f"kept_{_state()}"
    with kept_databases(servers) as (connection, found):
        # who waits longest for a lock is looked at first, also where a busy machine lets a second pass (tests/deadlocks.py)
        connection.execute(f"ALTER ROLE {postgres.APP} SET deadlock_timeout = '3s'")
        if f"{name}_ready" in found:
            return f"{name}_ready"
        for old in found:
            logins.drop_database(servers.data, old)
        logins.make_database(servers.data, name)
        url = servers.data.database_url(postgres.APP, name)
        deploy(servers.data.database_url(postgres.OWNER, name), url)
        forget(url)
        connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{name}_ready"')
    return f"{name}_ready"


class Database:
    """A database of one test module; its URLs, also set in the environment while the module runs."""

    def __init__(self, servers: Servers, name: str, template: str = "") -> None:
        self.data, self.name, self.template = servers.data, name, template
        self.origin = template
        """The database of which it is a copy: the template, or one in which rows stand already."""
        self.app_url = servers.data.database_url(postgres.APP, name)
        self.admin_url = servers.data.database_url(postgres.OWNER, name)
        self.superuser_url = servers.data.database_url(postgres.SUPERUSER, name)
        self.redis_url = servers.redis_url


@pytest.fixture(scope="module")
def contents() -> Callable[[], Any] | None:
    """What stores the rows that the modules of a folder begin with; None: their databases are empty."""
    return None


@pytest.fixture(scope="module")
def database(
    servers: Servers, template: str, contents: Any, request: Any, tmp_path_factory: Any
) -> Iterator[Database]:
    """A deployed database for this module, under a login that row security holds.

    It has the name of the one before it, so that statements need not be compiled anew for each module.
    """
    made = Database(servers, f"test_{os.getpid()}", template)
    made.origin = beginning(made, contents)
    is_verified = request.node.path.parent.name == "web" or os.environ.get("LOANDESK_FULL") == "yes"
    with in_a_database(made, tmp_path_factory.mktemp("files"), is_verified=is_verified):
        yield made


@contextmanager
def in_a_database(made: Database, files: Path, *, is_verified: bool = True) -> Iterator[None]:
    """Make it and work there; its history is verified at the end: of what screens and programs did, with --full of all."""
    logins.make_database(made.data, made.name, made.origin)
    os.environ.update(
        DATABASE_URL=made.app_url, DATABASE_ADMIN_URL=made.admin_url, REDIS_URL=made.redis_url,
        FILES_DIR=str(files), SEALS_FILE=str(files / "seals.log"),
    )  # fmt: skip
    yield
    faults = faults_of_history(made) if is_verified else []
    forget(made.app_url)
    logins.drop_database(made.data, made.name)
    assert faults == [], "the history is not as it was sealed"


@pytest.fixture(scope="session")
def _application(servers: Servers, template: str) -> Any:
    from app import create_app
    from app.core import db

    usual = db.engine_options()
    # the people of all scopes come by here, who open everything, where a web process has those of a house
    db.engine_options = lambda: usual | {"query_cache_size": 6000}
    made = create_app(RATELIMIT_ENABLED=False, TESTING=True, PROPAGATE_EXCEPTIONS=False)
    gc.collect()
    gc.freeze()  # as the web server does: what stays for good is not looked through again and again
    gc.set_threshold(*SELDOM)
    return made


@pytest.fixture
def app(_application: Any, database: Database) -> Any:
    """The application on the module's database."""
    return _application


LONGEST = ("walk", "browser", "faults", "launch")
"""Folders of tests that take minutes: begun last, one process would wait for the other at the end."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The stated volumes belong to `run.py test --full`, or to whoever asks by `-m full` or by name."""
    items.sort(
        key=lambda item: LONGEST.index(item.path.parent.name) if item.path.parent.name in LONGEST else 9
    )
    if os.environ.get("LOANDESK_FULL") == "yes" or config.option.markexpr or config.option.keyword:
        return
    volumes = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=volumes)
    items[:] = [item for item in items if item not in volumes]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many doors the walk tried, with how many users; whatever process they were tried in."""
    passed = [report for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    walks = [int(count) for report in passed for name, count in report.user_properties if name == "walk"]
    stopped = [one for one in terminalreporter.stats.get("failed", []) if "test_no_door_leaks" in one.nodeid]
    if walks:
        found = f"stopped for {len(stopped)} users" if stopped else "0 leaks"
        terminalreporter.write_line(f"walk: {sum(walks):,} doors tried by {len(walks)} users, {found}")
