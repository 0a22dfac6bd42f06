"""Puts every declared entity, operation and report on the app."""

from typing import Any

SCREENS: list[tuple[type[Any], dict[str, Any]]] = []
"""Hand-written views (class, menu arguments), added by `screen` where they are defined."""


def screen(**menu: Any) -> Any:
    """Class decorator: put this Flask-AppBuilder view on the app, with a menu entry if arguments are given."""

    def add(view: type[Any]) -> type[Any]:
        SCREENS.append((view, menu))
        return view

    return add


def register_screens(builder: Any) -> None:
    """Add all screens to Flask-AppBuilder."""
    for view, menu in SCREENS:
        if menu:
            builder.add_view(view, **menu)
        else:
            builder.add_view_no_menu(view)
