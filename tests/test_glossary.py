"""docs/glossary.md has every word in five languages, and a word for every entity."""

import re
from collections import Counter

import pytest

import app.models  # noqa: F401  declares every entity
from app.core import registry
from tests.rules.source import ROOT

SIMPLIFIED_ONLY = set("贷还约资产额组账户务权与议记录话单联类处统计档册访问请员终拨队时间区动转险债销")
TRADITIONAL_ONLY = set("貸還約資產額組帳戶務權與議記錄話單聯類處統計檔冊訪問請員終撥隊時間區動轉險債銷")
LANGUAGES = ["en", "meaning", "uk", "ru", "zh_Hans", "zh_Hant"]


@pytest.fixture(scope="module")
def terms() -> list[dict[str, str]]:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"
    ]
    assert all(len(row) == len(LANGUAGES) for row in rows)
    return [dict(zip(LANGUAGES, row, strict=True)) for row in rows if row[0] not in {"en", "---"}]


def test_every_term_stands_once_and_in_every_language(terms: list[dict[str, str]]) -> None:
    assert len(terms) > 300
    assert [term for term, times in Counter(row["en"] for row in terms).items() if times > 1] == []
    assert [row["en"] for row in terms if not all(row.values())] == []


def test_every_language_is_written_in_its_own_letters(terms: list[dict[str, str]]) -> None:
    for row in terms:
        assert not re.search("[ыэъё]", row["uk"]), row
        assert not re.search("[іїєґ’]", row["ru"]), row
        for chinese in ("zh_Hans", "zh_Hant"):
            assert not re.search("[а-яА-Я]", row[chinese]), row
        assert not set(row["zh_Hant"]) & SIMPLIFIED_ONLY, row
        assert not set(row["zh_Hans"]) & TRADITIONAL_ONLY, row


def test_every_entity_people_see_has_its_word(terms: list[dict[str, str]]) -> None:
    words = {form for row in terms for form in plurals(row["en"])}
    titles = {
        str(entity.__screen__.title).lower() for entity in registry.entities() if entity.__screen__.title
    }
    assert len(titles) > 20
    assert sorted(titles - words) == []


def plurals(term: str) -> set[str]:
    """A term and what may be its plural: the last word's, or the first's ("rows refused")."""
    first, _, rest = term.partition(" ")
    ends = {term, f"{term}s", f"{term}es", re.sub("y$", "ies", term)}
    return ends | {f"{first}s {rest}"}
