"""A file that is of another kind altogether is refused with one sentence."""

import pytest

from app.core.errors import RuleError
from app.servicing.intake import problems
from app.servicing.intake.problems import Problems


def test_a_file_with_more_mistakes_than_anyone_reads_is_refused_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(problems, "MOST", 20)
    found = Problems()
    found.of_field("amount", [(row, "x") for row in range(20)], "is no amount")
    assert len(found.found) == 20
    with pytest.raises(RuleError, match="More than 20 mistakes: the file does not fit the layout"):
        found.add(21, "Amount", "x", "is no amount")
