"""Remembering what was converted: tables repeat themselves, most cells are converted once."""

from collections.abc import Callable
from typing import Any

SIZE = 100_000


class Memo(dict[Any, Any]):
    """Results of `convert` by its argument, which must all be of one type: 1 and True are one key.

    `start` holds results known beforehand. When too much has been remembered, all of it is forgotten.
    """

    def __init__(self, convert: Callable[[Any], Any], start: dict[Any, Any]) -> None:
        super().__init__(start)
        self._convert, self._start = convert, start

    def __missing__(self, key: Any) -> Any:
        if len(self) > SIZE:
            self.clear()
            self.update(self._start)
        value = self[key] = self._convert(key)
        return value
