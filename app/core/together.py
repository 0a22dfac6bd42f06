"""What the database library works out on first use is worked out before another thread can meet it half done.

A web worker answers several people at once. SQLAlchemy 2.1 collects the columns of an alias, and the index by
which it finds them, when they are first asked for. A thread that comes by meanwhile does not find a column, takes
the table's own instead of the alias's and so joins every row with every other; the statement stays like that for
the life of the process. Aliases are shared: those of a module, and those that `joinedload` keeps for its next use.
"""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm.util import AliasedClass

_make = AliasedClass.__init__


def _make_whole(made: Any, /, *arguments: Any, **options: Any) -> None:
    """Stand for `AliasedClass.__init__`: nobody sees the alias before its columns can be found."""
    _make(made, *arguments, **options)
    found = inspect(made)
    found.selectable.corresponding_column(found.mapper.primary_key[0])


def install() -> None:
    """Make every alias safe to be used by several threads from its first moment."""
    AliasedClass.__init__ = _make_whole  # type: ignore[assignment, method-assign]
