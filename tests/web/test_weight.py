"""What lists weigh: the HTML of every one of them with 25 full rows, before compression."""

import re
from datetime import date
from typing import Any

import pytest

from app.core import clock, registry
from app.core.db import unscoped
from app.core.org import Department, Position
from app.core.web import list_page, listing
from app.core.web.links import is_shown
from tests.kept import filled
from tests.walk.world import make_world
from tests.web.people import Browser

HEAVIEST = {"uk": 60_000, "ru": 60_000, "zh_Hans": 54_000}
"""Bytes in the languages whose words are longest and whose letters take most."""
NAMES = {
    "uk": "Підгірний Євген Сергійович",
    "ru": "Подгорный Евгений Сергеевич",
    "zh_Hans": "甘肃省定西市安定区",
}
"""What stands in the place of the world's short names."""
ROW = re.compile(r"<tr data-href.*?</tr>", re.DOTALL)
SHORT_NAME, SHORT_ID = re.compile(r"canary\d{3}z|common\d{3}"), re.compile(r'(?<=[/"])\d{1,3}(?=")')


@pytest.fixture(scope="module")
def admin(_application: Any, database: Any) -> Browser:
    """An administrator who sees everything of a world in which every field is filled."""
    filled(database, make_world)
    with unscoped("what the world has none of") as session:
        session.add_all([Department(name="canary001z"), Position(name="canary001z")])
        clock.set_business_date(session, date(2018, 6, 25))
    return Browser(_application, "all")


def weight(page: str, name: str) -> int:
    """Bytes of a list's page if each of 25 rows were like its longest, with long names and ids of a large book."""
    rows = [SHORT_ID.sub("1234567", SHORT_NAME.sub(name, row)).encode() for row in ROW.findall(page)]
    assert rows, "a list without rows weighs nothing"
    return len(ROW.sub("", page).encode()) + 25 * max(map(len, rows))


@pytest.mark.parametrize("language", HEAVIEST)
def test_no_list_is_heavy(admin: Browser, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (listing, list_page):
        monkeypatch.setattr(
            module, "SIZES", (1, 50, 100)
        )  # so that other pages follow, whose links weigh, too
    admin.get(f"/lang/{language}")
    shown = [entity.slug() for entity in registry.entities() if is_shown(entity)]
    weights = {slug: weight(admin.get(f"/{slug}/list/").text, NAMES[language]) for slug in shown}
    assert {slug: found for slug, found in weights.items() if found > HEAVIEST[language]} == {}
    assert weights["loan"] > 40_000, "the rows are no longer found"
