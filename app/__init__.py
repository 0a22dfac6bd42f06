"""Loandesk: the back office for everything that happens to a loan after it is paid out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the supervisor and the commands import this package and need no Flask
    from flask import Flask


def create_app(**overrides: Any) -> "Flask":
    """Put extensions, registries and screens together. `overrides` replace settings of config.py."""
    import app.models
    import app.views  # noqa: F401  all screens
    from app.core.web.setup import build

    return build(**overrides)
