"""Every route of the product at once: marks on forms, reading that only reads, tokens for programs."""

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import flask_appbuilder
import pytest
from sqlalchemy import func, select

from app import create_app
from app.access.roles import every_permission
from app.core import registry
from app.core.db import unscoped
from app.core.web.links import shown_entities
from tests.web.people import fingerprint, watched
from tests.web.shop import Shop

TEMPLATES = Path(__file__).parents[2] / "app" / "templates"
ORIGINALS = Path(__file__).with_name("fab_originals.json")
KINDS_OF_READ = {"audit_event", "file_job", "recent_record"}
"""What reading may write: that somebody took a file, the file being made for him, and what he opened last."""
CHANGES_ONLY_THE_READER = ("/lang/",)
SAMPLES = ("customer", "loan", "branch", "user", "setting", "file_job", "import_run")
"""One entity of each sort of scope and screen: the views of all others are made by the same class."""
BRIEFLY = {"Accept": "application/json"}
"""Errors come without the page around them."""


def routes(app: Any, method: str, *, api: bool = False) -> Iterator[tuple[str, set[str]]]:
    """(address with its arguments filled, methods) of each route that takes the method."""
    for rule in app.url_map.iter_rules():
        if (
            method in rule.methods
            and rule.rule.startswith("/api/") == api
            and not rule.rule.startswith("/static/")
        ):
            yield filled(rule.rule), rule.methods


def filled(rule: str) -> str:
    """A route with something in place of each argument: the first row, the first word that is known."""
    slug = rule.strip("/").split("/")[0]
    entity = registry.entity(slug) if registry.has_entity(slug) else None
    charts = list(entity.__screen__.charts) if entity else []
    operations = [one.name for one in registry.operations(entity)] if entity else []
    links = [c.name.removesuffix("_id") for c in entity.__table__.c if c.info.get("link")] if entity else []
    words = {
        "column": (charts if "/chart/" in rule else links) or ["none"], "name": operations or ["none"],
        "slug": ["branch"], "version": ["v1"], "locale": ["en"],
    }  # fmt: skip
    return re.sub(r"<(?:[^<>:]+:)?(\w+)>", lambda found: words.get(found[1], ["1"])[0], rule)


def test_a_post_without_its_pages_mark_is_refused_everywhere_and_writes_nothing(
    shop: Shop, database: Any
) -> None:
    shop.admin.get("/home/")
    before = fingerprint(database)
    tried = [path for path, _methods in routes(shop.app, "POST")]
    assert len(tried) > 2 * len(shown_entities())
    marks = cycle([{}, {"csrf_token": ""}, {"csrf_token": "forged"}])
    for path in tried:
        forged = {"name": "forged", "__run": "1", "ids": "1", **next(marks)}
        assert shop.admin.client.post(path, data=forged, headers=BRIEFLY).status_code == 400, path
    assert fingerprint(database) == before


def test_nothing_that_changes_data_can_be_reached_by_a_get(shop: Shop, database: Any) -> None:
    program = shop.caller("admin")
    shop.admin.get("/home/")
    before = fingerprint(database)
    for path, methods in routes(shop.app, "POST"):
        if "GET" not in methods and not path.startswith("/resetmypassword"):
            answer = shop.admin.get(path, query_string={"ids": "1", "__run": "1"}, headers=BRIEFLY)
            assert answer.status_code in (404, 405), path
    read = {path for path, _methods in routes(shop.app, "GET", api=True)}
    for path, _methods in routes(shop.app, "POST", api=True):
        if path not in read:
            answer = program.call("GET", path.removeprefix("/api/v1/"))
            assert answer.status_code in (404, 405), path
    assert fingerprint(database) == before


def test_reading_every_page_changes_nothing(shop: Shop, database: Any) -> None:
    shop.admin.get("/home/")
    before = fingerprint(database, *KINDS_OF_READ)
    for path, _methods in routes(shop.app, "GET"):
        slug = path.strip("/").split("/")[0]
        if path.startswith(CHANGES_ONLY_THE_READER) or (registry.has_entity(slug) and slug not in SAMPLES):
            continue
        is_form = "/do/" in path or path.endswith(("/add", "/1"))
        forged = {"name": "forged", "ids": "1", "__run": "1"} if is_form else {}
        with shop.admin.get(path, query_string=forged) as answer:
            assert answer.status_code < 500, path
    assert fingerprint(database, *KINDS_OF_READ) == before


def test_programs_need_a_token_a_cookie_is_worth_nothing(shop: Shop, database: Any) -> None:
    shop.admin.get("/home/")
    before = fingerprint(database)
    for method in ("GET", "POST", "PUT", "DELETE"):
        for path, _methods in routes(shop.app, method, api=True):
            if path != "/api/v1/security/login":
                answer = shop.admin.client.open(path, method=method, json={"name": "forged"})
                assert answer.status_code == 401, f"{method} {path}"
    assert fingerprint(database) == before


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YWRtaW46cHc="])
def test_a_token_that_is_none_is_answered_with_401_or_422_in_json(shop: Shop, token: str) -> None:
    client = shop.app.test_client(use_cookies=False)
    answer = client.get("/api/v1/customer/", headers={"Authorization": token})
    assert answer.status_code in (401, 422)
    assert answer.is_json


def test_a_worker_starts_without_asking_the_database_anything(shop: Shop) -> None:
    """Flask-AppBuilder synchronised permissions at every start: 10 299 statements, and it deleted some."""
    with unscoped("count permissions") as session:
        counted = select(func.count()).select_from(registry.entity("role").permissions.property.mapper.class_)
        before = session.scalar(counted)
    with watched() as asked:
        create_app(RATELIMIT_ENABLED=False)
    assert asked.statements == []
    with unscoped("count permissions") as session:
        assert session.scalar(counted) == before


def test_the_deployment_made_every_permission_once_and_gave_the_administrator_all(shop: Shop) -> None:
    with unscoped("read permissions") as session:
        role = session.query(registry.entity("role")).filter_by(name="Administrator").one()
        held = [(pair.permission.name, pair.view_menu.name) for pair in role.permissions]
    assert len(held) == len(set(held))
    assert set(held) >= every_permission(shop.app.extensions["appbuilder"])


def overridden() -> dict[str, str]:
    """sha256 of Flask-AppBuilder's own version of each template that ours takes the place of."""
    theirs = Path(flask_appbuilder.__file__).parent / "templates"
    ours = sorted(path.relative_to(TEMPLATES) for path in (TEMPLATES / "appbuilder").rglob("*.html"))
    return {
        path.as_posix(): hashlib.sha256((theirs / path).read_bytes()).hexdigest()
        for path in ours
        if (theirs / path).exists()
    }


def test_the_templates_we_override_are_still_those_that_were_read() -> None:
    """A new release of Flask-AppBuilder: read what changed, adapt ours, then write the new sums into the file."""
    known, now = json.loads(ORIGINALS.read_text(encoding="utf-8")), overridden()
    assert {path for path in known.keys() | now.keys() if known.get(path) != now.get(path)} == set()


def test_no_page_leaves_the_content_policy_out(shop: Shop) -> None:
    for path in ("/home/", "/customer/list/", "/nowhere", "/health", "/api/v1/customer/"):
        headers = shop.admin.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'"), path
        assert headers["Cache-Control"] == "no-store", path
        assert headers["X-Content-Type-Options"] == "nosniff", path


def test_the_health_page_asks_nothing_and_needs_no_login(shop: Shop) -> None:
    with watched() as asked:
        assert shop.app.test_client().get("/health").json == {"status": "ok"}
    assert asked.statements == []
