"""Which encoding a text is in, told by the letters it would give: a guess, which the user may correct."""

import codecs
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

BLOCK = 1 << 20
SAMPLE = 4096
GUESS_BYTES = 200_000
BLANKS = frozenset("\t\r\n\xa0\u3000")
CYRILLIC = frozenset(range(0xC0, 0x100)) | {0xA5, 0xA8, 0xAA, 0xAF, 0xB2, 0xB3, 0xB4, 0xB8, 0xBA, 0xBF}
"""Bytes that are Cyrillic letters in Windows-1251: Russian and Ukrainian."""


def guess_encoding(path: Path) -> str:
    """UTF by its mark or because the whole file is valid; else the legacy encoding whose letters fit best."""
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if b"\x00" in start or start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return utf16_of(start) or "utf-8"
    lines = _not_utf8(path)
    if lines is None:
        return "utf-8"
    sample = b"\n".join(lines)
    scores = {
        "gb18030": _double_bytes(sample, "gb18030", 0xB0, 0xD7),
        "big5": _double_bytes(sample, "big5", 0xA4, 0xC6),
        "cp1251": _cyrillic(sample),
    }
    return max(scores, key=lambda name: scores[name])


def utf16_of(start: bytes) -> str | None:
    """Which UTF-16 the beginning of a file is in: by its mark, or because it gives only printable text."""
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = codecs.getincrementaldecoder(name)().decode(start)
        except UnicodeDecodeError:
            continue
        is_divided = any(char in text for char in ",;\t|\n")
        if is_divided and all(char.isprintable() or char in BLANKS for char in text):
            return name
    return None


def _not_utf8(path: Path) -> list[bytes] | None:
    """Lines with letters outside ASCII, once the file proves not to be UTF-8; None when it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            # the letters that gave it away are in this block, or begin at the end of the one before
            start = max(0, file.tell() - 2 * BLOCK)
            file.seek(start)
            data = file.read(3 * BLOCK)
            is_cut = len(data) == 3 * BLOCK
            lines = data.splitlines()[start > 0 : -1 if is_cut else None]
            return _some(line for line in lines if not line.isascii())
    return None


def _some(lines: Iterable[bytes]) -> list[bytes]:
    found, left = [], GUESS_BYTES
    for line in lines:
        found.append(line)
        left -= len(line)
        if left < 0:
            break
    return found


def _double_bytes(sample: bytes, encoding: str, low: int, high: int) -> float:
    """Share of characters whose first byte is where the encoding has its common ideographs; 0 if invalid."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    wide = [char.encode(encoding) for char in text if ord(char) > 0x7F]
    common = sum(1 for code in wide if low <= code[0] <= high and len(code) == 2)
    return common / len(wide) if wide else 0.0


def _cyrillic(sample: bytes) -> float:
    """Share of bytes outside ASCII that are Cyrillic letters, less where capitals follow small letters."""
    wide = [byte for byte in sample if byte > 0x7F]
    letters = sum(1 for byte in wide if byte in CYRILLIC)
    pairs = [(a, b) for a, b in pairwise(sample) if a >= 0xE0 and b >= 0xC0]
    broken = sum(1 for _a, b in pairs if b < 0xE0)
    return (letters - 2 * broken) / len(wide) if wide else 0.0
