"""Each rule of tests/rules finds the bad sample and passes the good one."""

from collections.abc import Callable, Iterator

import pytest

from tests.rules.asserts import every_test_asserts
from tests.rules.clock import only_the_clock_reads_the_clock
from tests.rules.commits import rules_do_not_commit
from tests.rules.docstrings import module_says_what_it_is_for
from tests.rules.floats import rules_have_no_floats
from tests.rules.raw_sql import sql_is_not_text
from tests.rules.size import FILE_LINES, FUNCTION_LINES, code_lines, file_is_small, functions_are_small
from tests.rules.skips import no_test_is_skipped
from tests.rules.source import Finding, Source
from tests.rules.unscoped import unscoped_gives_its_reason

RULE = "app/servicing/interest.py"
VIEW = "app/views/home.py"
TEST = "tests/test_interest.py"


def lines(rule: Callable[[Source], Iterator[Finding]], path: str, text: str) -> list[int]:
    """The lines of the findings of a rule in a text that would stand at path."""
    return [int(finding.where.rsplit(":", 1)[1]) for finding in rule(Source(path, text))]


def test_a_file_of_more_lines_than_allowed_is_found_and_blank_lines_do_not_count() -> None:
    assert lines(file_is_small, RULE, "a = 1\n\n" * FILE_LINES) == []
    assert lines(file_is_small, RULE, "a = 1\n\n" * (FILE_LINES + 1)) == [1]


def test_a_long_function_is_found_by_its_code_and_not_by_its_docstring() -> None:
    told = '    """Say.\n' + "    more\n" * 60 + '    """\n\n    # why\n'
    assert lines(functions_are_small, RULE, "def f():\n" + told + "    a = 1\n" * (FUNCTION_LINES - 1)) == []
    assert lines(functions_are_small, RULE, "def f():\n" + told + "    a = 1\n" * FUNCTION_LINES) == [1]


def test_a_method_is_counted_under_its_class() -> None:
    text = 'class A:\n    def f(self):\n        x = """one\n        two"""\n        return x\n'
    assert code_lines(Source(RULE, text)) == {"A.f": 4}


def test_a_module_without_a_docstring_is_found_unless_it_is_empty() -> None:
    assert lines(module_says_what_it_is_for, RULE, '"""Accrue interest."""\na = 1\n') == []
    assert lines(module_says_what_it_is_for, RULE, "") == []
    assert lines(module_says_what_it_is_for, RULE, "a = 1\n") == [1]


@pytest.mark.parametrize(
    "call", ["date.today()", "datetime.now(UTC)", "dt.datetime.utcnow()", "datetime.date.today()"]
)
def test_reading_the_wall_clock_is_found_outside_the_clock_itself(call: str) -> None:
    assert lines(only_the_clock_reads_the_clock, RULE, f"\nday = {call}\n") == [2]
    assert lines(only_the_clock_reads_the_clock, "app/core/clock.py", f"day = {call}\n") == []
    assert lines(only_the_clock_reads_the_clock, TEST, f"day = {call}\n") == []


def test_taking_the_business_date_as_an_argument_passes() -> None:
    assert (
        lines(only_the_clock_reads_the_clock, RULE, "def due(on):\n    return business_date() - on.today\n")
        == []
    )


@pytest.mark.parametrize(
    "line",
    [
        "a = float(balance)",
        "def f(rate: float): ...",
        "a: float | None = 0",
        "a = b.astype(float)",
        "np.float64(1)",
    ],
)
def test_a_float_in_a_rules_package_is_found_and_one_on_a_screen_is_not(line: str) -> None:
    assert lines(rules_have_no_floats, RULE, f"{line}\n") == [1]
    assert lines(rules_have_no_floats, VIEW, f"{line}\n") == []
    assert lines(rules_have_no_floats, "app/messaging/channels/smpp.py", f"{line}\n") == []


