"""What a custom field may be, and where one is used that is to be changed or deleted."""

from typing import Any
from urllib.parse import parse_qsl

from flask import g
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import ColumnElement, func, inspect, literal_column, select

from app.core import codes, custom, custom_cache, form_rules, registry
from app.core.custom_column import COLUMN, is_open
from app.core.db import unscoped, web_session
from app.core.errors import RuleError
from app.core.labels import entity_label
from app.core.org.access import Role
from app.core.org.custom import CustomChoice, CustomField, CustomKind
from app.core.org.remarks import FieldFile
from app.core.org.reports import UserReport
from app.core.org.rules import Rule
from app.core.org.views import SavedView
from app.core.org.webhooks import Webhook
from app.core.web import custom_lock
from app.core.web.filter_names import split

MOST_PLACES = 6
MOST_COUNTED = 1000
"""Rows in use are counted no further: whether there are any is what matters."""
_TEXTS = (CustomKind.TEXT, CustomKind.LONGTEXT)
_FIXED = ("entity", "code", "kind", "target", "places", "is_personal")
"""What is stored cannot be read by another definition, and the history has encrypted it or has not."""


def _roles() -> codes.Words:
    if "role_names" not in g:
        found = web_session().execute(select(Role.id, Role.name).order_by(Role.name))
        g.role_names = {str(number): codes.say("standard_role", name) for number, name in found}
    return dict(g.role_names)


codes.add("custom_role", _roles)


@form_rules.check(CustomField)
def declared(session: Any, row: Any) -> None:
    """A field has a code for programs, a label for people, and what its kind needs and nothing else."""
    custom_lock.change(session)
    _named(row)
    if row.entity not in codes.words("custom_owner"):
        raise RuleError(_("Records of this sort cannot have fields of their own"), "entity")
    if (row.kind == CustomKind.LINK) != bool(row.target):
        raise RuleError(_("A reference needs what it refers to, and no other field has it"), "target")
    if row.target and row.target not in codes.words("custom_target"):
        raise RuleError(_("There is nothing like this to choose"), "target")
    if row.places is not None and (row.kind != CustomKind.NUMBER or not 0 <= row.places <= MOST_PLACES):
        raise RuleError(_("Only a number has decimal places, at most %(n)s", n=MOST_PLACES), "places")
    if row.is_personal and row.kind not in (CustomKind.TEXT, CustomKind.FILE):
        raise RuleError(
            _("Only a text or a file can be kept from those who may not see personal data"), "is_personal"
        )
    if row.is_indexed and row.kind == CustomKind.FILE:
        raise RuleError(
            _("Lists are not sorted or searched by files: there is nothing to index"), "is_indexed"
        )
    if row.is_searched and row.kind not in _TEXTS:
        raise RuleError(_("Quick search finds texts only"), "is_searched")
    if unknown := set(row.roles or ()) - set(_roles()):
        raise RuleError(_("There is no role %(role)s", role=", ".join(sorted(unknown))), "roles")
    _default(session, row)
    _unused(row)


def _named(row: Any) -> None:
    if not custom.CODE.fullmatch(row.code) or len(row.code) > custom.LONGEST_CODE:
        raise RuleError(
            _("Small letters, digits and single _ between them, a letter first, at most %(n)s in all", n=custom.LONGEST_CODE),
            "code",
        )  # fmt: skip
    if not custom_cache.labels(row):
        raise RuleError(_("A label is needed in at least one language"), "label_en")


def _default(session: Any, row: Any) -> None:
    """A default is a value that somebody could type."""
    if not row.default_value:
        return
    said = row.default_value
    try:
        found = custom_cache.default_of(str(row.kind), said)
    except (ValueError, ArithmeticError, KeyError) as error:
        raise RuleError(_("%(value)s is no value of this field", value=said), "default_value") from error
    known = select(CustomChoice.id).where(CustomChoice.field_id == row.id, CustomChoice.code == said)
    is_missing = row.kind == CustomKind.CHOICE and (row.id is None or session.scalar(known) is None)
    if found is None or is_missing or not _fits(row, found):
        raise RuleError(_("%(value)s is no value of this field", value=said), "default_value")


def _fits(row: Any, value: Any) -> bool:
    """Whether a number has no more digits than its field."""
    if row.kind not in (CustomKind.NUMBER, CustomKind.MONEY):
        return True
    places = 2 if row.kind == CustomKind.MONEY else row.places or 0
    most = 10 ** (18 - places) if places else 2**31
    return bool(value.is_finite() and abs(value) < most and value == round(value, places))


def _unused(row: Any) -> None:
    """What is stored must stay readable, and what is asked for must be found."""
    state = inspect(row)
    if not state.persistent:
        return
    for name in _FIXED:
        history = state.attrs[name].history
        if history.has_changes() and (where := used(*_former(row))):
            raise RuleError(_("It cannot be changed while it is used. %(where)s", where=where), name)


