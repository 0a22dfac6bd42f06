"""Lists as people arranged them: kept under a name, lent to the holders of a role, opened first."""

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, BigInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, CreatedAt, Name, Text


class SavedView(Entity):
    """A list's filters, order and columns under a name; seen by who saved it and by the role it is shared with."""

    __scope__ = Scope.owned("user_id", lent_to="role_id")
    __table_args__ = (UniqueConstraint("user_id", "entity", "name"),)

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    name: Mapped[Name]
    query: Mapped[Text] = mapped_column(default="", server_default="")
    """The list's address after the question mark, without the place in it: "status=overdue&sort=-principal"."""
    role_id: Mapped[int | None] = link("role", ondelete="SET NULL")
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        title=_("Saved views"), icon="bookmark", list="name entity role user created_at",
        form={_("View"): "name"}, show={_("View"): "name entity role user created_at"}, search="name",
        filters="entity name role user", order="name", operations="edit delete", labels={"role": _("Shared with")},
    )  # fmt: skip


class ViewStart(Entity):
    """The saved view with which a list opens for a user."""

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __table_args__ = (UniqueConstraint("user_id", "entity"),)

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    view_id: Mapped[int] = link("saved_view", ondelete="CASCADE")


class Selection(Entity):
    """Rows of a list that a user put together by pasting their numbers; which he sees of them is asked anew each time."""

    __scope__ = Scope.owned("user_id")
    __history__ = False

    user_id: Mapped[int] = link("user", ondelete="CASCADE")
    entity: Mapped[Code] = mapped_column(info={"words": "entity"})
    row_ids: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=list, server_default="{}", info={"kind": "json"}
    )
    created_at: Mapped[CreatedAt]
