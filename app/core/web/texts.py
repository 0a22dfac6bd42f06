"""The texts of a page, found with as little work as a page of hundreds of them needs."""

from typing import Any

from flask import Flask, g
from flask_babel import Domain, get_translations
from markupsafe import Markup


class RequestDomain(Domain):
    """Flask-Babel's domain, which finds the catalogue of the request's language once, not for every text.

    It is kept where `refresh` and `force_locale` forget it.
    """

    def get_translations(self) -> Any:
        kept = g._flask_babel if g and "_flask_babel" in g else None  # noqa: SLF001  Flask-Babel's own place in g
        found = getattr(kept, "babel_translations", None)
        if found is None:
            found = super().get_translations()
            if kept is not None:
                kept.babel_translations = found
        return found


def text(message: str, **variables: Any) -> Markup:
    """What templates call `_`: the same as Jinja's newer gettext, without asking the context three times."""
    return Markup(get_translations().ugettext(message)) % variables  # noqa: S704 - our own catalogues


def init(app: Flask) -> None:
    """Let this app and its templates look their texts up in a RequestDomain."""
    babel = app.extensions["babel"]
    babel.instance.domain_instance = RequestDomain(domain=babel.default_domain)
    app.jinja_env.globals["_"] = text
