"""Many new nodes of a tree at once: the numbers they would get one by one, in a few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, column, func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.core.tree import ROOT_WIDTH, Tree, line_for_roots, next_part


@dataclass(slots=True)
class Part:
    """What a node owns of the line: `lft..rgt`, used up to `used_to`."""

    lft: int
    rgt: int
    used_to: int
    name: str
    __room__: int

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class NewNode:
    """A node to be added: its columns without the tree's own, and what lies above it.

    `parent` is the id of a stored node, another NewNode that stands before this one, or None for a root.
    """

    values: dict[str, Any]
    parent: "int | NewNode | None" = None
    id: int = 0
    part: Part | None = None


def number_all(parents: Mapping[int, Part], nodes: Sequence[NewNode], room: int, line_end: int) -> None:
    """Give each node its part, in order; the parts of stored parents are advanced (`used_to`).

    `line_end` is the highest number of any root. Raises RuleError where a parent is full.

    >>> top, below = NewNode({"name": "A"}), NewNode({"name": "B"})
    >>> below.parent = top
    >>> number_all({}, [top, below], 2**8, 0)
    >>> (top.part.lft, top.part.rgt - top.part.lft + 1 == ROOT_WIDTH, below.part.lft, top.part.used_to == below.part.rgt)
    (1, True, 2, True)
    """
    for node in nodes:
        if node.parent is None:
            lft, rgt = line_end + 1, line_end + ROOT_WIDTH
            line_end = rgt
        else:
            above = node.parent.part if isinstance(node.parent, NewNode) else parents[node.parent]
            assert above is not None  # noqa: S101 - a parent stands before its children
            lft, rgt = next_part(above)
            above.used_to = rgt
        node.part = Part(lft, rgt, lft, str(node.values.get("name", "")), room)


def add_nodes(session: Session, cls: type[Any], nodes: Sequence[NewNode]) -> None:
    """Store new nodes below stored ones or each other; their `id` is set.

    Numbers given before never change. The parents, and the line when roots are added, stay locked until the
    transaction ends, as when `app.core.tree.place` adds one. Raises RuleError where a parent is full.
    """
    if not nodes:
        return
    number_all(_locked_parents(session, cls, nodes), nodes, cls.__room__, _line_end(session, cls, nodes))
    sequence = func.pg_get_serial_sequence(cls.__tablename__, "id")
    ids = session.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, len(nodes))))
    for node, given in zip(nodes, ids, strict=True):
        node.id = given
    _insert(session, cls, nodes)


def _locked_parents(session: Session, cls: type[Any], nodes: Sequence[NewNode]) -> dict[int, Part]:
    wanted = {node.parent for node in nodes if isinstance(node.parent, int)}
    rows = session.execute(
        select(cls.id, cls.lft, cls.rgt, cls.used_to, cls.name)
        .where(cls.id == func.any(literal(list(wanted), ARRAY(BigInteger))))
        .order_by(cls.id)
        .with_for_update()
    )
    return {row.id: Part(row.lft, row.rgt, row.used_to, row.name, cls.__room__) for row in rows}


def _line_end(session: Session, cls: type[Any], nodes: Sequence[NewNode]) -> int:
    if all(node.parent is not None for node in nodes):
        return 0
    return line_for_roots(session, cls, sum(node.parent is None for node in nodes))


def _insert(session: Session, cls: type[Tree], nodes: Sequence[NewNode]) -> None:
    """One statement for all rows, and one for the parents that were there before."""
    columns: dict[str, Sequence[Any]] = {
        "id": [node.id for node in nodes],
        "parent_id": [node.parent.id if isinstance(node.parent, NewNode) else node.parent for node in nodes],
        **{name: [node.values[name] for node in nodes] for name in nodes[0].values},
        **{name: [getattr(node.part, name) for node in nodes] for name in ("lft", "rgt", "used_to")},
    }
    table: Any = cls.__table__  # type: ignore[attr-defined]
    rows = unnested(table, columns)
    session.execute(insert(table).from_select(list(columns), select(rows)))
    _advance(session, table, nodes)


def _advance(session: Session, table: Any, nodes: Sequence[NewNode]) -> None:
    ends: dict[int, int] = {}
    for node in nodes:
        if isinstance(node.parent, int) and node.part is not None:
            ends[node.parent] = node.part.rgt
    if ends:
        new = unnested(table, {"id": list(ends), "used_to": list(ends.values())})
        session.execute(update(table).where(table.c.id == new.c.id).values(used_to=new.c.used_to))


def unnested(table: Any, columns: Mapping[str, Sequence[Any]]) -> Any:
    """Lists of equal length as rows of the database, each list a column of the table's type."""
    arrays = [literal(list(values), ARRAY(table.c[name].type)) for name, values in columns.items()]
    names = [column(name, table.c[name].type) for name in columns]
    return func.unnest(*arrays).table_valued(*names, joins_implicitly=True).render_derived(name="new_rows")
