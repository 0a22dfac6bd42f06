"""People at a browser or with a token, and what the database was asked while they worked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from app.core import registry
from app.core.db import unscoped

PASSWORD = "pw"


class Browser:
    """A browser with one person's session; every POST carries the mark of its page."""

    def __init__(self, app: Any, name: str = "", password: str = PASSWORD) -> None:
        self.app, self.client = app, app.test_client()
        self._marked: tuple[str | None, str] = (None, "")
        if name:
            answer = self.login(name, password)
            assert answer.status_code == 302, f"{name} cannot log in"

    def mark(self, path: str = "/login/") -> str:
        """The CSRF mark of a page."""
        page = self.client.get(path, follow_redirects=True).text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"|name="csrf-token" content="([^"]+)"', page)
        assert found, f"{path} carries no mark"
        return str(found[1] or found[2])

    def login(self, name: str, password: str = PASSWORD, *, onward: str = "", **options: Any) -> Any:
        """Log in through the form; the answer as it came."""
        data = {"username": name, "password": password, "csrf_token": self.mark()}
        return self.client.post(
            "/login/", data=data, query_string={"next": onward} if onward else {}, **options
        )

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        """Send a form as its page would."""
        given = {**(data or {}), "csrf_token": self._mark_of_session()}
        return self.client.post(path, data=given, **options)

    def _mark_of_session(self) -> str:
        """The mark that stands on every page of this session, read from one of them when the session is new."""
        if self._session() is None or self._session() != self._marked[0]:
            mark = self.mark("/home/")
            self._marked = (self._session(), mark)
        return self._marked[1]

    def _session(self) -> str | None:
        with self.client.session_transaction() as session:
            return session.get("csrf_token")


class Caller:
    """A program with one person's token."""

    def __init__(self, app: Any, name: str, password: str = PASSWORD) -> None:
        self.client = app.test_client(use_cookies=False)
        body = {"username": name, "password": password, "provider": "db"}
        answer = self.client.post("/api/v1/security/login", json=body)
        assert answer.status_code == 200, answer.text
        self.headers = {"Authorization": f"Bearer {answer.json['access_token']}"}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Any:
        """One call; a body is sent as JSON."""
        given = {} if body is None else {"json": body}
        said = self.headers | (headers or {})
        return self.client.open(f"/api/v1/{path}", method=method, headers=said, **given, **options)


class Asked:
    """The statements of a stretch of work and how many rows they brought, those of rights left out."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.rows = 0

    def about(self, word: str) -> list[str]:
        return [one for one in self.statements if re.search(rf"\b{word}\b", one)]


@contextmanager
def watched() -> Iterator[Asked]:
    """Count what is asked of any database in this block, transaction marks and settings included."""
    asked = Asked()

    def note(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        asked.statements.append(statement)
        if "ab_permission" not in statement:
            asked.rows += max(cursor.rowcount, 0)

    event.listen(Engine, "after_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "after_cursor_execute", note)


def fingerprint(database: Any, *left_out: str) -> dict[str, str]:
    """A hash of every table's rows, read as the superuser."""
    tables = sorted({cls.__table__.name for cls in registry.entities()} - set(left_out))
    rows_as_text = "count(*) || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
    each = " UNION ALL ".join(f"SELECT '{table}', {rows_as_text} FROM {table} t" for table in tables)
    with psycopg.connect(database.superuser_url) as connection:
        return dict(connection.execute(each).fetchall())


def stored(slug: str, row_id: int) -> Any:
    """A row as the database holds it now, detached; None where it is gone."""
    with unscoped("look at what was stored") as session:
        row = session.get(registry.entity(slug), row_id)
        if row is not None:
            session.refresh(row)
            session.expunge(row)
        return row


def rows(slug: str, **values: Any) -> list[Any]:
    """All stored rows with these values, by id."""
    entity = registry.entity(slug)
    with unscoped("look at what was stored") as session:
        found = session.query(entity).filter_by(**values).order_by(entity.id).all()
        session.expunge_all()
        return found


def add(slug: str, **values: Any) -> int:
    """Store a row past all scopes; its id."""
    with unscoped("data of a test") as session:
        row = registry.entity(slug)(**values)
        session.add(row)
        session.flush()
        return int(row.id)


@dataclass
class People:
    """People at their screens and their programs, by their login."""

    app: Any
    _browsers: dict[str, Browser] = field(default_factory=dict, init=False)
    _callers: dict[str, Caller] = field(default_factory=dict, init=False)

    def browser(self, name: str) -> Browser:
        """That person's browser, logged in once."""
        if name not in self._browsers:
            self._browsers[name] = Browser(self.app, name)
        return self._browsers[name]

    def caller(self, name: str) -> Caller:
        """That person's program, with one token."""
        if name not in self._callers:
            self._callers[name] = Caller(self.app, name)
        return self._callers[name]
