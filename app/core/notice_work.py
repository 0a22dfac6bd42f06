"""What is noted when work arrives: a task for a user, a role or a team, and a request whose approvers' turn it is.

Written by triggers, as all that is noted (`app.core.notice_triggers`): whoever gives a task or asks for approval may not
write into the notifications of others. A statement notes one for each receiver, however many tasks it gives.
"""

ME = "nullif(current_setting('app.user_id', true), '')::int"
INTO = "INSERT INTO notification (user_id, kind, entity, row_id, about, actor_id, comment_id, times)"
_BY_RULE = "coalesce(current_setting('app.source', true), '') = 'rule'"
"""A rule gives tasks in the name of the user as whom it acts, who has not done it himself."""
_WHO = {"user_id": "u.id = n.user_id", "role_id": "u.role_id = n.role_id", "team_id": "u.team_id = n.team_id"}
_TODAY = "coalesce((SELECT nullif(value, '')::date FROM setting WHERE name = 'business_date'), current_date)"
_HAD_NO_SAY = " AND ".join(f"{{0}} IS DISTINCT FROM n.{one}" for one in ("user_id", "first_by_id", "first_for_id"))  # fmt: skip


def given() -> str:
    """New tasks: whoever can do them is told, but for who gave them."""
    return _tasks("n", dict.fromkeys(_WHO, ""))


def given_again() -> str:
    """Tasks that are now for somebody else."""
    changed = {column: f" AND n.{column} IS DISTINCT FROM o.{column}" for column in _WHO}
    return _tasks("o JOIN n ON n.id = o.id", changed)


def _tasks(rows: str, only: dict[str, str]) -> str:
    by_way = (
        f"SELECT u.id, 'task', 'task', max(n.id), '{column}', CASE WHEN {_BY_RULE} THEN NULL ELSE {ME} END, NULL::bigint, count(*) "
        f"FROM {rows} JOIN ab_user u ON {meets} WHERE u.active AND n.state = 'open'{only[column]} "
        f"AND ({_BY_RULE} OR u.id IS DISTINCT FROM {ME}) GROUP BY u.id"
        for column, meets in _WHO.items()
    )
    return f"{INTO} {' UNION ALL '.join(by_way)}"


def asked() -> str:
    """New requests for approval: the holders of the first step's role, and who stands in for one of them who is away."""
    return f"{_turn('n')}; {_not_twice()}"


def asked_again() -> str:
    """The same of the second step's role, once the first one has said yes."""
    begun = "(SELECT n.* FROM o JOIN n ON n.id = o.id WHERE n.step IS DISTINCT FROM o.step) n"
    return f"{_turn(begun)}; {_not_twice()}"


def _turn(rows: str) -> str:
    """Nobody who had his say in the request, and nobody in the place of such a one."""
    holders = f"FROM {rows} JOIN ab_user u ON u.role_id = n.role_id AND u.active"
    silent = f"n.state = 'waiting' AND {_HAD_NO_SAY.format('u.id')}"
    away = f"JOIN absence a ON a.user_id = u.id AND {_TODAY} BETWEEN a.starts_on AND a.ends_on"
    return (
        f"{INTO} SELECT t.who, 'approval', 'approval_request', t.id, 'new', t.user_id, NULL, 1 FROM ("
        f"SELECT u.id AS who, n.id, n.user_id {holders} WHERE {silent} UNION "
        f"SELECT a.substitute_id, n.id, n.user_id {holders} {away} "
        f"WHERE {silent} AND {_HAD_NO_SAY.format('a.substitute_id')}) t"
    )


def _not_twice() -> str:
    """The tasks that go with a request are not told of besides: the request itself is."""
    return (
        "DELETE FROM notification d USING n WHERE d.checked_at IS NULL AND d.kind = 'task' AND d.entity = 'task' "
        "AND n.state = 'waiting' AND (d.row_id = n.task_id OR d.row_id = ANY (n.escalation_task_ids))"
    )
