"""Where a custom field is used that is to be changed or deleted: in rows, files, questions that are kept, and above."""

from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, func, select

from app.core import custom_uses, registry
from app.core.custom import PREFIX
from app.core.custom_column import COLUMN, is_open
from app.core.db import unscoped
from app.core.labels import entity_label
from app.core.org.approvals import CHANGE, ApprovalRequest, ApprovalRoute, RequestState
from app.core.org.remarks import FieldFile
from app.core.org.reports import UserReport
from app.core.org.rules import Rule
from app.core.org.uploads import UploadLayout
from app.core.org.views import SavedView
from app.core.org.webhooks import Webhook
from app.core.web.custom_reach import of_plan, of_query, reaches

MOST_COUNTED = 1000
"""Rows in use are counted no further: whether there are any is what matters."""


def used(slug: str, code: str, such: ColumnElement[bool] | None = None) -> str:
    """Where a field is used, or values of it are `such`, in words; empty for nowhere."""
    if not registry.has_entity(slug) or not is_open(registry.entity(slug)):
        return ""
    entity = registry.entity(slug)
    has = getattr(entity, COLUMN).has_key(code) if such is None else such
    with unscoped("where a custom field is used") as session:
        rows = session.scalar(
            select(func.count()).select_from(select(entity.id).where(has).limit(MOST_COUNTED).subquery())
        )
        said = [f"{entity_label(entity)}: {rows}{'+' * (rows == MOST_COUNTED)}"] * bool(rows)
        if such is None:
            said += _named(session, entity, code)
    return "; ".join(said)


def _named(session: Any, entity: Any, code: str) -> list[str]:
    """Where the field itself is named, whatever values it has."""
    kept, name = _files(session, entity.slug(), code), PREFIX + code
    views, reports = (
        [called for called, of, query in session.execute(select(kind.name, kind.entity, kind.query)) if reaches(of, of_query(query), entity, name)]
        for kind in (SavedView, UserReport)
    )  # fmt: skip
    plans = session.execute(select(UploadLayout.name, UploadLayout.entity, UploadLayout.plan))
    layouts = [called for called, of, plan in plans if reaches(of, of_plan(plan), entity, name)]
    said = [gettext("Files kept of it: %(n)s", n=kept)] * bool(kept)
    said += [gettext("Saved views: %(names)s", names=_joined(views))] * bool(views)
    said += [gettext("User reports: %(names)s", names=_joined(reports))] * bool(reports)
    said += [gettext("Upload layouts: %(names)s", names=_joined(layouts))] * bool(layouts)
    if routes := _that_limit(session, entity, name):
        said.append(gettext("Approval routes: %(names)s", names=_joined(routes)))
    if rules := _that_follow(session, entity, name):
        said.append(gettext("Rules and webhooks: %(names)s", names=_joined(rules)))
    if waiting := _that_wait(session, entity, name):
        said.append(gettext("Requests that wait for approval: %(n)s", n=waiting))
    return [*said, *custom_uses.found(session, entity.slug(), code)]


def _joined(names: list[str]) -> str:
    return ", ".join(sorted(names))


def _files(session: Any, slug: str, code: str) -> int:
    """How many files stood in a field: the history names them, and who may open one goes by its field."""
    mine = select(FieldFile.id).where(FieldFile.entity == slug, FieldFile.field == code).limit(MOST_COUNTED)
    return session.scalar(select(func.count()).select_from(mine.subquery())) or 0


def _that_limit(session: Any, entity: Any, name: str) -> list[str]:
    """Approval routes that ask how large an amount of the record is."""
    asked = select(ApprovalRoute.name, ApprovalRoute.operation, ApprovalRoute.amount_field)
    verbs = {one.name: one.entity.slug() for one in registry.operations()}
    return [
        called
        for called, operation, field in session.execute(asked.where(ApprovalRoute.amount_field.is_not(None)))
        if reaches(verbs.get(operation, operation.removeprefix(CHANGE)), iter([field]), entity, name)
    ]


def _that_wait(session: Any, entity: Any, name: str) -> int:
    """How many requests for approval hold a change of the field that is not stored yet."""
    is_open = ApprovalRequest.state.in_((RequestState.WAITING, RequestState.APPROVED))
    mine = ApprovalRequest.entity == entity.slug(), is_open, ApprovalRequest.changes.has_key(name)
    return session.scalar(select(func.count(ApprovalRequest.id)).where(*mine)) or 0


def _that_follow(session: Any, entity: Any, name: str) -> list[str]:
    """Rules and webhooks that ask for a field or write it."""
    ruled = session.execute(select(Rule.name, Rule.entity, Rule.conditions, Rule.field, Rule.set_field))
    told = session.execute(select(Webhook.name, Webhook.entity, Webhook.conditions))
    return [
        called
        for called, of, conditions, *fields in [*ruled, *told]
        if reaches(of, iter([*filter(None, fields), *of_query(conditions)]), entity, name)
    ]
