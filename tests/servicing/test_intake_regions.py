"""The address classifier: codes become a tree, once, and what is added later moves nothing."""

import time

import pytest
from sqlalchemy import func, select, update

from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.locks import Lock
from app.core.org import History, Region
from app.models import ImportProblem, ImportRun
from app.seeds import seed
from app.servicing.intake import run_import
from tests.deadlocks import in_the_way
from tests.servicing.ledgers import DEMO, regions

HEAD = "code,parent_code,level,name\n"


@pytest.fixture(scope="module")
def installed(database):
    """The layouts that come with the product."""
    seed()
    return database


@pytest.fixture(scope="module")
def gansu(installed):
    """All of Gansu, and how long it took."""
    began = time.monotonic()
    summary = run_import(DEMO / "regions_cn_gansu.csv", "regions-cn")
    return summary, time.monotonic() - began


def numbers() -> dict[str | None, tuple[int, int]]:
    """Code → its numbers."""
    with unscoped("a test looks at the tree") as session:
        return {
            code: (lft, rgt)
            for code, lft, rgt in session.execute(select(Region.code, Region.lft, Region.rgt))
        }


def test_every_place_is_stored_below_the_one_its_code_names(gansu) -> None:
    summary, seconds = gansu
    assert summary.line == "created 19224, updated 0, unchanged 0, rejected 0"
    assert seconds < 60
    with unscoped("a test looks at the tree") as session:
        village = session.scalars(select(Region).where(Region.code == "621121100001")).one()
        names = []
        place = village
        while place is not None:
            names.append((place.name, str(place.level)))
            place = place.parent
        assert [level for _name, level in names] == ["village", "township", "county", "city", "province"]
        assert names[2:] == [("通渭县", "county"), ("定西市", "city"), ("甘肃省", "province")]
        county = village.parent.parent
        inside = select(Region.code).where(Region.lft.between(county.lft, county.rgt))
        codes = session.scalars(inside).all()
        assert len(codes) == len([code for code in numbers() if code and code.startswith("621121")])
        assert all(code.startswith("621121") for code in codes)


def test_no_two_places_share_a_number_and_children_lie_inside(gansu) -> None:
    found = numbers()
    assert len({lft for lft, _rgt in found.values()}) == len(found)
    with unscoped("a test looks at the tree") as session:
        above = {
            row.id: row for row in session.execute(select(Region.id, Region.lft, Region.rgt, Region.used_to))
        }
        for parent_id, lft, rgt in session.execute(select(Region.parent_id, Region.lft, Region.rgt)):
            if parent_id:
                assert above[parent_id].lft < lft <= rgt <= above[parent_id].used_to <= above[parent_id].rgt


def test_the_same_file_again_changes_nothing(gansu) -> None:
    before = numbers()
    summary = run_import(DEMO / "regions_cn_gansu.csv", "regions-cn")
    assert summary.line == "created 0, updated 0, unchanged 19224, rejected 0"
    assert numbers() == before


def test_places_added_later_change_no_number_and_are_numbered_as_one_by_one(gansu, tmp_path) -> None:
    before = numbers()
    more = tmp_path / "more.csv"
    more.write_text(
        HEAD
        + "621121900,621121,township,新镇\n621121900001,621121900,village,新村\n621121900002,621121900,village,二村\n"
    )
    assert run_import(more, "regions-cn").line == "created 3, updated 0, unchanged 0, rejected 0"
    after = numbers()
    assert {code: after[code] for code in before} == before
    with unscoped("a test adds a place by hand") as session:
        township = session.scalars(select(Region).where(Region.code == "621121900")).one()
        by_hand = Region(name="三村", level="village", parent_id=township.id)
        session.add(by_hand)
        session.flush()
        width = after["621121900002"][0] - after["621121900001"][0]
        assert by_hand.lft - after["621121900002"][0] == width
        session.rollback()


