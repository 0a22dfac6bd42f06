"""Every way in, found on the application itself: routes with all their arguments filled."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.core import registry
from app.core.web.fields import listable
from app.core.web.help.guides import NAMES as GUIDES
from app.core.web.help.topics import topics
from app.core.web.links import is_shown
from tests.walk.oracle import Oracle

LEFT_OUT = {
    "/static/": "files of the product itself",
    "/login/": "walked by the tests of logging in",
    "/logout/": "ends the session of the walk",
    "/lang/": "changes only the language of the session",
    "/api/v1/security/": "gives tokens for a password",
    "/health": "says that the process lives",
}
"""Routes that the walk does not try, each with the reason."""


SHARED = (
    "/saved_view/menu/", "/selection/", "/upload/new/", "/cell/", "/activity/", "/mentions/", "/star/", "/follow/", "/reference/",
    "/user_report/build/", "/help/",
)  # fmt: skip
"""Routes that are the same for every entity and that the people share out among them: each is tried by all kinds of
people, and each entity's by some."""
FORMS = ("/add", "/change")
"""Forms that ask for no row: empty ones are shared out, too."""
TURNS = 5
"""So many turns share the routes of entities: every kind of person tries every route, of some entities, and every entity, by
some routes; each route of each entity is tried by somebody of a place and by somebody of a unit. `run.py test --full`
shares nothing."""


