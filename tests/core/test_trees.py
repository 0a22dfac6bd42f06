"""Trees of numbers: what an insert and a move change, and what nobody ever sees meanwhile."""

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select, text, update

from app.access.users import create_user
from app.core import tree
from app.core.db import scoped_as, unscoped
from app.core.errors import RuleError
from app.core.org import Branch, GrantKind, History, Region
from app.core.tree_bulk import NewNode, add_nodes
from app.models import Customer, CustomerReach, Loan
from tests.core.scoped import Person
from tests.core.trees import DEEPEST, check_ranges, depth, depth_of_new, grow, is_inside, numbers, unsaved
from tests.kept import filled
from tests.walk.world import World, make_world

QUIET = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SHAPES = st.lists(st.integers(0, 30), min_size=2, max_size=7)
"""For each node the place, among those before it and the top, of what it is put below."""


@pytest.fixture(scope="module")
def world(database: Any) -> World:
    return filled(database, make_world)


@QUIET
@given(shape=SHAPES, more=SHAPES)
def test_an_insert_changes_no_number_that_was_there(world: World, shape: list[int], more: list[int]) -> None:
    with unsaved() as session:
        nodes = grow(session, shape)
        everything = session.scalars(select(Branch)).all()
        before = numbers(session, everything)
        for place in more:
            shallow = [node for node in nodes if depth(node, session) < DEEPEST]
            above = shallow[place % len(shallow)]
            session.add(Branch(name=f"more {place} {len(nodes)}", parent_id=above.id))
            session.flush()
            nodes = [*nodes, session.scalars(select(Branch).order_by(Branch.id.desc())).first()]
        assert numbers(session, everything) == before
        check_ranges(session, nodes)


@QUIET
@given(shape=SHAPES)
def test_many_nodes_at_once_get_the_numbers_they_would_get_one_by_one(world: World, shape: list[int]) -> None:
    with unsaved() as session:
        one_by_one = [(node.rgt - node.lft, depth(node, session)) for node in grow(session, shape)]
    with unsaved() as session:
        made: list[NewNode] = []
        for number, place in enumerate(shape):
            shallow = [None, *(node for node in made if depth_of_new(node) < DEEPEST)]
            above = shallow[place % len(shallow)]
            made.append(NewNode({"name": f"bulk {number}"}, above))
        add_nodes(session, Branch, made)
        nodes = [session.get_one(Branch, node.id) for node in made]
        assert [(node.rgt - node.lft, depth(node, session)) for node in nodes] == one_by_one
        check_ranges(session, nodes)


@QUIET
@given(shape=SHAPES, moves=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5))
def test_moves_keep_the_tree_and_never_give_a_number_twice(
    world: World, shape: list[int], moves: list[tuple[int, int]]
) -> None:
    with unsaved() as session:
        nodes = grow(session, shape)
        given_out = {first for first, _last in numbers(session, nodes).values()}
        for which, where in moves:
            node, target = nodes[which % len(nodes)], [None, *nodes][where % (len(nodes) + 1)]
            before = numbers(session, nodes)
            if target is not None and is_inside(nodes, target, node):
                with pytest.raises(RuleError, match="below itself"):
                    tree.move(session, node, target)
                continue
            count = tree.move(session, node, target)
            after = numbers(session, nodes)
            changed = {one for one in after if after[one] != before[one]}
            expected = {one.id for one in nodes if is_inside(nodes, one, node)} if count else set()
            assert changed == expected
            fresh = {after[one][0] for one in changed}
            assert not fresh & given_out
            given_out |= fresh
            check_ranges(session, nodes)


def test_the_last_root_takes_its_numbers_with_it(world: World) -> None:
    with unsaved() as session:
        [gone] = grow(session, [0])
        owned = (gone.lft, gone.rgt)
        session.delete(gone)
        session.flush()
        [after] = grow(session, [0])
        assert after.lft > owned[1]


def test_a_full_node_says_so_and_nothing_is_stored(world: World) -> None:
    with unsaved() as session:
        [top] = grow(session, [0])
        session.execute(update(Branch).where(Branch.id == top.id).values(rgt=Branch.lft + 3))
        session.expire_all()
        for number in range(3):
            session.add(Branch(name=f"child {number}", parent_id=top.id))
            session.flush()
        session.add(Branch(name="one too many", parent_id=top.id))
        with pytest.raises(RuleError, match="node 0 has no room for more below it"):
            session.flush()


def test_a_place_cannot_be_put_elsewhere_by_typing_another_parent(world: World) -> None:
    with unsaved() as session:
        first, _second, third = grow(session, [0, 1, 0])
        third.parent_id = first.id
        with pytest.raises(RuleError, match="Use Move"):
            session.flush()


def test_a_move_that_is_refused_leaves_the_session_as_strict_as_before(world: World) -> None:
    with unsaved() as session:
        first, _second, third = grow(session, [0, 1, 0])
        session.execute(update(Branch).where(Branch.id == first.id).values(used_to=Branch.rgt))
        session.expire_all()
        with session.begin_nested() as part:
            with pytest.raises(RuleError, match="no room"):
                tree.move(session, third, first)
            part.rollback()
        session.refresh(third)
        third.parent_id = first.id
        with pytest.raises(RuleError, match="Use Move"):
            session.flush()


