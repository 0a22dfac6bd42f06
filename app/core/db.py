"""Sessions. One Session has one scope for its life; whoever needs all rows says why.

Each transaction begins with one statement that resolves the user's grants afresh, puts the numbers into
the transaction's settings and takes the database role of that kind of scope. So a changed grant or a moved
branch counts from the next transaction, and a connection returned to the pool carries nothing over.
"""

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from select import POLLIN, poll
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, select, text
from sqlalchemy.orm import Session, scoped_session

import config
from app.core.errors import ScopeError
from app.core.reach import Range, Reach

log = logging.getLogger("loandesk.scope")
source: ContextVar[str] = ContextVar("source", default="system")
"""Where a change comes from: screen, api, import, job, system. Kept with the history of every field."""
change_reason: ContextVar[str] = ContextVar("change_reason", default="")
is_asked: ContextVar[bool] = ContextVar("is_asked", default=False)
"""Whether somebody asked for what a job changes: unlike what it counts by itself, it is told to those whom it concerns."""
network_address: ContextVar[str | None] = ContextVar("network_address", default=None)
"""Of whoever sent the request; kept with the access log."""


PREPARED_AFTER = 3
"""Times a connection sends a statement before it is prepared."""


class ScopedSession(Session):
    """A Session that knows whose rows it may see (`info["scope"]`, a callable giving who that is)."""

    @property
    def reach(self) -> Reach:
        """The grants of the running transaction, resolved when it began."""
        self.connection()
        return self.info["reach"]

    def bulk_save_objects(self, *args: Any, **kwargs: Any) -> None:
        self._need_unscoped()
        super().bulk_save_objects(*args, **kwargs)

    def bulk_insert_mappings(self, *args: Any, **kwargs: Any) -> None:
        self._need_unscoped()
        super().bulk_insert_mappings(*args, **kwargs)

    def bulk_update_mappings(self, *args: Any, **kwargs: Any) -> None:
        self._need_unscoped()
        super().bulk_update_mappings(*args, **kwargs)

    def _need_unscoped(self) -> None:
        """These older methods pass by every check of rows."""
        if not self.info.get("unscoped"):
            raise ScopeError("bulk methods are only for unscoped() sessions")


def engine_options() -> dict[str, Any]:
    """Options every engine needs: custom plans (generic ones were 25 times slower under policies)."""
    return {
        "pool_pre_ping": True,
        "pool_size": 5,
        # people of two scopes who open every page send 1 100 statements; each kept takes about 50 kB
        "query_cache_size": 1200,
        "max_overflow": 20,
        "connect_args": {
            "options": "-c plan_cache_mode=force_custom_plan -c timezone=UTC"
            # a query whose process was killed ends within seconds instead of holding its locks
            " -c client_connection_check_interval=5000",
            # a list's statement takes a sixth less when it need not be read and rewritten anew
            "prepare_threshold": PREPARED_AFTER if config.DATABASE_PREPARE else None,
            "application_name": "loandesk",
        },
    }


@lru_cache
def _engine(url: str) -> Engine:
    made = create_engine(url, **engine_options())
    ask = made.dialect.do_ping

    def do_ping(connection: Any) -> bool:
        return _says_nothing(connection) or ask(connection)

    made.dialect.do_ping = do_ping  # type: ignore[assignment, method-assign]
    return made


def _says_nothing(connection: Any) -> bool:
    """Whether a resting connection is as it was left: a server that ends it leaves its end to be read.

    Looked for before each use, so that a restarted database costs nobody his request; asking the server instead
    took a twentieth of every page.
    """
    waiting = poll()
    waiting.register(connection.pgconn.socket, POLLIN)
    return not waiting.poll(0)


def database_url() -> str:
    """DATABASE_URL in SQLAlchemy's form."""
    return sqlalchemy_url(os.environ["DATABASE_URL"])


def sqlalchemy_url(url: str) -> str:
    """A URL with the driver the project uses.

    >>> sqlalchemy_url("postgresql://a@/b?host=/run/pg")
    'postgresql+psycopg://a@/b?host=/run/pg'
    """
    return re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)


def engine() -> Engine:
    """The engine of this process, outside of a web request."""
    return _engine(database_url())


def _ranges(text_value: str | None) -> tuple[Range, ...]:
    """Inclusive pairs of a multirange's text.

    >>> _ranges("{[1,5),[9,10)}")
    ((1, 4), (9, 9))
    """
    pairs = re.findall(r"\[(-?\d+),(-?\d+)\)", text_value or "")
    return tuple((int(low), int(high) - 1) for low, high in pairs)


def _ids(text_value: str | None) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text_value or ""))


