"""What a page says, and which of its words are English: for the tests of languages."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from tests.walk.world import PEOPLE, PLACES, TEAM, UNITS

SPOKEN = ("title", "aria-label", "aria-description", "placeholder", "alt", "label")
"""Attributes that are shown or read out."""
VOID = ("area", "base", "br", "col", "hr", "img", "input", "link", "meta", "path", "source", "use", "wbr")
TOLD = ("label", "text", "sub", "title", "group")
"""Keys of the data of scripts that hold what is shown."""
WORD = re.compile(r"[A-Za-z][A-Za-z_'’]+")
SENTENCE = re.compile(r"[A-Za-z]{2,}[ ,:][A-Za-z]{2,}")

NAMES = {
    "Loandesk": "the product", "Excel": "a product's name", "xlsx": "the end of a file's name", "csv": "likewise",
    "CNY": "a currency's code", "UAH": "likewise", "English": "a language by its own name", "PAR": "an indicator's name",
    "Europe": "a time zone's name", "Kyiv": "likewise", "Asia": "likewise", "Shanghai": "likewise", "ID": "everyone's word",
    "Ctrl": "what stands on a key", "Enter": "likewise", "Esc": "likewise", "Shift": "likewise", "Alt": "likewise",
    "UTC": "a time zone's name", "https": "the beginning of an address",
    "true": "a word of JSON", "false": "likewise", "JSON": "a format's name", "yes": "what is typed", "no": "likewise",
}  # fmt: skip
"""Words of Latin letters that stay as they are, each with its reason."""
EXACT = {
    "例如：overdue: penalty fee interest principal; due: penalty fee interest principal; advance: interest principal": "an order as it is typed",
}
"""Whole texts that may hold more of them."""
DATA = re.compile(
    r"canary\d+z|[Cc]ommon\d+|image/png|\{[\w.]*\}|\w+@example\.invalid|\b(chinese|reader|ten)\b"
    + "".join(rf"|\b{re.escape(name)}\b" for name in sorted(
        {person.name for person in PEOPLE} | {row[0] for row in (*PLACES, *UNITS)} | {*TEAM, *TEAM.values()},
        key=len, reverse=True,
    ))
)  # fmt: skip
"""Names of the walk's world."""


class Reader(HTMLParser):
    """What a page says: its text, the attributes that are read out and the data of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._within: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._within.append(tag)
        for name, value in attrs:
            is_button = name == "value" and dict(attrs).get("type") in ("submit", "button")
            is_told = name.startswith("data-") and SENTENCE.search(value or "")
            if value and (name in SPOKEN or is_button or is_told):
                self.said.append(value)

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        if self._within[-1:] == ["script"]:
            self.said += list(_told(json.loads(data)))
        else:
            self.said.append(" ".join(data.split()))


def _told(data: Any, *, is_shown: bool = False) -> Iterator[str]:
    """Texts in the data of a script: under the keys that hold them, in the table of texts, and codes' words."""
    if isinstance(data, str):
        if is_shown or SENTENCE.search(data):
            yield data
    elif isinstance(data, dict):
        of_texts = "chart_failed" in data
        for key, value in data.items():
            yield from _told(value, is_shown=of_texts or key in TOLD)
    elif isinstance(data, list):
        is_pair = len(data) == 2 and all(isinstance(one, str) for one in data)
        for place, value in enumerate(data):
            yield from _told(value, is_shown=is_pair and place == 1)


def english(text: str) -> list[str]:
    """The words of a text that are neither data nor names.

    >>> english("贷款: Loans overdue (CNY)"), english("canary001z · 2018"), english("customer_id")
    (['Loans', 'overdue'], [], ['customer_id'])
    """
    if text in EXACT:
        return []
    return [word for word in WORD.findall(DATA.sub(" ", text)) if word not in NAMES]


def left_over(page: str) -> list[str]:
    """What a page says in English."""
    return [said for said in dict.fromkeys(Reader(page).said) if english(said)]
