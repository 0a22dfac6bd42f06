"""Every text of the program stands in every catalogue, translated, with its placeholders and plural forms."""

import os
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from app.core.i18n import compile_catalogues
from tools import translate

ONE_FEW_MANY = (
    "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
)
PLURALS = {
    "uk": ONE_FEW_MANY,
    "ru": ONE_FEW_MANY,
    "zh_Hans": "nplurals=1; plural=0;",
    "zh_Hant": "nplurals=1; plural=0;",
}

BOOK = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: uk\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20)"
" ? 1 : 2);\\n"

msgid "Loan"
msgstr "Кредит"

#, python-format
msgid "%(num)d loan"
msgid_plural "%(num)d loans"
msgstr[0] "%(num)d кредит"
msgstr[1] "%(num)d кредити"
msgstr[2] "%(num)d кредитів"
"""


@pytest.fixture(scope="module")
def fresh() -> Catalog:
    return translate.extraction()


@pytest.fixture
def catalogues(tmp_path: Path) -> Path:
    folder = tmp_path / "uk" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(BOOK, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("language", translate.LANGUAGES)
def test_nothing_is_left_to_translate(language: str, fresh: Catalog) -> None:
    todo = list(translate.unfinished(language, fresh))
    assert not todo, f"{len(todo)} of {len(fresh)} texts:\n" + "\n".join(todo[:50])


@pytest.mark.parametrize("language", translate.LANGUAGES)
def test_the_catalogue_counts_in_its_own_language(language: str) -> None:
    header = dict(translate.stored(language).mime_headers)
    assert header["Plural-Forms"] == PLURALS[language]
    assert header["Language"] == language


def test_texts_are_found_in_entities_templates_and_the_framework(fresh: Catalog) -> None:
    places = {file for message in fresh for file, _ in message.locations}
    assert any(place.startswith("app/") and place.endswith(".py") for place in places)
    assert any(place.startswith("app/templates/") for place in places)
    assert any(place.startswith("flask_appbuilder/security/") for place in places)


@pytest.mark.parametrize(
    "text, translation, is_wrong",
    [
        ("%(count)s loans", "Кредитів: %(count)s", False),
        ("%(count)s loans", "Кредитів: %(кількість)s", True),
        ("%(count)s loans", "Кредити", True),
        ("Dear {name}", "Шановна {name}", False),
        ("Dear {name}", "Шановна {імʼя}", True),
    ],
)
def test_a_lost_or_invented_placeholder_is_a_mistake(text: str, translation: str, is_wrong: bool) -> None:
    catalogue = Catalog(locale="uk")
    message = catalogue.add(text, translation)
    assert bool(list(translate._mistakes(message, catalogue))) is is_wrong


def test_a_catalogue_is_compiled_once_and_again_only_after_a_change(catalogues: Path) -> None:
    text = catalogues / "uk/LC_MESSAGES/messages.po"
    assert compile_catalogues(catalogues) == [text.with_suffix(".mo")]
    assert compile_catalogues(catalogues) == []
    text.write_text(BOOK.replace('Кредит"', 'Позика"'), encoding="utf-8")
    os.utime(text, ns=(text.stat().st_atime_ns, text.stat().st_mtime_ns + 1))
    assert compile_catalogues(catalogues) == [text.with_suffix(".mo")]
    with text.with_suffix(".mo").open("rb") as file:
        spoken = GNUTranslations(file)
    assert spoken.gettext("Loan") == "Позика"
    assert [spoken.ngettext("%(num)d loan", "%(num)d loans", n) % {"num": n} for n in (1, 3, 11)] == [
        "1 кредит",
        "3 кредити",
        "11 кредитів",
    ]
    assert not list(text.parent.glob("*.tmp"))


def test_collecting_again_keeps_translations_and_drops_what_is_gone(
    catalogues: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = Catalog()
    fresh.add("Loan", None, [("app/models/loan.py", 1)])
    fresh.add("Customer", None, [("app/models/customer.py", 1)])
    monkeypatch.setattr(translate, "CATALOGUES", catalogues)
    monkeypatch.setattr(translate, "LANGUAGES", ("uk",))
    monkeypatch.setattr(translate, "extraction", lambda: fresh)
    translate.update()
    assert [message.id for message in translate.stored("uk") if message.id] == ["Customer", "Loan"]
    assert translate.stored("uk")["Loan"].string == "Кредит"
    assert list(translate.unfinished("uk", fresh)) == ["missing: 'Customer' (app/models/customer.py)"]
