"""Names of filters in an address: `status`, `days_past_due__gt`, and in a group of which one is enough `any1.status`."""

import re

_GROUP = re.compile(r"(any[1-9][0-9]?)\.")


def split(key: str) -> tuple[str, str, str]:
    """The group, if it stands in one, the field and the operator that a filter's name says.

    >>> split("any1.days_past_due__gt"), split("customer.status")
    (('any1', 'days_past_due', 'gt'), ('', 'customer.status', 'eq'))
    """
    found = _GROUP.match(key)
    name, _sep, op = (key[found.end() :] if found else key).partition("__")
    return found[1] if found else "", name, op or "eq"


def joined(group: str, key: str) -> str:
    """A filter's name as it stands in a group.

    >>> joined("any1", "days_past_due__gt"), joined("", "status")
    ('any1.days_past_due__gt', 'status')
    """
    return f"{group}.{key}" if group else key
