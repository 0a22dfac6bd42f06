"""The interface for programs as pages that people read: what each kind of record offers, its fields and its filters.

Written from the same declarations as the OpenAPI document, so it needs no script of another house to be drawn.
"""

from typing import Any

from flask import abort, render_template
from flask_appbuilder import expose, has_access, permission_name
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext, lazy_gettext as _

from app.core import registry
from app.core.labels import entity_label, singular, subject
from app.core.web import links, openapi
from app.core.web.conditions import OPS_OF
from app.core.web.fields import FieldInfo, describe_all, filterable
from app.core.web.forms import is_required
from app.core.web.principal import current
from app.core.web.register import MenuEntry, screen
from app.core.web.resources import readable
from app.core.web.upserts import key_of

_CALLS: tuple[tuple[str, str, str, Any], ...] = (
    ("get_list", "GET", "", _("Reads a list: filters, sort, size, after, fields")),
    ("get", "GET", "{id}", _("Reads one record and its version")),
    ("post", "POST", "", _("Adds a record")),
    ("put", "PATCH", "{id}", _("Changes the fields that are said")),
    ("delete", "DELETE", "{id}", _("Deletes a record")),
    ("bulk", "POST", "bulk", _("Adds or changes up to 1000 records")),
)
MOST_SAID = 12
"""Arguments that are named beside a call; more are those of the record, which are listed below."""


@screen(
    MenuEntry(
        _("Work"),
        _("API reference"),
        "/reference/",
        "code",
        ("can_show", "ApiReference"),
        91,
        help=_(
            "What programs may ask: the calls, fields and filters of each kind of record that you may "
            "list. It is made from the same declarations as the screens, so it is never out of date. A "
            "program needs a token of its user."
        ),
        guide="programs use-the-api",
    )
)
class ApiReference(BaseView):
    """What programs may ask, for whoever writes one."""

    route_base = "/reference"
    class_permission_name = "ApiReference"
    default_view = "index"

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> Any:
        """The kinds of records that the principal may list."""
        shown = [cls for cls in links.shown_entities() if current().may("can_list", subject(cls))]
        lines = [(entity_label(cls), f"/reference/{cls.slug()}", f"/api/v1/{cls.slug()}/") for cls in shown]
        return render_template("reference.html", title=gettext("API reference"), lines=sorted(lines))

    @expose("/<slug>")
    @has_access
    @permission_name("show")
    def entity(self, slug: str) -> Any:
        """The calls, fields and filters of one kind of record."""
        entity = registry.entity(slug) if registry.has_entity(slug) else abort(404)
        if not links.is_shown(entity) or not current().may("can_list", subject(entity)):
            abort(404)
        crumbs = [(gettext("API reference"), "/reference/")]
        told = {"calls": calls(entity), "fields": _fields(entity), "filters": _filters(entity)}
        key = ", ".join(field.name for field in key_of(entity))
        return render_template(
            "reference.html",
            title=entity_label(entity),
            crumbs=crumbs,
            key=key,
            name=singular(entity),
            **told,
        )


def calls(entity: Any) -> list[tuple[str, str, Any, str, str]]:
    """(method, address, what it does, what it takes, what it answers) of everything that a resource offers."""
    offered, base = openapi.methods(entity), f"/api/v1/{entity.slug()}/"
    known = [
        (method, base + path, said, offered[name][method.lower()])
        for name, method, path, said in _CALLS
        if name in offered
    ]
    doing = openapi.doing(entity)
    known += [
        ("POST", f"{base}{{id}}/do/{one.name}", one.label, doing[one.name])
        for one in registry.operations(entity)
    ]
    return [(method, path, said, _takes(one), _answers(one)) for method, path, said, one in known]


def _takes(call: dict[str, Any]) -> str:
    """The arguments of an operation with their kinds; of another call its parameters, without filters, or its body."""
    said = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    needed, given = said.get("required", ()), said.get("properties", {})
    if len(given) <= MOST_SAID:
        return ", ".join(
            f"{name}{'' if name in needed else '?'}: {_sort(one)}" for name, one in given.items()
        )
    return "{…}"


def _sort(said: dict[str, Any]) -> str:
    return " | ".join(said["enum"]) if "enum" in said else str(said.get("format", said["type"]))


def _answers(call: dict[str, Any]) -> str:
    """What a call answers when it is done: the number, and what is in the answer."""
    for code, told in sorted(call["responses"].items()):
        if code < "300" and "content" in told:
            found = told["content"]["application/json"]["schema"]
            names = (f"{name}{'' if name in found['required'] else '?'}" for name in found["properties"])
            return f"{code} {{{', '.join(names)}}}"
    return ""


def _fields(entity: Any) -> list[tuple[str, str, str, str]]:
    """(name, label, kind, what may be done) of each field."""
    typed = {field.name: field for field in describe_all(entity, entity.__screen__.form_columns)}
    return [(f.name, f.label, _kind(f), _use(typed.get(f.name))) for f in readable(entity)]


def _kind(field: FieldInfo) -> str:
    said = openapi.schema(field)
    if "enum" in said:
        return " | ".join(said["enum"])
    if field.kind == "file" and field.custom:
        return "{name, url}"
    if field.kind == "link":
        return f"{{id, text}}: {field.target.slug()}"
    return str(said.get("format", said["type"]))


def _use(typed: FieldInfo | None) -> str:
    if typed is None:
        return gettext("is read")
    needed = is_required(typed.column) and typed.kind != "bool"
    return gettext("must be written") if needed else gettext("can be written")


def _filters(entity: Any) -> list[tuple[str, str]]:
    return [(field.name, " ".join(OPS_OF.get(field.kind, ()))) for field in filterable(entity)]
