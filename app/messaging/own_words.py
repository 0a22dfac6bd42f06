"""Custom fields as words in braces: `{customer.c_herd}`, `{loan.c_purpose}`.

A field that an administrator adds to customers or loans can stand in a template as soon as it is declared. Left out
are those that not everybody may read who may read messages: personal ones, those of some roles alone, hidden ones,
and references to people; and files, which are no text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from flask_babel.speaklater import LazyString
from sqlalchemy import Date, case, cast, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, aliased

from app.core import custom_cache
from app.core.custom import Definition
from app.core.labels import naming, singular
from app.core.locks import Lock
from app.messaging import formats
from app.messaging.placeholders import PLACEHOLDERS, Context, Kind, Placeholder
from app.models.customers import Customer
from app.models.lending import Loan

CUSTOMER, LOAN = aliased(Customer, name="c"), aliased(Loan, name="l")
"""The short names are those that placeholders read from."""
_OWNERS = {Customer: (CUSTOMER, Context.CUSTOMER), Loan: (LOAN, Context.LOAN)}
_NAMED = re.compile(r"\{(?:customer|loan)\.")
_KINDS = {"money": Kind.AMOUNT, "date": Kind.DAY, "number": Kind.COUNT, "bool": Kind.COUNT}
_SAMPLES: dict[str, Any] = {"money": Decimal("1234.56"), "date": date(2018, 6, 25), "number": Decimal(12), "bool": True}  # fmt: skip
_PRIVATE = {"personal", "personal_by", "is_of_person"}


@dataclass(frozen=True)
class OwnWord(Placeholder):
    """A custom field in braces. Its own writers decide how it is written; `kind` tells when it is empty."""

    by_python: Callable[[Any, str], str]
    by_database: Callable[[str, str], str]

    def write(self, value: Any, language: str) -> str:
        return "" if value is None else self.by_python(value, language)

    def written_sql(self, language: str) -> str:
        return self.by_database(self.sql, language)


def of_texts(session: Session, texts: Iterable[str]) -> dict[str, Placeholder]:
    """The words that these texts may hold; custom fields are asked for only where a text names one."""
    return every(session) if any(map(_NAMED.search, texts)) else PLACEHOLDERS


def every(session: Session) -> dict[str, Placeholder]:
    """All words, those of custom fields as they are declared now."""
    known = custom_cache.current(session, str(session.scalar(custom_cache.version())))
    own = [_word(one) for owner in _OWNERS for one in known.of(owner) if _is_open(one)]
    return PLACEHOLDERS | {each.name: each for each in own}


def hold(session: Session, text: str) -> None:
    """Keep custom fields as they are until a template that names one is stored, as who writes their values does."""
    if _NAMED.search(text):
        session.execute(select(func.pg_advisory_xact_lock_shared(Lock.CUSTOM_FIELDS, 0)))


def name_of(slug: str, code: str) -> str:
    """What stands in braces for a custom field."""
    return f"{slug}.c_{code}"


def _is_open(one: Definition) -> bool:
    if one.is_personal or one.is_hidden or one.roles or one.kind == "file":
        return False
    return one.kind != "link" or one.target.slug() == "user" or _is_named(one.target)


def _is_named(target: Any) -> bool:
    """Whether records of the sort have a name that tells of no person."""
    name = naming(target)
    is_person = getattr(target, "__is_person__", False)
    return bool(name) and not is_person and not target.column_info(name).keys() & _PRIVATE


def _word(one: Definition) -> OwnWord:
    alias, needs = _OWNERS[one.entity]
    sample = _SAMPLES.get(one.kind, one.values[0].code if one.values else LazyString(lambda: one.label))
    return OwnWord(
        name_of(one.entity.slug(), one.code), LazyString(lambda: f"{singular(one.entity)}: {one.label}"), needs,
        _KINDS.get(one.kind, Kind.TEXT), sample, _sql(one, alias), *_writers(one),
    )  # fmt: skip


def _sql(one: Definition, alias: Any) -> str:
    """The value in a row of the queue's SELECT; none where that has no such row."""
    value = one.sql(alias)
    if one.kind == "date":
        value = cast(one.text(alias), Date)
    elif one.kind == "bool":
        value = case((alias.id.is_not(None), value))
    found = str(value.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}))
    return found if one.kind != "link" else _linked(one.target, found)


def _linked(target: Any, number: str) -> str:
    """What the record with this number is called."""
    called = "nullif(btrim(concat_ws(' ', x.first_name, x.last_name)), '')"
    name = called if target.slug() == "user" else f"CAST(x.{naming(target)} AS text)"
    return f"(SELECT {name} FROM {target.__table__.name} x WHERE x.id = {number})"


def _writers(one: Definition) -> tuple[Callable[[Any, str], str], Callable[[str, str], str]]:
    if one.kind == "number" and one.places:
        return partial(_number, one.places), partial(_number_sql, one.places)
    if one.kind == "choice":
        return partial(_chosen, one), partial(_chosen_sql, one)
    return _PLAIN.get(one.kind, (lambda value, _language: str(value), formats.plain_sql))


_PLAIN: dict[str, tuple[Callable[[Any, str], str], Callable[[str, str], str]]] = {
    "money": (formats.amount, formats.amount_sql),
    "date": (formats.day, formats.day_sql),
    "bool": (formats.flag, formats.flag_sql),
    "number": (lambda value, _language: str(int(value)), formats.count_sql),
}


def _number(places: int, value: Any, language: str) -> str:
    return formats.number(value, language, places)


def _number_sql(places: int, expression: str, language: str) -> str:
    return formats.number_sql(expression, language, places)


def _said(one: Definition, language: str) -> dict[str, str]:
    """The values of a choice in the language of the text, else in the first that they have."""
    spoken = language.replace("-", "_")
    return {each.code: each.labels.get(spoken) or next(iter(each.labels.values()), each.code) for each in one.values}  # fmt: skip


def _chosen(one: Definition, value: Any, language: str) -> str:
    return _said(one, language).get(str(value), str(value))


def _chosen_sql(one: Definition, expression: str, language: str) -> str:
    said = _said(one, language).items()
    arms = " ".join(f"WHEN {formats.quoted(code)} THEN {formats.quoted(label)}" for code, label in said)
    return f"CASE {expression} {arms} ELSE {expression} END"
