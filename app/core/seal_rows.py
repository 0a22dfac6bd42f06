"""Which of the rows under a seal are not as they were sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import registry
from app.core.org import AuditSeal
from app.core.seals import BEGINNING, ENTRY, Kept, head_of, kept


@dataclass(frozen=True)
class Differs:
    """A row that is not as it was sealed, when it was written (microseconds), and how it differs."""

    row_id: int
    at: int
    how: str


@dataclass(frozen=True)
class Looked:
    """What came of holding a seal against its rows: how many there are, which differ, and whether all is as it was."""

    rows: int
    faults: list[Differs]
    is_right: bool


def said_by(seal: Any) -> dict[int, Any]:
    """What a seal keeps of its rows, by their ids."""
    whole = len(seal.entries) // ENTRY.size * ENTRY.size
    return {one[0]: one for one in ENTRY.iter_unpack(seal.entries[:whole])}


def differing(seal: Any, rows: Sequence[Kept]) -> Iterator[Differs]:
    """The rows that are not as a seal says, by their ids."""
    said, there = said_by(seal), {row.id: row for row in rows}
    for row_id in sorted({*said, *there}):
        entry, row = said.get(row_id), there.get(row_id)
        if row is None:
            yield Differs(row_id, entry[1] if entry else 0, "missing")
        elif entry is None:
            yield Differs(row_id, row.at, "inserted")
        elif row.entry != ENTRY.pack(*entry):
            yield Differs(row_id, entry[1], "altered")


def is_whole(seal: Any, rows: Sequence[Kept]) -> bool:
    """Whether the head of a seal is that of these rows; not where what it follows is no head at all."""
    try:
        return head_of(seal, rows) == seal.head
    except ValueError:
        return False


def look(session: Session, seal: AuditSeal) -> Looked:
    """Hold one seal against the rows that stand where it covers them. Its entries must be loaded."""
    names = seal.columns.split()
    if not registry.has_entity(seal.entity) or not {*names} <= {
        *registry.entity(seal.entity).__table__.c.keys()
    }:
        return Looked(0, [], is_right=False)
    earlier = AuditSeal.entity == seal.entity, AuditSeal.number < seal.number
    ends = select(AuditSeal.last_in, AuditSeal.last_id).where(*earlier).order_by(AuditSeal.number.desc())
    last = session.execute(ends.limit(1)).first()
    since = (last.last_in, last.last_id) if last else BEGINNING
    entity, upto = registry.entity(seal.entity), (seal.last_in, seal.last_id)
    rows = list(kept(session, entity, names, since, upto=upto))
    if not is_whole(seal, rows):
        return Looked(len(rows), list(differing(seal, rows)), is_right=False)
    return Looked(len(rows), [], is_right=b"".join(row.entry for row in rows) == seal.entries)
