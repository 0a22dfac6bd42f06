"""The value of a custom field that holds a file: what it is called, and where it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HeldFile:
    """A file in a custom field. The row keeps its name, so that lists and the history need not look for it.

    >>> str(HeldFile.read(HeldFile(7, "deed.pdf", "application/pdf").kept()))
    'deed.pdf'
    """

    id: int
    """Of its `FieldFile`, which knows where the content is."""
    name: str
    media_type: str

    def __str__(self) -> str:
        return self.name

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"id": self.id, "name": self.name, "type": self.media_type}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "HeldFile":
        """What `kept` kept."""
        return cls(kept["id"], kept["name"], kept["type"])
