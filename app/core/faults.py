"""What goes wrong with single rows of set-based work, and what an error is called before people."""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InternalError
from sqlalchemy.orm import Session

from app.core.errors import RuleError

Problem = Callable[[int, Any], None]
"""Called with the id of a row and the sentence that says what is wrong with it."""
_OF_A_ROW = (DataError, IntegrityError, InternalError)
"""What the database says when a value, not the server, is at fault; InternalError is raised by triggers."""


def isolated(
    session: Session, ids: Sequence[int], apply: Callable[[Sequence[int]], int],
    problem: Problem,
) -> int:  # fmt: skip
    """Apply set-based work to all ids at once; where the database refuses, halve until each bad one is alone.

    It is told to `problem` with the database's reason; the others are done. Returns the rows done.
    """
    if not ids:
        return 0
    try:
        with session.begin_nested():
            return apply(ids)
    except _OF_A_ROW as error:
        if len(ids) == 1:
            problem(ids[0], reason_of(error))
            return 0
    middle = len(ids) // 2
    return sum(isolated(session, part, apply, problem) for part in (ids[:middle], ids[middle:]))


def reason_of(error: BaseException) -> Any:
    """The first line of an error as a sentence, with the database's own words where it has some."""
    if isinstance(error, RuleError):
        return error.message
    if isinstance(error, DBAPIError) and error.orig:
        return _("The database refuses it: %(why)s", why=_first_line(error.orig))
    return _("The program failed: %(why)s", why=_first_line(error))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:500]
