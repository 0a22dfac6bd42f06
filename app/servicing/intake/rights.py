"""Who may import what: a loan book only who sees all of it, payments also who sees a part, for the loans he sees.

A portfolio may name any row of the client's book. A file of payments names loans; for who sees a part of the book one
that he may not write to does not exist.
"""

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.core.alphabet import in_order
from app.core.db import ScopedSession, scoped_as
from app.core.errors import RuleError
from app.core.reach import ALL, Reach
from app.models.intake import ImportLayout
from app.servicing.intake import clients
from app.servicing.intake.layouts import Source, client_code

PAYMENTS = "repayments"
REFUSED = _(
    "An import needs a grant on everything or on the whole portfolio of its client; one of repayments for a part of "
    "it, a grant on that part and one on own records."
)


def reach_of(user_id: int | None, source: Source, code: str | None) -> Reach:
    """Whose loans an import by this user into the book of a client may name; `user_id` is None for the house itself.

    Raises RuleError where he may not import this at all.
    """
    if user_id is None:
        return ALL
    with scoped_as(user_id) as session:
        reach = session.reach
        client = clients.find(session, code) if code else None
        client_id = client.id if client else None
    if not _may_import(reach, source.target, client_id):
        raise RuleError(REFUSED)
    return ALL if _sees_book(reach, client_id) else reach.for_writing


def offered(session: ScopedSession) -> dict[str, tuple[ImportLayout, int | None]]:
    """The layouts by which the session's user may import, by name, each with the id of its client where there is one.

    They stand in the order of their titles as the reader sees them.
    """
    found = {}
    for layout in in_order(session.scalars(select(ImportLayout))):
        try:
            client = clients.find(session, client_code(layout) or "")
        except RuleError:
            continue  # it may mean several; whoever uploads by it is told
        client_id = client.id if client else None
        if _may_import(session.reach, layout.target, client_id):
            found[layout.name] = (layout, client_id)
    return found


def _may_import(reach: Reach, target: str, client_id: int | None) -> bool:
    """Payments also for part of a book: by who sees the client, may write, and will see what came of his file."""
    if reach.is_all:
        return True
    if target == "regions" or client_id is None:
        return False
    sees_own = reach.own or reach.user_id in reach.officers
    return _sees_book(reach, client_id) or (target == PAYMENTS and sees_own and reach.may_write)


def _sees_book(reach: Reach, client_id: int | None) -> bool:
    return reach.is_all or client_id in reach.clients
