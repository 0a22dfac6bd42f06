"""The page on which a column of numbers is pasted to choose the rows of a list."""

import re
from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock, labels, registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import SavedView, Selection, Upload, UserReport
from app.core.web import links
from app.core.web.principal import current
from app.core.web.register import screen
from app.core.web.selecting import PARAMETER, Match, keys, match, values

KEPT = timedelta(days=30)


def _keep(session: Session, entity: Any, ids: set[int]) -> Selection:
    """Store a selection, and forget the reader's old ones, save those that something of his still shows."""
    mine = current().user_id
    is_old = Selection.created_at < clock.now() - KEPT, Selection.id.not_in(_used(session, mine))
    session.execute(delete(Selection).where(Selection.user_id == mine, *is_old))
    chosen = Selection(user_id=mine, entity=entity.slug(), row_ids=sorted(ids))
    session.add(chosen)
    session.commit()
    return chosen


def _used(session: Session, mine: int) -> set[int]:
    """The selections that one of the reader's views or reports is about, or that are the rows of one of his imports."""
    kept = [select(cls.query).where(cls.user_id == mine) for cls in (SavedView, UserReport)]
    queries = [query for statement in kept for query in session.scalars(statement)]
    named = re.findall(rf"\b{PARAMETER}=(\d{{1,18}})\b", " ".join(queries))
    imported = select(Upload.selection_id).where(Upload.user_id == mine, Upload.selection_id.is_not(None))
    return {*map(int, named), *session.scalars(imported)}


@screen()
class Selections(BaseView):
    """The page on which a column of numbers is pasted."""

    route_base = "/selection"
    class_permission_name = "Selection"
    default_view = "pick"

    @expose("/<slug>", methods=["GET", "POST"])
    @has_access
    def pick(self, slug: str) -> Any:
        """Ask for the values; then the list of the rows they name, or first what was not found."""
        if not registry.has_entity(slug) or not links.is_shown(registry.entity(slug)):
            abort(404)
        entity, pasted = registry.entity(slug), request.form.get("values", "")
        if not current().may("can_list", labels.subject(entity)) or not any(keys(entity, current())):
            abort(404)
        found, error, url = Match(), "", ""
        if request.method == "POST":
            try:
                wanted = values(pasted)
                found = match(web_session(), entity, wanted, current())
            except RuleError as refused:
                wanted, error = [], str(refused)
            if not wanted and not error:
                error = gettext("Paste at least one value")
            if found.ids:
                url = links.list_url(slug, **{PARAMETER: _keep(web_session(), entity, found.ids).id})
            if found.ids and not found.missing and not found.several:
                flash(gettext("Values found: %(n)s", n=len(wanted)), "success")
                return redirect(url)
        named = list(dict.fromkeys(key.field.label for key in keys(entity, current())))
        page = render_template(
            "generated/pick.html", entity=slug, title=labels.entity_label(entity), list_url=links.list_url(slug),
            pasted=pasted, found=found, error=error, url=url, named=named, is_asked=request.method == "POST",
        )  # fmt: skip
        return page, (422 if error else 200)
