"""Whoever alters what was sealed is found out: the row, the seal or the head in the file is named."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, select, text, update
from sqlalchemy.orm import Session

from app.core import registry, seal_file, seals
from app.core.db import sqlalchemy_url, unscoped
from app.core.org import AuditEvent, AuditSeal, History, Team
from app.core.seal_check import Checked, check

PIECE = 4
TEAMS = 10


@pytest.fixture(scope="module", autouse=True)
def chain(database: Any) -> Path:
    """The file of heads over several seals of both logs."""
    for round_ in range(2):
        with unscoped("rows of a test") as session:
            session.add_all(Team(name=f"team {round_}.{n}") for n in range(TEAMS // 2))
            session.add(AuditEvent(kind="login", details={"round": round_}))
        assert seals.seal(PIECE) == TEAMS // 2 + 1 + (len(first_rows()) if not round_ else 0)
    return seal_file.path()


def first_rows() -> list[int]:
    """What the deployment itself left in the history before the first seal, such as its roles."""
    with unscoped("rows of the deployment") as session:
        return list(session.scalars(select(History.id).where(History.entity != "team")))


@pytest.fixture
def superuser(database: Any) -> Iterator[Session]:
    """A session of somebody who stops at nothing; nothing of it stays."""
    with create_engine(sqlalchemy_url(database.superuser_url), poolclass=NullPool).connect() as connection:
        yield Session(connection)


@pytest.fixture
def found_after(superuser: Session) -> Callable[[str], list[str]]:
    """What is found after a statement of his."""

    def found(statement: str) -> list[str]:
        assert superuser.execute(text(statement)).rowcount
        faults = check(superuser).faults
        superuser.rollback()
        return faults

    return found


def now_checked() -> Checked:
    with unscoped("a test verifies the chain") as session:
        return check(session)


def of_team(name: str) -> History:
    """The row of the history that tells of a team's making."""
    with unscoped("a row of the history") as session:
        team = select(Team.id).where(Team.name == name).scalar_subquery()
        row = session.scalars(select(History).where(History.entity == "team", History.row_id == team)).one()
        session.expunge(row)
        return row


def test_what_nobody_touched_is_as_it_was_sealed_and_all_of_it_is_sealed(chain: Path) -> None:
    found = now_checked()
    assert found.faults == []
    assert found.rows == TEAMS + 2 + len(first_rows())
    assert found.seals == len(chain.read_text().splitlines()) >= 6
    assert [(one.entity, one.rows) for one in found.waiting] == [("audit_event", 0), ("history", 0)]


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'x'", "user_id = NULL, source = 'job'", "at = at + interval '1 microsecond'", "row_id = row_id + 1",
        "changes = jsonb_set(changes, '{name}', '[1, 2]')", "action = 'creatf'",
    ],
)  # fmt: skip
def test_an_altered_row_is_named(found_after: Callable[[str], list[str]], change: str) -> None:
    row = of_team("team 1.2")
    [fault] = found_after(f"UPDATE history SET {change} WHERE id = {row.id}")
    assert fault.startswith(f"history row {row.id} of {row.at:%Y-%m-%d %H:%M:%S} UTC was altered after seal ")


def test_a_row_of_the_access_log_is_named_too(found_after: Callable[[str], list[str]]) -> None:
    [fault] = found_after("UPDATE audit_event SET user_id = NULL, network_address = '10.0.0.1' WHERE id = 1")
    assert fault.startswith("audit_event row 1 of ")


def test_a_deleted_row_an_inserted_one_and_one_that_was_moved_are_named(
    found_after: Callable[[str], list[str]],
) -> None:
    row = of_team("team 0.1")
    [fault] = found_after(f"DELETE FROM history WHERE id = {row.id}")
    assert f"history row {row.id} of " in fault
    assert "is missing" in fault
    columns = "at, entity, row_id, action, user_id, source, reason, changes, written_in"
    [fault] = found_after(
        f"INSERT INTO history (id, {columns}) SELECT 900000, {columns} FROM history WHERE id = {row.id}"
    )
    assert fault.startswith("history row 900000 of ")
    assert "was inserted" in fault
    faults = found_after(f"UPDATE history SET written_in = written_in + 1000 WHERE id = {row.id}")
    assert len(faults) == 1
    assert f"history row {row.id} of " in faults[0]


def test_rows_that_are_gone_together_such_as_a_detached_month_are_named_in_one_sentence(
    superuser: Session, found_after: Callable[[str], list[str]]
) -> None:
    with unscoped("the partition of this month") as session:
        month = session.scalar(select(History.at).order_by(History.id.desc()).limit(1))
    faults = found_after(f"DELETE FROM history_{month:%Y_%m}")
    seals_of_it = [one for one in superuser.scalars(select(AuditSeal)) if one.entity == "history"]
    assert len(faults) == len(seals_of_it)
    assert faults[0].startswith(
        f"all {PIECE} rows of history under seal {seals_of_it[0].number} are missing, written"
    )