@dataclass(frozen=True)
class Door:
    """One address to try. `target` is the (entity, row id) that it names, if it names one."""

    method: str
    path: str
    target: tuple[str, int] | None = None
    is_foreign: bool = False
    body: tuple[tuple[str, str], ...] = ()

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def rules(app: Any) -> list[Any]:
    """The routes that are walked."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if not any(rule.rule.startswith(start) for start in LEFT_OUT)
    ]


def entity_of(rule: Any) -> str | None:
    """The entity whose row an id in the route names, from the first known name in its path."""
    parts = rule.rule.removeprefix("/api/v1").strip("/").split("/")
    names = {"imports": "import_run", "files": "file_job", "roles": "role", "notifications": "notification"}
    slug = names.get(parts[0], parts[0])
    return slug if registry.has_entity(slug) else None


def doors(app: Any, oracle: Oracle) -> Iterator[Door]:
    """All doors for one person: lists, records of his own and of others, lookups, charts, files, writes."""
    for rule in rules(app):
        # PATCH is another name of PUT: the same function behind the same route
        for method in sorted(rule.methods - {"HEAD", "OPTIONS", "PATCH" if "PUT" in rule.methods else ""}):
            yield from _of_rule(rule, method, oracle)


def _of_rule(rule: Any, method: str, oracle: Oracle) -> Iterator[Door]:
    slug = entity_of(rule)
    arguments = re.findall(r"<(?:[^<>:]+:)?(\w+)>", rule.rule)
    ids = [name for name in arguments if name == "pk" or name.endswith("_id")]
    paths = _filled(rule.rule, [name for name in arguments if name not in ids], slug)
    turns = _turns(rule.rule, slug)
    paths = [path for path in paths if _turn(path) % turns == oracle.person.turn % turns]
    for path in paths:
        if not ids:
            yield from _without_row(path, method, slug, oracle)
        else:
            assert len(ids) == 1, f"the walk cannot fill {rule.rule}"
            yield from _with_row(path, method, slug, oracle)


def _turns(rule: str, slug: str | None) -> int:
    """How many turns share a route."""
    is_shared = slug or rule.endswith(FORMS) or any(part in rule for part in SHARED)
    return TURNS if is_shared and os.environ.get("LOANDESK_FULL") != "yes" else 1


def _turn(path: str) -> int:
    """A number of the route of an entity, by which people take turns."""
    return sum(path.split("/cell/", maxsplit=1)[0].encode())


def _filled(rule: str, names: list[str], slug: str | None) -> list[str]:
    """The route with every value its named arguments can take. A new kind of argument must be taught here."""
    paths = [rule]
    for name in names:
        values = _values(name, slug, rule)
        assert values is not None, f"the walk does not know what to put for {name} in {rule}"
        paths = [re.sub(rf"<(?:[^<>:]+:)?{name}>", value, path) for path in paths for value in values]
    return paths


def _values(name: str, slug: str | None, rule: str) -> list[str] | None:
    entity = registry.entity(slug) if slug and registry.has_entity(slug) else None
    if name == "slug":
        return [cls.slug() for cls in registry.entities()]
    if name == "column" and "/cell/" in rule and slug is not None:
        return [name for name, _value in _harm(slug) if not name.startswith("_")]
    if name == "column" and entity is not None:
        return (
            [f.name for f in listable(entity) if f.kind == "link"]
            if "/lookup/" in rule
            else list(entity.__screen__.charts)
        )
    if name == "name" and entity is not None:
        return [operation.name for operation in registry.operations(entity)]
    if name in ("name", "report") and rule.startswith("/report"):
        return [report.name for report in registry.reports()]
    if name in ("dimension", "by"):
        return ["customer", "village", "township", "county", "branch", "officer"]
    if name in ("topic", "guide"):
        return list(topics() if name == "topic" else GUIDES)
    if name == "version":
        return ["v1"]
    return None


def _without_row(path: str, method: str, slug: str | None, oracle: Oracle) -> Iterator[Door]:
    if method == "GET":
        # what a column of an entity leads to is a lookup of its target, which everybody asks in both ways
        if "/lookup/" not in path or oracle.person.id % 2:
            yield Door(method, path)
        for query in _queries(path, slug, oracle):
            yield Door(method, f"{path}?{query}")
    elif slug and ("/do/" in path or path == f"/{slug}/change"):
        harm = _harm(slug)
        ticked = [("_change", name) for name, _value in harm if not name.startswith("_")]
        for row in _strangers(slug, oracle):
            yield Door(
                method, path, (slug, row.id), is_foreign=True, body=(("ids", str(row.id)), *ticked, *harm)
            )
    elif slug:
        if path.endswith("/bulk"):
            for row in _strangers(slug, oracle):
                yield Door(
                    method, path, (slug, row.id), is_foreign=True, body=(("id", str(row.id)), *_harm(slug))
                )
        yield from _foreign_links(path, method, slug, oracle)
    else:
        yield Door(method, path)


def _queries(path: str, slug: str | None, oracle: Oracle) -> Iterator[str]:
    """Lists are also searched, filtered by strangers' ids (alone or in a group), and asked from their end."""
    if path.startswith(("/lookups/", "/search")) or "/lookup/" in path:
        if "/lookup/" not in path or not oracle.person.id % 2:
            yield "q=canary"
        if path.endswith(("/customer", "/lookups/", "/search")):
            yield "q=13800"
        return
    if path.startswith("/user_report/build/"):
        yield from _grouped(path.split("/")[3], oracle)
        return
    yield from _dimensions(path, oracle)
    if not slug or not path.endswith("/list/"):
        return
    entity = registry.entity(slug)
    # each person tries two of these and another of the entity's links, so that together they try them all
    linked = [f for f in listable(entity) if f.kind == "link" and oracle.foreign(f.target.slug())]
    others = ["last=1", "partial=tab", "q=canary"]
    if linked:
        field = linked[oracle.person.id % len(linked)]
        group = "any1." if oracle.person.id % 2 else ""
        others.append(f"{group}{field.name}={oracle.foreign(field.target.slug())[0].id}")
    one, other = (others[(oracle.person.id + step) % len(others)] for step in (0, 1))
    every = ".".join(field.name for field in listable(entity) if "." not in field.name)
    yield from (f"cols={every}&{one}", other)


def _grouped(slug: str, oracle: Oracle) -> Iterator[str]:
    """A built report by two of the entity's links, which tell what other rows are called; each person tries others."""
    links = [field.name for field in listable(registry.entity(slug)) if field.kind == "link"]
    if links:
        one, other = (links[(oracle.person.id + step) % len(links)] for step in (0, 1))
        yield f"_row={one}&_col={other}" if one != other else f"_row={one}"


def _dimensions(path: str, oracle: Oracle) -> Iterator[str]:
    """Reports by everything they can be grouped by; as chart and workbook each person tries another one."""
    for report in registry.reports():
        if path == f"{report.url}/":
            yield from (f"by={dimension.name}" for dimension in report.dimensions)
        elif path.startswith(f"{report.url}/") and report.dimensions:
            yield f"by={report.dimensions[oracle.person.id % len(report.dimensions)].name}"


