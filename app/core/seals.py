"""Seals: every minute what was kept since is covered by a link of a chain that nobody can change unseen.

A seal covers the rows of one entity (field history, access log) from where the one before ended, in the order of
(transaction, id), up to the oldest transaction that is still open: no row can appear below that any more. Its head is
SHA-256 over the head before, what the seal says of itself and the digest of each row. docs/adr/0011 tells why.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, DateTime, Select, Text, cast, extract, func, select, tuple_
from sqlalchemy.orm import Session

from app.core import registry, seal_file
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.locks import Lock
from app.core.org import AuditSeal

MOST_ROWS = 50_000
"""Rows of one seal, so that a large import is sealed in pieces of a few megabytes."""
ENTRY = struct.Struct(">qq8s")
SOON = timedelta(minutes=10)
"""After so long something keeps rows from being sealed: no worker runs, or a transaction stays open."""
NOTHING = "0" * 64
"""What stands for the head before the first."""
Place = tuple[int, int]
"""Number of a transaction, and id."""
BEGINNING: Place = (-1, 0)


@dataclass(frozen=True)
class Kept:
    """A row that is covered: where it stands, when it was written (microseconds), and the digest of its values."""

    written_in: int
    id: int
    at: int
    digest: bytes

    @property
    def place(self) -> Place:
        return self.written_in, self.id

    @property
    def entry(self) -> bytes:
        """What a seal keeps of it."""
        return ENTRY.pack(self.id, self.at, self.digest[:8])


@dataclass(frozen=True)
class Waiting:
    """Rows of an entity that no seal covers yet."""

    entity: str
    rows: int
    oldest_at: datetime | None


def sealed() -> list[Any]:
    """The entities whose rows are sealed: those that say in which transaction they were written."""
    return [cls for cls in registry.entities() if "written_in" in cls.__table__.c]


def seal(most: int = MOST_ROWS) -> int:
    """Cover every row whose transaction has ended; how many. Each head is in the file before the next seal is made."""
    seal_file.bring_up_to_date()
    total = 0
    for entity in sealed():
        done = most
        while done == most:
            done = _add(entity, most)
            total += done
            if done:
                seal_file.bring_up_to_date()
    return total


def _add(entity: Any, most: int) -> int:
    """Add one seal of at most so many rows, unless there is nothing to seal; how many rows it covers."""
    with unscoped("seal what was kept") as session:
        session.execute(select(func.pg_advisory_xact_lock(Lock.SEAL, 0)))
        horizon, since = session.scalar(select(func.seal_horizon())), end_of(session, entity)
        if horizon is None or horizon <= since[0]:
            raise RuleError(_("This database was brought from another server: run the command deploy"))
        names = [column.name for column in entity.__table__.columns]
        rows = list(kept(session, entity, names, since, horizon=horizon, most=most))
        if rows:
            session.add(_sealed(session, entity, names, rows))
        return len(rows)


def _sealed(session: Session, entity: Any, names: Sequence[str], rows: Sequence[Kept]) -> AuditSeal:
    """The next seal of the chain, over these rows."""
    last = session.execute(select(AuditSeal.number, AuditSeal.head).order_by(AuditSeal.number.desc())).first()
    made = AuditSeal(
        number=last.number + 1 if last else 1,
        at=session.scalar(select(func.clock_timestamp())),
        entity=entity.slug(),
        rows=len(rows),
        filed=seal_file.last_number(),
        last_in=rows[-1].written_in,
        last_id=rows[-1].id,
        columns=" ".join(names),
        previous=last.head if last else NOTHING,
        entries=b"".join(row.entry for row in rows),
    )
    made.head = head_of(made, rows)
    return made


def head_of(seal: Any, rows: Sequence[Kept]) -> str:
    """The head that a seal has when it covers these rows."""
    at = round(seal.at.timestamp() * 1_000_000)
    said = [seal.number, at, seal.entity, seal.rows, seal.filed, seal.last_in, seal.last_id, seal.columns]
    digest = sha256(bytes.fromhex(seal.previous) + json.dumps(said).encode() + b"\n")
    for row in rows:
        digest.update(row.digest)
    return digest.hexdigest()


def end_of(session: Session, entity: Any) -> Place:
    """The place of the last row of an entity that is sealed."""
    newest = select(AuditSeal.last_in, AuditSeal.last_id).where(AuditSeal.entity == entity.slug())
    found = session.execute(newest.order_by(AuditSeal.number.desc()).limit(1)).first()
    return (found.last_in, found.last_id) if found else BEGINNING


def kept(
    session: Session, entity: Any, names: Sequence[str], since: Place, *, upto: Place | None = None,
    horizon: int | None = None, most: int | None = None,
) -> Iterator[Kept]:  # fmt: skip
    """Rows after a place in their order, each with the digest of the named columns; read as they are needed."""
    found = [*_after(entity, since)]
    if upto is not None:
        found += [entity.written_in <= upto[0], tuple_(entity.written_in, entity.id) <= tuple_(*upto)]
    if horizon is not None:
        found.append(entity.written_in < horizon)
    rows: Select[Any] = select(*(getattr(entity, name) for name in {*names, "id", "at", "written_in"}))
    rows = rows.where(*found)
    if most is not None:
        rows = rows.order_by(entity.written_in, entity.id).limit(most)
    c = rows.subquery().c
    wanted = select(c.written_in, c.id, _plain(c.at), _digest([c[name] for name in names]))
    ordered = wanted.order_by(c.written_in, c.id).execution_options(yield_per=10_000)
    for row in session.execute(ordered):
        yield Kept(*row)


def _after(entity: Any, since: Place) -> list[Any]:
    """Conditions that a row stands after a place; the first is what an index serves."""
    return [entity.written_in >= since[0], tuple_(entity.written_in, entity.id) > tuple_(*since)]


def _digest(columns: Sequence[Any]) -> Any:
    """SHA-256 of the values as a JSON array, which says the same on every server and under every setting."""
    values = func.json_build_array(*(_plain(column) for column in columns))
    return func.sha256(func.convert_to(cast(values, Text), "UTF8"))


def _plain(column: Any) -> Any:
    """An instant as microseconds, which no setting of the time zone changes; anything else as it is."""
    if isinstance(column.type, DateTime):
        return cast(extract("epoch", column) * 1_000_000, BigInteger)
    return column


def waiting(session: Session) -> list[Waiting]:
    """What is not sealed yet, by entity."""
    found = []
    for entity in sealed():
        count = select(func.count(), func.min(entity.at)).where(*_after(entity, end_of(session, entity)))
        rows, oldest_at = session.execute(count).one()
        found.append(Waiting(entity.slug(), rows, oldest_at))
    return found
