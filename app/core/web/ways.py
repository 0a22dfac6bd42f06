"""Which of several routes something takes: the nearest for the record's branch, of these the one that begins highest.

So an operation may go by one role from ten thousand on and by another one from a million on, and in one region by its
own head. An amount counts in the route's currency alone. Where no route names the record's currency, nobody said from
which amount on it must be approved: then it must be, by the route without a limit, else by the one that begins highest.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from app.core import registry


class Limited(Protocol):
    """A route, or what is known of one."""

    @property
    def least(self) -> Decimal | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def span(self) -> tuple[int, int] | None: ...


_Way = TypeVar("_Way", bound=Limited)


@dataclass(frozen=True)
class Amount:
    """What a limit is compared with; nobody knows an amount that is None."""

    value: Decimal | None
    currency: str | None


def taken(routes: Iterable[_Way], at: int | None, amounts: Callable[[_Way], Sequence[Amount]]) -> _Way | None:
    """The route that has to be taken at a place in the tree of branches, None where none is needed.

    A route needs it if one of the amounts that it is about reaches its limit. Of an amount that nobody knows it is so.
    """
    here = [one for one in routes if _is_for(one, at)]
    named = {one.currency for one in here if one.least is not None}
    has_open = any(one.least is None for one in here)

    def reaches(route: _Way, amount: Amount) -> bool:
        if route.least is None:
            return True
        if amount.currency not in named:
            return not has_open
        return amount.currency == route.currency and (amount.value is None or amount.value >= route.least)

    return highest(one for one in here if any(reaches(one, each) for each in amounts(one)))


def _is_for(route: Limited, at: int | None) -> bool:
    return route.span is None or (at is not None and route.span[0] <= at <= route.span[1])


def highest(routes: Iterable[_Way]) -> _Way | None:
    """Of the routes of the nearest branch the one that begins at the highest amount; without a limit: below all.

    What is for no branch is farther than any branch. None of none.
    """
    known = list(routes)
    # the first of equals, as they come by their ids
    return max(known, key=_rank) if known else None


def _rank(route: Limited) -> tuple[float, bool, Decimal]:
    # of branches that hold the same record the smaller one lies within the other
    near = float("-inf") if route.span is None else route.span[0] - route.span[1]
    return near, route.least is not None, route.least or Decimal(0)


def currency_path(entity: Any) -> tuple[str, ...]:
    """From a record to the currency of its amounts: its own, else that of a record to which it belongs; empty: none."""
    return _path(entity, {"currency": ("currency",)})


def branch_path(entity: Any) -> tuple[str, ...]:
    """From a record to the number of its branch in the tree: its own, else that of one to which it belongs; empty: none."""
    return _path(entity, {"branch_lft": ("branch_lft",), "branch_id": ("branch", "lft")})


def _path(entity: Any, known: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    columns = entity.__table__.c
    found = next((path for name, path in known.items() if name in columns), ())
    if found:
        return found
    for parent in entity.__scope__.parents:
        further = _path(registry.entity(columns[f"{parent}_id"].info["link"]), known)
        if further:
            return (parent, *further)
    return ()


def along(row: Any, path: Sequence[str]) -> Any:
    """What stands at the end of a path; None where it leads nowhere."""
    for name in path:
        row = getattr(row, name, None)
    return row if path else None
