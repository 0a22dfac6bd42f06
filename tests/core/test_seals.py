"""The chain of seals: what it covers while others write, and what it finds when somebody alters what was kept."""

from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from app.core import seal_file, seals
from app.core.db import unscoped
from app.core.org import AuditEvent, AuditSeal, Team
from app.core.seal_check import Checked, check


@pytest.fixture(autouse=True)
def _file(database: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALS_FILE", str(tmp_path / "seals.log"))


def checked() -> Checked:
    with unscoped("a test verifies the chain") as session:
        return check(session)


def test_it_works(database: Any) -> None:
    with unscoped("rows of a test") as session:
        session.add_all(Team(name=f"team {n}") for n in range(10))
        session.add(AuditEvent(kind="login"))
    assert seals.seal() >= 11
    found = checked()
    assert (found.faults, found.seals) == ([], 2)
    assert [one.rows for one in found.waiting] == [0, 0]
