"""Where one installation keeps its files, and the keys it makes for itself.

A data directory holds everything that is not code: the database, the uploaded files, the keys, the logs.
Copying it with the servers stopped copies the installation.
"""

import hashlib
import json
import os
import secrets
import shutil
import stat
from functools import cached_property
from pathlib import Path

from app.launch import account
from app.launch.errors import LaunchError

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_SOCKET_PATH = 103
"""Bytes a socket's path may have everywhere: Linux allows 107, macOS 103."""
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")
TEMPORARY = Path("/tmp")  # noqa: S108 - a private directory is made in it; tempfile's may be as long as ours


class DataDir:
    """The files of one installation below one directory."""

    def __init__(self, path: str | Path) -> None:
        self.root = Path(path).expanduser().resolve()
        self.postgres = self.root / "postgres"
        self.logs = self.root / "log"
        self.files = self.root / "files"
        self.scratch = self.root / "tmp"
        self.lock = self.root / "lock"
        self.users = self.root / "users.lock"
        self.state = self.root / "state.json"
        self.secrets = self.root / "secrets.json"

    def create(self) -> None:
        """Make the directories. Others may pass the top one only if root lends an account."""
        self.root.mkdir(parents=True, exist_ok=True)
        for path in (self.logs, self.files, self.scratch):
            path.mkdir(mode=0o700, exist_ok=True)
        self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def clear_scratch(self) -> None:
        """Remove what killed processes left of unfinished files; nobody else may be at work here."""
        for path in self.scratch.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    @cached_property
    def sockets(self) -> Path:
        """The directory of both servers' sockets: here, or a short private one when this path is too long."""
        preferred = self.root / "run"
        if len(os.fsencode(preferred)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
            return preferred
        short = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        if os.geteuid() != 0 and runtime and len(os.fsencode(runtime)) < 60 and os.access(runtime, os.W_OK):
            return Path(runtime) / f"loandesk-{short}"
        return TEMPORARY / f"loandesk-{os.geteuid()}-{short}"

    def create_sockets(self) -> Path:
        """Make the socket directory, readable by nobody but the servers' account.

        Raises:
            LaunchError: somebody else made a directory of that name first.
        """
        owner = account.server_account()
        try:
            self.sockets.mkdir(mode=0o700)
        except FileExistsError:
            found = self.sockets.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), owner.uid}:
                raise LaunchError(
                    f"{self.sockets} belongs to somebody else; remove it, then start again."
                ) from None
        os.chown(self.sockets, owner.uid, owner.gid)
        self.sockets.chmod(0o700)
        return self.sockets

    @property
    def valkey_socket(self) -> Path:
        """The socket Valkey listens on."""
        return self.sockets / "valkey.sock"

    @property
    def redis_url(self) -> str:
        """REDIS_URL of the embedded Valkey."""
        return f"unix://{self.valkey_socket}?db=0"

    def database_url(self, role: str, database: str = "loandesk") -> str:
        """URL of a database of the embedded server for one of its logins."""
        password = self.keys()[role]
        return f"postgresql://{role}:{password}@/{database}?host={self.sockets}"

    def keys(self) -> dict[str, str]:
        """The installation's keys and passwords, made at the first call and the same ever after.

        Raises:
            LaunchError: there is a database but the file with its passwords is gone.
        """
        if not self.secrets.exists():
            if (self.postgres / "PG_VERSION").exists():
                raise LaunchError(
                    f"{self.secrets} is gone, and with it the passwords of the database beside it."
                )
            names = ("secret_key", "postgres", "loandesk_owner", "loandesk_app")
            self.write_private(self.secrets, {name: secrets.token_urlsafe(32) for name in names})
        found: dict[str, str] = json.loads(self.secrets.read_text())
        return found

    def write_private(self, path: Path, content: object) -> None:
        """Replace a JSON file of the installation as a whole; only its owner may read it."""
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.touch(0o600)
        with beside.open("w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def read_state(self) -> dict[str, object]:
        """What the last deployment left: for which code, whether with demonstration data, its logins."""
        try:
            found: dict[str, object] = json.loads(self.state.read_text())
        except (OSError, ValueError):
            return {}
        return found

    def write_state(self, **facts: object) -> None:
        """Remember facts beside those already known."""
        self.write_private(self.state, {**self.read_state(), **facts})
