"""Bad rows come back with their reasons and stop no good ones; a file that is none is refused in one sentence."""

import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from sqlalchemy import select

from app.access.users import create_user
from app.core import files
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import GrantKind
from app.launch.paths import PROJECT
from app.models import Client, ImportProblem, ImportRun, Loan
from app.servicing.intake import layouts, run_import
from app.servicing.intake.importing import run_waiting
from tests.launch.installation import environment
from tests.servicing.ledgers import Row, ledger, rows, settle_in, workbook


@pytest.fixture(scope="module")
def installed(database, tmp_path_factory):
    """The classifier, and one good loan so that branches and officers are there."""
    settle_in(tmp_path_factory.mktemp("first"))
    return run_import(ledger(tmp_path_factory.mktemp("one"), rows(1)), "dingxi")


def told(run_id: int) -> dict[tuple[int, str | None], tuple[str | None, str]]:
    """(row, column) → (value, reason) of what was refused."""
    with unscoped("a test looks at problems") as session:
        columns = (ImportProblem.row, ImportProblem.column, ImportProblem.value, ImportProblem.reason)
        found = session.execute(select(*columns).where(ImportProblem.run_id == run_id))
        return {(row, column): (value, reason) for row, column, value, reason in found}


WRONG = [
    ({"贷款金额": "很多"}, "贷款金额", "很多", "is not a number"),
    ({"贷款金额": 100.005}, "贷款金额", "100.005", "has more than two decimals"),
    ({"贷款金额": 0}, "贷款金额", "0", "is less than 0.01"),
    ({"年利率(%)": -1}, "年利率(%)", "-1", "is less than 0"),
    ({"贷款止期": date(2018, 1, 1)}, "贷款止期", "2018-01-01", "is not after the day of disbursement"),
    ({"贷款起期": "昨天"}, "贷款起期", "昨天", "is not a date"),
    ({"借据编号": None}, "借据编号", None, "is empty"),
    ({"借据编号": "DX09000"}, "借据编号", "DX09000", "stands already in row"),
    ({"客户姓名": "很" * 201}, "客户姓名", "很" * 201, "is longer than 200 characters"),
    ({"手机号码": "12"}, "手机号码", "12", "is not a telephone number"),
    ({"手机号码": "12345678901"}, "手机号码", "12345678901", "is not in use as a number"),
    ({"县区": "某县"}, "县区", "某县", "is no place in 定西市"),
    ({"村": "无此村"}, "村", "无此村", "is no place in"),
    ({"贷款种类": "军火贷款"}, "贷款种类", "军火贷款", "is none of"),
    ({"还款方式": "随意"}, "还款方式", "随意", "is none of"),
    ({"还款日": 32}, "还款日", "32", "is more than 31"),
    ({"状态": "不明"}, "状态", "不明", "is none of"),
    ({"贷款余额": 10**7}, "贷款余额", "10000000.00", "is more than was lent"),
    ({"身份证号码": "X1", "客户姓名": "另一人"}, "身份证号码", "X1", "with another name"),
    ({"数据日期": date(2017, 1, 1)}, "数据日期", "2017-01-01", "is before the day of disbursement"),
    ({"数据日期": date(2018, 12, 31)}, "数据日期", "2018-12-31", "is after the business date, 2018-06-25"),
    ({"贷款金额": "9999999999999999.99"}, "贷款金额", "9999999999999999.99", "is more than 999999999999.99"),
    ({"身份证号码": "<b>12</b>"}, "身份证号码", "<B>12</B>", "has other signs than letters, digits, spaces, - and /"),
]  # fmt: skip


@pytest.fixture(scope="module")
def refused(installed, tmp_path_factory):
    """A ledger whose rows are wrong in every way, with good ones between them."""
    lines = rows(len(WRONG) + 4, 8990)
    lines[0] |= {"身份证号码": "X1", "客户姓名": "某人"}
    lines[1]["借据编号"] = "DX09000"
    for line, (change, *_told) in zip(lines[4:], WRONG, strict=True):
        line.update({"借据编号": f"W{line['借据编号']}"} | change)
    path = ledger(tmp_path_factory.mktemp("wrong"), lines)
    return path, lines, run_import(path, "dingxi")


