"""Serving: what a start says, what it refuses, what it repairs, and that nothing outlives it."""

import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from app.launch.paths import DataDir
from tests.launch.installation import Installation, command


@pytest.fixture(scope="module")
def running(shared_place: Path) -> Iterator[Installation]:
    """One running installation for all tests that only look at it or break parts of it."""
    installation = Installation(shared_place / "var")
    installation.wait_until_said("Started in")
    yield installation
    installation.stop()
    installation.wait_until_gone()


def test_a_start_says_its_address_and_who_may_log_in(running: Installation) -> None:
    said = running.said()
    assert f"Loandesk is ready: {running.url}" in said
    assert "  anna   open sesame  Officer  her own loans" in said
    assert running.answer().startswith("/health")


@pytest.mark.parametrize(
    "word", ["app.launch.web", "beat", "worker", "pginstall/bin/postgres", "valkey-server"]
)
def test_a_part_that_is_killed_starts_again(running: Installation, word: str) -> None:
    running.answer()
    before = running.part(word).pid
    psutil.Process(before).kill()
    deadline = time.monotonic() + 20
    while set(running.parts(word)) <= {before}:
        assert time.monotonic() < deadline, running.said()
        time.sleep(0.05)
    assert "ended (SIGKILL); starting it again" in running.said()
    assert running.answer().startswith("/health")


def test_a_second_start_says_what_runs_and_how_to_stop_it(running: Installation) -> None:
    done = command("serve", "--data-dir", str(running.data_dir), "--port", "0")
    assert done.returncode == 1
    assert f"already running for {running.data_dir} at {running.url}" in done.stderr
    assert f"kill {running.process.pid}" in done.stderr


def test_a_taken_port_is_named_with_its_holder(running: Installation, place: Path) -> None:
    port = running.url.rstrip("/").rpartition(":")[2]
    done = command("serve", "--data-dir", str(place / "other"), "--port", port)
    assert done.returncode == 1
    assert f"Port {port} is in use by " in done.stderr
    assert f"--port {int(port) + 1}" in done.stderr
    assert not (place / "other").exists()


def test_the_servers_listen_on_private_sockets_only(running: Installation) -> None:
    running.answer()
    data = DataDir(running.data_dir)
    for path in (data.sockets, data.postgres, data.logs, data.scratch):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    assert stat.S_IMODE(data.secrets.stat().st_mode) == 0o600
    for word in ("pginstall/bin/postgres", "valkey-server"):
        assert running.part(word).net_connections("inet") == []


def connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect, waiting out a restart that another test caused."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return psycopg.connect(url)
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_two_logins_have_the_rights_they_need_and_no_more(running: Installation) -> None:
    data = DataDir(running.data_dir)
    columns = "rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolinherit"
    rights = f"SELECT {columns} FROM pg_roles WHERE rolname = %s"
    with connect(data.database_url("loandesk_app")) as connection:
        assert connection.execute(rights, ("loandesk_app",)).fetchone() == (False,) * 5
        assert connection.execute(rights, ("loandesk_owner",)).fetchone() == (False, False, False, True, True)
        owner = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'loandesk'"
        )
        assert owner.fetchone() == ("loandesk_owner",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE public.mine (id int)")


def test_a_wrong_password_does_not_get_in(running: Installation) -> None:
    data = DataDir(running.data_dir)
    right = data.database_url("loandesk_app")
    connect(right).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(right.replace(data.keys()["loandesk_app"], "guess"))


@pytest.mark.parametrize(
    "login,reason",
    [("postgres", "it is a superuser"), ("loandesk_owner", "it owns the database or a table")],
)
def test_a_login_that_row_security_would_not_hold_is_refused(
    running: Installation, place: Path, login: str, reason: str
) -> None:
    data = DataDir(running.data_dir)
    connect(data.database_url(login)).close()
    urls = {"DATABASE_URL": data.database_url(login), "REDIS_URL": data.redis_url}
    done = command("serve", "--data-dir", str(place / "other"), "--port", "0", **urls)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Row security would not hold it" in done.stderr


def test_a_login_that_may_become_one_without_row_security_is_refused(
    running: Installation, place: Path
) -> None:
    data = DataDir(running.data_dir)
    with connect(data.database_url("postgres")) as connection:
        connection.execute("CREATE ROLE sees_all BYPASSRLS")
        connection.execute("GRANT CONNECT ON DATABASE loandesk TO sees_all")
        connection.execute("CREATE ROLE sly LOGIN PASSWORD 'x' IN ROLE sees_all")
    url = (
        data.database_url("loandesk_app")
        .replace("loandesk_app", "sly")
        .replace(data.keys()["loandesk_app"], "x")
    )
    done = command(
        "serve", "--data-dir", str(place / "o"), "--port", "0", DATABASE_URL=url, REDIS_URL=data.redis_url
    )
    assert done.returncode == 1
    assert "it has BYPASSRLS" in done.stderr


def test_an_empty_start_is_refused_where_the_demonstration_data_is(running: Installation) -> None:
    done = command("serve", "--data-dir", str(running.data_dir), "--port", "0", "--empty")
    assert done.returncode == 1
    assert "holds the demonstration data" in done.stderr


def test_jobs_go_through_the_queue_without_a_file_on_disk(running: Installation) -> None:
    running.answer()
    # pages answer also while a queue that another test killed is being started again
    patient = Retry(ConstantBackoff(0.2), 100)
    with redis.Redis.from_url(DataDir(running.data_dir).redis_url, retry=patient) as client:
        assert client.config_get("save")["save"] == ""
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"


@dataclass
class Run:
    """What was seen of one run that was stopped."""

    said: str
    code: int
    left: list[psutil.Process]


def run_and_stop(place: Path, number: signal.Signals, *words: str) -> Run:
    """Start, wait for the first page, stop by a signal."""
    installation = Installation(place, *words)
    installation.answer()
    assert {"postgres", "valkey-server"} <= {process.name() for process in installation.processes()}
    code = installation.stop(number)
    return Run(installation.said(), code, installation.processes())


@pytest.fixture(scope="module")
def runs(second_place: Path) -> list[Run]:
    """Two runs of one directory: begun empty and ended by SIGTERM; started again and ended by Ctrl-C."""
    return [
        run_and_stop(second_place / "var", signal.SIGTERM, "--empty"),
        run_and_stop(second_place / "var", signal.SIGINT),
    ]


def test_a_stop_leaves_no_process_and_no_socket(runs: list[Run], second_place: Path) -> None:
    for run in runs:
        assert run.code == 0, run.said
        assert run.left == []
        assert run.said.endswith("Stopping\n")
    assert list(DataDir(second_place / "var").sockets.iterdir()) == []


def test_an_installation_begun_empty_stays_empty(runs: list[Run], second_place: Path) -> None:
    assert all("create-user" in run.said and "anna" not in run.said for run in runs)
    assert DataDir(second_place / "var").read_state()["demo"] is False


def test_a_killed_supervisor_leaves_nothing_and_the_next_start_works(
    runs: list[Run], second_place: Path
) -> None:
    installation = Installation(second_place / "var")
    installation.answer()
    unfinished = second_place / "var" / "tmp" / "workbook-x"
    unfinished.mkdir()
    (unfinished / "names.xlsx").touch()
    installation.process.kill()
    installation.process.wait()
    following = Installation(second_place / "var")
    assert following.answer().startswith("/health")
    # looked at before: a worker that is born meanwhile is one of the children
    found = installation.processes()
    children = {process.pid for process in psutil.Process(following.process.pid).children(recursive=True)}
    assert {process.pid for process in found if process.is_running()} <= children | {following.process.pid}
    assert list(unfinished.parent.iterdir()) == []
    web = following.part("app.launch.web")
    assert web.environ()["TMPDIR"] == str(unfinished.parent)
    assert following.stop() == 0
    following.wait_until_gone()


def test_a_stop_during_the_start_leaves_nothing(second_place: Path) -> None:
    installation = Installation(second_place / "var")
    while not installation.processes():
        time.sleep(0.01)
    installation.stop()
    installation.wait_until_gone()
