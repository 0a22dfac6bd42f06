"""Changes found by the field that was changed, or by a value: one that it had before, or that it was given.

What is encrypted for its person is not found so, and what the reader may not see in full must not be guessed.
"""

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, cast, func, literal, type_coerce
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH, array

from app.core import registry
from app.core.custom_column import PREFIX
from app.core.errors import RuleError
from app.core.web.filter_values import field_names, number
from app.core.web.principal import Principal
from app.core.web.steering import every_custom_field

LONGEST = 30
"""Letters of a number."""


def where(changes: Any, op: str, raw: str, principal: Principal) -> ColumnElement[bool]:
    """Whether {field: [before, after]} names a field, or has these letters in a value, or this number as one."""
    if op != "value":
        named: ColumnElement[bool] = changes.has_any(array(field_names(raw)))
        return named
    seen = type_coerce(changes, JSONB).op("-", return_type=JSONB())(literal(hidden(principal), ARRAY(Text)))
    return func.jsonb_path_exists(seen, cast(path(raw), JSONPATH))


def path(raw: str) -> str:
    """What the values are searched by; a text within it is quoted as JSON is, and means itself.

    >>> path("A (1"), path("1 500,5")
    ('$.*[*] ? (@ like_regex "A (1" flag "iq")', '$.*[*] ? (@ like_regex "1 500,5" flag "iq" || @.double() == 1500.5)')
    """
    said = f'@ like_regex {json.dumps(raw.strip(), ensure_ascii=False)} flag "iq"'
    value = _number(raw)
    return f"$.*[*] ? ({said}{'' if value is None else f' || @.double() == {value:f}'})"


def _number(raw: str) -> Decimal | None:
    """The number that was typed; none of more digits than any column has."""
    try:
        return number(raw) if len(raw) <= LONGEST and "e" not in raw.lower() else None
    except RuleError:
        return None


def hidden(principal: Principal) -> list[str]:
    """The names of columns and custom fields whose values the reader does not see, or not in full."""
    custom = (
        one.code
        for one in every_custom_field()
        if not one.is_seen_by(principal.role_id) or (one.is_personal and not principal.may_reveal)
    )
    return sorted({f"{PREFIX}{code}" for code in custom} | (set() if principal.may_reveal else _personal()))


@lru_cache(maxsize=1)
def _personal() -> set[str]:
    """Columns that hold a personal value in any entity."""
    each = (column for cls in registry.entities() for column in cls.__table__.c)
    return {column.name for column in each if {"personal", "personal_by"} & column.info.keys()}
