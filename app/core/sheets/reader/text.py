"""Rows of a text table: which encoding, which separator, then the csv module."""

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.core.sheets.limits import Limits
from app.core.sheets.reader.faults import FileFault
from app.core.sheets.reader.source import Block, RowSource

BLOCK = 1 << 20
SEPARATORS = ",;\t|"
GUARDED = frozenset(("'=", "'+", "'-", "'@", "'\t", "'\r"))
GUESS_LINES = 50
GUESS_BYTES = 200_000
CYRILLIC = frozenset(range(0xC0, 0x100)) | {0xA5, 0xA8, 0xAA, 0xAF, 0xB2, 0xB3, 0xB4, 0xB8, 0xBA, 0xBF}
"""Bytes that are Cyrillic letters in Windows-1251: Russian and Ukrainian."""


class TextTable(RowSource):
    """A .csv, .tsv or .txt whose first lines say how it is written. Raises FileFault."""

    kind = "text"

    def __init__(self, path: Path, encoding: str | None, limits: Limits) -> None:
        self.path, self.limits = path, limits
        self.encoding = _checked(encoding) if encoding else guess_encoding(path)
        self.sheet_names: list[str] = []
        self.hidden_names: list[str] = []
        self.separator = ""
        self._skip = 0

    def choose(self) -> None:
        # the first line may tell the separator as Excel does: sep=;
        lines = self._first_lines()
        if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) == len("sep=;"):
            self.separator, self._skip = lines[0].strip()[-1], 1
        else:
            self.separator = guess_separator(lines)

    def _first_lines(self) -> list[str]:
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                return [line for _index, line in zip(range(GUESS_LINES), file, strict=False)]
        except UnicodeError as error:
            raise FileFault("wrong_encoding", row=1, detail=self.encoding) from error

    def blocks(self, width: int) -> Iterator[Block]:
        """As they are, but without the ' that our own export puts before what looks like a formula."""
        for numbers, columns in super().blocks(width):
            yield numbers, [(kinds, [_unguarded(text) for text in texts]) for kinds, texts in columns]

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        csv.field_size_limit(self.limits.cell_chars)
        line = 1 + self._skip
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                for _line in range(self._skip):
                    next(file)
                reader = csv.reader(file, delimiter=self.separator)
                for row in reader:
                    if len(row) > self.limits.columns:
                        raise FileFault("too_many_columns", row=line)
                    if line > self.limits.rows:
                        raise FileFault("too_many_rows", row=line)
                    yield line, row
                    line = reader.line_num + self._skip + 1
        except UnicodeError as error:
            raise FileFault("wrong_encoding", row=line, detail=self.encoding) from error
        except csv.Error as error:
            raise FileFault("damaged", row=line, detail=str(error)) from error


def _unguarded(text: str) -> str:
    return text[1:] if text[:2] in GUARDED else text


def _checked(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except (LookupError, TypeError) as error:
        raise FileFault("wrong_encoding", detail=encoding) from error
    return "utf-8-sig" if name == "utf-8" else name


def guess_separator(lines: list[str]) -> str:
    """The separator that gives most lines the same, largest number of fields; a comma if none does."""
    best, best_score = ",", 0
    for separator in SEPARATORS:
        sizes = Counter(len(row) for row in csv.reader(lines, delimiter=separator) if row)
        if not sizes:
            continue
        size, often = max(sizes.items(), key=lambda item: (item[1] * (item[0] - 1), item[0]))
        score = often * often * (size - 1)
        if score > best_score:
            best, best_score = separator, score
    return best


def guess_encoding(path: Path) -> str:
    """UTF by its mark or because the whole file is valid; else the legacy encoding whose letters fit best."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\x00" in start:
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    sample = _not_utf8(path)
    if sample is None:
        return "utf-8"
    scores = {
        "gb18030": _double_bytes(sample, "gb18030", 0xB0, 0xD7),
        "big5": _double_bytes(sample, "big5", 0xA4, 0xC6),
        "cp1251": _cyrillic(sample),
    }
    return max(scores, key=lambda name: scores[name])


def _not_utf8(path: Path) -> bytes | None:
    """Lines with letters outside ASCII, once the file proves not to be UTF-8; None when it is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(max(0, file.tell() - 2 * BLOCK))
            lines = [line for line in file.read(2 * BLOCK).splitlines()[:-1] or [block] if not line.isascii()]
            return b"\n".join(lines)[:GUESS_BYTES].rpartition(b"\n")[0] or b"\n".join(lines)[:GUESS_BYTES]
    return None


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
