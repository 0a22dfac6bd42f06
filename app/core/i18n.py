"""The catalogues of the five languages: compiled when their text is newer than what the program reads."""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).resolve().parents[2] / "translations"


def compile_catalogues(directory: Path = CATALOGUES) -> list[Path]:
    """Write messages.mo beside each messages.po that is newer than it.

    Returns the files written, none when all are current, which takes no more than a look at their dates. Safe
    while others start at the same time: each writes a file of its own and renames it into place.
    """
    stale = [text for text in sorted(directory.glob("*/LC_MESSAGES/messages.po")) if _is_stale(text)]
    for text in stale:
        _compile(text)
    return [text.with_suffix(".mo") for text in stale]


def _is_stale(text: Path) -> bool:
    compiled = text.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns < text.stat().st_mtime_ns


def _compile(text: Path) -> None:
    changed_at = text.stat().st_mtime_ns
    with text.open("rb") as file:
        catalogue = read_po(file, locale=text.parents[1].name)
    draft = text.with_name(f"messages.{os.getpid()}.mo.tmp")
    with draft.open("wb") as file:
        write_mo(file, catalogue)
    # dated like its text, so that an edit made while this ran is not taken for compiled
    os.utime(draft, ns=(changed_at, changed_at))
    draft.replace(text.with_suffix(".mo"))
