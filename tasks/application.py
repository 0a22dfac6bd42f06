"""The application in which tasks speak to people: whose language it is, they say themselves."""

from functools import lru_cache
from typing import Any

from app import create_app


@lru_cache
def application() -> Any:
    """The application of this worker."""
    return create_app()
