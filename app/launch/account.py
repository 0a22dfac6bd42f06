"""The account embedded servers run under. PostgreSQL refuses root, so root lends it an account of its own."""

import os
import pwd
import struct
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.launch.errors import LaunchError

NAME = "loandesk"
ACL = "system.posix_acl_access"
ACL_VERSION = 2
OWNER, USER, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
NOBODY = 0xFFFFFFFF
SEARCH = 0o1


@dataclass(frozen=True)
class Account:
    """A system account by its numbers."""

    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """Arguments that make ``subprocess`` start a program under this account."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@lru_cache
def server_account() -> Account:
    """Who runs the servers: whoever started the program or, for root, the account `loandesk`, made on need.

    Raises:
        LaunchError: the account cannot be made.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            why = (getattr(error, "stderr", "") or str(error)).strip()
            raise LaunchError(
                f"PostgreSQL does not run as root, and making the account {NAME} for it failed: {why}. "
                "Run as an ordinary user, or set DATABASE_URL to a server of your own."
            ) from error
        entry = pwd.getpwnam(NAME)
    return Account(entry.pw_uid, entry.pw_gid)


def let_pass(path: Path) -> None:
    """Let the servers' account pass through the directories above `path`, and nobody else.

    Only root needs this, where the project lies below a closed directory such as /root: an access control
    entry gives that one account the right to pass (not to list) where it lacks it.

    Raises:
        LaunchError: the file system keeps no access control lists.
    """
    owner = server_account()
    if owner.uid == os.geteuid():
        return
    for directory in reversed(path.resolve().parents):
        if not may_search(directory, owner):
            try:
                os.setxattr(directory, ACL, with_search(directory, owner.uid))
            except OSError as error:
                raise LaunchError(
                    f"PostgreSQL runs as the account {NAME}, which may not pass through {directory} "
                    f"({error.strerror}). Move the project elsewhere, start it as an ordinary user, or allow "
                    f"it: chmod o+x {directory}"
                ) from error


def may_search(directory: Path, owner: Account) -> bool:
    """Whether the account may pass through the directory."""
    found, listed = directory.stat(), entries(directory)
    mask = next((permission for tag, permission, _ in listed if tag == MASK), 0o7)
    for tag, permission, number in listed:
        if tag == USER and number == owner.uid:
            return bool(permission & mask & SEARCH)
    if found.st_uid == owner.uid:
        return bool(found.st_mode & 0o100)
    return bool(found.st_mode & (0o010 if found.st_gid == owner.gid else 0o001))


def entries(directory: Path) -> list[tuple[int, int, int]]:
    """The access control list of a directory as (tag, permission, number); [] when it has none."""
    try:
        raw = os.getxattr(directory, ACL)
    except (OSError, AttributeError):
        return []
    return [struct.unpack_from("<HHI", raw, offset) for offset in range(4, len(raw), 8)]


def with_search(directory: Path, uid: int) -> bytes:
    """The directory's access control list with one account added that may pass (acl(5))."""
    mode = directory.stat().st_mode
    found = entries(directory) or [
        (OWNER, mode >> 6 & 7, NOBODY),
        (GROUP, mode >> 3 & 7, NOBODY),
        (OTHER, mode & 7, NOBODY),
    ]
    group = next(permission for tag, permission, _ in found if tag == GROUP)
    mask = next((permission for tag, permission, _ in found if tag == MASK), group)
    kept = [entry for entry in found if entry[0] != MASK and entry[::2] != (USER, uid)]
    kept += [(USER, SEARCH, uid), (MASK, mask | SEARCH, NOBODY)]
    return struct.pack("<I", ACL_VERSION) + b"".join(
        struct.pack("<HHI", *entry) for entry in sorted(kept, key=order)
    )


def order(entry: tuple[int, int, int]) -> tuple[int, int]:
    """Lists are kept by tag, then by number."""
    return entry[0], entry[2]
