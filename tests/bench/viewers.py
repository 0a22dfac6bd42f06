"""Those who look at the benchmarks' book: one officer for each kind of scope."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, select
from werkzeug.datastructures import MultiDict

from app.core.db import ScopedSession, engine, scoped_as, unscoped
from app.core.org import User
from app.core.web import principal
from app.core.web.listing import Listing
from tests.bench.database import VIEWERS
from tests.bench.organisation import DAY

Statement = tuple[str, Any]


@dataclass(frozen=True)
class Viewer:
    """A user of one kind of scope."""

    kind: str
    user_id: int
    principal: principal.Principal

    def session(self) -> ScopedSession:
        """A session with his scope."""
        return scoped_as(self.user_id)

    def listing(self, entity: Any, **asked: str) -> Listing:
        """The list as he asks for it in the address."""
        return Listing(entity, MultiDict(asked), self.principal, DAY)


def viewer(kind: str) -> Viewer:
    """The officer who sees in this way."""
    name = f"officer-{VIEWERS.index(kind) + 1}"
    with unscoped("find a viewer of the benchmarks") as session:
        user_id = session.scalars(select(User.id).where(User.username == name)).one()
    found = principal.load(principal.stamp(user_id))
    assert found is not None
    return Viewer(kind, user_id, found[1])


def sent(session: ScopedSession, work: Callable[[ScopedSession], object]) -> list[Statement]:
    """The statements that some work in this session sends to the database, with their parameters."""
    session.connection()
    with watched() as seen:
        work(session)
    return seen


@contextmanager
def watched() -> Iterator[list[Statement]]:
    """Every statement that this process sends meanwhile."""
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    event.listen(engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine(), "before_cursor_execute", note)
