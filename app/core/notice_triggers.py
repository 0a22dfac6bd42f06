"""Triggers that note of what users are to be told, in the transaction of the deed itself and never of one's own.

Whether the receiver sees the record, and whether he wants to be told, is asked afterwards (`app.core.notices.settle`):
a trigger knows only its own session's scope. Of what a job counts by itself (a night's days past due) nobody is told,
or whoever follows a loan would be told every morning; of what somebody asked a job to change he is.
"""

from collections.abc import Iterator
from typing import Any

from app.core import custom_column, notice_work, registry
from app.core.history_triggers import history_columns
from app.core.notice_work import INTO, ME

_IS_TOLD = (
    "(coalesce(current_setting('app.source', true), '') <> 'job' "
    "OR coalesce(current_setting('app.is_asked', true), '') = 'yes')"
)
_WORDS = {"comment": "comment", "attachment": "file"}
"""Entity of what people add to a record → the kind of notification for those who follow that record."""

_WORK = {
    "task": {"ins": notice_work.given, "upd": notice_work.given_again},
    "approval_request": {"ins": notice_work.asked, "upd": notice_work.asked_again},
}
"""Entity of what somebody is to do → what is noted when it is stored and when it is changed."""


def notice_triggers(entity: Any) -> Iterator[str]:
    """What is noted when rows of an entity are added and changed."""
    slug = entity.slug()
    if slug in _WORK:
        for short, said in _WORK[slug].items():
            yield from _statement(entity, short, said())
    elif slug in _WORDS:
        yield from _statement(entity, "ins", _told_followers(slug))
    elif slug == "mention":
        yield from _statement(entity, "ins", _told_mentioned())
    elif _is_followed(entity):
        people = _people(entity)
        if people:
            yield from _statement(entity, "ins", "; ".join(_added(slug, one) for one in people))
        changed = "; ".join([*(_changed(slug, one) for one in people), _told_of_change(entity)])
        yield from _statement(entity, "upd", f"IF {_IS_TOLD} THEN {changed}; END IF")
    if getattr(entity, "__job__", None) is not None:
        yield from _job(entity)


def _is_followed(entity: Any) -> bool:
    return entity.__history__ and entity in registry.followed(registry.entity("comment"))


def _people(entity: Any) -> list[str]:
    """The columns that put a user down: what house records say of him he does not see."""
    if entity.__scope__.mode == "house":
        return []
    return [c.name for c in entity.__table__.columns if c.info.get("link") == "user"]


def _added(slug: str, column: str) -> str:
    """New rows with somebody else in this column: one notification for each person, however many rows it is."""
    return (
        f"{INTO} SELECT n.{column}, 'assigned', '{slug}', max(n.id), '{column}', {ME}, NULL, count(*) FROM n "
        f"WHERE n.{column} IS NOT NULL AND n.{column} IS DISTINCT FROM {ME} GROUP BY n.{column}"
    )


def _changed(slug: str, column: str) -> str:
    return (
        f"{INTO} SELECT n.{column}, 'assigned', '{slug}', max(n.id), '{column}', {ME}, NULL, count(*) "
        f"FROM o JOIN n USING (id) WHERE n.{column} IS NOT NULL AND n.{column} IS DISTINCT FROM o.{column} "
        f"AND n.{column} IS DISTINCT FROM {ME} GROUP BY n.{column}"
    )


def _told_of_change(entity: Any) -> str:
    """Those who follow a row of which a kept column differs. Where nobody follows any, one look into an index."""
    slug, columns = entity.slug(), history_columns(entity)
    if custom_column.is_open(entity):
        columns = [*columns, "custom"]
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("o", "n"))
    return (
        f"IF EXISTS (SELECT 1 FROM following f WHERE f.entity = '{slug}') THEN "
        f"{INTO} SELECT f.user_id, 'change', '{slug}', n.id, NULL, {ME}, NULL, 1 "
        f"FROM following f JOIN n ON n.id = f.row_id JOIN o ON o.id = n.id "
        f"WHERE f.entity = '{slug}' AND f.user_id IS DISTINCT FROM {ME} "
        f"AND ROW({old}) IS DISTINCT FROM ROW({new}); END IF"
    )


def _told_followers(slug: str) -> str:
    comment = "n.id" if slug == "comment" else "NULL"
    return (
        f"{INTO} SELECT f.user_id, '{_WORDS[slug]}', n.entity, n.row_id, NULL, n.author_id, {comment}, 1 "
        f"FROM n JOIN following f ON f.entity = n.entity AND f.row_id = n.row_id WHERE f.user_id <> n.author_id"
    )


def _told_mentioned() -> str:
    return (
        f"{INTO} SELECT n.user_id, 'mention', n.entity, n.row_id, NULL, n.author_id, n.comment_id, 1 "
        f"FROM n WHERE n.user_id <> n.author_id"
    )


def _job(entity: Any) -> Iterator[str]:
    """A run that comes to an end: whoever asked for it is told, once for each time that it ends."""
    table, job = entity.__table__.name, entity.__job__
    body = f"{INTO} VALUES (NEW.{job.user}, 'job', '{entity.slug()}', NEW.id, NEW.state, NULL, NULL, 1)"
    is_whole = "".join(f" AND NEW.{column} = '{value}'" for column, value in job.only.items())
    ends = f"NEW.state IN ('done', 'failed') AND NEW.{job.user} IS NOT NULL{is_whole}"
    yield _function(f"notice_job_{table}", body)
    yield f"DROP TRIGGER IF EXISTS notice_job ON {table}"
    yield (
        f"CREATE TRIGGER notice_job AFTER UPDATE OF state ON {table} FOR EACH ROW "
        f"WHEN (OLD.state IS DISTINCT FROM NEW.state AND {ends}) EXECUTE FUNCTION notice_job_{table}()"
    )


_TABLES = {"ins": ("INSERT", "NEW TABLE AS n"), "upd": ("UPDATE", "OLD TABLE AS o NEW TABLE AS n")}


def _statement(entity: Any, short: str, body: str) -> Iterator[str]:
    table, (verb, referencing) = entity.__table__.name, _TABLES[short]
    yield _function(f"notice_{short}_{table}", body)
    yield f"DROP TRIGGER IF EXISTS notice_{short} ON {table}"
    yield (
        f"CREATE TRIGGER notice_{short} AFTER {verb} ON {table} REFERENCING {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION notice_{short}_{table}()"
    )


def _function(name: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ BEGIN {body}; RETURN NULL; END $$"
    )
