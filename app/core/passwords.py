"""What a password must be, wherever it is set: on the screens and from the command line."""

from flask_babel import lazy_gettext as _

from app.core.errors import RuleError

SHORTEST = 8
"""Characters of a password."""


def check(password: str, *names: str) -> None:
    """Raise RuleError for a password that is easily guessed; `names` are what the user is called."""
    if len(password) < SHORTEST:
        raise RuleError(_("At least %(n)s characters", n=SHORTEST), "password")
    if password.lower() in {name.lower() for name in names} or len(set(password)) < 3:
        raise RuleError(_("This is guessed at once; choose another"), "password")
