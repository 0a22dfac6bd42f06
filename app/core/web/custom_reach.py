"""Which fields a stored question reaches: a view's, a report's, a rule's or a webhook's address, or a layout's plan.

A name leads from the entity that is asked over references: `customer.c_area` of loans is the customers' field. So a
field of the same name that another entity has is not meant.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from app.core import registry
from app.core.web.builder.asked import OWN
from app.core.web.fields import describe
from app.core.web.filter_names import split
from app.core.web.steering import all_custom_fields


def reaches(slug: str, names: Iterator[str], owner: Any, name: str) -> bool:
    """Whether one of these names, said of the entity `slug`, leads to or over the field `name` of `owner`."""
    if not registry.has_entity(slug):
        return False
    entity = registry.entity(slug)
    return any(_leads(entity, path, owner, name) for path in names)


def _leads(entity: Any, path: str, owner: Any, name: str) -> bool:
    here = entity
    for part in path.split("."):
        if here is owner and part == name:
            return True
        here = _target(here, part)
        if here is None:
            return False
    return False


def _target(entity: Any, part: str) -> Any:
    """What a field points to; also one that the reader's role is not shown."""
    for one in all_custom_fields(entity):
        if one.name == part:
            return one.target
    try:
        return describe(entity, part).target
    except KeyError:
        return None


def of_query(query: str | None) -> Iterator[str]:
    """The fields that an address names: in filters, in the order, as columns, and as groups and figures of a report."""
    for key, value in parse_qsl(query or ""):
        if key == "cols":
            yield from (column.replace("-", ".") for column in value.split("."))
        elif key == "sort":
            yield from (one.lstrip("-") for one in value.replace(",", " ").split())
        elif key in OWN:
            yield split(value.lstrip("-"))[1]
        else:
            yield split(key)[1]


def of_plan(plan: Mapping[str, Any] | None) -> Iterator[str]:
    """The fields that a layout of files gives columns, finds records by or fills in."""
    plan = plan or {}
    yield from (str(one["field"]) for one in plan.get("fields", ()))
    yield from plan.get("key", ())
    yield from plan.get("fill", ())