def test_good_rows_are_imported_between_bad_ones(refused) -> None:
    _path, lines, summary = refused
    assert summary.line == f"created 4, updated 0, unchanged 0, rejected {len(WRONG)}"
    with unscoped("a test counts") as session:
        good = {line["借据编号"] for line in lines[:4]}
        assert set(session.scalars(select(Loan.number).where(Loan.number.in_(good)))) == good


@pytest.mark.parametrize("place", range(len(WRONG)), ids=[f"{each[1]}={str(each[2])[:12]}" for each in WRONG])
def test_each_bad_row_is_told_with_column_value_and_reason(refused, place) -> None:
    _change, column, value, reason = WRONG[place]
    found = told(refused[2].run_id)[place + 6, column]
    assert found[0] == value
    assert reason in found[1]


def test_the_refused_rows_come_back_as_a_workbook_to_be_corrected_and_imported(refused, tmp_path) -> None:
    path, lines, summary = refused
    copy = tmp_path / "refused.xlsx"
    with files.open_file(summary.error_file) as kept:
        copy.write_bytes(kept.read())
    given = sheet_of(copy)
    assert [row["# Row"] for row in given] == list(range(6, 6 + len(WRONG)))
    assert given[0]["贷款金额"] == "很多"
    assert "贷款金额" in given[0]["# Reason"]
    assert given[3]["贷款起期"] == datetime.combine(lines[7]["贷款起期"], datetime.min.time())
    good = {row["借据编号"]: row for row in rows(len(WRONG) + 4, 8990)}
    corrected = [{**row, **good[f"DX{8995 + place:05d}"]} for place, row in enumerate(given)]
    for row in corrected:
        row["借据编号"] = f"W{row['借据编号']}"
    again = run_import(workbook(tmp_path / "corrected.xlsx", {"Rows to mend": corrected}), "dingxi")
    assert again.line == f"created {len(WRONG)}, updated 0, unchanged 0, rejected 0"
    assert path.exists()


def sheet_of(path: Path) -> list[Row]:
    page = load_workbook(path).worksheets[0]
    names = [cell.value for cell in page[1]]
    return [dict(zip(names, values, strict=True)) for values in page.iter_rows(min_row=2, values_only=True)]


def test_an_import_is_recorded_under_who_started_it(installed, tmp_path, app) -> None:
    user_id = create_user("importer", "Import-1-Import", "Administrator", grants=[{"kind": GrantKind.ALL}])
    line = rows(1, 8980)[0] | {"借据编号": None}
    with app.app_context():
        summary = run_import(ledger(tmp_path, [line]), "dingxi", user_id=user_id)
    with unscoped("a test looks at a run") as session:
        assert session.get_one(ImportRun, summary.run_id).started_by_id == user_id
    assert summary.rejected == 1


def test_unknown_names_are_refused_where_the_layout_may_not_make_them(installed, tmp_path) -> None:
    with unscoped("a test makes a strict layout") as session:
        kept = layouts.find(session, "dingxi")
        row = session.get_one(layouts.ImportLayout, kept.id)
        strict = {**row.definition["layout"], "name": "strict", "creates": []}
        definition = {**row.definition, "layout": strict}
        session.add(
            layouts.ImportLayout(name="strict", title="Strict", target="portfolio", definition=definition)
        )
    lines = rows(3, 1)
    known = rows(1)[0]
    lines[0] |= {"经办支行": "无此支行"}
    lines[1] |= {"经办支行": known["经办支行"], "信贷员": "无此人", "联保小组": None}
    lines[2] |= {"经办支行": known["经办支行"], "信贷员": known["信贷员"], "联保小组": "无此组"}
    found = told(run_import(ledger(tmp_path, lines), "strict").run_id)
    assert found[2, "经办支行"] == ("无此支行", "is no branch")
    assert found[3, "信贷员"] == ("无此人", "is no officer of this branch")
    assert found[4, "联保小组"] == ("无此组", "is no group of this client")


def test_numbers_and_dates_written_as_text_are_read(installed, tmp_path) -> None:
    line = rows(1, 8981)[0]
    line |= {"贷款金额": f"{line['贷款金额']:,}.00" if line["贷款金额"] >= 1000 else str(line["贷款金额"]),
             "年利率(%)": f"{line['年利率(%)']}%", "贷款起期": line["贷款起期"].strftime("%Y/%m/%d"),
             "贷款止期": line["贷款止期"].strftime("%Y年%m月%d日"), "还款日": f"{line['还款日']:02d}"}  # fmt: skip
    summary = run_import(ledger(tmp_path, [line]), "dingxi")
    assert summary.line == "created 1, updated 0, unchanged 0, rejected 0", told(summary.run_id)
    assert summary.differences == 0


