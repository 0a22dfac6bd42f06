"""Backup and restore of an installation: its database and its files in one archive."""

import argparse
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from app.launch import postgres
from app.launch.console import say
from app.launch.errors import LaunchError
from app.launch.logins import libpq
from app.launch.prepare import deployed_state, prepare, refuse_part
from app.launch.servers import Servers
from app.launch.settings import admin_url, app_url, running

COUNT_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)'"
DUMP, FILES = "database.dump", "files"
MADE_BY_DEPLOYMENT = (" POLICY ", " ROW SECURITY ", " ACL ", " DEFAULT ACL ", " EVENT TRIGGER ")
"""What a restore leaves to the deployment, whose roles may not exist yet on the server restored to."""


def tool(name: str) -> str:
    """pg_dump or pg_restore: the embedded server's, which read and write every release since 9.2."""
    return postgres.program(name)


def run_tool(command: list[str], what: str) -> str:
    """Run one of PostgreSQL's programs; its output.

    Raises:
        LaunchError: with what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LaunchError(f"{what} failed:\n{done.stderr.strip()}")
    return done.stdout


def backup(options: argparse.Namespace) -> int:
    """Write the archive. The file appears under its name only when it is complete."""
    target = Path(options.file).resolve()
    if target.is_dir() or not os.access(target.parent, os.W_OK):
        raise LaunchError(f"The backup cannot be written to {target}: give a file in a directory of yours")
    with running(options.data_dir, "run.py backup") as servers, tempfile.TemporaryDirectory() as place:
        say("Dumping the database")
        dump = Path(place) / DUMP
        run_tool(
            [tool("pg_dump"), "-Fc", "-f", str(dump), libpq(admin_url(servers))], "The dump of the database"
        )
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        beside.touch(0o600)
        try:
            with tarfile.open(beside, "w") as archive:
                archive.add(dump, DUMP)
                say("Adding the files")
                archive.add(os.environ["FILES_DIR"], FILES, filter=_without_heads)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    say(f"{target}: {target.stat().st_size / 1e6:.1f} MB. It holds everything: let nobody else read it.")
    return 0


def _without_heads(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The file of heads stays where it is: it is there to be held against what is restored."""
    return None if member.name == f"{FILES}/seals.log" else member


def restore(options: argparse.Namespace) -> int:
    """Read an archive into an empty installation, then let the deployment add roles and policies."""
    source = Path(options.file)
    if not source.is_file() or not tarfile.is_tarfile(source):
        raise LaunchError(f"{source} is no backup of Loandesk")
    with running(options.data_dir, "run.py restore") as servers, tempfile.TemporaryDirectory() as place:
        refuse_part(servers.data)
        refuse_full(servers)
        unpack(source, place)
        servers.data.write_state(restoring=True)
        say("Restoring the database")
        restore_database(Path(place) / DUMP, admin_url(servers))
        say("Restoring the files")
        shutil.copytree(Path(place) / FILES, os.environ["FILES_DIR"], dirs_exist_ok=True)
        servers.data.write_state(restoring=False)
        prepare(servers, demo=False)
        begin_heads(servers)
        say("Restored")
    return 0


def begin_heads(servers: Servers) -> None:
    """Write the heads of the restored seals where there is no file of them yet."""
    if deployed_state(app_url(servers)) and not Path(os.environ["SEALS_FILE"]).exists():
        import app.models  # noqa: F401  all declarations
        from app.core import seal_file

        say(f"Heads of the sealed history: {seal_file.begin_anew()}, in {os.environ['SEALS_FILE']}")


def unpack(source: Path, place: str) -> None:
    """Unpack an archive.

    Raises:
        LaunchError: it is no backup, or a part of one.
    """
    try:
        with tarfile.open(source) as archive:
            if not {DUMP, FILES} <= set(archive.getnames()):
                raise LaunchError(f"{source} is no backup of Loandesk")
            archive.extractall(place, filter="data")
    except tarfile.TarError as error:
        raise LaunchError(f"{source} is no whole backup of Loandesk: {error}") from error


def refuse_full(servers: Servers) -> None:
    """Refuse to restore over data.

    Raises:
        LaunchError: the database has tables, or there are files.
    """
    import psycopg

    with psycopg.connect(libpq(admin_url(servers))) as connection:
        (tables,) = connection.execute(COUNT_TABLES).fetchone() or (0,)
    if tables or any(Path(os.environ["FILES_DIR"]).iterdir()):
        raise LaunchError("There is data here already. Restore into an empty installation: --data-dir DIR")


def restore_database(dump: Path, url: str) -> None:
    """Restore tables and rows as the owner; ask for a fresh deployment by forgetting the last one."""
    import psycopg

    entries = run_tool([tool("pg_restore"), "-l", str(dump)], "Reading the dump").splitlines(keepends=True)
    chosen = dump.with_suffix(".list")
    chosen.write_text(
        "".join(line for line in entries if not any(word in line for word in MADE_BY_DEPLOYMENT))
    )
    run_tool(
        [
            tool("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--jobs=2",
            "-L", str(chosen), "-d", libpq(url), str(dump),
        ],
        "The restore of the database",
    )  # fmt: skip
    with psycopg.connect(libpq(url)) as connection:
        connection.execute("DROP TABLE IF EXISTS deployment")
