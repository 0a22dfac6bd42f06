"""Tallies: what changed in the sums of another table's rows since they were last added up, kept as it changes.

A statement there adds, for each set of keys, what its rows are now less what they were. Nothing here is ever
updated, so whoever writes there waits for nobody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tally:
    """Sums of another table's rows of which an entity keeps the changes."""

    table: str
    keys: tuple[str, ...]
    """Columns, here and there, by which the sums are told apart."""
    along: tuple[str, ...]
    """Tree numbers that follow from the keys. Whoever renumbers a tree rewrites those that stand here, too."""
    sums: Mapping[str, str]
    """Column here → what is added up there, as SQL."""
    unless: str = ""
    """A setting: a transaction in which it is on keeps no tally, since it sees to new sums itself."""


def is_tallying(entity: Any) -> bool:
    """Whether writing another table adds rows to this entity's. Who rewrites both ends with this one."""
    return bool(getattr(entity, "__tallies__", ()))


_ROWS = {"ins": ("INSERT", {"n": 1}), "upd": ("UPDATE", {"o": -1, "n": 1}), "del": ("DELETE", {"o": -1})}
"""Trigger → what it is fired by, and with which sign the old and the new rows count."""
_NAMED = {"o": "OLD TABLE AS o", "n": "NEW TABLE AS n"}


def tally_triggers(entity: Any) -> Iterator[str]:
    """Statement triggers with transition tables that add an entity's rows.

    Old and new rows of one set of keys cancel each other out, so rows of which nothing here changed need not be
    told from others, nor a tree that is renumbered: there the numbers differ, but neither keys nor sums.
    """
    for tally in getattr(entity, "__tallies__", ()):
        name = f"tally_{entity.__table__.name}"
        unless = (
            f"WHEN (current_setting('{tally.unless}', true) IS DISTINCT FROM 'on') " if tally.unless else ""
        )
        for short, (verb, signs) in _ROWS.items():
            function = f"{name}_{short}_{tally.table}"
            yield (
                f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
                f"SET search_path = public, pg_temp AS $$ BEGIN {_added(entity, tally, signs)}; RETURN NULL; END $$"
            )
            yield f"DROP TRIGGER IF EXISTS {name}_{short} ON {tally.table}"
            yield (
                f"CREATE TRIGGER {name}_{short} AFTER {verb} ON {tally.table} "
                f"REFERENCING {' '.join(_NAMED[row] for row in signs)} "
                f"FOR EACH STATEMENT {unless}EXECUTE FUNCTION {function}()"
            )


def _added(entity: Any, tally: Tally, signs: Mapping[str, int]) -> str:
    keys, columns = ", ".join(tally.keys), ", ".join((*tally.keys, *tally.along, *tally.sums))
    amounts = ", ".join(f"{sql} AS {name}" for name, sql in tally.sums.items())
    rows = " UNION ALL ".join(
        f"SELECT {sign} AS sign, {keys}, {', '.join(tally.along)}, {amounts} FROM {row}"
        for row, sign in signs.items()
    )
    along = ", ".join(f"max({one})" for one in tally.along)
    sums = ", ".join(f"sum(sign * {name})" for name in tally.sums)
    return (
        f"INSERT INTO {entity.__table__.name} ({columns}) SELECT {keys}, {along}, {sums} FROM ({rows}) r "
        f"GROUP BY {keys} HAVING ({sums}) <> ({', '.join('0' for _sum in tally.sums)})"
    )