def test_dates_of_the_1904_calendar_are_the_same_dates(installed, tmp_path) -> None:
    lines = rows(1, 8982)
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    page = book.active
    page.title = "贷款台账"
    page.append(list(lines[0]))
    page.append(list(lines[0].values()))
    book.save(tmp_path / "mac.xlsx")
    assert run_import(tmp_path / "mac.xlsx", "dingxi").line == "created 1, updated 0, unchanged 0, rejected 0"
    with unscoped("a test looks at a loan") as session:
        loan = session.scalars(select(Loan).where(Loan.number == lines[0]["借据编号"])).unique().one()
        assert (loan.disbursed_on, loan.matures_on) == (lines[0]["贷款起期"], lines[0]["贷款止期"])


def test_the_command_fails_where_rows_were_refused_and_not_one_was_good(installed, tmp_path) -> None:
    known = ("DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL")
    around = environment(**{name: os.environ[name] for name in known})
    good, bad = rows(2, 8984)
    bad["借据编号"] = None
    for name, lines, code, said in (
        ("bad.xlsx", [bad], 1, "created 0, updated 0, unchanged 0, rejected 1"),
        ("mixed.xlsx", [good, bad], 0, "created 1, updated 0, unchanged 0, rejected 1"),
    ):
        words = [
            "import",
            str(ledger(tmp_path, lines, name)),
            "--layout",
            "dingxi",
            "--data-dir",
            str(tmp_path / "data"),
        ]
        done = subprocess.run(
            [sys.executable, str(PROJECT / "run.py"), *words], env=around, capture_output=True, text=True,
            timeout=120, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert said in done.stdout, done.stderr
        kept = tmp_path / f"{Path(name).stem}.refused.xlsx"
        assert f"Refused rows with their reasons: {kept}" in done.stdout
        assert load_workbook(kept).active.max_row > 1
        assert done.returncode == code


def test_who_sees_only_a_branch_may_not_import(installed, tmp_path) -> None:
    with unscoped("a test looks for ids") as session:
        client_id = session.scalars(select(Client.id).where(Client.code == "dingxi")).one()
        branch_id = session.scalars(select(Loan.branch_id).limit(1)).one()
    clerk = create_user(
        "clerk", "Import-1-Import", "Officer", grants=[{"kind": GrantKind.BRANCH, "branch_id": branch_id}]
    )
    lead = create_user(
        "lead", "Import-1-Import", "Manager", grants=[{"kind": GrantKind.CLIENT, "client_id": client_id}]
    )
    with pytest.raises(RuleError, match="needs a grant"):
        run_import(ledger(tmp_path, rows(1)), "dingxi", user_id=clerk)
    assert run_import(ledger(tmp_path, rows(1)), "dingxi", user_id=lead).line.startswith(
        "created 0, updated 0, unchanged 1"
    )
    with pytest.raises(RuleError, match="needs a grant"):
        run_import(ledger(tmp_path, rows(1)), "dingxi-b", user_id=lead)


def test_an_uploaded_file_that_waits_is_imported_under_its_record(installed, tmp_path) -> None:
    with ledger(tmp_path, rows(1, 8983)).open("rb") as stream:
        key = files.store(stream, "import")
    with unscoped("a test uploads") as session:
        layout_id = layouts.find(session, "dingxi").id
        run = ImportRun(layout_id=layout_id, file_name="上传.xlsx", file_key=key)
        session.add(run)
        session.flush()
        run_id = run.id
    summary = run_waiting(run_id)
    assert (summary.run_id, summary.created) == (run_id, 1)
    with unscoped("a test looks at the record") as session:
        run = session.get_one(ImportRun, run_id)
        assert (run.state, run.created, run.file_name) == ("done", 1, "上传.xlsx")
    assert run_waiting(run_id) == summary


def test_progress_never_goes_back_and_ends_at_a_hundred(installed, tmp_path) -> None:
    heard: list[tuple[int, str]] = []
    run_import(
        ledger(tmp_path, rows(2)), "dingxi", progress=lambda percent, stage: heard.append((percent, stage))
    )
    percents = [percent for percent, _stage in heard]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (1, 100)
    assert all(stage for _percent, stage in heard)
