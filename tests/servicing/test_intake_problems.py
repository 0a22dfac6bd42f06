"""Mistakes are stored together; a file that is of another kind altogether is refused with one sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask_babel import lazy_gettext
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


def test_a_personal_number_in_a_sentence_within_a_reason_is_kept_masked() -> None:
    found = problems.Problems(personal={"ІПН": "code"})
    inner = lazy_gettext("%(name)s belongs to another client", name="1234567890")
    found.add(5, "ІПН", "1234567890", lazy_gettext("The program failed: %(why)s", why=inner))
    [said] = [problem.said for problem in found.found]
    assert "1234567890" not in json.dumps(said)
    assert said["reason"].startswith("The program failed: ")
    assert said["reason"].endswith(" belongs to another client")
