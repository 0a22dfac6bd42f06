"""Guides for administrators: in every language, in the words of its screens, and one click from the help about them."""

import re
from itertools import product

import pytest
from babel.messages.mofile import read_mo

from app.core.web.help import guides
from app.core.web.help.topics import topics
from tests.rules.source import ROOT
from tests.web.shop import Shop

LANGUAGES = ("en", "uk", "ru", "zh_Hans", "zh_Hant")
LINKED = {
    "role": "roles-and-scope", "data_grant": "roles-and-scope", "custom_field": "custom-fields",
    "upload": "imports-and-layouts", "imports-new": "imports-and-layouts", "home": "reports-and-mail",
    "approval_route": "approvals-rules-tasks", "rule": "approvals-rules-tasks", "audit_seal": "audit-and-erasing",
    "history": "audit-and-erasing", "api_token": "programs", "webhook": "programs",
}  # fmt: skip


def words(language: str) -> set[str]:
    """All that screens say in a language."""
    file = ROOT / "translations" / ("uk" if language == "en" else language) / "LC_MESSAGES" / "messages.mo"
    with file.open("rb") as opened:
        known = list(read_mo(opened))
    said = [one.id if language == "en" else one.string for one in known if one.id]
    return {text for each in said for text in ([each] if isinstance(each, str) else each)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_guide_is_there_and_names_what_the_screens_of_its_language_say(language: str) -> None:
    known, folder = words(language), ROOT / "docs" / "guides" / language
    assert sorted(each.stem for each in folder.glob("*.md")) == sorted(guides.SPOKEN)
    for name in guides.SPOKEN:
        text = (folder / f"{name}.md").read_text(encoding="utf-8")
        labels = re.findall(r"\*\*([^*]+)\*\*", text)
        assert len(labels) >= 6, name
        assert [label for label in labels if label not in known] == [], name


def test_guides_of_all_languages_have_the_same_steps_and_name_the_same_things() -> None:
    for name, language in product(guides.SPOKEN, LANGUAGES):
        ours, theirs = (
            (ROOT / f"docs/guides/{one}/{name}.md").read_text("utf-8") for one in (language, "en")
        )
        assert len(re.findall(r"^\d+\. ", ours, re.MULTILINE)) == len(
            re.findall(r"^\d+\. ", theirs, re.MULTILINE)
        ), name
        assert sorted(re.findall(r"`[^`]+`", ours)) == sorted(re.findall(r"`[^`]+`", theirs)), name


def test_a_guide_is_read_in_the_readers_language_with_english_behind(shop: Shop) -> None:
    reader = shop.browser("otto")
    try:
        for language in LANGUAGES:
            reader.get(f"/lang/{language}")
            for name in guides.NAMES:
                page = reader.get(f"/help/guide/{name}")
                said = language if name in guides.SPOKEN else "en"
                assert page.status_code == 200
                assert f'class="card guide" lang="{said.replace("_", "-")}"' in page.text, (language, name)
                assert guides.guide(name, said).title in page.text
    finally:
        reader.get("/lang/en")
    assert reader.get("/help/guide/..%2f..%2foperate").status_code == 404


def test_the_help_of_a_screen_leads_to_its_guide(shop: Shop) -> None:
    for topic, name in LINKED.items():
        assert topic in topics()
        assert f'href="/help/guide/{name}"' in shop.admin.get(f"/help/{topic}").text, topic
