"""The page of a secret that was just made: it is shown here and never again, so it is no message that waits in a cookie."""

from typing import Any

from flask import render_template

from app.core import labels
from app.core.web import links


def once_page(row: Any, sentence: str, secret: str) -> Any:
    """What was done, and the secret to be kept now."""
    entity = type(row)
    crumbs = [(labels.entity_label(entity), links.list_url(entity.slug()))]
    shown = {"title": str(row), "sentence": sentence, "secret": secret, "crumbs": crumbs}
    return render_template(
        "generated/once.html", page={**shown, "url": links.show_url(entity.slug(), row.id)}
    )
