"""Which fields of a record a rule can wait for, and which it can write."""

from typing import Any

from app.core import registry
from app.core.history_triggers import told_columns
from app.core.labels import column_label
from app.core.web.fields import FieldInfo, customs, typed_fields

_UNSET = ("file", "password", "codes")


def watched(slug: str) -> dict[str, Any]:
    """Names of the fields whose changes the history keeps or rules are told of, with their labels."""
    if not registry.has_entity(slug):
        return {}
    entity = registry.entity(slug)
    own = {name: column_label(entity, name) for name in told_columns(entity)}
    if not entity.__history__:
        return own
    return own | {field.name: field.label for field in customs(entity)}


def settable(slug: str) -> dict[str, FieldInfo]:
    """The fields that people may type into a record that is there."""
    if not registry.has_entity(slug):
        return {}
    fields = typed_fields(registry.entity(slug))
    return {one.name: one for one in fields if not one.is_fixed and one.kind not in _UNSET}