def _with_row(path: str, method: str, slug: str | None, oracle: Oracle) -> Iterator[Door]:
    assert slug is not None, f"the walk does not know whose ids stand in {path}"
    argument = re.compile(r"<(?:[^<>:]+:)?\w+>")
    for row in _strangers(slug, oracle):
        yield Door(method, argument.sub(str(row.id), path), (slug, row.id), is_foreign=True, body=_harm(slug))
    is_form = "/edit/" in path or "/cell/" in path
    for row in oracle.visible(slug)[:1]:
        if method == "GET" and not (is_form and _is_anothers(slug, row, oracle)):
            yield Door(method, argument.sub(str(row.id), path), (slug, row.id))


def _is_anothers(slug: str, row: Any, oracle: Oracle) -> bool:
    """Whether a row that he sees is somebody else's own, which he may not change."""
    owner = registry.entity(slug).__scope__.owner
    return owner is not None and getattr(row, owner) != oracle.person.id


def _strangers(slug: str, oracle: Oracle) -> list[Any]:
    """A foreign row of the entity, another one for each person; [] if he sees them all."""
    rows = oracle.foreign(slug)
    return [rows[oracle.person.id % len(rows)]] if rows else []


def _harm(slug: str) -> tuple[tuple[str, str], ...]:
    """A write that would change the row if it got through."""
    entity = registry.entity(slug)
    for name in entity.__screen__.form_columns:
        column = entity.__table__.c.get(name)
        if column is not None and column.info.get("kind") in ("text", "longtext", "code"):
            return ((name, "overwritten"), ("__run", "1"))
    return (("__run", "1"),)


def _foreign_links(path: str, method: str, slug: str, oracle: Oracle) -> Iterator[Door]:
    """Adding a row that points to a stranger's."""
    entity = registry.entity(slug)
    if not is_shown(entity) or "add" not in entity.__screen__.operations.split():
        yield Door(method, path)
        return
    if _is_about_any(entity) and oracle.foreign("loan"):
        yield _about_a_stranger(path, method, entity, oracle)
    for column in entity.__table__.columns:
        target = column.info.get("link")
        if (
            target
            and column.name.removesuffix("_id") in entity.__screen__.form_columns
            and oracle.foreign(target)
        ):
            row = oracle.foreign(target)[0]
            body = _row_with(entity, column, row.id, oracle)
            yield Door(method, path, (target, row.id), is_foreign=True, body=body)


def _is_about_any(entity: Any) -> bool:
    return any(column.info.get("is_target") for column in entity.__table__.columns)


def _about_a_stranger(path: str, method: str, entity: Any, oracle: Oracle) -> Door:
    """Saying something of a record out of sight, or putting it among one's own."""
    row = oracle.foreign("loan")[0]
    about = {"entity": "loan", "row_id": str(row.id)}
    names = [name for name in entity.__screen__.form_columns if name not in about]
    body = (*about.items(), *((name, "smuggled") for name in names))
    return Door(method, path, ("loan", row.id), is_foreign=True, body=body)


def _row_with(entity: Any, column: Any, row_id: int, oracle: Oracle) -> tuple[tuple[str, str], ...]:
    """A complete row, right but for one link."""
    body = []
    for name in entity.__screen__.form_columns:
        table = entity.__table__.c
        own = table[f"{name}_id"] if f"{name}_id" in table else table[name]
        body.append((own.key, str(row_id) if own is column else _fill(own, oracle)))
    return tuple((name, value) for name, value in body if value)


def _fill(column: Any, oracle: Oracle) -> str:
    if column.info.get("link"):
        rows = oracle.visible(column.info["link"])
        return str(rows[0].id) if rows and not column.nullable else ""
    kind = column.info.get("kind")
    if kind == "choice":
        return str(next(iter(column.info["choices"])).value)
    samples = {"date": "2018-06-25", "datetime": "2018-06-25T10:00", "phone": "+8613900000000", "bool": ""}
    return samples.get(str(kind), "7" if kind in ("money", "rate", "number", "days") else "smuggled")
