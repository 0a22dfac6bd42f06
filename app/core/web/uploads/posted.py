"""What a person says on the page of columns, as a plan; and what is wrong with it, in sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.core.sheets import LayoutError
from app.core.web import forms
from app.core.web.bulk_form import empty_input
from app.core.web.fields import FieldInfo
from app.core.web.principal import Principal
from app.core.web.uploads.guess import key_label, offered, told_apart
from app.core.web.uploads.looking import usable
from app.core.web.uploads.plan import MODES, Plan, column

TICKED = "_change"
"""Name of the boxes that say which fields are filled in alike."""
AUTO = "auto"
"""Records are found by what tells them apart, where the file says it."""
LONGEST = 2000


def fill_form(entity: Any, session: Session, principal: Principal) -> Any:
    """A form with an empty input for each field that all rows may be given alike."""
    inputs = {one.column.key: empty_input(one, session) for one in offered(entity, principal)}
    return type("FillForm", (FlaskForm,), inputs)()


def plan_of(
    entity: Any, header: Sequence[str], posted: MultiDict[str, str], form: Any, principal: Principal
) -> tuple[Plan, list[str]]:
    """The plan that was said, and what is wrong with it."""
    known = {one.name: one for one in offered(entity, principal)}
    columns = list(_columns(known, header, posted))
    mode = posted.get("u-mode", MODES[0])
    fill, wrong = _filled(list(known.values()), posted, form)
    key = tuple(name for name in posted.get("u-key", "").split() if name in known)
    if posted.get("u-key") == AUTO:
        names = {*fill, *(one["field"] for one in columns)}
        key = told_apart(entity, names, principal, or_named=mode == "update")
    plan = Plan(tuple(columns), mode if mode in MODES else MODES[0], key, fill)
    return plan, [*wrong, *_mistakes(entity, plan, known)]


def _columns(
    known: dict[str, FieldInfo], header: Sequence[str], posted: MultiDict[str, str]
) -> Iterator[dict[str, Any]]:
    for place, name in usable(list(header)):
        field = known.get(posted.get(f"u-map-{place}", ""))
        if field is not None:
            yield column(field, name, _manner(place, posted))


def _manner(place: int, posted: MultiDict[str, str]) -> dict[str, Any]:
    """How the cells of a column are written, as far as it is said."""
    said = {
        name: posted.get(f"u-{name}-{place}", "")[:LONGEST]
        for name in ("as", "date", "mark", "split", "part", "swap")
    }
    part = said["part"] if said["part"].isdecimal() and len(said["part"]) < len("1000") else "1"
    return {
        "transforms": [said["as"]] if said["as"] else None,
        "date_formats": [said["date"]] if said["date"] else None,
        "decimal_mark": said["mark"] or None,
        "split": said["split"] or None,
        "part": max(int(part) - 1, 0) if said["split"] else None,
        "values": _swapped(said["swap"]),
    }


def _swapped(lines: str) -> dict[str, str]:
    """What is written → what is meant, a pair in each line."""
    pairs = (line.split("=", 1) for line in lines.splitlines() if "=" in line)
    return {written.strip(): meant.strip() for written, meant in pairs if written.strip()}


def swap_lines(values: dict[str, str]) -> str:
    """The same as a person writes it."""
    return "\n".join(f"{written} = {meant}" for written, meant in values.items())


def _filled(
    fields: Sequence[FieldInfo], posted: MultiDict[str, str], form: Any
) -> tuple[dict[str, Any], list[str]]:
    """The ticked fields with what stands in their inputs; those whose input is wrong are told beside it."""
    ticked, found, wrong = set(posted.getlist(TICKED)), {}, []
    for one in fields:
        bound = form[one.column.key]
        if one.column.key not in ticked:
            continue
        if not bound.validate(form):
            wrong.append(f"{one.label}: {' '.join(map(str, bound.errors))}")
            continue
        found[one.name] = bound.data if one.kind == "bool" else " ".join(posted.getlist(one.column.key))
    return found, wrong


def _mistakes(entity: Any, plan: Plan, known: dict[str, FieldInfo]) -> Iterator[str]:
    names = [item["field"] for item in plan.fields]
    if not names:
        yield gettext("Say of at least one column what it holds")
        return
    for name, times in Counter(names).items():
        if times > 1:
            yield gettext("Two columns cannot both hold %(field)s", field=known[name].label)
    said = {*names, *plan.fill}
    if plan.mode == "update" and not plan.key:
        yield gettext("Choose by what the records are found that are there already")
    elif left := [name for name in plan.key if name not in said]:
        yield gettext("Records are found by %(key)s, but no column holds %(field)s", key=key_label(entity, plan.key),
                      field=known[left[0]].label)  # fmt: skip
    needed = [
        one.label
        for one in known.values()
        if forms.is_required(one.column) and one.kind != "bool" and one.name not in said
    ]
    if plan.mode == "create" and needed:
        yield gettext("Needed for a new record: %(names)s", names=", ".join(needed))
    try:
        plan.layout()
    except LayoutError as error:
        yield from str(error).splitlines()