def test_decimal_money_passes() -> None:
    assert (
        lines(rules_have_no_floats, RULE, "def f(a: Decimal) -> Decimal:\n    return a * Decimal('0.5')\n")
        == []
    )


@pytest.mark.parametrize(
    "call",
    [
        "unscoped()",
        "unscoped('')",
        "unscoped(reason)",
        "db.unscoped('x')",
        "unscoped(reason='')",
        "unscoped(f'{why}')",
    ],
)
def test_leaving_the_scope_without_a_written_reason_is_found(call: str) -> None:
    assert lines(unscoped_gives_its_reason, RULE, f"with {call}:\n    pass\n") == [1]


def test_leaving_the_scope_with_its_reason_passes() -> None:
    assert lines(unscoped_gives_its_reason, RULE, "with unscoped('regulator report'):\n    pass\n") == []
    assert lines(unscoped_gives_its_reason, RULE, "with unscoped(reason='nightly run'):\n    pass\n") == []
    assert lines(unscoped_gives_its_reason, RULE, "with unscoped(f'create user {name}'):\n    pass\n") == []


@pytest.mark.parametrize(
    "line",
    [
        "session.execute(text(sql))",
        "session.execute(sa.text(sql))",
        "connection.exec_driver_sql('SET ROLE x')",
        "sql = f'update {table} set a = 1'",
        "cursor.copy('COPY loan FROM STDIN')",
        "yield f'CREATE POLICY {name} ON {table}'",
        "sql = 'insert into loan (id) values (1)'",
        "sql = 'WITH a AS (SELECT 1) SELECT a FROM a'",
    ],
)
def test_sql_as_text_is_found(line: str) -> None:
    imports = "import sqlalchemy as sa\nfrom sqlalchemy import text\n"
    assert set(lines(sql_is_not_text, RULE, f"{imports}{line}\n")) == {3}


@pytest.mark.parametrize(
    "line",
    [
        "session.execute(select(Loan))",
        "message.text()",
        "text('hello')",
        "_('Select a loan from the list')",
        "_('With love as always')",
        "'set aside'",
        "'updated'",
        "from sqlalchemy import text\nIndex('ix', text('lower(a)'), postgresql_where=text('a IS NULL'))",
        "def f():\n    'Delete from the list.'",
    ],
)
def test_expressions_labels_and_documentation_pass(line: str) -> None:
    assert lines(sql_is_not_text, RULE, f"{line}\n") == []


def test_a_commit_in_a_rule_is_found_and_one_in_the_platform_is_not() -> None:
    assert lines(rules_do_not_commit, RULE, "session.commit()\n") == [1]
    assert lines(rules_do_not_commit, RULE, "session.flush()\n") == []
    assert lines(rules_do_not_commit, "app/core/jobs.py", "session.commit()\n") == []


def test_a_test_that_asserts_nothing_is_found() -> None:
    assert lines(every_test_asserts, TEST, "def test_it():\n    run()\n") == [1]


@pytest.mark.parametrize(
    "body",
    [
        "assert run() == 1",
        "with pytest.raises(ValueError):\n        run()",
        "expect(page).to_have_title('x')",
        "same(1)",
    ],
)
def test_a_test_that_asserts_itself_or_through_a_helper_passes(body: str) -> None:
    text = f"def same(a):\n    assert a\n\ndef test_it(page):\n    {body}\n"
    assert lines(every_test_asserts, TEST, text) == []


@pytest.mark.parametrize(
    "line",
    [
        "@pytest.mark.skip\ndef test_it(): ...",
        "pytest.skip('later')",
        "pytestmark = pytest.mark.xfail(strict=True)",
    ],
)
def test_a_skip_is_found(line: str) -> None:
    assert lines(no_test_is_skipped, TEST, f"{line}\n") == [1]


def test_moving_on_in_data_is_no_skip() -> None:
    assert lines(no_test_is_skipped, TEST, "rows.skip(1)\ninput.skipif\n") == []
