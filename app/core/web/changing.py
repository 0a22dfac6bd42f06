"""Storing what a form says of one row; or asking for it, where the change needs approval.

The whole edit waits then, with each of its fields before and after, and is stored by whoever approves it last.
"""

from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.core.db import ScopedSession, change_reason
from app.core.labels import by_number
from app.core.org import ApprovalRoute
from app.core.web import approving, writing
from app.core.web.field_changes import NeedsApproval
from app.core.web.meanwhile import Held
from app.core.web.sending import Sending
from app.core.web.writing import Written, storing


def write(
    entity: Any, row: Any, values: dict[str, Any], opened: Held | None = None, sent: Sending | None = None
) -> Written:
    """Store the values as `writing.write` does and raise what it raises; what needs approval is asked for instead."""
    try:
        return writing.write(entity, row, values, opened, sent)
    except NeedsApproval as needs:
        with storing(entity) as session:
            sentence = asked(session, row, needs)
        return Written(row.id, [sentence], row, is_asked=True)


def asked(session: ScopedSession, row: Any, needs: NeedsApproval) -> str:
    """Store the request for a change of the row; the sentence that says so. Raises RuleError."""
    route = session.get_one(ApprovalRoute, needs.route_id)
    title = gettext("Change: %(what)s", what=by_number(row))
    why = change_reason.get()
    told = f"{gettext('Reason')}: {why}"[:500] if why else None
    wanted = approving.Wanted(route.operation, title[:500], changes=needs.changes, told=told)
    name = str(route.amount_field)
    amounts = [Decimal(one) for one in needs.changes.get(name, ()) if one is not None]
    amount = approving.amount_of(route, row, {name: max(amounts)} if amounts else {})
    approving.store(session, route, row, wanted, amount)
    return gettext(
        "Sent for approval, nothing is stored yet: the whole change waits because of %(fields)s",
        fields=needs.asked,
    )
