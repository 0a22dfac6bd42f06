"""What WTForms says of a form, from our catalogues; in our words where its own are for programmers."""

from typing import Any

from flask_babel import get_domain, lazy_gettext as _

_NO_CHOICE = _("There is nothing like this to choose")
OURS: dict[str, Any] = {
    "Invalid Choice: could not coerce.": _NO_CHOICE,
    "Invalid choice(s): one or more data inputs could not be coerced.": _NO_CHOICE,
}
"""Its sentences that no person understands, each with what is said in its place."""


class Words:
    """The translations that a form asks for."""

    def gettext(self, said: str) -> str:
        """A sentence of WTForms in the language of the page."""
        return str(OURS[said] if said in OURS else get_domain().get_translations().gettext(said))

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The same of one that counts."""
        return str(get_domain().get_translations().ngettext(one, many, n))
