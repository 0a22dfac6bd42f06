"""The page of an operation: GET asks for its arguments, POST runs it. From a list, POST with chosen rows asks first."""

from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from app.core import labels, registry
from app.core.db import web_session
from app.core.operation import Operation
from app.core.web import links, operations
from app.core.web.pages import FormPage, Section
from app.core.web.principal import current

SHOWN_TARGETS = 8
RAN = "__run"
"""Hidden field that tells a confirmed run from the list's bulk button."""


def find(entity: Any, name: str) -> Operation:
    """The operation of that name on the entity that the principal may run; anything else is a 404."""
    for operation in registry.operations(entity):
        if operation.name == name and current().may(operation.permission, operation.subject):
            return operation
    raise NotFound


def chosen() -> list[int]:
    """Ids in the request; what is no number is no row."""
    raw = request.values.getlist("ids")
    if any(not one.isdigit() or int(one) > 2**63 - 1 for one in raw):
        abort(404)
    return [int(one) for one in raw]


def operate(entity: Any, name: str) -> Any:
    """Ask for what the operation needs, then run it on the chosen rows and say what came of each."""
    operation, session, ids = find(entity, name), web_session(), chosen()
    targets = operations.rows(operation, session, ids)
    form = operations.form_for(operation, session)
    if request.method == "POST" and RAN in request.form and form.validate():
        arguments = {p.name: form[p.name].data for p in operation.arguments}
        outcome = operations.run(operation, session, ids, current(), arguments)
        session.commit()
        _report(outcome)
        return redirect(_back(entity, ids))
    return _page(operation, form, targets)


def _page(operation: Operation, form: Any, targets: list[Any]) -> Any:
    slug = operation.entity.slug()
    section = Section(None, [form[p.name] for p in operation.arguments])
    page = FormPage(
        title=operation.label, sections=[section] if operation.arguments else [], action=f"/{slug}/do/{operation.name}",
        cancel_url=_back(operation.entity, [row.id for row in targets]),
        hidden=[(RAN, "1"), *(("ids", str(row.id)) for row in targets), ("next", request.values.get("next", ""))],
        targets=[(str(row), links.show_url(slug, row.id)) for row in targets[:SHOWN_TARGETS]], targets_total=len(targets),
        crumbs=[(labels.entity_label(operation.entity), links.list_url(slug))], submit_label=operation.label,
    )  # fmt: skip
    asked = RAN in request.form
    return render_template("generated/operation.html", page=page), (422 if asked and form.errors else 200)


def _report(outcome: list[tuple[str, bool, Any]]) -> None:
    """One message for what was done, one for what was refused, with the first reasons."""
    done = [line for line in outcome if line[1]]
    refused = [line for line in outcome if not line[1]]
    if len(done) == 1 and done[0][2]:
        flash(str(done[0][2]), "success")
    elif done:
        flash(gettext("Done for %(n)s rows", n=len(done)), "success")
    for name, _ok, reason in refused[:5]:
        flash(f"{name}: {reason}", "danger")
    if len(refused) > 5:
        flash(gettext("%(n)s more rows were refused", n=len(refused) - 5), "danger")


def _back(entity: Any, ids: list[int]) -> str:
    """Where the person came from: the list if it is ours, else the record."""
    came = request.values.get("next", "")
    if came.startswith(f"/{entity.slug()}/") and "//" not in came and "\\" not in came:
        return came
    return links.show_url(entity.slug(), ids[0]) if len(ids) == 1 else links.list_url(entity.slug())
