"""What holds for typed users and data grants."""

import re

from flask_babel import lazy_gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.access.users import placeholder_email
from app.core import codes, form_rules
from app.core.errors import RuleError
from app.core.org import DataGrant, GrantKind, User
from app.models.lending import ProductKind

_NEEDED: dict[GrantKind, tuple[str, ...]] = {
    GrantKind.BRANCH: ("branch_id",), GrantKind.TEAM: ("team_id", "department_id"),
    GrantKind.REGION: ("region_id",), GrantKind.CLIENT: ("client_id",),
}  # fmt: skip
"""Which of these columns a grant of the kind needs: one of them."""
codes.add("product_kind", {str(each.value): each.label for each in ProductKind})
_TAKEN = {"username": _("Another user has this login name"), "email": _("Another user has this address")}


@form_rules.fill(User)
def may_come_in(_session: Session, user: User, _user_id: int | None) -> None:
    """A new user is active; without a password, which is set on his page, he cannot log in yet."""
    user.active = True


@form_rules.check(User)
def can_be_told_apart(session: Session, user: User) -> None:
    """A user has a name; a login name and an address belong to one person, and what he may do is said."""
    if not user.first_name and not user.last_name:
        raise RuleError(_("A name is needed, in one of the two fields or in both"), "last_name")
    if user.role_id is None:
        raise RuleError(_("Choose the role: it says what he may do"), "role_id")
    if re.search(r"\s", user.username):
        raise RuleError(_("A login name has no blanks"), "username")
    user.email = (user.email or placeholder_email(user.username)).strip()
    if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", user.email):
        raise RuleError(_("%(value)s is no e-mail address", value=user.email), "email")
    for column, sentence in _TAKEN.items():
        if not form_rules.changed(user, column):
            continue
        name = getattr(user, column).lower()
        others = select(User.id).where(or_(func.lower(User.username) == name, func.lower(User.email) == name))
        if session.scalar(others.where(User.id.is_distinct_from(user.id))) is not None:
            raise RuleError(sentence, column)


@form_rules.check(DataGrant)
def grant_opens_something(_session: Session, grant: DataGrant) -> None:
    """A grant names what its kind opens, and nothing that its kind does not read."""
    needed = _NEEDED.get(grant.kind, ())
    if needed and all(getattr(grant, name) is None for name in needed):
        raise RuleError(_("Say what this grant opens"), needed[0])
    for name in ("branch_id", "team_id", "department_id", "region_id", "client_id"):
        if name not in needed and getattr(grant, name) is not None:
            raise RuleError(_("A grant of this kind does not read this; leave it empty"), name)
    _check_kinds(grant)


def _check_kinds(grant: DataGrant) -> None:
    if not grant.product_kinds:
        return
    if grant.kind != GrantKind.REGION:
        raise RuleError(_("Only a grant of territory can be limited to kinds of product"), "product_kinds")
    known = codes.words("product_kind")
    unknown = [kind for kind in grant.product_kinds if kind not in known]
    if unknown:
        names = ", ".join(map(str, known.values()))
        raise RuleError(_("%(kind)s is no kind of product; known are %(known)s", kind=unknown[0], known=names), "product_kinds")  # fmt: skip
