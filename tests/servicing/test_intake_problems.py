"""Mistakes are stored together; a file that is of another kind altogether is refused with one sentence."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from app.core.db import engine, unscoped
from app.core.errors import RuleError
from app.models import ImportProblem
from app.servicing.intake import problems, run_import
from app.servicing.intake.problems import Problems
from tests.servicing.ledgers import ledger, settle_in, some_loans


def test_a_file_with_more_mistakes_than_anyone_reads_is_refused_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(problems, "MOST", 20)
    found = Problems()
    found.of_field("amount", [(row, "x") for row in range(20)], "is no amount")
    assert len(found.found) == 20
    with pytest.raises(RuleError, match="More than 20 mistakes: the file does not fit the layout"):
        found.add(21, "Amount", "x", "is no amount")


def test_all_mistakes_are_stored_by_one_statement(database, tmp_path: Path) -> None:
    settle_in(tmp_path)
    rows = [row | {"身份证号码": None, "贷款金额": "很多"} for row in some_loans(20)]
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    try:
        summary = run_import(ledger(tmp_path, rows), "dingxi")
    finally:
        event.remove(engine(), "before_cursor_execute", note)
    assert summary.rejected == len(rows)
    assert sum("INSERT INTO import_problem" in statement for statement in seen) == 1
    with unscoped("a test looks at problems") as session:
        columns = (ImportProblem.row, ImportProblem.column, ImportProblem.value, ImportProblem.reason)
        stored = session.execute(select(*columns).where(ImportProblem.run_id == summary.run_id)).all()
    told = [(row, "贷款金额", "很多", "is not a number") for row in range(2, len(rows) + 2)]
    told += [(row, "身份证号码", None, "is empty") for row in range(2, len(rows) + 2)]
    assert sorted(map(tuple, stored), key=str) == sorted(told, key=str)
