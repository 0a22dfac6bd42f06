"""What a custom field may be, and where one is used that is to be changed or deleted."""

from typing import Any

from flask import g
from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import inspect, literal_column, select

from app.core import codes, custom, custom_cache, form_rules
from app.core.custom_column import COLUMN
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org.access import Role
from app.core.org.custom import CustomChoice, CustomField, CustomKind
from app.core.web import custom_lock
from app.core.web.custom_used import used

MOST_PLACES = 6
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