def test_a_rewritten_seal_is_named_also_when_the_whole_chain_after_it_was_made_again(
    found_after: Callable[[str], list[str]],
) -> None:
    assert found_after("UPDATE audit_seal SET rows = rows + 1 WHERE number = 2") == [
        "seal 2 was altered: it does not say what it was made of"
    ]
    faults = found_after("UPDATE audit_seal SET head = repeat('a', 64) WHERE number = 2")
    assert "seal 2 has another head in the table than in the file: it was altered" in faults
    assert "seal 3 does not follow seal 2 as it is now: one of them was altered" in faults
    faults = found_after("UPDATE audit_seal SET previous = repeat('z', 64) WHERE number = 2")
    assert "seal 2 was altered: it does not say what it was made of" in faults
    [fault] = found_after("UPDATE audit_seal SET entries = substr(entries, 1, 24) WHERE number = 2")
    assert fault == "seal 2: its list of rows was altered; its head and the rows are right"


def test_a_chain_that_was_made_again_after_an_altered_row_differs_from_the_file(
    superuser: Session,
) -> None:
    altered = superuser.scalars(select(AuditSeal).where(AuditSeal.entity == "history")).first()
    superuser.execute(update(History).where(History.id == first_id(altered)).values(source="xyz"))
    ends, previous = {entity.slug(): seals.BEGINNING for entity in seals.sealed()}, seals.NOTHING
    for one in superuser.scalars(select(AuditSeal).order_by(AuditSeal.number)):
        upto, entity = (one.last_in, one.last_id), registry.entity(one.entity)
        rows = list(seals.kept(superuser, entity, one.columns.split(), ends[one.entity], upto=upto))
        one.previous, one.entries = previous, b"".join(row.entry for row in rows)
        one.head = previous = seals.head_of(one, rows)
        ends[one.entity] = upto
    superuser.flush()
    faults = check(superuser).faults
    assert faults == [
        f"seal {number} has another head in the table than in the file: it was altered"
        for number in range(altered.number, len(faults) + altered.number)
    ]
    assert len(faults) == now_checked().seals - altered.number + 1


def first_id(seal: AuditSeal) -> int:
    """The id of the first row that a seal covers."""
    return int(seals.ENTRY.unpack(seal.entries[:24])[0])


def test_a_seal_that_was_removed_is_named_by_the_table_or_by_the_file(
    found_after: Callable[[str], list[str]],
) -> None:
    faults = found_after("DELETE FROM audit_seal WHERE number = 2")
    assert "seal 2 is missing from the table of seals" in faults
    assert "seal 2 stands in the file and not in the table: it was removed there" in faults
    last = now_checked().seals
    faults = found_after(f"DELETE FROM audit_seal WHERE number = {last}")
    assert faults == [f"seal {last} stands in the file and not in the table: it was removed there"]


def test_a_file_that_was_cut_short_or_altered_is_told_and_not_filled_up_again(
    chain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = chain.read_text().splitlines(keepends=True)
    file = tmp_path / "seals.log"
    monkeypatch.setenv("SEALS_FILE", str(file))
    file.write_text("".join(lines[:2]))
    told = f"seals 3 to {len(lines) - 1} are missing from the file of heads {file}"
    assert seal_file.bring_up_to_date() == 1
    assert now_checked().faults == [told]
    file.write_text("".join([lines[0].replace(lines[0].split()[1], "0" * 64), *lines[1:]]))
    assert now_checked().faults == ["seal 1 has another head in the table than in the file: it was altered"]
    for emptied in ("", "no head\n"):
        file.write_text(emptied)
        assert now_checked().faults == [
            f"seals 1 to {len(lines) - 1} are missing from the file of heads {file}"
        ]
    file.unlink()
    assert now_checked().faults == [f"the file of heads {file} is not there"]
    assert seal_file.begin_anew() == len(lines)
    assert (now_checked().faults, file.read_text()) == ([], "".join(lines))


def test_a_line_that_was_cut_off_when_its_writer_died_is_written_again(
    chain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, whole = tmp_path / "seals.log", chain.read_text()
    monkeypatch.setenv("SEALS_FILE", str(file))
    file.write_text(whole[:-20])
    assert (seal_file.bring_up_to_date(), now_checked().faults) == (1, [])
    assert file.read_text().endswith(f"\n{whole.splitlines()[-1]}\n")
