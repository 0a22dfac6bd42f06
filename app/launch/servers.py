"""PostgreSQL and Valkey for as long as somebody needs them: served, used by a command, or by the tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from app.launch import logins, postgres, valkey
from app.launch.console import say
from app.launch.errors import LaunchError
from app.launch.lock import Lock, Users
from app.launch.paths import DataDir
from app.launch.process import Keeper, Part

DATABASE = "loandesk"
JOIN_SECONDS = 120


class Servers:
    """The embedded servers of a data directory.

    Starts them, or joins those that another process of the same directory runs. Whoever started them stops
    them at the end, after the last one who joined::

        with Servers("var") as servers:
            psycopg.connect(servers.app_url)

    Start it in a thread that lives as long as the servers are needed: Linux ends them with that thread.

    Args:
        data_dir: where the cluster, its keys and logs are; made on first use.
        durable: False trades safety against a power cut for speed (tests, never data that counts).
        with_postgres: False when DATABASE_URL names a server of its own; same for `with_valkey`.
        purpose: what the owner does, told to whoever finds the directory taken.
    """

    def __init__(
        self, data_dir: str | Path, *, durable: bool = True, with_postgres: bool = True,
        with_valkey: bool = True, purpose: str = "a command",
    ) -> None:  # fmt: skip
        self.data = data_dir if isinstance(data_dir, DataDir) else DataDir(data_dir)
        self.durable, self.with_postgres, self.with_valkey = durable, with_postgres, with_valkey
        self.purpose = purpose
        self.lock, self.users = Lock(self.data.lock), Users(self.data.users)
        self.keeper: Keeper | None = None
        self.parts: list[Part] = []

    @property
    def admin_url(self) -> str:
        """The owner's login: migrations only."""
        return self.data.database_url(postgres.OWNER, DATABASE)

    @property
    def app_url(self) -> str:
        """The application's login: owns nothing, sees what row security lets it."""
        return self.data.database_url(postgres.APP, DATABASE)

    @property
    def superuser_url(self) -> str:
        """The server's superuser: making databases and logins, backup."""
        return self.data.database_url(postgres.SUPERUSER, DATABASE)

    @property
    def redis_url(self) -> str:
        """Valkey's URL."""
        return self.data.redis_url

    @property
    def is_owner(self) -> bool:
        """Whether this object started the servers (and will stop them)."""
        return self.lock.file is not None

    def __enter__(self) -> Self:
        self.data.create()
        self.data.keys()
        if self.take():
            try:
                self.start()
            except BaseException:
                self.stop()
                raise
        else:
            self.users.join()
            self.wait_for_owner()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not self.is_owner:
            self.users.leave()
            return
        if error is None:
            self.users.wait_until_none()
        self.stop()

    def take(self) -> bool:
        """Become the owner of the directory, with a watchdog; False when another process is."""
        if not self.lock.take():
            return False
        assert self.lock.file is not None  # noqa: S101 - the lock was just taken
        self.lock.write(purpose=self.purpose)
        self.keeper = Keeper(self.lock.file.fileno())
        self.data.clear_scratch()
        return True

    def start(self) -> None:
        """Start what is wanted and wait until it answers; makes the database and its logins on first use."""
        waits = []
        if self.with_postgres:
            if not self.data.postgres.exists():
                say(f"Making a database in {self.data.postgres}")
            waits.append(
                (self.launch(postgres.part(self.data, durable=self.durable)), postgres.wait_until_ready)
            )
        if self.with_valkey:
            waits.append((self.launch(valkey.part(self.data)), valkey.wait_until_ready))
        for part, wait in waits:
            wait(self.data, part)
        if self.with_postgres and not self.data.read_state().get("database"):
            logins.make_logins(self.data)
            logins.make_database(self.data, DATABASE)
            self.data.write_state(database=DATABASE)
        self.lock.write(purpose=self.purpose, is_ready=True)

    def launch(self, part: Part) -> Part:
        """Start one server under the watchdog."""
        part.keeper = self.keeper
        self.parts.append(part)
        part.start()
        return part

    def wait_for_owner(self) -> None:
        """Wait until the process that owns the directory has its servers ready.

        Raises:
            LaunchError: it ended meanwhile, or takes too long.
        """
        deadline = time.monotonic() + JOIN_SECONDS
        while not self.lock.owner().get("is_ready"):
            if time.monotonic() > deadline or not self.lock.is_held():
                raise LaunchError(f"The servers of {self.data.root} did not get ready; try again.")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the servers, last started first, and give the directory free."""
        for part in reversed(self.parts):
            part.stop()
        self.parts.clear()
        if self.keeper:
            self.keeper.close()
        self.lock.free()

    def urls(self, database: str) -> tuple[str, str]:
        """(owner's URL, application's URL) of another database of this server."""
        return self.data.database_url(postgres.OWNER, database), self.data.database_url(
            postgres.APP, database
        )

    @contextmanager
    def database(self, name: str, template: str = "template1") -> Iterator[tuple[str, str]]:
        """A database for the time of a test: made (from a template), its two URLs given, then dropped."""
        logins.make_database(self.data, name, template)
        try:
            yield self.urls(name)
        finally:
            logins.drop_database(self.data, name)
