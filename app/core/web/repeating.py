"""Writing once however often it is asked: a program names its request by a key, and asking again only tells it again.

The key is stored in the transaction of what it names. So a process killed at any instruction leaves both or
neither, and who got no answer asks again with the same key. What was refused stored nothing, its key neither.
"""

import hmac
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, request
from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.db import web_session
from app.core.files import PIECE
from app.core.locks import Lock
from app.core.org import IdempotentRequest
from app.core.web.bodies import Unreadable
from app.core.web.principal import current

KEY, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
RETRY_SECONDS = 1
"""When an answer that is being made is worth asking for again."""
_VISIBLE = re.compile("[!-~]{1,255}")


@dataclass(frozen=True)
class Answer:
    """What the API says of a write, and the version of the written row if there is one."""

    status: int
    body: dict[str, Any]
    version: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Keep = Callable[[Session, Answer], None]
"""Stores the answer under the request's key, in the session that does what was asked, before it commits."""


def once(work: Callable[[Keep], Answer]) -> Answer:
    """Do the work, or tell again what it was answered with if the request's key says that it was done.

    Raises Unreadable for a key that cannot be one.
    """
    key = request.headers.get(KEY)
    if key is None:
        return work(_keep_nothing)
    if not _VISIBLE.fullmatch(key):
        raise Unreadable(gettext("An Idempotency-Key is 1 to 255 visible ASCII characters without spaces"))
    session, user_id, digest = web_session(), current().user_id, _digest()
    lock = func.pg_try_advisory_xact_lock(Lock.IDEMPOTENT_REQUEST, func.hashtext(f"{user_id} {key}"))
    if not session.scalar(select(lock)):
        busy = gettext("A request with this Idempotency-Key is being worked on; ask again in a moment")
        return Answer(409, {"message": busy}, headers={"Retry-After": str(RETRY_SECONDS)})
    own = IdempotentRequest.user_id == user_id, IdempotentRequest.key == key
    known = session.scalar(select(IdempotentRequest).where(*own))
    if known is not None:
        return _again(known, digest)

    def keep(within: Session, answer: Answer) -> None:
        told = {"status": answer.status, "answer": answer.body, "version": answer.version}
        within.add(IdempotentRequest(user_id=user_id, key=key, digest=digest, **told))
        within.flush()

    return work(keep)


def _keep_nothing(_session: Session, _answer: Answer) -> None:
    """For a request without a key."""


def _again(known: IdempotentRequest, digest: str) -> Answer:
    if known.digest != digest:
        return Answer(422, {"message": gettext("This Idempotency-Key was used for another request")})
    return Answer(known.status, known.answer, known.version, {REPLAYED: "true"})


def _digest() -> str:
    """Of what the program asks for. Keyed, because a body may hold a password, which a plain hash would betray."""
    said = _keyed()
    for part in (request.method, request.full_path, request.headers.get("If-Match", "")):
        said.update(f"{part}\n".encode())
    if request.mimetype == "multipart/form-data":
        _add_parts(said)
    else:
        said.update(request.get_data())
    return str(said.hexdigest())


def digest_of_form(unsaid: Collection[str]) -> str:
    """The same of what a person's form says, without the inputs that differ each time it is opened."""
    said = _keyed()
    said.update(f"{request.path}\n".encode())
    _add_parts(said, unsaid)
    return str(said.hexdigest())


def _keyed() -> Any:
    return hmac.new(str(current_app.config["SECRET_KEY"]).encode(), digestmod="sha256")


def _add_parts(said: Any, unsaid: Collection[str] = ()) -> None:
    """A form with files, by pieces: a file is never in memory as a whole."""
    for name, value in request.form.items(multi=True):
        if name not in unsaid:
            said.update(f"{name}={value}\n".encode())
    for name, upload in request.files.items(multi=True):
        said.update(f"{name}: {upload.filename}\n".encode())
        upload.stream.seek(0)
        while piece := upload.stream.read(PIECE):
            said.update(piece)
        upload.stream.seek(0)