_ROLE = "set_config('role', scope_prefix() || '_s_' || {kind}, true)"
_WHO = "set_config('app.user_id', CAST(:user AS text), true), set_config('app.source', :source, true), set_config('app.reason', :reason, true)"
# Custom plans are for statements under policies; without a scope they would only plan every foreign key's check
# anew (an insert of 48 000 instalments took 13.6 s instead of 4.0).
_PLANS = "CASE :kind WHEN 'all' THEN set_config('plan_cache_mode', 'auto', true) END"
_FIXED = text(f"SELECT {_ROLE.format(kind=':kind')}, {_WHO}, {_PLANS}")
# Statements of lists name the table of the rows first and then what each row points to, so that trying all orders
# of joining them only takes time: a fifth of a short list's.
_RESOLVED = text(f"""
    SELECT r.*, {_WHO}, set_config('app.lo', r.lo::text, true), set_config('app.hi', r.hi::text, true),
        set_config('app.branches', r.branches, true),
        set_config('app.regions', r.regions, true), set_config('app.kind_regions', r.kind_regions::text, true),
        set_config('app.officers', r.officers, true), set_config('app.clients', r.clients, true),
        set_config('join_collapse_limit', '1', true), {_ROLE.format(kind="r.kind")}
    FROM scope_resolve(CAST(CAST(:user AS text) AS int)) r""")


def _parameters(user_id: int | None) -> dict[str, str]:
    return {"user": str(user_id or ""), "source": source.get(), "reason": change_reason.get()}


def _resolve(connection: Any, user_id: int) -> Reach:
    row = connection.execute(_RESOLVED, _parameters(user_id)).one()
    kinds = tuple((kind, _ranges(ranges)) for kind, ranges in sorted((row.kind_regions or {}).items()))
    return Reach(
        row.kind, user_id, own=row.own, branches=_ranges(row.branches), regions=_ranges(row.regions),
        kind_regions=kinds, officers=_ids(row.officers), clients=_ids(row.clients),
    )  # fmt: skip


@event.listens_for(ScopedSession, "after_begin")
def _begin(session: ScopedSession, transaction: Any, connection: Any) -> None:
    """Take the session's scope at the start of each transaction; a savepoint keeps it."""
    if transaction.nested:
        return
    who = session.info.get("scope") or current_scope
    kind, user_id = who()
    if kind == "user" and user_id is not None:
        session.info["reach"] = _resolve(connection, user_id)
    else:
        connection.execute(_FIXED, {"kind": kind, **_parameters(user_id)})
        session.info["reach"] = Reach(kind, user_id)
    if is_asked.get():
        connection.execute(select(func.set_config("app.is_asked", "yes", True)))  # noqa: FBT003  of this transaction


def current_scope() -> tuple[str, int | None]:
    """The scope of the web request: the logged-in user's, else only what logging in needs."""
    from flask import g, has_app_context

    principal = g.get("principal") if has_app_context() else None
    return ("user", principal.user_id) if principal else ("login", None)


def because(session: Session, reason: str) -> None:
    """Keep this reason with the history of whatever the transaction changes from here on."""
    session.execute(select(func.set_config("app.reason", reason, True)))  # noqa: FBT003 - of this transaction


def led_to_by(session: Session, rules: int) -> None:
    """Say how many rules of administrators, one after the other, led to what the transaction changes from here on."""
    session.execute(select(func.set_config("app.rule_depth", str(rules), True)))  # noqa: FBT003  of this transaction


@contextmanager
def unscoped(reason: str, *, user_id: int | None = None) -> Iterator[ScopedSession]:
    """Another session that sees every row, for jobs and for the house's own records. Logged.

    Commits when the block ends well and rolls back when it raises.
    """
    if not reason:
        raise ValueError("unscoped() needs a reason")
    log.info("unscoped: %s", reason)
    with session_for(lambda: ("all", user_id)) as session:
        session.info["unscoped"] = reason
        yield session
        session.commit()


def scoped_as(user_id: int) -> ScopedSession:
    """A session with a user's scope outside of a web request (exports, jobs started by him)."""
    return session_for(lambda: ("user", user_id))


def session_for(who: Any) -> ScopedSession:
    """A session whose scope is what `who()` says: (kind, user id)."""
    return ScopedSession(engine(), info={"scope": who})


def _app_context() -> int:
    from flask.globals import app_ctx

    return id(app_ctx._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001  the proxy itself is the same for all


def _web_session() -> ScopedSession:
    return session_for(current_scope)


web_session: scoped_session[ScopedSession] = scoped_session(_web_session, scopefunc=_app_context)  # type: ignore[arg-type]
"""The session of the running request; removed when its application context ends."""