def _former(row: Any) -> tuple[str, str]:
    """The entity and code under which values are stored."""
    former = [inspect(row).attrs[name].history.deleted or [getattr(row, name)] for name in ("entity", "code")]
    return former[0][0], former[1][0]


@form_rules.removal(CustomField)
def left(session: Any, row: Any) -> None:
    """A field that is used is not deleted."""
    custom_lock.change(session)
    if where := used(row.entity, row.code):
        raise RuleError(_("It is still used. %(where)s", where=where))


@form_rules.check(CustomChoice)
def offered(session: Any, row: Any) -> None:
    """A value belongs to a choice; its code stays while records have it."""
    custom_lock.change(session)
    _named(row)
    field = session.get(CustomField, row.field_id)
    if field is None or field.kind != CustomKind.CHOICE:
        raise RuleError(_("Only a choice has values"), "field_id")
    for name in ("field_id", "code"):
        former = inspect(row).attrs[name].history.deleted
        if former:
            _not_chosen(session, former[0] if name == "field_id" else row.field_id, _code(row), name)


@form_rules.removal(CustomChoice)
def withdrawn(session: Any, row: Any) -> None:
    """A value that records have is not deleted."""
    custom_lock.change(session)
    _not_chosen(session, row.field_id, row.code, None)


def _code(row: Any) -> str:
    former = inspect(row).attrs.code.history.deleted
    return str(former[0] if former else row.code)


def _not_chosen(session: Any, field_id: int, code: str, column: str | None) -> None:
    field = session.get(CustomField, field_id)
    if field is None:
        return
    said = f"{COLUMN} ->> '{field.code}' = '{code}'"
    if where := used(field.entity, field.code, literal_column(said)) or _as_default(field, code):
        raise RuleError(_("It is still used. %(where)s", where=where), column)


def _as_default(field: Any, code: str) -> str:
    return gettext("As the default of the field") if field.default_value == code else ""


def used(slug: str, code: str, such: ColumnElement[bool] | None = None) -> str:
    """Where a field is used, or values of it are `such`, in words; empty for nowhere."""
    if not registry.has_entity(slug) or not is_open(registry.entity(slug)):
        return ""
    entity = registry.entity(slug)
    has = getattr(entity, COLUMN).has_key(code) if such is None else such
    with unscoped("where a custom field is used") as session:
        rows = session.scalar(
            select(func.count()).select_from(select(entity.id).where(has).limit(MOST_COUNTED).subquery())
        )
        asked = session.execute(select(SavedView.name, SavedView.query).where(SavedView.entity == slug))
        views = (
            [] if such is not None else [name for name, query in asked if _names(query, custom.PREFIX + code)]
        )
        built = session.execute(select(UserReport.name, UserReport.query))
        reports = (
            [] if such is not None else [name for name, query in built if _tells(query, custom.PREFIX + code)]
        )
        rules = [] if such is not None else _that_follow(session, slug, custom.PREFIX + code)
        kept = 0 if such is not None else _files(session, slug, code)
    said = [f"{entity_label(entity)}: {rows}{'+' * (rows == MOST_COUNTED)}"] * bool(rows)
    said += [gettext("Files kept of it: %(n)s", n=kept)] * bool(kept)
    said += [gettext("Saved views: %(names)s", names=", ".join(sorted(views)))] * bool(views)
    said += [gettext("User reports: %(names)s", names=", ".join(sorted(reports)))] * bool(reports)
    said += [gettext("Rules and webhooks: %(names)s", names=", ".join(sorted(rules)))] * bool(rules)
    return "; ".join(said)


def _files(session: Any, slug: str, code: str) -> int:
    """How many files stood in a field: the history names them, and who may open one goes by its field."""
    mine = select(FieldFile.id).where(FieldFile.entity == slug, FieldFile.field == code).limit(MOST_COUNTED)
    return session.scalar(select(func.count()).select_from(mine.subquery())) or 0


def _that_follow(session: Any, slug: str, name: str) -> list[str]:
    """Rules and webhooks that ask for a field or write it."""
    ruled = session.execute(select(Rule.name, Rule.entity, Rule.conditions, Rule.field, Rule.set_field))
    told = session.execute(select(Webhook.name, Webhook.entity, Webhook.conditions))
    return [
        called
        for called, of, conditions, *fields in [*ruled, *told]
        if of == slug and (name in fields or _names(conditions or "", name))
    ]


def _tells(query: str, name: str) -> bool:
    """Whether a built report filters by a field, groups by it or adds it up, of its own rows or of those it links."""
    said = [split(word)[1].rpartition(".")[2] for pair in parse_qsl(query) for word in pair]
    return name in said


def _names(query: str, name: str) -> bool:
    """Whether a view filters, sorts or shows by a field."""
    for key, value in parse_qsl(query):
        told = value.replace(",", " ").replace(".", " ").split() if key in ("cols", "sort") else []
        if split(key)[1] == name or name in {one.lstrip("-") for one in told}:
            return True
    return False
