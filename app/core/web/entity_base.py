"""What every screen of an entity begins with: its row in scope, and what the role may do with it."""

from typing import Any

from flask import abort
from flask_appbuilder.baseviews import BaseView
from sqlalchemy import select

from app.core.db import web_session
from app.core.labels import subject
from app.core.web import followed, links
from app.core.web.fields import as_id
from app.core.web.principal import current


class EntityBase(BaseView):
    """Base of the generated screens; `entity` is set by `entity_view.view_for`."""

    entity: Any = None

    @property
    def slug(self) -> str:
        return str(self.entity.slug())

    def row(self, pk: str) -> Any:
        """The row with that id in scope; anything else does not exist."""
        wanted = as_id(self.entity, pk)
        if wanted is None:
            abort(404)
        one = select(self.entity).where(self.entity.id == wanted, *followed.open_to(self.entity, current()))
        return web_session().scalars(one).unique().one_or_none() or abort(404)

    def own_row(self, pk: str) -> Any:
        """The row to be changed; what is somebody else's own is only looked at."""
        found = self.row(pk)
        return found if links.is_changeable(found, current()) else abort(403)

    def may(self, verb: str) -> bool:
        """Whether the entity allows the verb at all and the principal's role has it."""
        known = verb not in ("add", "edit", "delete") or verb in self.entity.__screen__.operations.split()
        return known and current().may(f"can_{verb}", subject(self.entity))

    def need(self, verb: str) -> None:
        """404 when the entity has no such verb (a role without the right was refused before)."""
        if not self.may(verb):
            abort(404)
