"""The heads of the seals in a file outside of the database: a line for each, appended and never changed.

Who could rewrite the database cannot make it agree with a copy of this file that he does not have. A line is
written after its seal was committed, so a process that is killed between leaves it to the next. What the table says
to have been in the file already (`filed`) is never written again: a file cut short stays short, and is found out.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select

from app.core import files
from app.core.db import unscoped
from app.core.org import AuditSeal

NAME = "seals.log"
LINE = re.compile(r"(\d{1,18}) ([0-9a-f]{64}) (\S+) (\S+) (\d+)")
TAIL = 4096
"""Bytes at the end of the file among which its last line is."""


def path() -> Path:
    """SEALS_FILE, else seals.log beside the files that are kept."""
    return Path(os.environ.get("SEALS_FILE") or files.root() / NAME)


def heads() -> Iterator[tuple[int, str]]:
    """Number and head of each whole line, in the file's order. Raises FileNotFoundError where there is no file."""
    with path().open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if found := LINE.fullmatch(line.rstrip("\n")):
                yield int(found[1]), found[2]


def last_number() -> int:
    """The number of the last whole line; 0 for a file that is not there or has none."""
    try:
        with path().open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return 0
    # what follows the last end of a line was cut off by whatever ended its writer
    found = [match for line in lines[:-1] if (match := LINE.fullmatch(line))]
    return int(found[-1][1]) if found else 0


def bring_up_to_date() -> int:
    """Append the heads that are not there yet, and have them on the disk when this returns; how many."""
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with unscoped("write heads to the file") as session:
            filed = session.scalar(select(func.max(AuditSeal.filed))) or 0
            newer = select(AuditSeal).where(AuditSeal.number > max(filed, last_number()))
            lines = [_line(one) for one in session.scalars(newer.order_by(AuditSeal.number))]
        if lines:
            file.write(b"".join([b"\n" if _is_torn() else b"", *lines]))
            file.flush()
            os.fsync(file.fileno())
    return len(lines)


def _line(seal: AuditSeal) -> bytes:
    return f"{seal.number} {seal.head} {seal.at.isoformat()} {seal.entity} {seal.rows}\n".encode()


def _is_torn() -> bool:
    """Whether the last line has no end."""
    place = path()
    if not place.stat().st_size:
        return False
    with place.open("rb") as read:
        read.seek(-1, os.SEEK_END)
        return read.read() != b"\n"


def begin_anew() -> int:
    """Write the heads that the table has into a new file, for a restored installation; how many.

    Raises:
        FileExistsError: there is a file already, which nothing here removes.
    """
    path().parent.mkdir(parents=True, exist_ok=True)
    with path().open("xb") as file, unscoped("write a new file of heads") as session:
        newer = session.scalars(select(AuditSeal).order_by(AuditSeal.number))
        lines = [_line(one) for one in newer]
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    return len(lines)
