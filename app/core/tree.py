"""Trees of branches and regions as gapped nested sets.

A node owns the numbers `lft..rgt`; its children own disjoint parts of them, so "this node and all below"
is one range. An insert takes the next free part and changes no existing number; a move renumbers only its
subtree and the rows that carry its numbers. Numbers once given are never given again (`used_to`), so a
transaction that still holds an old range can see too little for a moment, never a stranger's row.
"""

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Sequence, event, func, inspect, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import registry
from app.core.errors import RuleError
from app.core.locks import Lock
from app.core.scope import TREES
from app.core.tallies import is_tallying

KEY = {"kind": "scope_key"}
ROOT_WIDTH = 2**52


class Tree:
    """Mixin of an entity whose rows form a tree; the entity adds `parent_id`."""

    __room__: ClassVar[int] = 2**8
    """How many children every node has room for; with 2**8 the tree may be seven levels deep."""

    lft: Mapped[int] = mapped_column(BigInteger, unique=True, info=KEY)
    rgt: Mapped[int] = mapped_column(BigInteger, info=KEY)
    used_to: Mapped[int] = mapped_column(BigInteger, info=KEY)
    """The highest number ever given inside this node; equals lft while it has had no children."""

    @property
    def is_leaf(self) -> bool:
        return self.used_to == self.lft


def width_below(parent_width: int | None, room: int) -> int:
    """Width of a child so that the parent has room for `room` of them.

    >>> width_below(1000, 10)
    99
    """
    return ROOT_WIDTH if parent_width is None else max((parent_width - 1) // room, 1)


def place(session: Session, node: Any) -> None:
    """Give a new node its numbers: the next free part of its parent, or of the line for a root.

    Raises RuleError when the parent is full. The parent row is locked until the transaction ends.
    """
    with session.no_autoflush:
        _place(session, node)


def _place(session: Session, node: Any) -> None:
    cls = type(node)
    if node.parent_id is None:
        start = line_for_roots(session, cls) + 1
        node.lft, node.rgt, node.used_to = start, start + ROOT_WIDTH - 1, start
        return
    parent = session.execute(select(cls).where(cls.id == node.parent_id).with_for_update()).scalar_one()
    session.refresh(parent, ["lft", "rgt", "used_to"])
    node.lft, node.rgt = next_part(parent)
    node.used_to = node.lft
    parent.used_to = node.rgt


def line_for_roots(session: Session, cls: Any, count: int = 1) -> int:
    """The number after which `count` new roots may take theirs, which are reserved for ever.

    A sequence remembers them, also when the last root goes. The line is locked until the transaction ends.
    Raises RuleError at the end of the line.
    """
    _lock(session, cls)
    slot = Sequence(line_of(cls.__tablename__)).next_value()
    first, *_more = session.scalars(select(slot).select_from(func.generate_series(1, count))).all()
    end = max((first - 1) * ROOT_WIDTH, session.scalar(select(func.max(cls.rgt))) or 0)
    if end + count * ROOT_WIDTH >= 2**63:
        raise RuleError(_("There is no room for more places at the top"))
    return end


def line_of(table: str) -> str:
    """The sequence that counts the roots of a tree."""
    return f"{table}_line"


def hold_still(session: Session) -> None:
    """Let no node move until the transaction ends: for whoever copies many rows with their numbers."""
    for name in TREES:
        session.execute(select(func.pg_advisory_xact_lock_shared(Lock.MOVES, func.hashtext(name))))


def _lock(session: Session, cls: Any) -> None:
    """Be the only one that adds roots or moves nodes until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(Lock.TREE, func.hashtext(cls.__tablename__))))


def next_part(parent: Any) -> tuple[int, int]:
    """The numbers that the next child of `parent` gets (it has lft, rgt, used_to and __room__).

    Raises RuleError when the parent is full.
    """
    width = width_below(parent.rgt - parent.lft + 1, parent.__room__)
    start = parent.used_to + 1
    while width > 1 and start + width - 1 > parent.rgt:
        width = max(width // 4, 1)
    if start + width - 1 > parent.rgt:
        raise RuleError(_("%(name)s has no room for more below it", name=str(parent)))
    return start, start + width - 1


def move(session: Session, node: Any, new_parent: Any) -> int:
    """Put a node with everything below it under another parent; returns how many nodes were renumbered.

    The subtree gets fresh numbers inside the new parent, and every row that carries one of its numbers is
    rewritten in the same transaction. Raises RuleError when the parent lies inside the node or is full.
    """
    cls = type(node)
    _lock(session, cls)
    session.execute(select(func.pg_advisory_xact_lock(Lock.MOVES, func.hashtext(cls.__tablename__))))
    session.refresh(node, with_for_update=True)
    if new_parent is not None:
        session.refresh(new_parent)
        if node.lft <= new_parent.lft <= node.rgt:
            raise RuleError(_("A node cannot be moved below itself"))
    if node.parent_id == (new_parent.id if new_parent is not None else None):
        return 0
    inside = select(cls).where(cls.lft > node.lft, cls.lft <= node.rgt).order_by(cls.lft)
    nodes = [node, *session.scalars(inside.with_for_update())]
    before = [one.lft for one in nodes]
    session.info["moving"] = True
    try:
        node.parent_id = new_parent.id if new_parent is not None else None
        place(session, node)
        _renumber(nodes)
        session.flush()
    finally:
        session.info["moving"] = False
    session.expire(node, ["parent"])
    _rewrite_rows(session, cls.__tablename__, dict(zip(before, [one.lft for one in nodes], strict=True)))
    return len(nodes)


def _renumber(nodes: list[Any]) -> None:
    """Give all but the first, which is placed, fresh parts of their parents; parents stand before children."""
    placed = {nodes[0].id: nodes[0]}
    for node in nodes[1:]:
        parent = placed[node.parent_id]
        node.lft, node.rgt = next_part(parent)
        node.used_to, parent.used_to = node.lft, node.rgt
        placed[node.id] = node


def _rewrite_rows(session: Session, tree: str, renumbered: dict[int, Any]) -> None:
    """Carry new numbers into every table that holds them, in one statement a table.

    Tallies come last: whoever wrote a row that they sum up has committed when that row could be rewritten.
    """
    from sqlalchemy import column, values

    pairs = values(column("old", BigInteger), column("new", BigInteger), name="pairs").data(
        list(renumbered.items())
    )
    for entity in sorted(registry.entities(), key=is_tallying):
        key = getattr(entity, f"{tree}_lft", None)
        if key is not None:
            session.execute(
                update(entity).where(key == pairs.c.old).values({key: pairs.c.new}),
                execution_options={"synchronize_session": False},
            )


def below(node: Any) -> Any:
    """Condition: a row of the tree is this node or lies below it."""
    cls = type(node)
    return cls.lft.between(node.lft, node.rgt)


@event.listens_for(Session, "before_flush")
def _number_new_nodes(session: Session, _context: Any, _instances: Any) -> None:
    """A node added by any way (form, import, API) gets its numbers; parents are flushed before children."""
    for node in session.new:
        if isinstance(node, Tree) and node.lft is None:
            if node.parent_id is None and getattr(node, "parent", None) is not None:
                raise RuleError(_("Save the place above before what lies below it"))
            place(session, node)
    for node in session.dirty:
        if (
            isinstance(node, Tree)
            and inspect(node).attrs.parent_id.history.has_changes()
            and not session.info.get("moving")
        ):
            raise RuleError(_("Use Move to put a place under another one"), "parent_id")
