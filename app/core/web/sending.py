"""Forms that are stored once however often they are sent: clicked twice, sent again after Back, from a copied window.

A form carries a key of its own. It is stored in the transaction of what the form does, beside the keys of programs
(`app.core.web.repeating`): who sends the same again is told that it was stored and led there. Who has changed
something since is asked first, for he may mean another record. What was refused stored nothing, its key neither.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from flask import Flask, flash, request
from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.core.locks import Lock
from app.core.org import IdempotentRequest
from app.core.web.drafts import MARK
from app.core.web.principal import current
from app.core.web.repeating import digest_of_form

NAME = "_once"
"""Name of the hidden input with the key."""
_KEY = re.compile("[0-9a-f]{32}")
_UNSAID = (NAME, MARK, "csrf_token")
"""Inputs that differ each time the same form is opened."""


def init(app: Flask) -> None:
    """Let templates give their forms a key."""
    app.jinja_env.globals["sending_key"] = lambda: secrets.token_hex(16)


@dataclass(frozen=True)
class Sending:
    """The form that came in, by its key and what it says; one without a key is stored each time it is sent."""

    key: str
    digest: str

    @classmethod
    def now(cls) -> "Sending":
        """That of this request."""
        said = request.form.get(NAME, "")
        if not _KEY.fullmatch(said):
            return cls("", "")
        # no key of a program has a space; what it says is read before its files are taken away
        return cls(f"form {said}", digest_of_form(_UNSAID))

    def before(self, session: Session) -> int | None:
        """The id of what it stored before, 0 where it stored no row; None the first time.

        Whoever sends it at the same moment waits here for the other. Raises RuleError where the form says something
        else now than it did then.
        """
        if not self.key:
            return None
        user_id = current().user_id
        lock = func.pg_advisory_xact_lock(Lock.IDEMPOTENT_REQUEST, func.hashtext(f"{user_id} {self.key}"))
        session.execute(select(lock))
        own = IdempotentRequest.user_id == user_id, IdempotentRequest.key == self.key
        known = session.scalar(select(IdempotentRequest).where(*own))
        if known is None:
            return None
        if known.digest != self.digest:
            raise RuleError(
                gettext("This form was stored before you changed it. To store it again as it is now, send it once more.")
            )  # fmt: skip
        return int(known.answer.get("id", 0))

    def asked_before(self, session: Session) -> tuple[int | None, RuleError | None]:
        """What `before` says, and in place of what it raises the refusal."""
        try:
            return self.before(session), None
        except RuleError as error:
            return None, error

    def row_before(self, session: Session, entity: Any) -> Any:
        """The row that it stored before. Raises RuleError also where that is no longer there."""
        stored = self.before(session)
        if stored is None:
            return None
        found = session.scalars(select(entity).where(entity.id == stored)).unique().one_or_none()
        if found is None:
            raise RuleError(
                gettext("What this form stored is no longer there. To store it anew, send it once more.")
            )
        return found

    def keep(self, within: Session, row_id: int = 0) -> None:
        """Store the key with what the form does, in the session that does it."""
        if self.key:
            told = {"id": row_id} if row_id else {}
            kept = {"key": self.key, "digest": self.digest, "status": 200, "answer": told}
            within.add(IdempotentRequest(user_id=current().user_id, **kept))
            within.flush()


def say(*, is_again: bool) -> None:
    """Tell that a form was stored, or that it had been."""
    if is_again:
        flash(gettext("This was stored already; nothing was stored twice"), "info")
    else:
        flash(gettext("Saved"), "success")
