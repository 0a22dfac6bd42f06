"""What a password must be and how it is kept, wherever it is set: on the screens and from the command line."""

from functools import cache

from flask_babel import lazy_gettext as _
from werkzeug.security import check_password_hash, generate_password_hash

import config
from app.core.errors import RuleError

SHORTEST = 8
"""Characters of a password."""


def check(password: str, *names: str) -> None:
    """Raise RuleError for a password that is easily guessed; `names` are what the user is called."""
    if len(password) < SHORTEST:
        raise RuleError(_("At least %(n)s characters", n=SHORTEST), "password")
    if password.lower() in {name.lower() for name in names} or len(set(password)) < 3:
        raise RuleError(_("This is guessed at once; choose another"), "password")


def hashed(password: str) -> str:
    """A password as it is stored, by the method of the installation's setting."""
    return generate_password_hash(password, method=config.PASSWORD_HASH)


def is_right(stored: str | None, password: str) -> bool:
    """Whether this is the password; where none is stored (None), False at the same cost as a wrong one."""
    return check_password_hash(stored or _nobodys(), password) and stored is not None


@cache
def _nobodys() -> str:
    """What an unknown name is compared with."""
    return hashed("")
