"""Triggers that keep what was changed in every row, and note what webhooks are to be told, in the same transaction."""

from collections.abc import Iterator
from typing import Any

from app.core import custom_column, personal_ddl
from app.core.persons import Private, private
from app.core.types import UNSEEN

_HISTORY_TARGET = "INSERT INTO history (entity, row_id, action, user_id, source, reason, written_in, changes)"
# as subqueries they are asked once a statement, not for each row
_WHO = (
    "(SELECT nullif(current_setting('app.user_id', true), '')::int), "
    "(SELECT coalesce(nullif(current_setting('app.source', true), ''), 'system')), "
    "(SELECT nullif(current_setting('app.reason', true), '')), "
    "(SELECT seal_number())"
)

_FIRED = "INSERT INTO rule_firing (rule_id, version_id, user_id, name, entity, row_id, event, depth{more})"
_DEPTH = "(SELECT coalesce(nullif(current_setting('app.rule_depth', true), '')::int, 0))"
"""How many rules, one after the other, led to the change: said by what carries a rule out."""
CALL_WEBHOOK = """CREATE OR REPLACE FUNCTION rule_tell(firing bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
INSERT INTO webhook_delivery (webhook_id, entity, row_id, event)
SELECT w.id, f.entity, f.row_id, CASE f.event WHEN 'deleted' THEN 'deleted' ELSE 'rule' END
FROM rule_firing f JOIN rule r ON r.id = f.rule_id JOIN webhook w ON w.id = r.webhook_id AND w.is_called_by_rules
AND w.entity = f.entity WHERE f.id = firing AND f.state = 'waiting' $$"""
"""Has a rule's webhook called, in the transaction of whoever carries the rule out: deliveries are the house's."""
_ME = "nullif(current_setting('app.user_id', true), '')::int"
_HIS = f"id = firing AND state = 'waiting' AND rule_id IN (SELECT r.id FROM rule r WHERE r.user_id = {_ME})"
TAKE_FIRING = f"""CREATE OR REPLACE FUNCTION rule_take(firing bigint) RETURNS text LANGUAGE sql SECURITY DEFINER
SET search_path = public AS $$ SELECT coalesce(kept::text, '') FROM rule_firing WHERE {_HIS} FOR UPDATE $$"""
MARK_FIRING = f"""CREATE OR REPLACE FUNCTION rule_mark(firing bigint, became text, did text[], why text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$
UPDATE rule_firing SET state = became, actions = did, problem = why, done_at = clock_timestamp(), kept = NULL, user_id = {_ME}
WHERE {_HIS} $$"""
"""Takes and marks what the rule's user carries out: that of a deleted record follows nothing any more by which he sees it."""
FIRINGS = (CALL_WEBHOOK, TAKE_FIRING, MARK_FIRING)


def history_columns(entity: Any) -> list[str]:
    """Columns whose changes are kept: all but the id, tree numbers, secrets and traces of use."""
    names = {"id", "password", "changed_on", "login_count", "fail_login_count", "last_login"}
    kept = (c for c in entity.__table__.columns if c.name not in names and not c.info.get("is_trace"))
    return [c.name for c in kept if c.info.get("kind") not in UNSEEN]


def told_columns(entity: Any) -> list[str]:
    """Columns of whose changes rules and webhooks are told."""
    return history_columns(entity) if entity.__history__ else list(entity.__told__ or ())


def is_told(entity: Any, event: str) -> bool:
    """Whether rules and webhooks are told of the event: of rows without history there is less to tell."""
    return entity.__history__ or event == "created" or (event == "changed" and bool(entity.__told__))


