"""What JSON columns keep, as people read it: changed fields, details of a look or an export, errors of a job."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any

from flask_babel import gettext, lazy_gettext as _

from app.core import codes, i18n, labels, periods, registry
from app.core.custom_column import PREFIX
from app.core.types import UNSEEN
from app.core.web.fields import FieldInfo, customs, describe
from app.core.web.filter_names import split
from app.core.web.principal import Principal

DETAILS = {
    "attachment": _("Attachment"),
    "by": _("Group by"),
    "errors": _("Rows with errors"),
    "field_file": _("File"),
    "file_job": _("File"),
    "filters": _("Filters"),
    "given": _("Given"),
    "picked": _("Selection"),
    "q": _("Search"),
    "report": _("Report"),
    "rows": _("Rows"),
    "sort": _("Sorted by"),
    "taken": _("Taken"),
}
"""What is told besides an entity's own columns."""
WORDS = {"given": "right", "taken": "right", "report": "report"}
"""Which of these hold codes, and of which sort."""
_UNSAID = ("cols", "after", "before", "last", "size", "partial", "at", "ids", "next", "_", "view")
"""Parts of a list's address that say nothing of what was seen."""
_SEARCH = "q"
"""The search of a list, which is mostly for a name or a number of a person."""
_NOTHING: tuple[list[Any], ...] = ([None, None], [[], None])
"""What a removal keeps of a field that was empty."""
HIDDEN = "•••"
ERASED, ENCRYPTED = {"erased": True}, "encrypted"
"""What is read of a personal value without a key, and what it stands under where it was altered."""
Plain = Callable[[FieldInfo, Any], str]


def text(value: Any, of: str | None, principal: Principal, plain: Plain, *, is_change: bool = True) -> str:
    """What a row keeps about a row of the entity `of`; `plain` writes a value of one of its fields.

    Two values of a field are those before and after a change, unless `is_change` says otherwise.
    """
    if isinstance(value, list):
        return "; ".join(_error(one) if isinstance(one, dict) else str(one) for one in value)
    fields = _all_fields(of)
    known = [
        (name, one)
        for name, one in value.items()
        if name not in _UNSAID
        and not _is_unseen(name, of, fields)
        and not (is_change and name in fields and one in _NOTHING)
    ]
    said = partial(_said, of=of, fields=fields, principal=principal, plain=plain, is_change=is_change)
    return "; ".join(f"{_label(name, of, fields)}: {said(name, one)}" for name, one in known)


def links(of: str | None, value: Any) -> Iterator[tuple[str, int]]:
    """The linked rows, as (entity, id), that a kept row of the entity `of`, or a change of one, tells of."""
    if not isinstance(value, dict):
        return
    fields = _all_fields(of)
    for name, one in value.items():
        field = fields.get(name)
        if field and field.kind == "link":
            numbers = one if isinstance(one, list) else [one]
            yield from ((field.target.slug(), number) for number in numbers if type(number) is int)


def stored(filters: Mapping[str, list[str]], of: str | None) -> dict[str, list[str]]:
    """The filters of a list of the entity `of` as the access log keeps them: by name, without values of persons.

    That log is sealed and never deleted, so erasing would not reach them (docs/adr/0012).
    """
    fields = _all_fields(of)
    return {name: [HIDDEN] if _is_of_person(name, of, fields) else one for name, one in filters.items()}


def _is_of_person(name: str, of: str | None, fields: Mapping[str, FieldInfo]) -> bool:
    """Whether a filter may tell of a person: a search, also that of changes, or a field of his, shown or not."""
    field = _field(name, of, fields)
    if name == _SEARCH or split(name)[2] == "value" or _is_unseen(name, of, fields):
        return True
    if field is None:
        return False
    return field.may_be_personal or (field.column is not None and "is_of_person" in field.column.info)


def masked(value: Any, of: str | None, principal: Principal) -> Any:
    """What a row keeps, for a program: the same shape, personal values hidden from who may not see them."""
    if not isinstance(value, dict):
        return value
    fields, sees_all = _all_fields(of), principal.may_reveal
    return {
        name: HIDDEN
        if not sees_all
        and (name == _SEARCH or ((field := _field(name, of, fields)) and field.may_be_personal))
        else masked(one, of, principal)
        for name, one in value.items()
        if not _is_unseen(name, of, fields)
    }


