"""Writes that programs and forms asked for under a key, so that asking again does nothing twice."""

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.types import CreatedAt, Json

_OWN = {"kind": "mark"}
"""What only the program reads."""


class IdempotentRequest(Entity):
    """A write that was done under a key, and how it was answered; stored in the transaction that did it.

    The answer is what the API says of a write: ids, sentences and reasons, never the values of a row. Of a form, whose
    key has a space in it as no program's has, it is the id of what was stored.
    """

    __scope__ = Scope.owned("user_id")
    __history__ = False
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    user_id: Mapped[int] = link("user", ondelete="CASCADE", index=False)
    key: Mapped[str] = mapped_column(String(255), info=dict(_OWN))
    digest: Mapped[str] = mapped_column(String(64), info=dict(_OWN))
    """Of the method, the address, the version that was expected and the body."""
    status: Mapped[int] = mapped_column(info=dict(_OWN))
    answer: Mapped[Json] = mapped_column(info=dict(_OWN))
    version: Mapped[str | None] = mapped_column(String(64), info=dict(_OWN))
    """The written row's version, as the answer's ETag told it."""
    created_at: Mapped[CreatedAt]
