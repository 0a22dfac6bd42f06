"""One declared function is a report with all its doors; numbers become links only where the list shows the same."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Select, func, select

from app.core import registry
from app.core.report import Asked, Dimension, Measure, Reader, Report, Rows, parameter, report
from app.core.web.report_view import menu_entry, view_for
from app.models import Loan


@dataclass(frozen=True)
class Told(Asked):
    """Parameters of a report of this test."""

    day: date | None = parameter("Day")
    officer_id: int | None = parameter("Officer", entity="user")
    settled_on: date | None = None


ROWS = Rows("loan", {"status": "current"}, {"officer_id": "officer"}, frozenset({"day"}))


def test_a_parameter_becomes_the_filter_of_the_list() -> None:
    assert ROWS.filters(Told(day=date(2018, 1, 1), officer_id=7)) == {"status": "current", "officer": 7}


def test_no_link_where_the_list_cannot_be_limited_in_the_same_way() -> None:
    assert replace(ROWS, named={}).filters(Told(officer_id=7)) is None


def test_no_link_where_the_figures_are_of_a_past_day() -> None:
    class Past(Told):
        is_current = False

    assert ROWS.filters(Past()) is None
    assert replace(ROWS, is_current=False).filters(Past()) == {"status": "current"}


def test_rows_that_have_none_are_found_by_having_none() -> None:
    assert ROWS.filters(Told(), empty="officer_id") == {"status": "current", "officer__null": "yes"}


def test_only_declared_parameters_are_asked() -> None:
    assert [one.name for one in Told.parameters()] == ["day", "officer_id"]


@pytest.fixture
def declared() -> Any:
    known = dict(registry._reports)

    @report("loan-count", "Loan count", roles=("Manager",), measures=(Measure("loans", "Loans", "number"),),
            dimensions=(Dimension("status", "Status"),))  # fmt: skip
    def loan_count(asked: Told, by: str) -> Select[Any]:
        """Loans by their status."""
        key = Loan.status if by else func.max("")
        return select(key.label("key"), key.label("name"), func.count(Loan.id).label("loans")).group_by(
            *([key] if by else [])
        )

    yield registry.report("loan-count")
    registry._reports.clear()
    registry._reports.update(known)


def test_one_function_declares_a_report_with_its_permission_menu_line_and_doors(declared: Report) -> None:
    assert (declared.permission, declared.subject, declared.asked) == ("can_open", "LoanCountReport", Told)
    assert menu_entry(declared).permission == ("can_open", "LoanCountReport")
    view = view_for(declared)
    doors = {url for name in ("page", "chart", "export") for url, _methods in getattr(view, name)._urls}
    assert (view.route_base, doors) == ("/report/loan-count", {"/", "/chart", "/export.xlsx"})


def test_two_reports_of_one_name_are_refused(declared: Report) -> None:
    with pytest.raises(TypeError, match="two reports are called loan-count"):
        registry.register_report(declared)


def test_columns_may_depend_on_the_data() -> None:
    measures = (Measure("loans", "Loans", "number"),)
    one = Report("x", "X", lambda asked: None, (), lambda reader: measures)
    assert one.columns(Reader(None, date(2018, 1, 1), 1)) == list(measures)
