"""Tokens with which programs work for a user: named, limited, withdrawn one by one. The secret itself is kept nowhere."""

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import ARRAY, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.entity import Entity, link
from app.core.scope import Scope
from app.core.screen import Screen
from app.core.types import Code, Count, CreatedAt, Digest, Flag, Instant, Line, Name

_TRACE = {"is_trace": True}
"""What use leaves behind: no change that somebody made, so it is not kept in the history."""


class ApiToken(Entity):
    """Lets a program work for its user: never more than the user may now, and less where the token says so."""

    __scope__ = Scope.owned("user_id")

    user_id: Mapped[int] = link("user", ondelete="CASCADE")
    name: Mapped[Name]
    public_id: Mapped[Code] = mapped_column(unique=True)
    """The part of a token that tells whose it is and opens nothing: `ld_` and ten letters."""
    digest: Mapped[Digest]
    """SHA-256 of the whole token. Its secret is 256 bits of chance, which no guessing finds: a slow hash, made for
    what people can remember, would only cost a tenth of a second at each call."""
    expires_on: Mapped[date | None]
    is_read_only: Mapped[Flag]
    entities: Mapped[list[str] | None] = mapped_column(
        ARRAY(String(60)), info={"kind": "codes", "said": "api_entity"}
    )
    addresses: Mapped[Line | None]
    calls_per_minute: Mapped[Count | None]
    withdrawn_at: Mapped[Instant | None]
    last_used_at: Mapped[Instant | None] = mapped_column(info=dict(_TRACE))
    last_used_from: Mapped[Code | None] = mapped_column(info=dict(_TRACE))
    created_at: Mapped[CreatedAt]

    __screen__ = Screen(
        help=_(
            "What a program shows to work for its user, never with more rights than he has now. The secret is shown once, "
            "when the token is made; nobody can look it up later. Limit it as far as you can, and withdraw it when it is no"
            " longer needed."
        ),
        guide="programs use-the-api",
        menu=_("Work"), title=_("API tokens"), icon="key", position=90, is_for_people=True,
        list="name public_id user expires_on is_read_only last_used_at last_used_from withdrawn_at",
        form={_("Token"): "name expires_on", _("Limits"): "is_read_only entities addresses calls_per_minute"},
        show={_("Token"): "name public_id user created_at expires_on withdrawn_at",
              _("Limits"): "is_read_only entities addresses calls_per_minute", _("Use"): "last_used_at last_used_from"},
        filters="name public_id user expires_on is_read_only withdrawn_at last_used_at", search="name public_id",
        operations="add edit",
        labels={"public": _("Public part"), "is_read_only": _("Reads only"), "entities": _("Only these kinds of records"),
                "addresses": _("Only from these addresses"), "calls_per_minute": _("Calls per minute"),
                "last_used_from": _("Last used from"), "user": _("Works for")},
        hints={"expires_on": _("The last day on which it is good, by UTC; empty: until it is withdrawn"),
               "entities": _("None chosen: every kind that you may see yourself"),
               "addresses": _("Networks with commas between, such as 192.0.2.7, 10.1.0.0/16; empty: from anywhere"),
               "calls_per_minute": _("How often a program may call with it; empty: as often as the installation allows")},
    )  # fmt: skip
