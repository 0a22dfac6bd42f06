"""Move: the operation on branches and places, by screen and by API."""

import pytest
from sqlalchemy import func, select

from app.core import registry
from app.core.locks import Lock
from app.core.org import Branch
from tests.deadlocks import in_the_way
from tests.web.people import add, rows, stored
from tests.web.shop import Shop


@pytest.fixture
def south(shop: Shop) -> int:
    """A branch at the top, of its own for each test."""
    return add("branch", name=f"South {len(rows('branch'))}")


def test_a_branch_is_moved_on_the_screen_and_history_says_who_did_it(shop: Shop, south: int) -> None:
    before = stored("branch", south)
    page = shop.admin.get(f"/branch/do/move_branch?ids={south}")
    assert page.status_code == 200
    assert "Who sees the new place sees them from then on" in page.text
    data = {"ids": south, "__run": "1", "branch_id": shop.branches["head"]}
    answer = shop.admin.post("/branch/do/move_branch", data, follow_redirects=True)
    assert "Moved, with 0 below it" in answer.text
    row, head = stored("branch", south), stored("branch", shop.branches["head"])
    assert row.parent_id == head.id
    assert head.lft < row.lft <= head.rgt
    assert row.lft != before.lft
    kept = rows("history", entity="branch", row_id=south)[-1]
    assert (kept.user_id, kept.changes) == (shop.users["admin"], {"parent_id": [None, head.id]})


def test_a_move_without_a_target_goes_to_the_top(shop: Shop) -> None:
    child = add("branch", name="Child", parent_id=shop.branches["head"])
    answer = shop.caller("admin").call("POST", f"branch/{child}/do/move_branch", {})
    assert answer.status_code == 200, answer.text
    assert stored("branch", child).parent_id is None


def test_a_move_below_itself_or_to_where_it_is_is_refused_in_words(shop: Shop, south: int) -> None:
    below = add("branch", name="Below", parent_id=south)
    program = shop.caller("admin")
    for target, said in (
        (below, "A node cannot be moved below itself"),
        (south, "A node cannot be moved below itself"),
    ):
        answer = program.call("POST", f"branch/{south}/do/move_branch", {"branch_id": target})
        assert (answer.status_code, answer.json["message"]) == (422, said)
    answer = program.call("POST", f"branch/{below}/do/move_branch", {"branch_id": south})
    assert (answer.status_code, answer.json["message"]) == (422, "It is there already")
    assert stored("branch", south).parent_id is None


def test_a_place_is_moved_with_everything_below_it(shop: Shop) -> None:
    one, other = (add("region", name=name, level="county") for name in ("One", "Other"))
    town = add("region", name="Town", level="township", parent_id=one)
    village = add("region", name="Village", level="village", parent_id=town)
    answer = shop.caller("admin").call("POST", f"region/{town}/do/move_region", {"region_id": other})
    assert answer.json["message"] == "Moved, with 1 below it"
    target = stored("region", other)
    assert target.lft < stored("region", town).lft < stored("region", village).lft <= target.rgt


@pytest.mark.parametrize(
    "body", [{"branch_id": 10**9}, {"branch_id": "x"}, {"branch_id": [1]}, {"branch_id": {"a": 1}}]
)
def test_a_target_that_is_none_is_named_by_its_field(shop: Shop, south: int, body: dict[str, object]) -> None:
    answer = shop.caller("admin").call("POST", f"branch/{south}/do/move_branch", body)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"branch_id"}
    assert stored("branch", south).parent_id is None


def test_only_a_role_with_the_right_moves_and_others_do_not_learn_of_it(shop: Shop, south: int) -> None:
    data = {"ids": south, "__run": "1", "branch_id": shop.branches["head"]}
    for name in ("olga", "auditor", "partner"):
        assert shop.browser(name).post("/branch/do/move_branch", data).status_code in (403, 404), name
        assert shop.caller(name).call("POST", f"branch/{south}/do/move_branch", {}).status_code in (
            403,
            404,
        ), name
    assert "move_branch" not in shop.browser("auditor").get(f"/branch/show/{south}").text
    assert "move_branch" in shop.admin.get(f"/branch/show/{south}").text
    assert stored("branch", south).parent_id is None


@pytest.mark.parametrize("ids", [["999999"], ["x"], ["²"], [str(2**63)], ["-1"]])
def test_ids_that_are_no_rows_make_a_request_a_404(shop: Shop, ids: list[str]) -> None:
    before = [(row.id, row.lft) for row in rows("branch")]
    data = {"ids": ids, "__run": "1"}
    assert shop.admin.post("/branch/do/move_branch", data).status_code == 404
    assert shop.admin.get("/branch/do/move_branch", query_string={"ids": ids}).status_code == 404
    assert shop.caller("admin").call("POST", f"branch/{ids[0]}/do/move_branch", {}).status_code == 404
    assert [(row.id, row.lft) for row in rows("branch")] == before


def test_a_bulk_operation_on_a_strangers_row_is_a_404_for_all_of_its_rows(shop: Shop) -> None:
    """Flask-AppBuilder handed None to the action."""
    bulk = [op for op in registry.operations(registry.entity("loan")) if op.is_bulk]
    assert bulk
    before = len(rows("message"))
    mine = rows("loan", officer_id=shop.users["olga"])[0].id
    foreign = rows("loan", officer_id=shop.users["otto"])[0].id
    for operation in bulk:
        for ids in ([foreign], [mine, foreign], [foreign, mine, 10**9]):
            answer = shop.browser("olga").post(f"/loan/do/{operation.name}", {"ids": ids, "__run": "1"})
            assert answer.status_code == 404, operation.name
    assert len(rows("message")) == before


def test_whose_move_was_ended_for_another_is_told_to_try_again(shop: Shop, south: int) -> None:
    mine = select(Branch.id).where(Branch.id == south).with_for_update()
    shape = select(func.pg_advisory_xact_lock(Lock.TREE, func.hashtext(Branch.__tablename__)))
    data = {"ids": south, "__run": "1", "branch_id": shop.branches["head"]}
    with in_the_way(mine, shape):
        answer = shop.admin.post("/branch/do/move_branch", data)
    assert answer.status_code == 409
    assert "Nothing was saved; try again" in answer.text
    assert stored("branch", south).parent_id is None
    assert shop.admin.post("/branch/do/move_branch", data).status_code == 302
    assert stored("branch", south).parent_id == shop.branches["head"]
