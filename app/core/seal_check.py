"""Whether everything that was sealed is as it was: rows, seals, and the heads in the file outside of the database.

The chain is followed seal by seal, rows are read in their order and hashed by the database; nothing is held but the
rows of a few seals. Each fault is a sentence that names the row or the seal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from app.core import clock, registry, seal_file
from app.core.org import AuditSeal
from app.core.seal_rows import Differs, differing, is_whole, said_by
from app.core.seals import (
    BEGINNING,
    MOST_ROWS,
    NOTHING,
    Kept,
    Place,
    Waiting,
    kept,
    sealed,
    waiting,
)

MOST_FAULTS = 200
"""So many sentences are enough; the rest is counted."""
FILED_BY = timedelta(hours=1)
"""After this long the head of a seal stands in the file, unless something is wrong with that."""


@dataclass
class Checked:
    """What was looked at, what is not sealed yet, and what is wrong."""

    rows: int = 0
    seals: int = 0
    faults: list[str] = field(default_factory=list)
    more: int = 0
    """Faults beyond those that are told."""
    waiting: list[Waiting] = field(default_factory=list)
    unfiled: int = 0
    """Seals whose head is not in the file yet."""

    def fault(self, sentence: str) -> None:
        """Keep what is wrong."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(sentence)
        else:
            self.more += 1

    def lines(self) -> Iterator[str]:
        """All of it in sentences, the faults first."""
        yield from self.faults
        if self.more:
            yield f"… and {self.more:,} more"
        is_right = "are as they were sealed" if not self.faults else "were looked at"
        yield f"{self.rows:,} rows under {self.seals:,} seals {is_right}"
        for one in self.waiting:
            since = f", the oldest of {one.oldest_at:%Y-%m-%d %H:%M:%S}" if one.oldest_at else ""
            yield f"{one.rows:,} rows of {one.entity} are not sealed yet{since}"
        if self.unfiled:
            yield f"{self.unfiled:,} heads are not in the file {seal_file.path()} yet"


def check(session: Session) -> Checked:
    """Follow the whole chain."""
    found = Checked()
    _check_file(session, found)
    ends = {entity.slug(): BEGINNING for entity in sealed()}
    previous = (0, NOTHING)
    for some in _batches(session):
        for one in some:
            previous = _check_link(one, previous, found)
        for slug, own in groupby(sorted(some, key=lambda one: one.entity), key=lambda one: str(one.entity)):
            _check_entity(session, slug, list(own), ends, found)
    found.waiting = waiting(session)
    return found


def _batches(session: Session) -> Iterator[list[Any]]:
    """The seals in order, so many at a time that their rows are not too many."""
    some: list[Any] = []
    rows, last = 0, 0
    while True:
        newer = select(AuditSeal).where(AuditSeal.number > last).order_by(AuditSeal.number).limit(1000)
        page = list(session.scalars(newer.options(undefer(AuditSeal.entries))))
        session.expunge_all()
        for one in page:
            some.append(one)
            rows, last = rows + one.rows, one.number
            if rows >= 2 * MOST_ROWS:
                yield some
                some, rows = [], 0
        if not page:
            break
    if some:
        yield some


def _check_link(seal: Any, previous: tuple[int, str], found: Checked) -> tuple[int, str]:
    """Whether a seal follows the one before; its own number and head."""
    number, head = previous
    found.seals += 1
    if seal.number != number + 1:
        found.fault(f"{_span(number + 1, seal.number - 1)} missing from the table of seals")
    elif seal.previous != head:
        found.fault(f"seal {seal.number} does not follow seal {number} as it is now: one of them was altered")
    return int(seal.number), str(seal.head)


def _span(first: int, last: int) -> str:
    return f"seal {first} is" if first == last else f"seals {first} to {last} are"


