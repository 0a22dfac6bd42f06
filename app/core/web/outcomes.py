"""What came of a change or an operation on many rows: how many were done, and each that was refused, with its reason."""

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask_babel import gettext

from app.core import labels
from app.core.web import links
from app.core.web.operations import MOST_ROWS, Outcome
from app.core.web.pages import Action, Refused, ResultPage

MOST_SAID = 5
"""Sentences that are told as messages; more of them are a page."""
MOST_LISTED = 200
"""Refused rows that the page names."""


def outcome_page(
    entity: Any, verb: Any, action: str, counts: list[str], refused: Sequence[Outcome], back: str
) -> Any:
    """The page of the refused rows, which stay chosen: another try with all of them is one click away."""
    slug = entity.slug()
    listed = [
        Refused(one.name, links.show_url(slug, one.row_id), one.sentence) for one in refused[:MOST_LISTED]
    ]
    ids = [("ids", str(one.row_id)) for one in refused]
    page = ResultPage(
        title=f"{verb}: {labels.entity_label(entity)}", counts=counts, refused=listed, refused_total=len(refused),
        back_url=back, crumbs=[(labels.entity_label(entity), links.list_url(slug))],
        again=Action("again", gettext("Try these rows again"), action) if len(refused) <= MOST_ROWS else None,
        hidden=[*ids, ("next", back)],
    )  # fmt: skip
    return render_template("generated/outcome.html", page=page)
