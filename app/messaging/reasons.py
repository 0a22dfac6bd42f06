"""Why a message did not reach its person, beside the refusals of the contact gate: codes and their words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from app.contact.gate import Refusal
from app.core.types import Choice


class Reason(Choice):
    """What is stored in a message's `reason` by sending; `Refusal` has the rest."""

    MISSING_VALUE = "missing_value", _("A word of the template has no value for this customer"), "orange"
    BAD_TEMPLATE = "bad_template", _("The template has become unusable"), "red"
    DAY_OVER = "day_over", _("Its day was over before it could be sent"), "secondary"
    PROVIDER_REFUSED = "provider_refused", _("The provider refused it"), "red"
    PROVIDER_FAILED = "provider_failed", _("The provider could not be reached often enough"), "red"
    NO_ANSWER = "no_answer", _("The provider did not say whether it took the message"), "yellow"
    SENDER_LOST = (
        "sender_lost",
        _("The sending process ended before the provider's answer was stored"),
        "yellow",
    )
    UNDELIVERED = "undelivered", _("The network could not deliver it"), "red"


def label(code: str | None) -> object:
    """The words of a stored reason; the code itself where it is not known any more."""
    for kind in (Reason, Refusal):
        if code and code in {member.value for member in kind}:
            return kind(code).label
    return code or ""
