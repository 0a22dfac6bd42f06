"""The embedded servers by themselves: shared by processes, private, repaired, their databases."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from app.launch import account, logins
from app.launch.account import Account
from app.launch.errors import LaunchError
from app.launch.lock import Lock
from app.launch.paths import LONGEST_SOCKET_NAME, LONGEST_SOCKET_PATH, PROJECT, DataDir
from app.launch.servers import Servers


@pytest.fixture(scope="module")
def servers(shared_place: Path) -> Iterator[Servers]:
    """Servers that these tests own."""
    with Servers(shared_place, durable=False) as running:
        yield running


def ping(servers: Servers) -> bool:
    """Whether Valkey answers."""
    with redis.Redis.from_url(servers.redis_url) as client:
        return bool(client.ping())


def test_both_servers_answer(servers: Servers) -> None:
    assert servers.is_owner
    with psycopg.connect(servers.app_url) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == (
            "loandesk_app",
            "loandesk",
        )
    assert ping(servers)


def test_a_second_user_joins_and_leaves_them_running(servers: Servers) -> None:
    with Servers(servers.data.root) as second:
        assert not second.is_owner
        assert second.parts == []
        with psycopg.connect(second.admin_url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("loandesk_owner",)
    assert servers.data.postgres.joinpath("postmaster.pid").exists()
    assert ping(servers)


def python(program: str, *words: str) -> subprocess.Popen[str]:
    """A process of its own that runs a few lines."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", program, *words], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip


SHORT_COMMAND = """
import sys
from app.launch.servers import Servers
with Servers(sys.argv[1], with_postgres=False):
    print("up", flush=True)
print("down", flush=True)
"""


def test_the_owner_waits_for_the_last_user_before_it_stops_them(place: Path) -> None:
    joined = Servers(place / "var", with_postgres=False)
    joined.data.create()
    joined.users.join()
    with python(SHORT_COMMAND, str(place / "var")) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "up\n"
        time.sleep(0.3)
        assert owner.poll() is None
        assert ping(joined)
        joined.users.leave()
        assert owner.stdout.readline() == "down\n"
        assert owner.wait() == 0


def test_a_database_for_a_test_comes_from_its_template_and_goes(servers: Servers) -> None:
    with servers.database("test_template") as (admin_url, _app_url):
        with psycopg.connect(admin_url) as connection:
            connection.execute("CREATE TABLE loan (id int)")
        with servers.database("test_copy", template="test_template") as (copy, _):
            with psycopg.connect(copy) as connection:
                assert connection.execute("SELECT count(*) FROM loan").fetchone() == (0,)
            held = psycopg.connect(copy)
        held.close()
    with psycopg.connect(servers.superuser_url) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test%'").fetchall()
    assert names == []


def test_the_faults_of_a_login_are_told(servers: Servers) -> None:
    assert logins.faults(servers.app_url) == []
    assert logins.faults(servers.admin_url) == ["it owns the database or a table"]
    assert logins.faults(servers.superuser_url)[0] == "it is a superuser"


def test_a_login_that_owns_one_table_is_refused(servers: Servers) -> None:
    with servers.database("test_owned") as (_admin_url, app_url):
        with psycopg.connect(servers.data.database_url("postgres", "test_owned")) as connection:
            connection.execute("CREATE TABLE mine (id int)")
            connection.execute("ALTER TABLE mine OWNER TO loandesk_app")
        with pytest.raises(LaunchError, match="it owns the database or a table"):
            logins.refuse_unsafe(app_url)


def test_data_that_counts_is_written_to_disk_and_test_data_is_not(servers: Servers, place: Path) -> None:
    with psycopg.connect(servers.superuser_url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
    with (
        Servers(place / "var", with_valkey=False) as durable,
        psycopg.connect(durable.app_url) as connection,
    ):
        for name, value in {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "jit": "off",
        }.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)


def test_a_lost_password_file_is_told_rather_than_replaced(place: Path) -> None:
    data = DataDir(place)
    data.postgres.mkdir()
    (data.postgres / "PG_VERSION").write_text("18\n")
    with pytest.raises(LaunchError, match=r"secrets\.json is gone"):
        data.keys()
    assert not data.secrets.exists()


def test_keys_are_made_once_and_for_nobody_else_to_read(place: Path) -> None:
    first = DataDir(place).keys()
    assert DataDir(place).keys() == first
    assert len(set(first.values())) == 4
    assert min(len(key) for key in first.values()) >= 43
    assert DataDir(place).secrets.stat().st_mode & 0o777 == 0o600


def test_a_long_path_gets_a_short_private_socket_directory(place: Path) -> None:
    deep = DataDir(place / ("long" * 30))
    deep.root.mkdir()
    assert len(str(deep.sockets)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH
    assert deep.sockets != DataDir(place / ("leng" * 30)).sockets
    with Servers(deep, durable=False, with_postgres=False) as running:
        assert ping(running)
        assert deep.sockets.stat().st_mode & 0o777 == 0o700
    deep.sockets.rmdir()


def test_a_socket_directory_that_is_a_link_is_refused(place: Path) -> None:
    data = DataDir(place / "var")
    data.create()
    data.sockets.symlink_to(place)
    with pytest.raises(LaunchError, match="belongs to somebody else"):
        data.create_sockets()


def test_only_the_given_account_may_pass_a_closed_directory(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    guest, stranger = Account(54321, 54321), Account(54322, 54322)
    assert not account.may_search(closed, guest)
    os.setxattr(closed, account.ACL, account.with_search(closed, guest.uid))
    assert account.may_search(closed, guest)
    assert not account.may_search(closed, stranger)
    assert closed.stat().st_mode & 0o007 == 0
    again = account.with_search(closed, stranger.uid)
    os.setxattr(closed, account.ACL, again)
    assert account.may_search(closed, guest)
    assert account.may_search(closed, stranger)


HOLDER = """
import sys, time
from pathlib import Path
from app.launch.lock import Lock
lock = Lock(Path(sys.argv[1]))
assert lock.take()
lock.write(purpose="x")
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_is_free_again_when_its_holder_dies(place: Path) -> None:
    lock = Lock(place / "lock")
    with python(HOLDER, str(lock.path)) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        assert lock.is_held()
        assert not lock.take()
        assert lock.owner() == {"pid": holder.pid, "purpose": "x"}
        holder.kill()
    assert not lock.is_held()
    assert lock.take()
    lock.free()
