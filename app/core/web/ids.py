"""Ids in addresses: what can be no id of its entity leads nowhere, and no query is asked with it."""

from typing import Any

from werkzeug.routing import BaseConverter, Map, ValidationError

from app.core import registry
from app.core.web.fields import as_id


class Id(BaseConverter):
    """The id of a row of one entity: `/loan/page/<id(loan):loan_id>`.

    Python's numbers have no end and those of the database have one, so that a route with a plain `int`
    would ask the database for a number it cannot hold.
    """

    regex = "[0-9]+"

    def __init__(self, url_map: Map, slug: str) -> None:
        super().__init__(url_map)
        self.slug = slug

    def to_python(self, value: str) -> int:
        found = as_id(registry.entity(self.slug), value)
        if found is None:
            raise ValidationError
        return found

    def to_url(self, value: Any) -> str:
        return str(int(value))


class Digits(BaseConverter):
    """What may be an id of an entity that the route does not name; a word is another route's."""

    regex = "[0-9]+"
