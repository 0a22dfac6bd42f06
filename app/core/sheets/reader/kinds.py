"""What a file is, told from its content. Its name is not asked: people rename files."""

import mmap
import zipfile
from pathlib import Path

from app.core.sheets.limits import MEGA, Limits
from app.core.sheets.reader.encoding import utf16_of
from app.core.sheets.reader.faults import FileFault

FOREIGN = (
    (b"%PDF", "pdf"), (b"\x89PNG", "image"), (b"\xff\xd8\xff", "image"), (b"GIF8", "image"), (b"BM", "image"),
    (b"II*\x00", "image"), (b"MM\x00*", "image"), (b"MZ", "program"), (b"\x7fELF", "program"),
    (b"{\\rtf", "document"), (b"7z\xbc\xaf", "archive"), (b"Rar!", "archive"), (b"\x1f\x8b", "archive"),
    (b"SQLite format 3", "database"),
)  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MARKUP = (
    b"<!doctype html",
    b"<html",
    b"<table",
    b"<head",
    b"<meta",
    b"<style",
    b"<div",
    b"<body",
    b"<script",
)
SMALL_ZIP = 10 * MEGA
"""Below this a ratio says nothing: a sheet of equal rows packs very well."""
SAMPLE = 4096


def kind_of(path: Path, limits: Limits) -> str:
    """`xlsx`, `xlsb`, `ods`, `xls` or `text`. Raises FileFault for all else and for an unsafe zip."""
    size = path.stat().st_size
    if size == 0:
        raise FileFault("empty_file")
    if size > limits.file_bytes:
        raise FileFault("file_too_large", detail=str(limits.file_bytes // MEGA))
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    if sample.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path, limits)
    if sample.startswith(OLE):
        return _ole(path)
    return _plain(sample)


def _plain(sample: bytes) -> str:
    for magic, name in FOREIGN:
        if sample.startswith(magic) and (magic != b"BM" or b"\x00" in sample[:32]) and (
            magic != b"MZ" or b"\x00" in sample):  # fmt: skip
            raise FileFault("wrong_type", detail=name)
    start = sample.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(MARKUP) or (start.startswith(b"<?xml") and b"<html" in start):
        raise FileFault("wrong_type", detail="web_page")
    if start.startswith(b"<?xml"):
        raise FileFault("wrong_type", detail="xml")
    if not sample.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise FileFault("empty_file")
    if b"\x00" in sample and utf16_of(sample) is None:
        raise FileFault("wrong_type", detail="unknown")
    return "text"


def _ole(path: Path) -> str:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:

        def holds(stream: str) -> bool:
            return data.find(stream.encode("utf-16-le") + b"\x00\x00") >= 0

        if holds("EncryptedPackage"):
            raise FileFault("encrypted")
        if holds("Workbook") or holds("Book"):
            return "xls"
    raise FileFault("wrong_type", detail="document")


def _zipped(path: Path, limits: Limits) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            kind = _zip_kind(archive, {part.filename for part in parts})
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise FileFault("damaged", detail=str(error)) from error
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > limits.entries or unpacked > limits.unpacked_bytes:
        raise FileFault("zip_bomb", detail=str(unpacked // MEGA))
    if unpacked > SMALL_ZIP and unpacked > limits.ratio * path.stat().st_size:
        raise FileFault("zip_bomb", detail=str(unpacked // MEGA))
    if any(part.flag_bits & 1 for part in parts):
        raise FileFault("encrypted")
    return kind


def _zip_kind(archive: zipfile.ZipFile, names: set[str]) -> str:
    if any(name.endswith("xl/workbook.bin") for name in names):
        return "xlsb"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "mimetype" in names:
        with archive.open("mimetype") as file:
            if b"opendocument.spreadsheet" in file.read(200):
                return "ods"
        raise FileFault("wrong_type", detail="document")
    is_document = any(name.startswith(("word/", "ppt/")) for name in names)
    raise FileFault("wrong_type", detail="document" if is_document else "archive")
