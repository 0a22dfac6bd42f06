"""What stands in the rows of the walk: made from the declarations, each value with the canary of its loan."""

import re
import struct
import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import md5
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    String,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.core import files
from app.core.cents import WholeCents
from app.core.types import OpenedJson

TOKEN = re.compile(r"canary(\d{3})z|13800(\d{6})")
TOKEN_TEXT = "canary{:03d}z"
DAY = date(2018, 6, 25)
NOTED, KEPT = "common911", "common912"
"""Custom fields of loans: a text, which the rows' JSON has a canary for, and a file."""


DECLARED: dict[str, dict[str, Any]] = {
    "attachment": {"media_type": "image/png"},
    "field_file": {"media_type": "image/png", "field": KEPT},
    "saved_view": {"entity": "loan", "query": ""},
    "user_report": {"entity": "loan", "query": "_row=status&_m=count"},
}
"""What a row must say to be opened at all: what sort of file it is and in which field, which list or report."""


def file_key(number: int) -> str:
    """Under which key the files of a loan's rows are kept."""
    name = md5(token(number).encode(), usedforsecurity=False).hexdigest()
    return f"walk/{name[:2]}/{name[2:]}"


def keep_files(numbers: Iterable[int]) -> None:
    """Put the files of these loans where this process keeps files; each says its canary."""
    for number in numbers:
        path = files.path_of(file_key(number))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_picture(token(number)))


def _picture(text: str) -> bytes:
    """A dot of PNG that says this."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"tEXt", b"Comment\0" + text.encode()),
             (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b""))  # fmt: skip
    told = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(told)


def values_of(entity: Any, holder: dict[str, Any]) -> dict[str, Any]:
    """What the columns of a row hold that belongs to the rows of a holder, by its declaration alone."""
    found = {}
    for column in entity.__table__.columns:
        value = _value(entity, column, holder)
        if value is not None:
            found[column.key] = value
    return found


def _value(entity: Any, column: Any, holder: dict[str, Any]) -> Any:
    number, kind, info = holder["number"], column.type, column.info
    if column.primary_key or column.name == "written_in":
        return None
    if info.get("kind") == "file":
        return file_key(number)
    if column.name in DECLARED.get(entity.slug(), {}):
        return DECLARED[entity.slug()][column.name]
    if info.get("kind") == "scope_key":
        return _scope_key(entity, column.name, holder)
    if "row_id" in entity.__table__.c and entity.__table__.c.row_id.info.get("is_target"):
        about = {"entity": "loan", "row_id": holder["loan"].id}
        if column.name in about:
            return about[column.name]
    if info.get("link") == "role":
        # what may stand open does: a row that is lent to a role would be seen by its holders
        return None if column.nullable else holder["role"]
    if info.get("link"):
        target = holder.get(info["link"])
        return None if info["link"] == entity.slug() else getattr(target, "id", None)
    if info.get("choices"):
        members = list(info["choices"])
        return (
            holder["kind"]
            if column.name == "kind" and holder["kind"] in members and entity.slug() == "product"
            else members[0]
        )
    return _plain(column, kind, info, number, "common{:03d}" if entity.__scope__.is_shared else TOKEN_TEXT)


def _scope_key(entity: Any, name: str, holder: dict[str, Any]) -> Any:
    """Filled by triggers where it is copied from a link; set here where the row itself is the key."""
    if name in entity.__scope__.copied_keys():
        return None
    return {
        "branch_lft": holder["branch"].lft,
        "region_lft": holder["region"].lft,
        "product_kind": holder["kind"],
    }.get(name)


def _plain(column: Any, kind: Any, info: dict[str, Any], number: int, form: str) -> Any:
    if info.get("personal") or info.get("personal_by"):
        return f"{'+86' if info.get('kind') == 'phone' else 'ID'}13800{number:06d}"
    if isinstance(kind, String):
        text = form.format(number)
        return text if kind.length is None or kind.length >= len(text) else "CNY"[: kind.length]
    if isinstance(kind, Boolean):
        return column.name == "is_active"
    if isinstance(kind, DateTime):
        return datetime(2018, 6, 1, 8, tzinfo=UTC) + timedelta(hours=number)
    if isinstance(kind, Date):
        return (
            None
            if column.name in ("paid_on", "written_off_on", "settled_on") and column.nullable
            else DAY - timedelta(days=number + 1)
        )
    if isinstance(kind, Numeric):
        return Decimal(2**number) if info.get("kind") == "money" else Decimal(number + 1)
    if isinstance(kind, WholeCents):
        return Decimal(number + 1)
    if isinstance(kind, Integer):
        return number + 1
    if isinstance(kind, JSONB | OpenedJson):
        return (
            None
            if info.get("kind") == "json"
            and column.default is not None
            and callable(column.default.arg)
            and column.name in ("errors", "receipts")
            else {NOTED: form.format(number)}
        )
    assert isinstance(kind, (ARRAY, LargeBinary)), f"the walk cannot fill {column}"
    is_needed = isinstance(kind, LargeBinary) and column.server_default is None
    return number.to_bytes(32) if is_needed else None


def token(number: int) -> str:
    """The canary of a loan's rows."""
    return TOKEN_TEXT.format(number)