def history_triggers(entity: Any) -> Iterator[str]:
    """Statement triggers with transition tables: 6.5 times a bare update, where ORM events were 25 to 36."""
    if not entity.__history__:
        yield from _told_triggers(entity)
        return
    table, slug, columns = entity.__table__.name, entity.slug(), history_columns(entity)
    is_open, own = custom_column.is_open(entity), _whose(entity)
    removed = _removal(slug, columns, own, is_open=is_open)
    changed = _change(slug, columns, own, is_open=is_open)
    removal = _with_outbox(slug, "deleted", removed, gone=_gone(entity))
    change = _with_outbox(slug, "changed", changed)
    if own:
        removal = personal_ddl.keys_of_removal(own, slug) + removal
        change = personal_ddl.keys_of_change(own, slug) + change
    addition = _with_outbox(slug, "created", _addition(slug))
    yield from _history_trigger(table, "del", "DELETE", "OLD TABLE AS o", removal)
    yield from _history_trigger(table, "upd", "UPDATE", "OLD TABLE AS o NEW TABLE AS n", change)
    yield from _history_trigger(table, "ins", "INSERT", "NEW TABLE AS n", addition)


def _told_triggers(entity: Any) -> Iterator[str]:
    """Of rows that have no history, such as those of a journal, only what rules and webhooks want is noted."""
    if entity.__told__ is None:
        return
    table, slug = entity.__table__.name, entity.slug()
    added = "SELECT n.id AS row_id, '{}'::jsonb AS changes FROM n"
    yield from _history_trigger(
        table, "ins", "INSERT", "NEW TABLE AS n", _with_outbox(slug, "created", added, is_kept=False)
    )
    if entity.__told__:
        pairs = _object([f"'{c}', jsonb_build_array(o.{c}, n.{c})" for c in entity.__told__])
        old, new = (", ".join(f"{row}.{c}" for c in entity.__told__) for row in ("o", "n"))
        changed = (
            f"SELECT n.id AS row_id, {pairs} AS changes FROM o JOIN n USING (id) "
            f"WHERE ROW({old}) IS DISTINCT FROM ROW({new})"
        )
        body = _with_outbox(slug, "changed", changed, is_kept=False)
        yield from _history_trigger(table, "upd", "UPDATE", "OLD TABLE AS o NEW TABLE AS n", body)


def _whose(entity: Any) -> Private | None:
    """Whose personal values the history of the entity keeps encrypted; every row has to have its person."""
    own = private(entity)
    return own if own and own.is_certain else None


_FLAGS = {"created": "is_told_of_new", "changed": "is_told_of_changes", "deleted": "is_told_of_removals"}


def _with_outbox(
    slug: str, event: str, said: str, *, is_kept: bool = True, gone: tuple[str, str, str] = ("", "", "told")
) -> str:
    """What is kept of a statement's rows and, where a webhook or rule wants them, a row for each: in the same transaction.

    Where none does, it costs one look into two tables of a few rows a statement. What is not kept is only told.
    """
    wants = f"w.entity = '{slug}' AND NOT w.is_off AND w.{_FLAGS[event]}"
    follows = f"r.entity = '{slug}' AND NOT r.is_off AND r.event = '{event}'"
    more, values, whence = gone
    told = (
        f"WITH told AS ({said}{' RETURNING row_id, changes' if is_kept else ''}), fired AS ({_FIRED.format(more=more)} "
        f"SELECT r.id, v.id, r.user_id, r.name, "
        f"'{slug}', told.row_id, '{event}', {_DEPTH}{values} FROM {whence} CROSS JOIN rule r JOIN rule_version v "
        f"ON v.rule_id = r.id AND v.number = r.number WHERE {follows} AND "
        f"(r.field IS NULL OR jsonb_exists(told.changes, r.field))) "
        f"INSERT INTO webhook_delivery (webhook_id, entity, row_id, event) "
        f"SELECT w.id, '{slug}', told.row_id, '{event}' FROM told CROSS JOIN webhook w WHERE {wants}"
    )
    is_wanted = (
        f"EXISTS (SELECT 1 FROM webhook w WHERE {wants}) OR EXISTS (SELECT 1 FROM rule r WHERE {follows})"
    )
    return f"IF {is_wanted} THEN {told};{f' ELSE {said};' if is_kept else ''} END IF"


