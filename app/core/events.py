"""Events by which lower packages tell upper ones that something happened, without knowing them."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

_listeners: dict[str, list[Callable[..., Any]]] = defaultdict(list)


def on(name: str, listener: Callable[..., Any]) -> None:
    """Call `listener(**details)` whenever the event is emitted."""
    _listeners[name].append(listener)


def emit(name: str, **details: Any) -> None:
    """Tell everyone who listens. Emit only after the commit that made it true."""
    for listener in _listeners[name]:
        listener(**details)
