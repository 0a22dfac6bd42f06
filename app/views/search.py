"""Ctrl+K: customers, loans and phones by a few characters, each within the user's scope."""

from typing import Any

from flask import jsonify, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.contact.phones import PhoneError, normalise
from app.core import labels, settings
from app.core.db import web_session
from app.core.web import links, quick_search, recents
from app.core.web.driving import ids_in_scope
from app.core.web.principal import current
from app.core.web.register import screen
from app.models import Customer, Loan, Phone

MOST = 6


@screen()
class Search(BaseView):
    """The palette's answers."""

    route_base = "/search"
    class_permission_name = "Search"
    default_view = "find"

    @expose("/")
    @has_access
    def find(self) -> Any:
        text = request.args.get("q", "").strip().replace("\x00", "")[:100]
        groups = []
        if not text:
            groups = [_recent()]
        elif len(text) >= 2 or not text.isascii():  # one sign of Chinese is a surname
            groups = [self._rows(Loan, text), self._rows(Customer, text), self._phones(text)]
        return jsonify(groups=[group for group in groups if group])

    def _rows(self, entity: Any, text: str) -> dict[str, Any] | None:
        if not current().may("can_show", labels.subject(entity)):
            return None
        found = [*ids_in_scope(entity, web_session()), quick_search.search(entity, text, current())]
        query = select(entity).where(*found).order_by(entity.id).limit(MOST)
        if entity is Loan:
            query = query.options(joinedload(Loan.customer))
        rows = web_session().scalars(query).unique().all()
        return _group(labels.entity_label(entity), [_item(entity, row) for row in rows])

    def _phones(self, text: str) -> dict[str, Any] | None:
        """Customers by telephone number, for those who may see numbers."""
        if (
            sum(c.isdigit() for c in text) < 5
            or not current().may_reveal
            or not current().may("can_show", "Phone")
        ):
            return None
        try:
            number = normalise(text, settings.read(web_session(), "country"))
        except PhoneError:
            number = "+" + "".join(c for c in text if c.isdigit())
        query = (
            select(Phone)
            .where(Phone.number.startswith(number, autoescape=True))
            .options(joinedload(Phone.customer))
            .limit(MOST)
        )
        rows = [row for row in web_session().scalars(query).unique() if row.customer is not None]
        items = [
            {
                "text": str(row.customer),
                "sub": row.number,
                "url": links.show_url("customer", row.customer_id),
                "icon": "phone",
            }
            for row in rows
        ]
        return _group(gettext("Phones"), items)


def _recent() -> dict[str, Any] | None:
    """What the user opened last, offered before he types."""
    found = recents.newest(current())
    items = [{"text": one.label, "sub": one.sub, "url": one.url, "icon": one.icon} for one in found]
    return _group(gettext("Recent"), items)


def _group(label: str, items: list[dict[str, Any]]) -> dict[str, Any] | None:
    return {"label": label, "items": items} if items else None


def _item(entity: Any, row: Any) -> dict[str, Any]:
    sub = str(row.customer or "") if entity is Loan else str(row.status.label)
    return {
        "text": str(row),
        "sub": sub,
        "url": links.show_url(entity.slug(), row.id),
        "icon": entity.__screen__.icon,
    }