def test_a_move_takes_the_rows_along_and_only_those(world: World) -> None:
    moved, target = world.branches["b1"].id, world.branches["b2"].id
    with unsaved() as session:
        before = {loan.id: loan.branch_lft for loan in session.scalars(select(Loan))}
        loans = session.scalars(select(Loan)).all()
        inside = {loan.id for loan in loans if moved in {loan.branch.parent_id, loan.branch_id}}
        last = session.scalar(select(History.id).order_by(History.id.desc()).limit(1)) or 0
        tree.move(session, session.get_one(Branch, moved), session.get_one(Branch, target))
        session.expire_all()
        after = {loan.id: loan.branch_lft for loan in session.scalars(select(Loan))}
        assert {one for one in after if after[one] != before[one]} == inside
        for table in (Loan, Customer):
            for row in session.scalars(select(table)):
                assert row.branch_lft == (row.branch.lft if row.branch else None)
        kept = session.scalars(select(History).where(History.id > last)).all()
        assert [(one.entity, one.row_id, set(one.changes)) for one in kept] == [
            ("branch", moved, {"parent_id"})
        ]


def test_after_a_move_whoever_reaches_a_customer_by_his_loans_still_does(world: World) -> None:
    with unsaved() as session:
        tree.move(
            session,
            session.get_one(Region, world.regions["t1"].id),
            session.get_one(Region, world.regions["c2"].id),
        )
        session.expire_all()
        wanted = {
            (loan.customer_id, loan.branch_lft, loan.region_lft) for loan in session.scalars(select(Loan))
        } | {(one.id, one.branch_lft, None) for one in session.scalars(select(Customer))}
        held = {
            (one.customer_id, one.branch_lft, one.region_lft)
            for one in session.scalars(select(CustomerReach))
        }
        assert held == wanted
        lines = text(
            "SELECT count(*) FROM loan l JOIN region r ON r.id = l.region_id WHERE l.region_lft <> r.lft"
        )
        assert session.scalar(lines) == 0


class Reader(threading.Thread):
    """Reads his loans again and again, each time in a transaction of its own."""

    def __init__(self, person: Person, allowed: set[int]) -> None:
        super().__init__()
        self.person, self.allowed, self.over = person, allowed, threading.Event()
        self.foreign: set[int] = set()
        self.short = self.reads = self.longest = 0

    def run(self) -> None:
        in_a_row = 0
        while not self.over.is_set():
            with scoped_as(self.person.id) as session:
                for _look in range(2):
                    seen = set(session.scalars(select(Loan.id)))
            self.reads += 1
            self.foreign |= seen - self.allowed
            in_a_row = in_a_row + 1 if seen < self.allowed else 0
            self.short += seen < self.allowed
            self.longest = max(self.longest, in_a_row)


def test_readers_meet_no_stranger_and_miss_their_own_for_no_longer_than_a_transaction(world: World) -> None:
    """The leaf b1a is moved to and fro; its reader's rows are the same wherever it hangs, others' are not his."""
    names = ("branch_subtree", "branch_leaf", "o1")
    moved, places = world.branches["b1a"].id, [world.branches["b2"].id, world.branches["b1"].id]
    both = Person(world, "branch_subtree").ids("loan")
    # b2's reader sees b1a's rows while it hangs below b2
    also = {"branch_leaf": both}
    readers = [
        Reader(Person(world, name), Person(world, name).ids("loan") | also.get(name, set())) for name in names
    ]
    for reader in readers:
        reader.start()
    for turn in range(8):
        with unscoped("move a branch to and fro") as session:
            tree.move(session, session.get_one(Branch, moved), session.get_one(Branch, places[turn % 2]))
    for reader in readers:
        reader.over.set()
        reader.join()
    assert all(reader.reads > 2 for reader in readers)
    assert [reader.foreign for reader in readers] == [set(), set(), set()]
    assert readers[2].short == 0, "who sees his own rows by himself as officer never misses one"
    with unscoped("where it was") as session:
        assert session.get_one(Branch, moved).parent_id == places[1]
    for name in names:
        person = Person(world, name)
        with scoped_as(person.id) as session:
            assert set(session.scalars(select(Loan.id))) == person.ids("loan")


def test_a_reader_of_the_moved_node_loses_at_most_the_transaction_under_way(world: World) -> None:
    moved, places = world.branches["b1a"].id, [world.branches["b2"].id, world.branches["b1"].id]
    user_id = create_user(
        "leaf reader", "pw", "Administrator", grants=[{"kind": GrantKind.BRANCH, "branch_id": moved}]
    )
    with unscoped("what is there") as session:
        mine = set(session.scalars(select(Loan.id).where(Loan.branch_id == moved)))
    assert mine
    for place in places:
        with scoped_as(user_id) as session:
            assert set(session.scalars(select(Loan.id))) == mine
            with unscoped("move it") as house:
                tree.move(house, house.get_one(Branch, moved), house.get_one(Branch, place))
            assert set(session.scalars(select(Loan.id))) == set(), "too little in the transaction under way"
            session.rollback()
            assert set(session.scalars(select(Loan.id))) == mine, "all again in the next"
