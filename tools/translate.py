"""Keeps the catalogues in step with the texts of the program.

    .venv/bin/python tools/translate.py update     collect the texts into translations/*/LC_MESSAGES/messages.po
    .venv/bin/python tools/translate.py missing    list what is missing, fuzzy or wrong; exit code 1 if anything is
    .venv/bin/python tools/translate.py compile    write the .mo files (the program also does so when it starts)

A text is collected from app/ and tasks/ as babel.cfg says, from the names of entities, columns and arguments that
screens make labels of, and from the installed Flask-AppBuilder and WTForms, whose own catalogues do not know all of
our languages.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import flask_appbuilder
import wtforms
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.core.i18n import CATALOGUES, compile_catalogues  # noqa: E402  the path above comes first

LANGUAGES = ("uk", "ru", "zh_Hans", "zh_Hant")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}
HEADER = "# Loandesk: texts of the screens, letters and messages. GPL-3.0-or-later, like the program."
TEAM = {"version": "1", "last_translator": "Loandesk", "language_team": "Loandesk", "msgid_bugs_address": " "}
# Of the frameworks only what runs: most templates are replaced by ours, command lines are not translated.
FRAMEWORKS = {
    "flask_appbuilder": (
        Path(flask_appbuilder.__file__).parent,
        [("tests/**.py", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2")],
    ),
    "wtforms": (Path(wtforms.__file__).parent, [("validators.py", "python"), ("fields/**.py", "python")]),
}


def extraction() -> Catalog:
    """A fresh catalogue of every text: ours with file and line, names and the frameworks' with file alone."""
    catalogue = Catalog(project="Loandesk", charset="utf-8")
    with (ROOT / "babel.cfg").open(encoding="utf-8") as settings:
        methods, options = parse_mapping_cfg(settings)
    ours = extract_from_dir(
        str(ROOT), methods, options, KEYWORDS, ("Translators:",), directory_filter=_is_ours
    )
    for file, line, text, comments, context in ours:
        catalogue.add(text, None, [(file, line)], auto_comments=comments, context=context)
    for name in names():
        catalogue.add(name, None, [("app/core/labels.py", 1)])
    for package, (folder, files) in FRAMEWORKS.items():
        for file, _, text, comments, context in extract_from_dir(str(folder), files, keywords=KEYWORDS):
            catalogue.add(text, None, [(f"{package}/{file}", 1)], auto_comments=comments, context=context)
    return catalogue


def names() -> list[str]:
    """Labels that are made from the names of entities, columns and arguments."""
    import app.models
    import app.views  # noqa: F401  both declare what has names
    from app.core.labels import every_label

    return sorted(set(every_label()))


def _is_ours(folder: str) -> bool:
    return Path(folder).relative_to(ROOT).parts[0] in {"app", "tasks"}


def stored(language: str) -> Catalog:
    """The committed catalogue of a language; an empty one with the right header if there is none yet."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Catalog(language, header_comment=HEADER, project="Loandesk", fuzzy=False, **TEAM)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Bring every catalogue up to date; texts no longer used are dropped, new ones are left empty."""
    fresh = extraction()
    for language in LANGUAGES:
        catalogue = stored(language)
        catalogue.update(fresh, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalogue, width=110, sort_output=True, include_lineno=False)
        print(f"{language}: {sum(1 for _ in unfinished(language, fresh))} of {len(catalogue)} to do")


def unfinished(language: str, fresh: Catalog) -> Iterator[str]:
    """What a translator still has to do in a language, a sentence each."""
    catalogue = stored(language)
    for message in fresh:
        if not message.id:
            continue
        known = catalogue.get(message.id, message.context)
        place = ", ".join(file for file, _ in message.locations[:2])
        if known is None or not all(_forms(known.string)):
            yield f"missing: {message.id!r} ({place})"
        elif known.fuzzy:
            yield f"fuzzy: {message.id!r} ({place})"
        else:
            yield from (f"wrong: {message.id!r} ({place}): {error}" for error in _mistakes(known, catalogue))


def _mistakes(message: Message, catalogue: Catalog) -> Iterator[str]:
    """Broken format strings and lost or invented placeholders of a translated message."""
    yield from map(str, message.check(catalogue))
    asked = {name for text in _forms(message.id) for name in PLACEHOLDER.findall(text)}
    for text in _forms(message.string):
        given = set(PLACEHOLDER.findall(text))
        # "one loan" may leave its number out, a text without a plural may not
        if given - asked or (asked - given and isinstance(message.id, str)):
            yield f"placeholders differ in {text!r}"


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """A text and its plural forms; one form for a text that has no plural."""
    return (text,) if isinstance(text, str) else tuple(text)


def missing() -> int:
    """Print what is unfinished in every language; how many entries that is."""
    fresh = extraction()
    found = [f"{language} {line}" for language in LANGUAGES for line in unfinished(language, fresh)]
    print("\n".join(found) or "Every text is translated.")
    return len(found)


def main(command: str) -> int:
    """Run one of the commands above; the exit code."""
    if command == "update":
        update()
    elif command == "compile":
        print("\n".join(map(str, compile_catalogues())) or "Nothing to compile.")
    elif command == "missing":
        return 1 if missing() else 0
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
