"""What a token is made of, whose it is and from where it is good.

`ld_` + ten letters that are public + `_` + 43 letters that are secret: a leaked token can be looked for by its
first letters in logs and repositories, and found on its owner's list by its public part.
"""

import hmac
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network

from sqlalchemy import select

from app.core import clock
from app.core.db import unscoped
from app.core.org.tokens import ApiToken

PREFIX = "ld_"
_FORM = re.compile(rf"({PREFIX}[a-z2-7]{{10}})_[A-Za-z0-9_-]{{43}}")
NOTED_EVERY = timedelta(minutes=1)
"""Use is noted no more often, so that a busy program does not write a row at each of its calls."""


@dataclass(frozen=True)
class Pass:
    """A token that was shown and is good: whose it is, and how it narrows what the user may do."""

    id: int
    user_id: int
    called: str
    """How the history names it."""
    is_read_only: bool
    entities: frozenset[str]
    """Slugs; none means every one."""
    calls_per_minute: int | None


def make() -> tuple[str, str, bytes]:
    """(public part, whole token, its digest) of a new token."""
    public = PREFIX + b32encode(secrets.token_bytes(7)).decode().lower()[:10]
    whole = f"{public}_{secrets.token_urlsafe(32)}"
    return public, whole, digest(whole)


def digest(whole: str) -> bytes:
    """What is stored of a token."""
    return sha256(whole.encode()).digest()


def networks(said: str) -> list[str]:
    """The networks of a list with commas or blanks between, each in its one form. Raises ValueError for what is none.

    >>> networks("192.0.2.7, 10.1.2.3/16")
    ['192.0.2.7/32', '10.1.0.0/16']
    """
    return [str(ip_network(one, strict=False)) for one in re.split(r"[\s,]+", said.strip()) if one]


def is_from(said: str | None, address: str | None) -> bool:
    """Whether an address lies in the networks of a token; one that names none is good from anywhere.

    >>> is_from("10.1.0.0/16", "::ffff:10.1.2.3"), is_from("10.1.0.0/16", "10.2.0.1"), is_from("10.1.0.0/16", None)
    (True, False, False)
    """
    if not said:
        return True
    try:
        here = ip_address(address or "")
    except ValueError:
        return False
    here = getattr(here, "ipv4_mapped", None) or here
    return any(here in ip_network(one) for one in networks(said))


def find(whole: str, address: str | None) -> Pass | None:
    """What a shown token opens; None for one that is unknown, withdrawn, expired or shown from elsewhere.

    Its use is noted, at most once a minute.
    """
    parts = _FORM.fullmatch(whole)
    if parts is None:
        return None
    with unscoped("whose token is shown") as house:
        token = house.scalars(select(ApiToken).where(ApiToken.public_id == parts[1])).one_or_none()
        if token is None or not hmac.compare_digest(bytes(token.digest), digest(whole)):
            return None
        now = clock.now()
        is_over = token.withdrawn_at is not None or (token.expires_on and token.expires_on < now.date())
        if is_over or not is_from(token.addresses, address):
            return None
        found = Pass(
            token.id, token.user_id, f"{token.name} ({token.public_id})", token.is_read_only,
            frozenset(token.entities or ()), token.calls_per_minute,
        )  # fmt: skip
        if (
            not token.last_used_at
            or token.last_used_at < now - NOTED_EVERY
            or token.last_used_from != address
        ):
            token.last_used_at, token.last_used_from = now, address
    return found
