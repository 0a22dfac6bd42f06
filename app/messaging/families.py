"""Templates that say the same thing in several languages, and which of them a customer gets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models.lending import Client
from app.models.messages import MessageTemplate, TemplateKind

DEFAULT_TIME = "09:00"


@dataclass(frozen=True)
class Family:
    """One wording in its languages, as one client's customers get it."""

    name: str
    kind: TemplateKind
    channel: str
    members: dict[str, MessageTemplate]
    """language → template"""
    fallback: MessageTemplate
    """For a customer whose language is none of these."""

    @property
    def first(self) -> MessageTemplate:
        """The member that says when: days and times are those of the oldest."""
        return min(self.members.values(), key=lambda template: template.id)

    @property
    def slots(self) -> list[str]:
        """The sending times of a day as HH:MM, in order; raises ValueError for what is no time of day."""
        words = (self.first.send_times or DEFAULT_TIME).split()
        return sorted({time.fromisoformat(word.zfill(5)).strftime("%H:%M") for word in words})

    @property
    def rank(self) -> tuple[int, int, int]:
        """Of several messages at the same time a customer gets the first: arrears before what is to come."""
        most = self.first.max_days_overdue
        return (self.kind != TemplateKind.TIMED, 10**6 if most is None else most, self.first.id)

    def for_language(self, language: str) -> MessageTemplate:
        """The member a customer of that language gets."""
        return self.members.get(language, self.fallback)


def families(session: Session, client: Client, kinds: Iterable[TemplateKind]) -> list[Family]:
    """The active templates of these kinds for a client's customers, first of rank first.

    A client's own template of a name and language wins over the one for everybody.
    """
    wanted = select(MessageTemplate).where(
        MessageTemplate.kind.in_([str(kind) for kind in kinds]),
        MessageTemplate.is_active,
        or_(MessageTemplate.client_id == client.id, MessageTemplate.client_id.is_(None)),
    )
    own_last = wanted.order_by(MessageTemplate.client_id.is_not(None), MessageTemplate.id)
    groups: dict[tuple[str, TemplateKind, str], dict[str, MessageTemplate]] = defaultdict(dict)
    for template in session.scalars(own_last):
        groups[template.name, template.kind, str(template.channel)][template.language] = template
    found = [
        Family(name, kind, channel, members, _fallback(members, client.language))
        for (name, kind, channel), members in groups.items()
    ]
    return sorted(found, key=lambda family: family.rank)


def _fallback(members: dict[str, MessageTemplate], language: str) -> MessageTemplate:
    for wanted in (language, "en"):
        if wanted in members:
            return members[wanted]
    return min(members.values(), key=lambda template: template.id)
