"""The address classifier from a file of codes: places above and below each other, in one pass."""

from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.core.locks import Lock
from app.core.org import Region, RegionLevel
from app.core.tree import move
from app.core.tree_bulk import NewNode, add_nodes, unnested
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import converted, open_source
from app.servicing.intake.summary import Counts, Step, Task, read_so_far

RANK = {str(level.value): rank for rank, level in enumerate(RegionLevel)}


@dataclass
class Place:
    """A row of the file."""

    row: int
    code: str
    parent_code: str | None
    level: str
    name: str


@dataclass
class Changes:
    """What an import does to the classifier."""

    new: list[NewNode] = field(default_factory=list)
    renamed: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(id, code, name, level)"""
    moved: list[tuple[int, NewNode | int | None]] = field(default_factory=list)
    unchanged: int = 0


def import_regions(task: Task) -> tuple[int, Counts]:
    """Import a file of places; returns how many rows it has and what came of the good ones."""
    places: list[Place] = []
    rows = 0
    with open_source(task.source, task.path) as table:
        for block in converted(task.source, table, "", task.problems):
            columns = (block.values[name] for name in ("code", "parent_code", "level", "name"))
            found = zip(block.numbers, *columns, strict=True)
            places += [Place(*each) for each in found if each[0] not in task.problems.rows]
            rows += len(block.numbers)
            read_so_far(task.tell, rows)
    task.tell(Step.STORING, _("Storing places"))
    created, updated, unchanged = store_regions(task.session, places, task.problems)
    return rows, Counts(created, updated, unchanged)


def store_regions(session: Session, places: list[Place], problems: Problems) -> tuple[int, int, int]:
    """Store places that are new, rename or move those that changed; (created, updated, unchanged).

    Numbers of places that are there never change by adding others. What is wrong goes to `problems`.
    """
    session.execute(select(func.pg_advisory_xact_lock(Lock.TREE, func.hashtext(Region.__tablename__))))
    stored = _Stored(session)
    changes = _changes(_sound(places, stored, problems), stored)
    add_nodes(session, Region, changes.new)
    _rename(session, changes.renamed)
    moved = {number for number, _parent in changes.moved}
    for number, parent in changes.moved:
        above = parent.id if isinstance(parent, NewNode) else parent
        move(session, session.get_one(Region, number), session.get(Region, above) if above else None)
    updated = len({number for number, *_rest in changes.renamed} | moved)
    return len(changes.new), updated, changes.unchanged


class _Stored:
    """The places already there, by code; those entered by hand without one, by where they are and their name."""

    def __init__(self, session: Session) -> None:
        columns = (Region.id, Region.code, Region.parent_id, Region.level, Region.name)
        rows = session.execute(select(*columns)).all()
        self.by_code = {row.code: row for row in rows if row.code}
        self.by_name = {(row.parent_id, row.name, str(row.level)): row for row in rows if not row.code}


def _sound(places: list[Place], stored: _Stored, problems: Problems) -> list[Place]:
    """The rows that can be imported, each after the one above it."""
    by_code: dict[str, Place] = {}
    for place in places:
        first = by_code.setdefault(place.code, place)
        if first is not place:
            problems.of_field(
                "code", [(place.row, place.code)], _("stands already in row %(row)s", row=first.row)
            )
    sound: dict[str, Place] = {}
    refused: set[str] = set()
    for place in by_code.values():
        _follow(place, by_code, sound, refused, stored, problems)
    return list(sound.values())


def _follow(
    place: Place, by_code: dict[str, Place], sound: dict[str, Place], refused: set[str], stored: _Stored,
    problems: Problems,
) -> None:  # fmt: skip
    """Take a row after all that lie above it in the file."""
    path: list[Place] = []
    step: Place | None = place
    while step is not None and step.code not in sound and step.code not in refused and step not in path:
        path.append(step)
        step = by_code.get(step.parent_code) if step.parent_code else None
    is_circle = step is not None and step in path
    for each in reversed(path):
        reason = _("lies above itself") if is_circle else _fault(each, sound, refused, stored)
        if reason is None:
            sound[each.code] = each
        else:
            refused.add(each.code)
            problems.of_field("parent_code", [(each.row, each.parent_code)], reason)


def _fault(place: Place, sound: dict[str, Place], refused: set[str], stored: _Stored) -> Any:
    above: Any = None
    if place.parent_code is None:
        return None
    if place.parent_code in refused:
        return _("is the code of a place that was refused")
    above = sound.get(place.parent_code) or stored.by_code.get(place.parent_code)
    if above is None:
        return _("is the code of no place")
    if RANK[str(above.level)] >= RANK[place.level]:
        return _(
            "is a %(above)s, which cannot have a %(level)s below it", above=above.level, level=place.level
        )
    return None


def _changes(places: list[Place], stored: _Stored) -> Changes:
    changes = Changes()
    given: dict[str, NewNode | int] = {}
    for place in places:
        above = _above(place, given, stored)
        row = stored.by_code.get(place.code)
        if row is None and not isinstance(above, NewNode):
            row = stored.by_name.pop((above, place.name, place.level), None)
        if row is None:
            node = NewNode({"code": place.code, "name": place.name, "level": place.level}, above)
            changes.new.append(node)
            given[place.code] = node
            continue
        given[place.code] = row.id
        is_renamed = (row.code, row.name, str(row.level)) != (place.code, place.name, place.level)
        if is_renamed:
            changes.renamed.append((row.id, place.code, place.name, place.level))
        if row.parent_id != above:
            changes.moved.append((row.id, above))
        elif not is_renamed:
            changes.unchanged += 1
    return changes


def _above(place: Place, given: dict[str, NewNode | int], stored: _Stored) -> NewNode | int | None:
    if place.parent_code is None:
        return None
    found = given.get(place.parent_code)
    return found if found is not None else int(stored.by_code[place.parent_code].id)


def _rename(session: Session, renamed: list[tuple[int, str, str, str]]) -> None:
    if not renamed:
        return
    ids, codes, names, levels = (list(values) for values in zip(*renamed, strict=True))
    table: Any = Region.__table__
    new = unnested(table, {"id": ids, "code": codes, "name": names, "level": levels})
    values = {"code": new.c.code, "name": new.c.name, "level": new.c.level}
    session.execute(update(table).where(table.c.id == new.c.id).values(values))
