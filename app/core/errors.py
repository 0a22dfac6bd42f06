"""Errors that people see. Each carries a sentence they can act on."""

from typing import Any

from flask_babel import lazy_gettext as _

from app.core import i18n


class RuleError(Exception):
    """A rule refuses what was asked. The message is shown to the person who asked, beside the field if named."""

    def __init__(self, message: Any, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        return i18n.spoken(self.message)


class OutOfScope(Exception):
    """A row outside the user's scope was read or written; answered as if it did not exist (404)."""


class BeyondScope(OutOfScope):
    """A row that the user may write would no longer lie in his scope, though nothing in it points to what he does not see."""


class ReadOnlyScope(Exception):
    """A write by someone whose grants only let him read; answered with 403."""


class ScopeError(Exception):
    """A query that could escape the scope, such as plain SQL on a scoped table; a programmer's error."""


class Stopped(RuleError):
    """Somebody wants the job that is under way to stop; raised at its next safe point."""

    def __init__(self) -> None:
        super().__init__(_("It was stopped"))
