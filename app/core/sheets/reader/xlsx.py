"""Rows of an .xlsx, streamed: never more than a piece of the sheet is held, however far it reaches."""

import html
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from app.core.sheets.limits import Limits
from app.core.sheets.reader import frames
from app.core.sheets.reader.book import Book, bare, prefix_of
from app.core.sheets.reader.cells import Cell, RowReader, plain
from app.core.sheets.reader.faults import FileFault, index_of, letters
from app.core.sheets.reader.frames import Packed
from app.core.sheets.reader.shape import Shape, column_names
from app.core.sheets.reader.source import Block, Row

PIECE = 1 << 20
ROW_END = "</row>"
LONGEST_ROW = 64 * PIECE
ROW = re.compile(r'<row(?: [^>]*?\br="([0-9]+)")?[^>]*+>')
MERGED = re.compile(r'<mergeCell ref="([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)"')
TYPES = {"s": "S", "inlineStr": "s", "str": "s", "b": "b", "e": "e", "d": "d"}


class Workbook:
    """One sheet of an .xlsx. Raises FileFault when there is none to read."""

    kind = "xlsx"
    encoding = ""
    separator = ""

    def __init__(self, path: Path, sheet: str | None, limits: Limits) -> None:
        self._limits = limits
        self._archive = zipfile.ZipFile(path)
        self._book = Book(self._archive)
        self.sheet_names = [name for name in self._book.parts if name not in self._book.hidden]
        self.hidden_names = [name for name in self._book.parts if name in self._book.hidden]
        if sheet is not None and sheet not in self._book.parts:
            raise FileFault("no_such_sheet", sheet=sheet, detail=", ".join(self.sheet_names))
        self.sheet = sheet or ""
        self._dates = self._book.date_styles()
        self._strings = self._book.strings()
        self._reader = RowReader(self._strings, self._kind_of, self._book.is_1904)
        self._shape = Shape(self._kind_of, column_names(limits.columns))
        self._pieces: Iterator[str] = iter(())
        self._number = 0

    def _kind_of(self, style: str, kind: str) -> str:
        if kind in TYPES:
            return TYPES[kind]
        return "D" if style in self._dates else "n"

    def choose(self) -> None:
        """Turn to the sheet asked for, or to the first visible one that is not empty."""
        names = [self.sheet] if self.sheet else self.sheet_names
        for name in names:
            if self._is_filled(name):
                self.sheet = name
                self._pieces = self._read(name)
                return
        if not self.sheet and any(map(self._is_filled, self.hidden_names)):
            raise FileFault("only_hidden", detail=", ".join(self.hidden_names))
        raise FileFault("empty_sheet", sheet=names[0] if len(names) == 1 else "")

    def _is_filled(self, name: str) -> bool:
        return any("<v>" in piece or "<is>" in piece or "<f>" in piece for piece in self._read(name))

    def _read(self, name: str) -> Iterator[str]:
        """The text of a sheet in pieces that end with a whole row, except the last."""
        rest = b""
        prefix: str | None = None
        try:
            with self._archive.open(self._book.parts[name]) as file:
                while data := file.read(PIECE):
                    rest += data
                    prefix = prefix_of(rest[:4096]) if prefix is None else prefix
                    mark = f"</{prefix}:row>".encode() if prefix else b"</row>"
                    cut = rest.rfind(mark)
                    if cut >= 0:
                        yield bare(rest[: cut + len(mark)].decode("utf-8"), prefix)
                        rest = rest[cut + len(mark) :]
                    elif len(rest) > LONGEST_ROW:
                        raise FileFault("too_much_memory", sheet=name)
            yield bare(rest.decode("utf-8"), prefix or "")
        except (zipfile.BadZipFile, EOFError, UnicodeDecodeError, ValueError, zlib.error) as error:
            raise FileFault("damaged", sheet=name, row=self._number or None, detail=str(error)) from error

    def first_rows(self, count: int) -> list[Row]:
        """The first rows that are not blank, as many as asked for if there are so many."""
        found: list[Row] = []
        for piece in self._pieces:
            parts = piece.split(ROW_END)
            for index, (number, text) in enumerate(self._split(piece)):
                cells = self._careful(number, text)
                if cells:
                    found.append((number, cells))
                if len(found) == count:
                    self._pieces = chain([ROW_END.join(parts[index + 1 :])], self._pieces)
                    return found
        return found

    def _split(self, piece: str) -> Iterator[tuple[int, str]]:
        """The rows of a piece with their numbers, without the marks around them."""
        for part in piece.split(ROW_END)[:-1]:
            at = part.rfind("<row")
            mark = ROW.match(part, at) if at >= 0 else None
            if mark is None:
                raise FileFault("damaged", sheet=self.sheet, row=self._number + 1, detail="row")
            self._number = int(mark[1]) if mark[1] else self._number + 1
            yield self._number, part[mark.end() :]

    def _careful(self, number: int, text: str) -> list[Any]:
        """The cells of a row up to the last filled one."""
        self._check(number)
        cells = self._reader.read(text, number)
        if not cells:
            return []
        last = max(cells)
        if last >= self._limits.columns:
            cell = f"{letters(last)}{number}"
            raise FileFault("far_cell", sheet=self.sheet, row=number, column=letters(last), detail=cell)
        return [cells.get(column, "") for column in range(last + 1)]

    def blocks(self, width: int) -> Iterator[Block]:
        """The rows after those already read, packed for `frames`, at the width of the header."""
        for piece in self._pieces:
            found = self._taken_apart(piece, width)
            if found:
                self._number = int(found[-1][0])
                self._check(self._number)
                yield self._packed(found, width, "&" in piece or "_x" in piece)
            else:
                yield frames.pack_rows(list(self._one_by_one(piece)), width)

    def _taken_apart(self, piece: str, width: int) -> list[tuple[str, ...]]:
        """What the expression makes of a piece; [] when it does not match every row of it."""
        shape, count = self._shape, piece.count(ROW_END)
        is_known = shape.row is not None or shape.learn(piece)
        while is_known and shape.row and shape.groups[-1][0] < width:
            found = shape.row.findall(piece)
            if len(found) == count:
                return found
            is_known = shape.learn(piece)
        return []

    def _check(self, number: int) -> None:
        if number > self._limits.rows:
            raise FileFault("too_many_rows", sheet=self.sheet, row=number)

    def _one_by_one(self, piece: str) -> Iterator[Row]:
        for number, text in self._split(piece):
            match = self._shape.row.fullmatch(f'<row r="{number}">{text}</row>') if self._shape.row else None
            if match is None:
                yield number, self._careful(number, text)
                continue
            values = zip(self._shape.groups, match.groups("")[1:], strict=True)
            found = [(column, kind, value) for (column, kind), value in values if value]
            cells: list[Any] = [""] * (found[-1][0] + 1 if found else 0)
            for column, kind, value in found:
                cells[column] = self._reader.cell(kind, readable(value))
            yield number, cells

    def _packed(self, found: list[tuple[str, ...]], width: int, has_escapes: bool) -> Block:
        """Rows that the expression took apart, column by column."""
        numbers, *values = zip(*found, strict=True)
        columns: list[Packed] = [("s", [""] * len(numbers))] * width
        places: dict[int, list[int]] = {}
        for place, (column, _kind) in enumerate(self._shape.groups):
            places.setdefault(column, []).append(place)
        for column, groups in places.items():
            kinds = [self._shape.groups[place][1] for place in groups]
            columns[column] = self._column(kinds, [values[place] for place in groups], has_escapes)
        return list(map(int, numbers)), columns

    def _column(self, kinds: list[str], groups: list[tuple[str, ...]], has_escapes: bool) -> Packed:
        filled = [(kind, texts) for kind, texts in zip(kinds, groups, strict=True) if any(texts)]
        if not filled:
            return "s", list(groups[0])
        if len(filled) == 1:
            kind, texts = filled[0]
            if kind == "s":
                return "s", [plain(readable(text)) for text in texts] if has_escapes else list(texts)
            if kind == "S":
                return "s", [self._strings.get(text, "") for text in texts]
            if kind == "n":
                return frames.checked("n", list(texts))
            if kind == "D":
                return frames.pack([self._reader.cell(kind, text) if text else "" for text in texts])
        cells: list[Cell] = [""] * len(groups[0])
        for kind, texts in filled:
            for index, text in enumerate(texts):
                if text:
                    cells[index] = self._reader.cell(kind, readable(text))
        return frames.pack(cells)

    def merged_in(self, row: int) -> int | None:
        """The first column (from 0) of a merged range over several columns in that row (from 1)."""
        for piece in self._read(self.sheet):
            for left, top, right, bottom in MERGED.findall(piece):
                if int(top) <= row <= int(bottom) and left != right:
                    return index_of(left)
        return None


def readable(text: str) -> str:
    """Text with XML's escapes undone; characters that XML forbids are dropped."""
    return html.unescape(text) if "&" in text else text
