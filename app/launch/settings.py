"""Which servers this run uses, and what the programs it starts are told in their environment."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.launch.errors import LaunchError
from app.launch.paths import PROJECT, DataDir
from app.launch.servers import Servers

NO_ADMIN = (
    "Only the database's owner may do this (the code changed, or it was asked for): set DATABASE_ADMIN_URL, "
    "the owner's login with CREATEROLE, for this run."
)
DEFAULT_DATA_DIR = PROJECT / "var"
OURS = ("DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "SECRET_KEY", "FILES_DIR", "SEALS_FILE")
"""What a program that is started here finds set, by the operator or by us."""


@dataclass(frozen=True)
class Programs:
    """What is served: names of modules, so that the supervisor imports none of them."""

    application: str = "app:create_app"
    needed: tuple[str, ...] = ("app.models", "app.views", "app.core.web.setup")
    """Modules that the web part imports while the servers are starting; none of them asks a server."""
    jobs: str = "tasks.celery"
    preparation: str = "app.launch.prepare"


def is_embedded() -> bool:
    """Whether the database is the embedded one."""
    return not os.environ.get("DATABASE_URL")


def servers_for(data_dir: str | Path, purpose: str) -> Servers:
    """The servers of a data directory, less those the environment names others for."""
    return Servers(
        data_dir, with_postgres=is_embedded(), with_valkey=not os.environ.get("REDIS_URL"), purpose=purpose
    )


def app_url(servers: Servers) -> str:
    """The application's database."""
    return servers.app_url if servers.with_postgres else os.environ["DATABASE_URL"]


def admin_url(servers: Servers) -> str:
    """The same database as its owner.

    Raises:
        LaunchError: DATABASE_URL is set and DATABASE_ADMIN_URL is not.
    """
    if servers.with_postgres:
        return servers.admin_url
    found = os.environ.get("DATABASE_ADMIN_URL")
    if not found:
        raise LaunchError(NO_ADMIN)
    return found


def environment(servers: Servers) -> dict[str, str]:
    """What a program of this installation finds in its environment; never the owner's login."""
    found = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": app_url(servers),
        "REDIS_URL": servers.redis_url if servers.with_valkey else os.environ["REDIS_URL"],
        "SECRET_KEY": os.environ.get("SECRET_KEY") or servers.data.keys()["secret_key"],
        "FILES_DIR": os.environ.get("FILES_DIR") or str(servers.data.files),
        "SEALS_FILE": os.environ.get("SEALS_FILE") or str(servers.data.root / "seals.log"),
        "TMPDIR": os.environ.get("TMPDIR") or str(servers.data.scratch),
    }
    found.pop("DATABASE_ADMIN_URL", None)
    return found


@contextmanager
def running(data_dir: str | Path, purpose: str) -> Iterator[Servers]:
    """The servers for the time of a command, this process's environment set to use them."""
    data = DataDir(data_dir)
    with servers_for(data.root, purpose) as servers:
        os.environ.update(environment(servers))
        yield servers


def module(*words: str) -> list[str]:
    """The command that runs a module of this project with this Python."""
    return [sys.executable, "-P", "-m", *words]
