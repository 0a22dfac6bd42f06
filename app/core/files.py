"""Files kept for people: uploads, error workbooks, documents. Known by a key that nobody can guess.

    key = store(upload.stream, "import")
    with open_file(key) as file: ...

A key is `<kind>/<two letters>/<thirty letters>`; anything else is no key, so none leads out of the folder.
Who may open a file is decided where its key is kept.
"""

import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from flask_babel import lazy_gettext as _

from app.core.errors import RuleError

KIND = re.compile(r"[a-z][a-z0-9-]{0,30}")
KEY = re.compile(rf"{KIND.pattern}/[0-9a-f]{{2}}/[0-9a-f]{{30}}")
PART = ".part"
DRAFT = re.compile(rf"{KEY.pattern}{re.escape(PART)}")
MEGA = 1024 * 1024
MOST_BYTES = {"import": 200 * MEGA, "export": 4096 * MEGA, "photo": 20 * MEGA, "recording": 200 * MEGA}
"""Largest file of a kind; of every other kind MOST_OTHER."""
MOST_OTHER = 100 * MEGA
PIECE = MEGA
LONGEST_NAME = 255
"""Bytes, as file systems count them."""
LONGEST_ENDING = 16


class Readable(Protocol):
    """What `store` takes: an open file, an upload."""

    def read(self, size: int, /) -> bytes: ...


def root() -> Path:
    """The folder of all files: FILES_DIR, by default `var/files` below the working directory."""
    folder = Path(os.environ.get("FILES_DIR") or "var/files")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def store(stream: Readable, kind: str, *, most_bytes: int | None = None) -> str:
    """Keep what a binary stream gives, from where it stands, and return its key.

    The file appears under the key only when it is complete. `kind` says what sort of file it is
    ("import"). Raises RuleError, with nothing kept, for a file larger than its kind may be; ValueError
    for a kind that is not a word of small letters, digits and hyphens.
    """
    key = new_key(kind)
    target = path_of(key)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_suffix(PART)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _copy(stream, file, most_bytes or MOST_BYTES.get(kind, MOST_OTHER))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return key


def _copy(stream: Readable, file: BinaryIO, limit: int) -> None:
    left = limit
    while piece := stream.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise RuleError(_("The file is larger than %(most)s MB.", most=limit // MEGA))
        file.write(piece)


def new_key(kind: str) -> str:
    """A key not in use. Raises ValueError for what is no kind."""
    if not KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is no kind of file")
    random = secrets.token_hex(16)
    return f"{kind}/{random[:2]}/{random[2:]}"


def shown_name(given: str) -> str:
    """A person's name for his file, to be shown: no folders, nothing invisible, at most LONGEST_NAME bytes.

    It is also a name of one file in a folder, but files are kept under their keys, never under it.

    >>> shown_name("../../etc/passwd"), shown_name(".."), shown_name("贷款台账.xlsx")
    ('passwd', 'file', '贷款台账.xlsx')
    """
    last = re.split(r"[/\\]", given)[-1]
    seen = "".join(sign for sign in last if not unicodedata.category(sign).startswith("C")).strip()
    if not seen.strip(". "):
        return "file"
    stem, ending = os.path.splitext(seen)  # noqa: PTH122
    ending = ending if len(ending.encode()) <= LONGEST_ENDING else ""
    stem = stem if ending else seen
    return stem.encode()[: LONGEST_NAME - len(ending.encode())].decode(errors="ignore") + ending


def path_of(key: str) -> Path:
    """Where the file of a key lies. Raises ValueError for what is no key, so nothing outside is reached."""
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a file")
    return root() / key


def open_file(key: str) -> BinaryIO:
    """The file of a key, to be read. Raises FileNotFoundError where it is removed, ValueError for no key."""
    return path_of(key).open("rb")


def size_of(key: str) -> int:
    """Bytes of a file. Raises FileNotFoundError where it has been removed, ValueError for no key."""
    return path_of(key).stat().st_size


def delete(key: str) -> bool:
    """Remove a file; whether it was there. Raises ValueError for no key."""
    try:
        path_of(key).unlink()
    except FileNotFoundError:
        return False
    return True


def kinds() -> list[str]:
    """The kinds of which files were ever kept here."""
    return sorted(path.name for path in root().iterdir() if KIND.fullmatch(path.name) and path.is_dir())


def keys(kind: str) -> Iterator[str]:
    """The keys of all complete files of a kind, for finding those that no row refers to any more."""
    return (name for name in _names(kind) if KEY.fullmatch(name))


def drafts(kind: str) -> Iterator[Path]:
    """Files of a kind that are being written, or were when their process died."""
    return (root() / name for name in _names(kind) if DRAFT.fullmatch(name))


def _names(kind: str) -> Iterator[str]:
    folder = root()
    for path in sorted((folder / kind).glob("*/*")) if KIND.fullmatch(kind) else ():
        yield path.relative_to(folder).as_posix()


def touched_at(path: Path) -> datetime:
    """When a file was last written or put where it lies: a restored file is as young as its restoring.

    Raises FileNotFoundError where it is removed.
    """
    known = path.stat()
    return datetime.fromtimestamp(max(known.st_mtime, known.st_ctime), UTC)


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A path of this name in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="loandesk-") as folder:
        yield Path(folder) / name
