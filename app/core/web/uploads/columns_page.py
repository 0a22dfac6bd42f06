"""The page on which the columns of an uploaded file are named."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import render_template, request
from flask_babel import gettext
from sqlalchemy import select

from app.core import labels, registry
from app.core.db import web_session
from app.core.org import Role, Upload
from app.core.sheets.layout import DATE_FORMATS, plain_name
from app.core.sheets.peek import Peek
from app.core.web import links
from app.core.web.principal import current
from app.core.web.uploads import guess, looking
from app.core.web.uploads.plan import ISO, Plan
from app.core.web.uploads.posted import TICKED, fill_form, swap_lines

SAMPLE_DAY = date(2018, 12, 31)
MORE_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d.%m.%y")


@dataclass
class Line:
    """A column of the file, a few of its values, and what is said of it."""

    place: int
    header: str
    samples: list[str]
    holds: str = ""
    said: dict[str, str] = field(default_factory=dict)


def steps() -> list[str]:
    """The pages that a file goes through."""
    return [gettext("File"), gettext("Columns"), gettext("Check"), gettext("Result")]


def transforms() -> dict[str, str]:
    """What can be done with the text of a cell before it is read."""
    return {
        "squeeze": gettext("One space in place of several"), "remove_spaces": gettext("Without spaces"),
        "upper": gettext("Capital letters"), "lower": gettext("Small letters"), "digits": gettext("Digits only"),
        "nfkc": gettext("Letters of usual width"), "fraction_to_percent": gettext("Times 100"),
        "negate": gettext("Other sign"), "absolute": gettext("Without sign"),
    }  # fmt: skip


def date_forms() -> list[tuple[str, str]]:
    """How dates may be written, each with an example."""
    forms = [one for one in (*DATE_FORMATS, *MORE_DATES) if one not in ISO]
    return [(one, SAMPLE_DAY.strftime(one)) for one in forms]


def _line(place: int, header: str, seen: Peek, plan: Plan) -> Line:
    item = next((one for one in plan.fields if plain_name(one["headers"][0]) == plain_name(header)), None)
    line = Line(place, header, looking.samples(seen, place))
    if item is not None:
        line.holds = item["field"]
        line.said = {
            "as": next(iter(item.get("transforms", ())), ""), "date": next(iter(item.get("date_formats", ())), ""),
            "mark": item.get("decimal_mark", ""), "split": item.get("split", ""),
            "part": str(item.get("part", 0) + 1), "swap": swap_lines(item.get("values", {})),
        }  # fmt: skip
    return line


def columns_page(
    upload: Upload, seen: Peek, plan: Plan, layout: Any, errors: list[str], form: Any = None
) -> Any:
    """The page; of a plan that was refused, with what is wrong with it."""
    entity, session, principal = registry.entity(upload.entity), web_session(), current()
    header = looking.header_of(seen) if seen.fault is None else []
    ticked = set(request.form.getlist(TICKED)) if form is not None else set()
    may_share = principal.may("can_share", "UploadLayout")
    page = {
        "title": gettext("Import: %(records)s", records=labels.entity_label(entity)), "subtitle": upload.file_name,
        "crumbs": [(labels.entity_label(entity), links.list_url(upload.entity))], "action": f"/upload/{upload.id}",
        "lines": [_line(place, name, seen, plan) for place, name in looking.usable(header)], "plan": plan,
        "fields": [(one.name, one.label) for one in guess.offered(entity, principal)],
        "keys": [(" ".join(key), guess.key_label(entity, key)) for key in guess.keys(entity, principal)],
        "fill": form if form is not None else _with(fill_form(entity, session, principal), entity, plan),
        "ticked": ticked or {one.column.key for one in guess.offered(entity, principal) if one.name in plan.fill},
        "seen": seen, "preview": seen.rows[:8], "encodings": looking.ENCODINGS, "encoding": (seen.encoding or "").removesuffix("-sig"),
        "separators": looking.SEPARATORS,
        "errors": errors, "fault": None if seen.fault is None else str(seen.fault), "layout": layout,
        "own": layout if layout is not None and layout.user_id == principal.user_id else None,
        "layouts": guess.layouts(session, upload.entity, principal), "transforms": transforms(), "dates": date_forms(),
        "roles": session.scalars(select(Role).order_by(Role.name)).all() if may_share else [],
        "message": upload.message, "is_kept": bool(upload.plan) or layout is not None or form is not None, "step": 2, "steps": steps(),
        "name": request.form.get("u-name", ""),
    }  # fmt: skip
    return render_template("upload/columns.html", page=page), 422 if errors else 200


def _with(form: Any, entity: Any, plan: Plan) -> Any:
    """The form with what the plan fills in."""
    for one in guess.offered(entity, current()):
        if one.name in plan.fill:
            bound, said = form[one.column.key], plan.fill[one.name]
            if one.kind == "bool":
                bound.data = said
            else:
                bound.process_formdata([str(said)])
                bound.raw_data = [str(said)]
    return form
