"""Every benchmark runs and says what it measured; how fast is no matter for a test."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from app.launch import logins
from tests.bench.database import FRAME
from tests.bench.run import BENCHMARKS, main

SCALE = 300
KEYS = {"name", "figure", "floor", "ratio", "target", "met"}


@pytest.fixture(scope="module")
def told(servers: Any, template: str, tmp_path_factory: Any) -> Iterator[list[dict[str, Any]]]:
    """The lines of all benchmarks on a small book."""
    os.environ["FILES_DIR"] = str(tmp_path_factory.mktemp("files"))
    capture = pytest.MonkeyPatch()
    lines: list[str] = []
    capture.setattr("tests.bench.run.say", lines.append)
    main(servers, [], SCALE, is_json=True, template=template, patience=0)
    capture.undo()
    yield [json.loads(line) for line in lines]
    for name in (f"bench_{SCALE}", FRAME):
        logins.drop_database(servers.data, name)


@pytest.mark.full
def test_every_benchmark_says_one_line_with_figure_floor_and_ratio(told: list[dict[str, Any]]) -> None:
    assert [line["name"] for line in told] == list(BENCHMARKS)
    for line in told:
        assert set(line) == KEYS
        assert line["figure"] > 0
        assert line["floor"] > 0
        assert line["ratio"] == pytest.approx(line["figure"] / line["floor"], rel=0.02)
        assert isinstance(line["met"], bool)


def test_a_line_judges_its_ratio_or_its_figure_by_the_target() -> None:
    from tests.bench.measure import Line

    assert Line("a", 1.2, 1.0, 1.2).is_met
    assert not Line("a", 1.3, 1.0, 1.2).is_met
    assert Line("a", 5, 1, 6, limit_of_figure=True).is_met
    assert Line("a", 5, 10, 0.4, is_at_least=True).is_met
