"""What keeps the custom fields that templates name: they are not deleted, renamed or closed while they are named."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import codes, custom_uses, form_rules
from app.core.db import unscoped, web_session
from app.core.errors import RuleError
from app.core.org.custom import CustomField
from app.core.sections import section
from app.messaging import own_words
from app.messaging.placeholders import PLACEHOLDERS, offered
from app.models.messages import MessageTemplate


@custom_uses.use
def templates(session: Session, slug: str, code: str) -> str:
    """The templates that name a field."""
    named = MessageTemplate.text.contains(f"{{{own_words.name_of(slug, code)}}}", autoescape=True)
    found = session.scalars(
        select(MessageTemplate.name).where(named).distinct().order_by(MessageTemplate.name)
    )
    names = ", ".join(found)
    return gettext("Message templates: %(names)s", names=names) if names else ""


@form_rules.check(CustomField, about="is_hidden roles")
def stays_open(_session: Session, row: Any) -> None:
    """A field that a template names is not hidden, nor kept from roles that may read messages."""
    if not row.is_hidden and not row.roles:
        return
    with unscoped("templates that name a custom field") as house:
        where = templates(house, row.entity, row.code)
    if where:
        raise RuleError(
            _("Everybody who may read messages can read it there. %(where)s", where=where),
            "is_hidden" if row.is_hidden else "roles",
        )


@section(MessageTemplate, _("Words in braces"))
def listed(_template: MessageTemplate) -> list[tuple[Any, str]]:
    """Every word that a template may hold, with what it means."""
    return [(each.label, f"{{{each.name}}}") for each in [*offered(), *_own()]]


def _own() -> list[Any]:
    return [each for name, each in own_words.every(web_session()).items() if name not in PLACEHOLDERS]


codes.add("own_word", lambda: {each.name: each.label for each in _own()})
