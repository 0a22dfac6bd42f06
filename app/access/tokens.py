"""Tokens of programs: who makes one is its user, what may limit it, and how it is withdrawn."""

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, codes, form_rules, once, tokens
from app.core.errors import RuleError
from app.core.operation import operation
from app.core.org import ApiToken
from app.core.web import call_limits
from app.core.web.principal import current


@form_rules.fill(ApiToken)
def has_a_secret(_session: Session, token: ApiToken, user_id: int | None) -> None:
    """A new token works for whoever makes it; only its digest is stored."""
    if user_id is not None:
        token.user_id = user_id
    token.public_id, whole, token.digest = tokens.make()
    once.tell(token, whole)


@form_rules.check(ApiToken, about="expires_on entities addresses calls_per_minute")
def limits_are_limits(_session: Session, token: ApiToken) -> None:
    """What narrows a token is readable; a slip must not leave it wide open."""
    if form_rules.changed(token, "expires_on") and token.expires_on and token.expires_on < clock.now().date():
        raise RuleError(_("This day is over"), "expires_on")
    _check_calls(token)
    known = codes.words("api_entity")
    if unknown := [slug for slug in token.entities or () if slug not in known]:
        raise RuleError(_("There are no records called %(name)s", name=unknown[0]), "entities")
    try:
        token.addresses = ", ".join(tokens.networks(token.addresses or "")) or None
    except ValueError:
        raise RuleError(
            _("Write networks as 192.0.2.7 or 10.1.0.0/16, with commas between"), "addresses"
        ) from None


def _check_calls(token: ApiToken) -> None:
    most = call_limits.most_per_minute()
    wanted = token.calls_per_minute
    if form_rules.changed(token, "calls_per_minute") and wanted is not None and not 1 <= wanted <= most:
        told = _("From 1 to %(most)s: the installation answers no more", most=most)
        raise RuleError(told, "calls_per_minute")


@operation(
    ApiToken, _("Withdraw"), icon="ban", is_danger=True, is_for_people=True, house="a token is withdrawn",
    roles=("Manager", "Officer", "Clerk", "Agent", "Auditor"),
    intro=_("From this moment on programs that show this token are refused. This cannot be undone."),
    is_offered=lambda token: token.withdrawn_at is None,
)  # fmt: skip
def withdraw_token(_house: Session, token: ApiToken, *, user_id: int) -> str:
    """Make a token worthless: one's own, or anybody's for who may change users."""
    if token.user_id != user_id and not current().may("can_edit", "User"):
        raise RuleError(_("Only its owner and administrators withdraw a token"))
    if token.withdrawn_at is not None:
        raise RuleError(_("The token is withdrawn already"))
    token.withdrawn_at = clock.now()
    return gettext("The token %(name)s is withdrawn", name=token.name)
