"""Keeping a file that came with a form: how large it may be, what it is called and what sort it is."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.core import files, media, settings
from app.core.errors import RuleError
from app.core.org import Attachment
from app.core.web.steering import setting

KIND = "attachment"


@dataclass(frozen=True)
class Sent:
    """A kept file."""

    file_key: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True)
class Room:
    """How large a file may be, told to the page so that a larger one is refused before any of it is sent."""

    bytes: int
    refusal: str


def room(most: int | None = None) -> Room:
    """The room for a file of a form: that of an attachment, or `most`, and never more than the installation takes in."""
    wanted = int(setting("attachment_mb")) * files.MEGA if most is None else most
    found = min(wanted, current_app.config["MAX_CONTENT_LENGTH"] or wanted)
    return Room(found, gettext("The file is larger than %(most)s MB.", most=found // files.MEGA))


def init(app: Flask) -> None:
    """Let templates ask for it."""
    app.jinja_env.globals["file_room"] = room


def keep(session: Session, upload: Any, column: str) -> Sent:
    """Keep an upload. Raises RuleError about the column for a file that is too large or empty."""
    most = int(settings.read(session, "attachment_mb")) * files.MEGA
    head = upload.stream.read(media.HEAD)
    if not head:
        raise RuleError(gettext("The file is empty"), column)
    upload.stream.seek(0)
    try:
        key = files.store(upload.stream, KIND, most_bytes=most)
    except RuleError as error:
        raise RuleError(error.message, column) from error
    name = _fitting(files.shown_name(upload.filename or ""))
    return Sent(key, name, media.kind_of(head), files.size_of(key))


def _fitting(name: str) -> str:
    """As many letters of a name as its column holds; its ending stays."""
    most = Attachment.__table__.c.name.type.length
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= most else f"{stem[: most - len(dot + ending)]}{dot}{ending}"
