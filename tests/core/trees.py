"""Trees grown for a test, and what their numbers must say."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from app.core.db import session_for
from app.core.org import Branch
from app.core.tree_bulk import NewNode

DEEPEST = 3
"""Levels below the top; with room for 1024 children each, a tree of branches has seven."""


@contextmanager
def unsaved() -> Iterator[Any]:
    """A session that sees everything and keeps nothing."""
    with session_for(lambda: ("all", None)) as session:
        session.info["unscoped"] = "a tree of one example"
        yield session
        session.rollback()


def grow(session: Any, shape: list[int]) -> list[Branch]:
    """Branches one by one, each below an earlier one or at the top."""
    nodes: list[Branch] = []
    for number, place in enumerate(shape):
        shallow = [None, *(node for node in nodes if depth(node, session) < DEEPEST)]
        above = shallow[place % len(shallow)]
        node = Branch(name=f"node {number}", parent_id=above.id if above else None)
        session.add(node)
        session.flush()
        nodes.append(node)
    return nodes


def numbers(session: Any, nodes: list[Branch]) -> dict[int, tuple[int, int]]:
    """Id → the numbers it owns."""
    found = session.execute(
        select(Branch.id, Branch.lft, Branch.rgt).where(Branch.id.in_([one.id for one in nodes]))
    )
    return {row.id: (row.lft, row.rgt) for row in found}


def is_inside(nodes: list[Branch], node: Branch, other: Branch) -> bool:
    """Whether `node` is `other` or below it, by their parents alone."""
    above = {one.id: one.parent_id for one in nodes}
    at: int | None = node.id
    while at is not None and at != other.id:
        at = above.get(at)
    return at == other.id


def check_ranges(session: Any, nodes: list[Branch]) -> None:
    """The numbers say exactly what the parents say."""
    owned = numbers(session, nodes)
    for one in nodes:
        for other in nodes:
            low, high = owned[other.id]
            assert (low <= owned[one.id][0] <= high) == is_inside(nodes, one, other), (one, other)


def depth_of_new(node: NewNode) -> int:
    return 1 + depth_of_new(node.parent) if isinstance(node.parent, NewNode) else 0


def depth(node: Branch, session: Any) -> int:
    above = None if node.parent_id is None else session.get_one(Branch, node.parent_id)
    return 0 if above is None else 1 + depth(above, session)
