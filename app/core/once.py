"""Secrets that are made with a row and told once: to whoever asked for it, on the page or in the answer that made it."""

from dataclasses import dataclass
from typing import Any

_NAME = "_told_once"


@dataclass(frozen=True)
class Once:
    """The answer of an operation that made a secret; the sentence alone is kept with the answer, the secret nowhere."""

    sentence: Any
    secret: str

    def __str__(self) -> str:
        return str(self.sentence)


def tell(row: Any, secret: str) -> None:
    """Let the secret of a new row be told when it is stored; it never leaves the process by another way."""
    setattr(row, _NAME, secret)


def told(row: Any) -> str | None:
    """The secret that was made with this row just now; None for every other row."""
    return getattr(row, _NAME, None)
