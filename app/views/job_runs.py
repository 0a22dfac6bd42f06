"""What the runs of jobs say in words besides their own: whose payments were posted."""

from flask import g, has_app_context
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.core import codes
from app.core.db import web_session
from app.models.lending import Client
from app.servicing.posting_bulk import FILES


def _clients() -> codes.Words:
    """Payments are posted client by client: the step of that job is the client's id. Within the reader's scope."""
    if not has_app_context() or "principal" not in g or not g.principal:
        return {}
    if "clients_by_step" not in g:
        found = web_session().execute(select(Client.id, Client.name)).all()
        g.clients_by_step = {str(number): name for number, name in found}
    return dict(g.clients_by_step)


codes.add("job", {FILES: _("Posting of repayments")})
codes.add("job_step", _clients)
