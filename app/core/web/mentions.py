"""Whom a comment mentions: `@login` of an active user who sees the record it is about, kept as a row of its own."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, partial
from itertools import islice
from typing import Any

from flask_babel import gettext
from sqlalchemy import func, or_, select

from app.core import registry
from app.core.db import scoped_as
from app.core.errors import RuleError
from app.core.org import Comment, Mention, User
from app.core.web import followed

NAME = re.compile(r"(?<![\w@.])@([\w][\w.\-]{0,62}[\w]|\w)")
MOST = 20
"""Users whom one comment can mention: each is asked whether he sees the record."""
OFFERED, TRIED = 8, 24
"""Users offered for a few letters, and those of whom it is asked whether they see the record."""


def names(text: str) -> list[str]:
    """The logins that a text mentions, each once, in small letters.

    >>> names("@olga, ask @otto.b (not otto@bank.example) or @Olga.")
    ['olga', 'otto.b']
    """
    return list(dict.fromkeys(name.lower() for name in NAME.findall(text)))


def who_see(users: Iterable[User], entity: Any, row_id: int) -> Iterator[User]:
    """Those of the users who would find the record themselves, each with his own grants and role."""
    may_open = cache(partial(followed.may_role_open, entity=entity))
    for user in users:
        if may_open(user.role_id):
            with scoped_as(user.id) as session:
                if session.scalar(select(entity.id).where(entity.id == row_id)) is not None:
                    yield user


def keep(session: Any, comment: Comment) -> str | None:
    """Bring the comment's mentions in line with its text, within the running transaction.

    Returns a sentence that names who is not told, None where everybody is. Raises RuleError for too many.
    """
    wanted = names(comment.text)
    if len(wanted) > MOST:
        raise RuleError(gettext("At most %(most)s people can be mentioned in one comment", most=MOST), "text")
    entity = registry.entity(comment.entity)
    found = session.scalars(select(User).where(func.lower(User.username).in_(wanted), User.active)).all()
    told = {user.username.lower(): user.id for user in who_see(found, entity, comment.row_id)}
    had = session.scalars(select(Mention).where(Mention.comment_id == comment.id)).all() if comment.id else []
    for mention in had:
        if mention.user_id not in told.values():
            session.delete(mention)
    new = set(told.values()) - {mention.user_id for mention in had}
    about = {"entity": comment.entity, "row_id": comment.row_id, "author_id": comment.author_id}
    session.add_all(Mention(comment=comment, user_id=user_id, **about) for user_id in sorted(new))
    untold = [f"@{name}" for name in wanted if name not in told]
    return (
        gettext("Nobody of this name sees this record: %(names)s", names=", ".join(untold))
        if untold
        else None
    )


def offers(session: Any, entity: Any, row_id: int, letters: str) -> list[dict[str, str]]:
    """Users who see the record and whose login or name begins with these letters."""
    begun = letters.strip().replace("\x00", "")
    query = select(User).where(User.active).order_by(User.username).limit(TRIED)
    if begun:
        named = (User.username, User.first_name, User.last_name)
        query = query.where(or_(*(column.istartswith(begun, autoescape=True) for column in named)))
    told = islice(who_see(session.scalars(query), entity, row_id), OFFERED)
    return [{"value": user.username, "text": user.username, "sub": str(user)} for user in told]
