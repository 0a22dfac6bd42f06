"""Texts with placeholders: checked in plain words, shown with samples, filled by Python or the database."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, literal, literal_column

from app.messaging.placeholders import OF_AN_INSTALMENT, PLACEHOLDERS, Context, Placeholder

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_DOUBLED = {"{{": "{", "}}": "}"}
Words = Mapping[str, Placeholder]
"""The placeholders that there are, by name: those of every installation, or its custom fields, too."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a template: a stable code, the place (counted from 1) and a sentence for people."""

    code: str
    position: int
    sentence: Any


class TemplateError(ValueError):
    """The template cannot be used; `problems` says why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{each.code} at character {each.position}" for each in problems))
        self.problems = problems


def check(
    text: str, known: frozenset[Context] = OF_AN_INSTALMENT, words: Words = PLACEHOLDERS
) -> list[Problem]:
    """Everything that is wrong with a template; an empty list means that it can be used.

    `known` says what a message of this template is about: a birthday greeting knows no loan.
    """
    return [each for each in _read(text, known, words) if isinstance(each, Problem)]


def names(text: str, words: Words = PLACEHOLDERS) -> list[str]:
    """The placeholders of a template, each once, in order of first use; raises TemplateError."""
    return list(dict.fromkeys(each.name for each in _pieces(text, words) if isinstance(each, Placeholder)))


def render(text: str, values: Mapping[str, Any], language: str, words: Words = PLACEHOLDERS) -> str:
    """Fill a template; a value that is missing or None leaves nothing in its place. Raises TemplateError.

    >>> from decimal import Decimal
    >>> render("Pay {total_to_pay} {currency}.", {"total_to_pay": Decimal("1234.5"), "currency": "UAH"}, "en")
    'Pay 1,234.50 UAH.'
    """
    return "".join(
        each if isinstance(each, str) else each.write(values.get(each.name), language)
        for each in _pieces(text, words)
    )


def preview(text: str, language: str, words: Words = PLACEHOLDERS) -> str:
    """The template filled with its samples. Raises TemplateError.

    >>> preview("{{ref}} {loan_number}: {due_date}", "uk")
    '{ref} UA-2018-0077: 25.06.2018'
    """
    return render(text, {name: each.sample for name, each in words.items()}, language, words)


def missing(text: str, values: Mapping[str, Any], words: Words = PLACEHOLDERS) -> list[str]:
    """The placeholders of the template that have no value here: such a message should not be sent."""
    return [name for name in names(text, words) if values.get(name) in {None, ""}]


def compile_sql(text: str, language: str, words: Words = PLACEHOLDERS) -> tuple[str, list[str]]:
    """The template as PostgreSQL's format(): the format and the expressions it is filled with.

    The format holds the template's words, so it is passed as a value, never pasted into a statement. The
    expressions are ours alone and use the aliases described in `app.messaging.placeholders`.

    >>> compile_sql("100% of {loan_number}, {loan_number}", "en")
    ('100%% of %1$s, %1$s', ['l.number'])
    """
    order = names(text, words)
    pieces = (
        each.replace("%", "%%") if isinstance(each, str) else f"%{order.index(each.name) + 1}$s"
        for each in _pieces(text, words)
    )
    return "".join(pieces), [words[name].written_sql(language) for name in order]


def text_column(text: str, language: str) -> ColumnElement[str]:
    """The filled template as a column of a SELECT that provides the aliases."""
    pattern, expressions = compile_sql(text, language)
    return func.format(literal(pattern), *map(literal_column, expressions))


def missing_sql(text: str, words: Words = PLACEHOLDERS) -> str:
    """SQL that is true where a placeholder of the template has no value, as `missing` finds."""
    tests = []
    for name in names(text, words):
        each = words[name]
        empty = f"nullif({each.sql}, '')" if each.kind == "text" else each.sql
        tests.append(f"{empty} IS NULL")
    return f"({' OR '.join(tests)})" if tests else "false"


def _pieces(text: str, words: Words) -> list[str | Placeholder]:
    read = list(_read(text, OF_AN_INSTALMENT, words))
    if problems := [each for each in read if isinstance(each, Problem)]:
        raise TemplateError(problems)
    return [each for each in read if not isinstance(each, Problem)]


def _read(text: str, known: frozenset[Context], words: Words) -> Iterator[str | Placeholder | Problem]:
    at = 0
    for token in _TOKEN.finditer(text):
        yield from _plain(text[at : token.start()], at)
        at = token.end()
        if token[0] in _DOUBLED:
            yield _DOUBLED[token[0]]
        elif token[1] is None:
            yield _stray(token[0], token.start() + 1)
        else:
            yield _named(token[1], token.start() + 1, known, words)
    yield from _plain(text[at:], at)


def _plain(words: str, at: int) -> Iterator[str | Problem]:
    if "\0" in words:
        sentence = _(
            "Character %(position)s cannot be stored: delete it.", position=at + words.index("\0") + 1
        )
        yield Problem("bad_character", at + words.index("\0") + 1, sentence)
    elif words:
        yield words


def _stray(brace: str, position: int) -> Problem:
    if brace == "{":
        sentence = _(
            "The brace at character %(position)s is never closed; write {{ for a brace itself.",
            position=position,
        )
        return Problem("unclosed_brace", position, sentence)
    sentence = _(
        "The brace at character %(position)s closes nothing; write }} for a brace itself.", position=position
    )
    return Problem("stray_brace", position, sentence)


def _named(name: str, position: int, known: frozenset[Context], words: Words) -> Placeholder | Problem:
    found = words.get(name)
    if found is None:
        return _unknown(name, position, words)
    if found.needs not in known:
        sentence = _("{%(name)s} has no value in this kind of message.", name=name)
        return Problem("not_known_here", position, sentence)
    return found


def _unknown(name: str, position: int, words: Words) -> Problem:
    if not name.strip():
        return Problem("empty_braces", position, _("The braces at character %(n)s are empty.", n=position))
    near = difflib.get_close_matches(name.strip().lower().replace(" ", "_"), words, 1)
    if near:
        sentence = _("There is no placeholder {%(name)s}; did you mean {%(near)s}?", name=name, near=near[0])
    else:
        sentence = _("There is no placeholder {%(name)s}.", name=name)
    return Problem("unknown_placeholder", position, sentence)
