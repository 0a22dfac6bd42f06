"""Puts every declared entity, operation and report on the app."""

from dataclasses import dataclass
from typing import Any

from app.core import labels
from app.core.web import links


@dataclass(frozen=True)
class MenuEntry:
    """A menu line for a hand-written screen."""

    group: Any
    label: Any
    url: str
    icon: str
    permission: tuple[str, str]
    position: int = 50
    help: Any = ""
    """What the help panel tells of the screen; an entity's screens say it in their `Screen`."""
    guide: str = ""
    """The guides of docs/guides and docs/howto that tell more, by their names with a space between."""


SCREENS: list[type[Any]] = []
ENTRIES: list[MenuEntry] = []
UNLISTED: list[MenuEntry] = []
"""Screens with a help text that people reach by another way than the menu."""


def screen(*entries: MenuEntry, unlisted: MenuEntry | None = None) -> Any:
    """Class decorator: put this Flask-AppBuilder view on the app, with menu lines.

    `unlisted` describes a screen that people reach by another way than the menu.
    """

    def add(view: type[Any]) -> type[Any]:
        SCREENS.append(view)
        ENTRIES.extend(entries)
        UNLISTED.extend([unlisted] if unlisted else [])
        return view

    return add


def register_screens(builder: Any) -> None:
    """Add all screens and APIs to Flask-AppBuilder."""
    from app.core.web import (  # noqa: F401  declare their screens and rules
        absence_rules,
        announcements,
        attachments,
        custom_rules,
        deciding,
        entity_api,
        entity_view,
        field_file_doors,
        lookups,
        openapi,
        pick_page,
        prints,
        reference,
        remarks,
        route_rules,
        rule_rules,
        seal_page,
        task_rules,
    )
    from app.core.web.builder import home, views  # noqa: F401
    from app.core.web.help import views as _help  # noqa: F401  declares its screens
    from app.core.web.maps import views as _maps  # noqa: F401  declares its screens
    from app.core.web.uploads import pages  # noqa: F401  declares its screens

    for view in [*entity_view.registered(), *SCREENS, *entity_api.registered(), openapi.Description]:
        builder.add_view_no_menu(view)


def menu_entries() -> list[MenuEntry]:
    """Lines of hand-written screens and of every entity with a menu group, in their order."""
    generated = [
        MenuEntry(
            cls.__screen__.menu, cls.__screen__.title, links.list_url(cls.slug()), cls.__screen__.icon,
            ("can_list", labels.subject(cls)), cls.__screen__.position,
        )
        for cls in links.shown_entities()
        if cls.__screen__.menu is not None
    ]  # fmt: skip
    return sorted([*ENTRIES, *generated], key=lambda entry: entry.position)
