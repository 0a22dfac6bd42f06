"""Work that is begun anew: because the database restarted, or because it ended the work so that another may go on."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import ParamSpec, TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError

log = logging.getLogger("loandesk.retry")
PATIENCE = timedelta(seconds=30)
"""So long a database that restarts is waited for."""
TIMES = 5
"""Who was in another's way so often is told."""
DEADLOCK = "40P01"
P = ParamSpec("P")
T = TypeVar("T")


def patiently(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns; begun anew while the database is lost, for a restart must not lose what we know.

    For transactions of their own that may be done twice: a commit may be done whose answer is lost.
    """
    until = time.monotonic() + PATIENCE.total_seconds()
    while True:
        try:
            return work(*args, **kwargs)
        except OperationalError as error:
            if not is_lost(error) or time.monotonic() >= until:
                raise
            log.warning("the database is lost and waited for: %s", error.orig)
            time.sleep(0.2)


def until_free(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work`, one whole transaction, returns; begun anew where it and another waited for each other.

    Of two such the database ends one, whose transaction has left nothing; the other is over soon. So a file of
    places and a portfolio, both of them right, are both stored whichever of them is ended.
    """
    for _attempt in range(1, TIMES):
        try:
            return work(*args, **kwargs)
        except (DBAPIError, psycopg.Error) as error:
            if not is_deadlock(error):
                raise
            log.warning("ended for another and begun anew: %s", _cause(error))
    return work(*args, **kwargs)


def is_lost(error: BaseException | None) -> bool:
    """Whether no server answered, or one that goes down or comes up: not a lock, a full disk or a cancelled query."""
    cause = _cause(error)
    return isinstance(cause, psycopg.OperationalError) and (cause.sqlstate or "57P").startswith("57P")


def is_of_statement(error: BaseException | None) -> bool:
    """Whether the statement is at fault, with a server that is well: beyond a limit of the program, or ended as too slow."""
    state = getattr(_cause(error), "sqlstate", None) or ""
    return state.startswith("54") or state == "57014"


def is_deadlock(error: BaseException | None) -> bool:
    """Whether the database ended a transaction because it and another waited for each other."""
    cause = _cause(error)
    return isinstance(cause, psycopg.Error) and cause.sqlstate == DEADLOCK


def _cause(error: BaseException | None) -> BaseException | None:
    """What the driver said, whether SQLAlchemy tells it or, in a COPY, the driver itself."""
    return error.orig if isinstance(error, DBAPIError) else error
