"""Moving a branch or a place below another: the verb of the screen and the API around `app.core.tree.move`."""

from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import tree
from app.core.errors import RuleError
from app.core.operation import operation
from app.core.org.places import Branch, Region

_INTRO = _(
    "Everything below moves along, with all its records. Who sees the new place sees them from then on; "
    "who saw them only through the old one does not any more."
)
_WHY = "records of every scope move with their place"


@operation(
    Branch,
    _("Move"),
    icon="transfer",
    is_bulk=False,
    intro=_INTRO,
    house=_WHY,
    labels={"branch_id": _("To below")},
)
def move_branch(session: Session, branch: Branch, *, branch_id: int | None = None) -> str:
    """Put a branch below another, or at the top when none is given."""
    return _move(session, branch, branch_id)


@operation(
    Region,
    _("Move"),
    icon="transfer",
    is_bulk=False,
    intro=_INTRO,
    house=_WHY,
    labels={"region_id": _("To below")},
)
def move_region(session: Session, region: Region, *, region_id: int | None = None) -> str:
    """Put a place below another, or at the top when none is given."""
    return _move(session, region, region_id)


def _move(session: Session, node: Any, parent_id: int | None) -> str:
    """Raises RuleError when nothing would change or the target lies below the node."""
    parent = None if parent_id is None else session.get_one(type(node), parent_id)
    count = tree.move(session, node, parent)
    if not count:
        raise RuleError(_("It is there already"))
    return str(gettext("Moved, with %(n)s below it", n=count - 1))