def _check_entity(
    session: Session, slug: str, seals: list[Any], ends: dict[str, Place], found: Checked
) -> None:
    """Hold the seals of one entity against its rows."""
    if slug not in ends:
        found.fault(f"{_span(seals[0].number, seals[-1].number)} about {slug}, which is not sealed here")
        return
    entity = registry.entity(slug)
    for columns, same in groupby(seals, key=lambda one: str(one.columns)):
        own, names = list(same), columns.split()
        if not {*names} <= {*entity.__table__.c.keys()}:
            found.fault(f"{_span(own[0].number, own[-1].number)} about columns that {slug} does not have")
            continue
        upto = max((one.last_in, one.last_id) for one in own)
        rows = kept(session, entity, names, ends[slug], upto=upto)
        for seal, covered in _shared_out(own, rows):
            found.rows += len(covered)
            _compare(seal, covered, found)
        ends[slug] = upto


def _shared_out(seals: Sequence[Any], rows: Iterator[Kept]) -> Iterator[tuple[Any, list[Kept]]]:
    """Each seal with the rows that stand where it covers them."""
    row = next(rows, None)
    for seal in seals:
        covered = []
        while row is not None and row.place <= (seal.last_in, seal.last_id):
            covered.append(row)
            row = next(rows, None)
        yield seal, covered


def _compare(seal: Any, rows: list[Kept], found: Checked) -> None:
    """Hold what a seal says against the rows as they are, and name those that differ."""
    is_as_sealed = is_whole(seal, rows)
    if is_as_sealed and b"".join(row.entry for row in rows) == seal.entries:
        return
    if is_as_sealed:
        found.fault(f"seal {seal.number}: its list of rows was altered; its head and the rows are right")
        return
    faults, said = [_sentence(seal, one) for one in differing(seal, rows)], said_by(seal)
    if len(said) > 1 and not rows:
        faults = [
            f"all {len(said)} rows of {seal.entity} under seal {seal.number} are missing, {_between(said)}"
        ]
    for sentence in faults or [f"seal {seal.number} was altered: it does not say what it was made of"]:
        found.fault(sentence)


def _sentence(seal: Any, one: Differs) -> str:
    how = {
        "missing": f"is missing (seal {seal.number})", "inserted": f"was inserted where seal {seal.number} had none",
        "altered": f"was altered after seal {seal.number} was made",
    }  # fmt: skip
    return f"{seal.entity} row {one.row_id} of {_when(one.at)} {how[one.how]}"


def _when(at: int) -> str:
    """An instant of the sealed rows, as far as the calendar goes."""
    try:
        return f"{datetime.fromtimestamp(at / 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "an impossible time"


def _between(said: dict[int, Any]) -> str:
    instants = [entry[1] for entry in said.values()]
    return f"written from {_when(min(instants))} to {_when(max(instants))}"


def _check_file(session: Session, found: Checked) -> None:
    """Hold the heads of the file against those of the table."""
    known = select(AuditSeal.number, AuditSeal.head, AuditSeal.at).order_by(AuditSeal.number)
    table = {row.number: (row.head, row.at) for row in session.execute(known)}
    filed = session.scalar(select(func.max(AuditSeal.filed))) or 0
    is_there = True
    try:
        lines = list(seal_file.heads())
    except FileNotFoundError:
        lines, is_there = [], False
        if filed:
            found.fault(f"the file of heads {seal_file.path()} is not there")
    for number, head in lines:
        if number not in table:
            found.fault(f"seal {number} stands in the file and not in the table: it was removed there")
        elif table[number][0] != head:
            found.fault(f"seal {number} has another head in the table than in the file: it was altered")
    there, due = {number for number, _head in lines}, clock.now() - FILED_BY
    unfiled = [number for number in table if number not in there]
    lacking = [number for number in unfiled if is_there and (number <= filed or table[number][1] < due)]
    found.unfiled = len(unfiled) - len(lacking)
    for first, last in _runs(lacking):
        found.fault(f"{_span(first, last)} missing from the file of heads {seal_file.path()}")


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Numbers in order as first and last of those that follow each other.

    >>> list(_runs([1, 2, 3, 7]))
    [(1, 3), (7, 7)]
    """
    breaks = [place for place, (one, next_one) in enumerate(pairwise(numbers), 1) if next_one != one + 1]
    for start, end in zip([0, *breaks], [*breaks, len(numbers)], strict=True):
        if numbers:
            yield numbers[start], numbers[end - 1]
