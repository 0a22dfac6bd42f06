"""Operations: verbs on records. One decorated function gives a button, a form, a bulk action and a REST action."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.core import registry
from app.core.labels import subject as subject_of


@dataclass(frozen=True)
class Refused:
    """The answer of an operation that stored why it could not be done; a RuleError stores nothing."""

    sentence: Any


@dataclass(frozen=True)
class Operation:
    """A declared verb. The function takes (session, row, **arguments) and returns a sentence, Refused or Once."""

    name: str
    entity: Any
    label: Any
    function: Callable[..., Any]
    roles: tuple[str, ...]
    icon: str = "player-play"
    is_bulk: bool = True
    is_primary: bool = False
    labels: dict[str, Any] = field(default_factory=dict)
    intro: Any = ""
    """What the form says above its fields."""
    is_danger: bool = False
    """Whether what is done cannot be taken back; the button says so by its colour."""
    is_seldom: bool = False
    """Whether the button of a record stands behind those for editing it."""
    is_offered: Callable[[Any], bool] | None = None
    """Whether the button is shown for a row; None: always."""
    is_for_people: bool = False
    """Whether no token gives the right to it, such as to set a password: only somebody who has logged in."""
    house: str = ""
    """A reason to run outside of the user's scope (the row itself is always found within it)."""

    @property
    def permission(self) -> str:
        return f"can_{self.name}"

    @property
    def subject(self) -> str:
        return subject_of(self.entity)

    @property
    def arguments(self) -> list[inspect.Parameter]:
        """The keyword arguments that the form asks for."""
        parameters = inspect.signature(self.function, eval_str=True).parameters.values()
        return [
            p
            for p in list(parameters)[2:]
            if p.kind is p.KEYWORD_ONLY and p.name not in ("business_on", "user_id")
        ]


def operation(entity: Any, label: Any, *, roles: tuple[str, ...] = (), **options: Any) -> Callable[..., Any]:
    """Declare a verb on an entity.

    Keyword-only arguments become the form: a named type of `app.core.types` (Money, Code, Line, Text …), a
    plain Decimal, int, date, str or bool, a Choice, or an entity id named `<entity>_id`. `business_on` and
    `user_id` are given by the platform when the function takes them.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        registry.register_operation(Operation(function.__name__, entity, label, function, roles, **options))
        return function

    return declare
