"""The guides of docs/guides and docs/howto as pages: as much of Markdown as they use, each text escaped before it is marked up.

Those of docs/guides are for administrators, in every language of the screens; those of docs/howto are in English.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from markupsafe import Markup, escape

_DOCS = Path(__file__).parents[4] / "docs"
FOLDER = _DOCS / "guides"
SPOKEN = (
    "roles-and-scope", "custom-fields", "imports-and-layouts", "reports-and-mail", "approvals-rules-tasks",
    "audit-and-erasing", "programs",
)  # fmt: skip
"""Guides that are there in every language."""
ENGLISH = ("filter-by-address", "fill-records-from-a-file", "map", "write-a-rule", "use-the-api")
"""Those of docs/howto for who uses and administers; the others are for who writes code."""
NAMES = (*SPOKEN, *ENGLISH)
_MARKS = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<b>\1</b>"),
    (re.compile(r"\*([^*]+)\*"), r"<i>\1</i>"),
    (re.compile(r"\[([^\]]+)\]\((?:[.\w-]+/)*([\w-]+)\.md\)"), r'<a href="/help/guide/\2">\1</a>'),
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1"),
)


@dataclass(frozen=True)
class Guide:
    """A guide as a page: its title, its text marked up, and the language of both."""

    title: str
    text: Markup
    language: str


@lru_cache(maxsize=len(NAMES) * 5)
def guide(name: str, language: str) -> Guide:
    """A guide in a language, in English where there is none in it. Raises KeyError for a name that is none."""
    if name not in NAMES:
        raise KeyError(name)
    file = FOLDER / language / f"{name}.md"
    if not file.exists():
        file, language = (FOLDER / "en" if name in SPOKEN else _DOCS / "howto") / f"{name}.md", "en"
    title, _line, text = file.read_text(encoding="utf-8").partition("\n")
    return Guide(title.removeprefix("# "), Markup("\n").join(_blocks(text)), language)


def _blocks(text: str) -> Iterator[Markup]:
    """Each block of a text: what stands between empty lines, and what stands between fences as it is."""
    for place, part in enumerate(re.split(r"^```.*\n?", text, flags=re.MULTILINE)):
        if place % 2:
            yield Markup('<pre tabindex="0"><code>{}</code></pre>').format(part)
        else:
            yield from (_block(block.splitlines()) for block in re.split(r"\n\s*\n", part) if block.strip())


def _block(lines: list[str]) -> Markup:
    lines = [line for line in lines if line.strip()]
    if lines[0].startswith("## "):
        return _tag("h2", _inline(lines[0][3:])) + (_block(lines[1:]) if lines[1:] else "")
    if lines[0].startswith("|"):
        return _table(lines)
    if re.match(r"(-|\d+\.) ", lines[0]):
        return _list(lines)
    return _tag("p", _inline(" ".join(lines)))


def _list(lines: list[str]) -> Markup:
    """Points; a line that begins with none goes on with the point before it."""
    points: list[str] = []
    for line in lines:
        begun = re.match(r"(?:-|\d+\.) +", line)
        if begun:
            points.append(line[begun.end() :])
        else:
            points[-1] += " " + line.strip()
    kind = "ul" if lines[0].startswith("-") else "ol"
    return _tag(kind, Markup().join(_tag("li", _inline(point)) for point in points))


def _table(lines: list[str]) -> Markup:
    rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines]
    parts = [list(part) for is_rule, part in groupby(rows, key=_is_rule) if not is_rule]
    head = Markup().join(_row("th", row) for row in parts[0])
    body = Markup().join(_row("td", row) for part in parts[1:] for row in part)
    shown = _tag("thead", head) + _tag("tbody", body)
    return Markup('<div class="table-scroll" tabindex="0"><table class="sheet">{}</table></div>').format(
        shown
    )


def _is_rule(row: list[str]) -> bool:
    return all(set(cell.strip()) <= set(":-") for cell in row)


def _row(kind: str, cells: list[str]) -> Markup:
    return _tag("tr", Markup().join(_tag(kind, _inline(cell.strip())) for cell in cells))


def _inline(text: str) -> Markup:
    marked = str(escape(text))
    for pattern, put in _MARKS:
        marked = pattern.sub(put, marked)
    return Markup(marked)  # noqa: S704  escaped above


def _tag(name: str, inner: Markup) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(Markup(name), inner)  # noqa: S704  a name of this module