def _gone(entity: Any) -> tuple[str, str, str]:
    """What a firing keeps of a deleted row besides: columns, their values, and where these are from."""
    secret = [c.name for c in entity.__table__.columns if c.info.get("kind") == "bytes" or c.name == "password"]  # fmt: skip
    said = "SELECT coalesce(jsonb_object_agg(e.key, e.value -> 0), '{}') FROM jsonb_each(told.changes) e WHERE e.value -> 0 <> 'null'"
    row = f"to_jsonb(o) - '{{{','.join(secret)}}}'::text[]"
    return ", was, kept", f", ({said}), {row}", "told JOIN o ON o.id = told.row_id"


def _history_trigger(table: str, short: str, verb: str, referencing: str, body: str) -> Iterator[str]:
    yield (
        f"CREATE OR REPLACE FUNCTION history_{short}_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $$ BEGIN {body}; RETURN NULL; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS history_{short} ON {table}"
    yield (
        f"CREATE TRIGGER history_{short} AFTER {verb} ON {table} REFERENCING {referencing} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION history_{short}_{table}()"
    )


def _object(pairs: list[str]) -> str:
    """jsonb_build_object takes at most 100 arguments; longer lists are joined."""
    chunks = [pairs[i : i + 40] for i in range(0, len(pairs), 40)]
    return " || ".join(f"jsonb_build_object({', '.join(chunk)})" for chunk in chunks)


def _change(slug: str, columns: list[str], own: Private | None, *, is_open: bool) -> str:
    """What differs, written as JSON's text: building every column as jsonb first took twice as long.

    Each column is named once, for a night plans this in every session: rows that stay equal are told by having
    nothing to tell. Without OFFSET 0 the planner would name all of them twice again.
    """
    custom = [f"CASE WHEN o.custom IS DISTINCT FROM n.custom THEN {_custom_change(slug, own)} END"] * is_open
    changed = ", ".join([*(_pair(name, own) for name in columns), *custom])
    return (
        f"{_HISTORY_TARGET} SELECT '{slug}', d.id, 'change', {_WHO}, ('{{' || d.told || '}}')::jsonb FROM ("
        f"SELECT n.id, array_to_string(ARRAY[{changed}], ',') AS told FROM o JOIN n USING (id) OFFSET 0) d WHERE d.told <> ''"
    )


def _pair(column: str, own: Private | None) -> str:
    said = ", ".join(_said(row, column, own) for row in ("o", "n"))
    return f"CASE WHEN o.{column} IS DISTINCT FROM n.{column} THEN '\"{column}\":' || json_build_array({said}) END"


def _said(row: str, column: str, own: Private | None) -> str:
    """A value as it is kept: a person's own, encrypted."""
    plain = f"{row}.{column}"
    return personal_ddl.value(own, row, f"to_json({plain})") if own and column in own.columns else plain


def _custom_change(slug: str, own: Private | None) -> str:
    if own is None:
        return "custom_changed(o.custom, n.custom)"
    whose = f"'{own.person.slug()}', o.{own.column}, n.{own.column}"
    return f"custom_changed_of(o.custom, n.custom, {personal_ddl.hidden(slug)}, {whose})"


def _removal(slug: str, columns: list[str], own: Private | None, *, is_open: bool) -> str:
    kept = _object([f"'{c}', jsonb_build_array({_said('o', c, own)}, NULL)" for c in columns])
    if is_open and own:
        whose = f"'{own.person.slug()}', o.{own.column}"
        kept += f" || custom_removed_of(o.custom, {personal_ddl.hidden(slug)}, {whose})"
    elif is_open:
        kept += " || custom_removed(o.custom)"
    return f"{_HISTORY_TARGET} SELECT '{slug}', o.id, 'delete', {_WHO}, {kept} FROM o"


def _addition(slug: str) -> str:
    """The values of a new row are the row itself until its first change, so they are not stored twice."""
    return f"{_HISTORY_TARGET} SELECT '{slug}', n.id, 'create', {_WHO}, '{{}}'::jsonb FROM n"
