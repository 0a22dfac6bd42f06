"""What there is help about: every entity with screens, and every hand-written screen that says what it is for."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.core.labels import subject
from app.core.web import links, register
from app.core.web.principal import Principal


@dataclass(frozen=True)
class Topic:
    """One screen, or all screens of an entity; read by whoever may open them."""

    name: str
    title: Any
    text: Any
    permission: tuple[str, str]
    guide: str = ""
    entity: Any = None


@lru_cache(maxsize=1)
def topics() -> dict[str, Topic]:
    """Every topic by its name in addresses."""
    written = [entry for entry in (*register.ENTRIES, *register.UNLISTED) if entry.help]
    by_hand = (Topic(_name(one.url), one.label, one.help, one.permission, one.guide) for one in written)
    generated = (
        Topic(cls.slug(), cls.__screen__.title, cls.__screen__.help, ("can_list", subject(cls)), cls.__screen__.guide, cls)
        for cls in links.shown_entities()
    )  # fmt: skip
    return {topic.name: topic for topic in (*generated, *by_hand)}


def _name(url: str) -> str:
    return url.strip("/").replace("/", "-")


def of_path(path: str, principal: Principal) -> Topic | None:
    """What the page at an address is about; None where nothing tells, or he may not open it."""
    parts = path.strip("/").split("/")
    names = ("-".join(parts[:2]), parts[0], links.record_pages().get(parts[0], ""))
    found = next((topics()[name] for name in names if name in topics()), None)
    return found if found is not None and principal.may(*found.permission) else None


def address(path: str, principal: Principal) -> str:
    """Where the help for the page at an address is read."""
    topic = of_path(path, principal)
    return f"/help/{topic.name}" if topic else "/help/"