def test_a_place_with_another_name_is_renamed_and_one_with_another_parent_is_moved(gansu, tmp_path) -> None:
    more = tmp_path / "changed.csv"
    more.write_text(
        HEAD
        + "621121990,621121,township,甲镇\n621121990001,621121990,village,甲村\n621121991,621121,township,乙镇\n"
    )
    run_import(more, "regions-cn")
    more.write_text(
        HEAD
        + "621121990,621121,township,丙镇\n621121990001,621121991,village,甲村\n621121991,621121,township,乙镇\n"
    )
    assert run_import(more, "regions-cn").line == "created 0, updated 2, unchanged 1, rejected 0"
    with unscoped("a test looks at the tree") as session:
        village = session.scalars(select(Region).where(Region.code == "621121990001")).one()
        assert village.parent.name == "乙镇"
        assert village.parent.lft < village.lft <= village.parent.used_to
        told = session.scalars(
            select(History.changes).where(History.entity == "region", History.action == "change")
        )
        assert {"name": ["甲镇", "丙镇"]} in list(told)


def test_bad_rows_are_told_with_their_reasons_and_stop_no_others(gansu, tmp_path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(
        HEAD + "80,,province,好省\n8001,80,city,好市\n8001,80,city,又一市\n8102,81,city,无上级\n"
        "800101,8001,hamlet,错级\n80010101,800101,village,上级被拒\n8002,8002,city,自己\n,80,city,无码\n800102,8001,province,太高\n"
    )
    summary = run_import(bad, "regions-cn")
    assert summary.line == "created 2, updated 0, unchanged 0, rejected 7"
    with unscoped("a test looks at problems") as session:
        found = session.execute(
            select(ImportProblem.row, ImportProblem.column, ImportProblem.value, ImportProblem.reason)
            .where(ImportProblem.run_id == summary.run_id).order_by(ImportProblem.row)
        ).all()  # fmt: skip
        run = session.get_one(ImportRun, summary.run_id)
        assert (run.state, run.rows, run.created, run.rejected, run.progress) == ("done", 9, 2, 7, 100)
    told = {row: (column, value, reason) for row, column, value, reason in found}
    assert told[4] == ("code", "8001", "stands already in row 3")
    assert told[5] == ("parent_code", "81", "is the code of no place")
    assert told[6][:2] == ("level", "hamlet")
    assert told[7][2] == "is the code of no place"
    assert told[8][2] == "lies above itself"
    assert told[9][:2] == ("code", None)
    assert told[10][2].startswith("is a city, which cannot have a province below it")


def test_the_settlements_of_ukraine_with_one_name_in_a_community_are_all_kept(installed) -> None:
    summary = run_import(DEMO / "regions_ua.csv", "regions-ua")
    assert summary.line == "created 31744, updated 0, unchanged 0, rejected 0"
    assert run_import(DEMO / "regions_ua.csv", "regions-ua").line.startswith(
        "created 0, updated 0, unchanged 31744"
    )


def test_a_layout_that_is_not_there_is_told_with_those_that_are(installed, tmp_path) -> None:
    with pytest.raises(RuleError, match=r"There is no layout nowhere; there are: .*regions-cn"):
        run_import(regions(tmp_path), "nowhere")


def test_a_file_that_meets_another_writer_of_the_same_places_is_stored_all_the_same(gansu, tmp_path) -> None:
    mine = select(Region.id).where(Region.code == "621121100001").with_for_update()
    shape = select(func.pg_advisory_xact_lock(Lock.TREE, func.hashtext(Region.__tablename__)))
    path = tmp_path / "renamed.csv"
    path.write_text(f"{HEAD}621121100001,621121100,village,改名村\n", encoding="utf-8")
    with unscoped("a test looks at the tree") as session:
        before = session.scalars(select(Region.name).where(Region.code == "621121100001")).one()
    with in_the_way(mine, shape):
        summary = run_import(path, "regions-cn")
    assert summary.line == "created 0, updated 1, unchanged 0, rejected 0"
    with unscoped("a test looks at the tree") as session:
        assert session.scalar(select(Region.name).where(Region.code == "621121100001")) == "改名村"
        run = session.get_one(ImportRun, summary.run_id)
        assert (str(run.state), run.updated, run.message) == ("done", 1, None)
        session.execute(update(Region).where(Region.code == "621121100001").values(name=before))
