"""How a text becomes short messages: which alphabet it needs, how many parts, and their bytes.

The alphabet and the lengths are those of 3GPP TS 23.038 and TS 23.040. A letter that takes two units
(an escaped sign such as the euro, an emoji outside the basic plane) is never cut in half.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\0ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENDED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F,
    "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_GSM7 = {letter: bytes([code]) for code, letter in enumerate(_BASIC) if letter != "\0"}
_GSM7 |= {letter: bytes([_ESCAPE, code]) for letter, code in _EXTENDED.items()}
_LETTERS = frozenset(_GSM7)
_SEPTETS = {ord(letter): units.decode("latin-1") for letter, units in _GSM7.items()}
_PLAIN = {units[0]: letter for letter, units in _GSM7.items() if len(units) == 1}
_ESCAPED = {code: letter for letter, code in _EXTENDED.items()}

MAX_PARTS = 255
"""The header that joins parts counts them in one byte."""


class Encoding(StrEnum):
    """The alphabet of a short message."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


_WHOLE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PART = {Encoding.GSM7: 153, Encoding.UCS2: 67}
_UNIT_BYTES = {Encoding.GSM7: 1, Encoding.UCS2: 2}


@dataclass(frozen=True)
class Segments:
    """A text cut into short messages.

    `parts` hold the bytes of each without the joining header: one septet a byte for GSM7, UTF-16 big
    endian for UCS2. `left` is how many units still fit before another part is needed.
    """

    encoding: Encoding
    parts: tuple[bytes, ...]
    units: int
    left: int

    @property
    def count(self) -> int:
        """How many short messages are paid for."""
        return len(self.parts)

    def with_headers(self, group: int) -> list[bytes]:
        """The bytes to submit: parts of one text carry the joining header with the same group number."""
        if len(self.parts) == 1:
            return [self.parts[0]]
        header = bytes([5, 0, 3, group & 0xFF, len(self.parts)])
        return [header + bytes([number]) + part for number, part in enumerate(self.parts, 1)]


def segments(text: str) -> Segments:
    """Cut a text into short messages, in the smallest alphabet that holds it.

    >>> segments("Please pay 1,234.56 by 25 Jun.").count, segments("Сплатіть до 25.06.").encoding.value
    (1, 'ucs2')
    >>> segments("€" * 80).count, segments("€" * 81).count
    (1, 2)

    Raises ValueError when the text needs more than 255 parts.
    """
    encoding = encoding_of(text)
    whole = _encoded(text, encoding)
    size = _UNIT_BYTES[encoding]
    units = len(whole) // size
    limit = _WHOLE[encoding]
    if units <= limit:
        return Segments(encoding, (whole,), units, limit - units)
    limit = _PART[encoding]
    parts = tuple(_packed((_encoded(letter, encoding) for letter in text), limit * size))
    if len(parts) > MAX_PARTS:
        raise ValueError(
            _(
                "The text needs %(n)s short messages; at most %(most)s can be joined.",
                n=len(parts),
                most=MAX_PARTS,
            )
        )
    return Segments(encoding, parts, units, limit - len(parts[-1]) // size)


def encoding_of(text: str) -> Encoding:
    """The smallest alphabet that holds every letter of the text."""
    return Encoding.GSM7 if _LETTERS.issuperset(text) else Encoding.UCS2


def decode_gsm7(data: bytes) -> str:
    """The text of unpacked septets; a septet without a meaning becomes a question mark.

    >>> decode_gsm7(segments("[5 €]").parts[0])
    '[5 €]'
    """
    letters = []
    codes = iter(data)
    for code in codes:
        if code == _ESCAPE:
            letters.append(_ESCAPED.get(next(codes, -1), "?"))
        else:
            letters.append(_PLAIN.get(code, "?"))
    return "".join(letters)


def _encoded(text: str, encoding: Encoding) -> bytes:
    if encoding is Encoding.GSM7:
        return text.translate(_SEPTETS).encode("latin-1")
    return text.encode("utf-16-be", "replace")


def _packed(letters: Iterable[bytes], limit: int) -> Iterable[bytes]:
    part = bytearray()
    for letter in letters:
        if len(part) + len(letter) > limit:
            yield bytes(part)
            part.clear()
        part += letter
    yield bytes(part)
