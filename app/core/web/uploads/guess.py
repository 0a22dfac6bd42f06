"""Which field a column of a file may hold, by its name in any of our languages; and which layout fits a file."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from flask import current_app
from flask_babel import force_locale
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import labels
from app.core.org import UploadLayout, User
from app.core.sheets.layout import is_remark, plain_name
from app.core.web.fields import FieldInfo, describe, typed_fields
from app.core.web.principal import Principal
from app.core.web.uploads.plan import Plan, column
from app.core.web.upserts import key_of
from app.core.web.writing import unique

UNTOLD = ("file", "password")
"""Kinds of fields that no cell can hold."""


def offered(entity: Any, principal: Principal) -> list[FieldInfo]:
    """The fields that a file may fill: those of the form that are open to its reader."""
    return [
        field for field in typed_fields(entity) if field.is_open_to(principal) and field.kind not in UNTOLD
    ]


def in_every_language() -> Iterator[str]:
    """Each of our languages while the caller reads words in it."""
    for language in current_app.config["LANGUAGES"]:
        with force_locale(language):
            yield language


def names(fields: Iterable[FieldInfo]) -> dict[str, FieldInfo]:
    """What a column may be called → the field that it holds. A word of two fields is that of the first."""
    found: dict[str, FieldInfo] = {}
    known = list(fields)
    for one in known:
        for name in (one.name, one.column.key, one.name.removeprefix("c_")):
            found.setdefault(plain_name(name), one)
    for _language in in_every_language():
        for one in known:
            found.setdefault(plain_name(one.label), one)
    return found


def guessed(entity: Any, header: Sequence[str], principal: Principal) -> Plan:
    """The plan that the names of the columns speak for."""
    fields = offered(entity, principal)
    known, taken, columns = names(fields), set(), []
    for name in header:
        field = known.get(plain_name(name)) if name and not is_remark(name) else None
        if field is not None and field.name not in taken:
            taken.add(field.name)
            columns.append(column(field, name))
    return Plan(tuple(columns), key=told_apart(entity, taken, principal))


def keys(entity: Any, principal: Principal) -> list[tuple[str, ...]]:
    """What a record may be found by: what tells records apart by a rule, then single codes and names."""
    typed = {field.column.key: field for field in offered(entity, principal)}
    naming = labels.naming(entity)
    singles = [
        (field.name,) for field in typed.values()
        if (field.kind in ("code", "phone") and not field.spoken) or field.column.key == naming
    ]  # fmt: skip
    return list(dict.fromkeys([*_ruled(entity, typed), *singles]))


def _ruled(entity: Any, typed: dict[str, FieldInfo]) -> list[tuple[str, ...]]:
    return [tuple(typed[name].name for name in each) for each in unique(entity) if set(each) <= set(typed)]


def told_apart(
    entity: Any, said: Collection[str], principal: Principal, *, or_named: bool = False
) -> tuple[str, ...]:
    """The fields that no two records share, if all of them are said; else none, or what records are called."""
    typed = {field.column.key: field for field in offered(entity, principal)}
    best = [field.name for field in key_of(entity)]
    found = sorted(_ruled(entity, typed), key=lambda key: list(key) != best)
    found += keys(entity, principal) if or_named else []
    return next((key for key in found if set(said) >= set(key)), ())


def key_label(entity: Any, key: Sequence[str]) -> str:
    """A key in words."""
    return " + ".join(describe(entity, name).label for name in key)


def layouts(session: Session, slug: str, principal: Principal) -> list[UploadLayout]:
    """The layouts that the reader keeps or that his role is lent; his own first, the last kept before others."""
    role = select(User.role_id).where(User.id == principal.user_id).scalar_subquery()
    theirs = or_(UploadLayout.user_id == principal.user_id, UploadLayout.role_id == role)
    found = session.scalars(select(UploadLayout).where(UploadLayout.entity == slug, theirs)).all()
    return sorted(found, key=lambda one: (one.user_id != principal.user_id, -one.id))


def fitting(found: Iterable[UploadLayout], header: Sequence[str]) -> UploadLayout | None:
    """The first layout all of whose columns the file has."""
    there = {plain_name(name) for name in header}
    for one in found:
        wanted = {plain_name(name) for name in Plan.from_json(one.plan).names().values()}
        if wanted and wanted <= there:
            return one
    return None
