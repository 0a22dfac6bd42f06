"""What must hold of an absence: whose it is, when it is, and who stands in."""

from datetime import timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.core import form_rules
from app.core.errors import RuleError
from app.core.labels import subject
from app.core.org import Absence, User
from app.core.web.cells import plain
from app.core.web.deciding import may_approve
from app.core.web.principal import current

LONGEST = timedelta(days=5 * 366)


@form_rules.fill(Absence)
def is_ones_own_unless_said(_session: Session, absence: Any, user_id: int | None) -> None:
    """Who names nobody enters his own."""
    if absence.user_id is None:
        absence.user_id = user_id


@form_rules.check(Absence)
@form_rules.removal(Absence)
def is_entered_by_whom_it_concerns(_session: Session, absence: Absence) -> None:
    """Everybody enters and ends his own; whoever may change users does so for anybody."""
    people = {absence.user_id, *inspect(absence).attrs["user_id"].history.deleted}
    if people != {current().user_id} and not current().may("can_edit", subject(User)):
        raise RuleError(_("Only who may change users can do this with somebody else's absence"), "user_id")


@form_rules.check(Absence, about="starts_on ends_on")
def ends_after_it_begins(_session: Session, absence: Absence) -> None:
    """The last day is not before the first, and a slip of the pen no absence of centuries."""
    if absence.ends_on < absence.starts_on:
        raise RuleError(_("The last day is before the first one"), "ends_on")
    if absence.ends_on - absence.starts_on > LONGEST:
        raise RuleError(_("An absence lasts at most five years"), "ends_on")


@form_rules.check(Absence, about="user_id starts_on ends_on")
def is_away_once(session: Session, absence: Absence) -> None:
    """Two absences of one person do not overlap. The database keeps to it where two are entered at one moment."""
    other = select(Absence).where(
        Absence.user_id == absence.user_id,
        Absence.id != (absence.id or 0),
        Absence.starts_on <= absence.ends_on,
        Absence.ends_on >= absence.starts_on,
    )
    known = session.scalars(other.limit(1)).unique().first()
    if known is not None:
        days = {"first": plain("date", known.starts_on), "last": plain("date", known.ends_on)}
        raise RuleError(_("This overlaps the absence from %(first)s to %(last)s", **days), "starts_on")


@form_rules.check(Absence, about="user_id substitute_id")
def another_stands_in(session: Session, absence: Absence) -> str | None:
    """The substitute is somebody else with an open login; warns of one whose role approves nothing."""
    if absence.substitute_id == absence.user_id:
        raise RuleError(_("Somebody else has to stand in"), "substitute_id")
    substitute = session.get(User, absence.substitute_id)
    if substitute is None or not substitute.active:
        raise RuleError(_("This user cannot log in"), "substitute_id")
    if may_approve(substitute):
        return None
    return gettext("The role of %(who)s approves nothing, so he cannot do it for others either", who=str(substitute))  # fmt: skip