def _all_fields(of: str | None) -> dict[str, FieldInfo]:
    """The entity's columns and the custom fields that the reader is shown, by the names under which they are kept."""
    if not of or not registry.has_entity(of):
        return {}
    return _fields(of) | {field.name: field for field in customs(registry.entity(of))}


def _is_unseen(name: str, of: str | None, fields: Mapping[str, FieldInfo]) -> bool:
    """Whether the name, or that of a filter, is of a custom field that the reader is not shown, or that is gone."""
    column = split(name)[1].rpartition(".")[2]
    return column.startswith(PREFIX) and _field(name, of, fields) is None


@cache
def _fields(of: str) -> dict[str, FieldInfo]:
    """An entity's columns by the names under which they are kept, and what lists derive from them."""
    entity, found = registry.entity(of), {}
    for column in entity.__table__.columns:
        if column.info.get("kind") not in UNSEEN and column.name != "password":
            name = column.name.removesuffix("_id") if column.info.get("link") else column.name
            found[column.name] = found[name] = describe(entity, name)
    derived = [name for name, one in vars(entity).items() if getattr(one, "is_derived", False)]
    return found | {name: describe(entity, name) for name in derived}


def _field(name: str, of: str | None, fields: Mapping[str, FieldInfo]) -> FieldInfo | None:
    """The field that a kept name is about: a column's, or that of a filter in a kept address."""
    column = split(name)[1]
    if column in fields or "." not in column or not fields:
        return fields.get(column)
    try:
        return describe(registry.entity(str(of)), column)
    except KeyError:
        return None


def _label(name: str, of: str | None, fields: Mapping[str, FieldInfo]) -> str:
    from app.core.web.conditions import OPS

    field = _field(name, of, fields)
    if field is None:
        return str(DETAILS.get(name) or gettext(labels.words(name)))
    group, _column, op = split(name)
    words = f"{field.label} {OPS[op]}" if "__" in name and op in OPS else field.label
    return f"{gettext('or')} {words}" if group else words


def _said(
    name: str, one: Any, *, of: str | None, fields: Mapping[str, FieldInfo], principal: Principal, plain: Plain,
    is_change: bool,
) -> str:  # fmt: skip
    if name == _SEARCH and not principal.may_reveal:
        return HIDDEN
    field = _field(name, of, fields)
    say = partial(
        _readable, partial(_value, field, principal, plain) if field else partial(_word, WORDS.get(name))
    )
    is_file = field is not None and field.kind == "file"
    if isinstance(one, dict) and one != ERASED and {*one} != {ENCRYPTED} and not is_file:
        return text(one, of, principal, plain, is_change=False) or "–"
    if isinstance(one, list) and field and is_change and len(one) == 2:
        return f"{say(one[0])} → {say(one[1])}"
    return ", ".join(map(say, one)) if isinstance(one, list) else say(one)


def _readable(say: Callable[[Any], str], value: Any) -> str:
    """A kept value by what says it; of a person's whose key was destroyed, or that nothing opens, just that."""
    if value == ERASED:
        return gettext("erased")
    return gettext("unreadable") if isinstance(value, dict) and {*value} == {ENCRYPTED} else say(value)


def _word(kind: str | None, value: Any) -> str:
    return codes.say(kind, str(value)) if kind else str(value)


def _value(field: FieldInfo, principal: Principal, plain: Plain, value: Any) -> str:
    """A kept value as its field shows it; one that does not fit its field any more as it stands."""
    if value is None:
        return "–"
    if field.may_be_personal and not principal.may_reveal:
        return HIDDEN
    try:
        return plain(field, _typed(field, value)) or "–"
    except (ValueError, TypeError, ArithmeticError, KeyError):
        return periods.said(str(value)) or str(value)


def _typed(field: FieldInfo, value: Any) -> Any:
    """A value as it was before it became JSON; a link stays the number of its row."""
    if field.kind == "choice":
        return field.choices(value)
    if field.kind == "file" and isinstance(value, dict):
        return value["name"]
    if field.kind in ("date", "datetime"):
        return (date if field.kind == "date" else datetime).fromisoformat(value)
    if field.kind in ("money", "rate", "number", "days") and not isinstance(value, bool):
        return Decimal(str(value))
    return value


def _error(error: dict[str, Any]) -> str:
    """One error of a job: the row and why."""
    row = error.get("row")
    return i18n.told(error) if row is None else f"{row}: {i18n.told(error)}"
