"""Headings and names that stand beside each other are told apart in every language."""

from collections import Counter
from typing import Any

import pytest
from flask_babel import force_locale

from app.access.roles import every_permission
from app.core import registry
from app.core.web.fields import describe_all
from app.core.web.links import shown_entities
from app.views.rights import named, subject_names

LANGUAGES = ("en", "uk", "ru", "zh_Hans", "zh_Hant")


def twice(names: Any) -> list[str]:
    """The names that occur more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_list_has_two_columns_of_one_heading(app: Any, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        found = {
            cls.slug(): twice(
                field.label for field in describe_all(cls, list(cls.__screen__.columns("list")))
            )
            for cls in shown_entities()
        }
        # columns of reports that depend on the data are called as their rows are
        found |= {
            report.name: twice(str(one.label) for one in report.measures if one.is_shown)
            for report in registry.reports()
            if not callable(report.measures)
        }
    assert {name: labels for name, labels in found.items() if labels} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_lines_of_a_role_have_one_name(app: Any, language: str) -> None:
    with app.test_request_context(), force_locale(language):
        names = subject_names()
        subjects = {subject for _verb, subject in every_permission(app.appbuilder)}
        found = twice(named(subject, names) for subject in subjects)
    assert found == []
