"""Walking: a person tries every door, and what comes out and what changes is held against the oracle."""

import io
import json
import re
import zipfile
from typing import Any
from urllib.parse import quote

import psycopg

from app.core import registry
from app.core.web.links import is_shown
from tests.walk.canaries import TOKEN
from tests.walk.doors import Door, doors
from tests.walk.oracle import Oracle
from tests.walk.world import Person, World

FEWEST = 300
"""A person who finds no more doors than this has not walked."""

NUMBER = re.compile(r"13800\d{6}")
"""A personal number of the world in full, which also the texts of its messages do not hold."""


FILES = ("/errors.xlsx",)
"""Addresses of files that are made for rows which no import of the world has."""


OWNERS = ("/user_report/open/", "/user_report/tile/", "/files/")
"""Addresses of kept reports and made files, which are their owner's and receivers' alone, also for who sees every row."""


class Walker:
    """A person with a browser session and an API token."""

    def __init__(self, app: Any, name: str) -> None:
        self.client, self.program = app.test_client(), app.test_client(use_cookies=False)
        page = self.client.get("/login/").text
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found
        answer = self.client.post(
            "/login/", data={"username": name, "password": "pw", "csrf_token": found[1]}
        )
        assert answer.status_code == 302, f"{name} cannot log in"
        token = self.client.post(
            "/api/v1/security/login", json={"username": name, "password": "pw", "provider": "db"}
        )
        mark = re.search(r'name="csrf-token" content="([^"]+)"', self.client.get("/home/").text)
        assert mark
        self.mark = mark[1]
        self.headers = {"Authorization": f"Bearer {token.json['access_token']}"}

    def try_door(self, door: Door) -> Any:
        if door.is_api:
            # the mark of a confirmed form would be refused as an unknown field before the row is looked at
            row = {name: value for name, value in door.body if name != "__run"}
            said = {"items": [row]} if door.path.endswith("/bulk") else row
            body = {"json": said} if door.method in ("POST", "PUT", "PATCH") else {}
            return self.program.open(door.path, method=door.method, headers=self.headers, **body)
        if door.method == "GET":
            return self.client.get(door.path, follow_redirects=bool(door.target and not door.is_foreign))
        return self.client.open(
            door.path, method=door.method, data={**dict(door.body), "csrf_token": self.mark}
        )


def content(response: Any) -> str:
    """Everything readable in an answer, workbooks unpacked."""
    data = response.get_data()
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return "\n".join(
                book.read(name).decode("utf-8", "replace")
                for name in book.namelist()
                if name.endswith(".xml")
            )
    return data.decode("utf-8", "replace") + str(response.headers.get("Location", ""))


def canaries(text: str) -> set[int]:
    return {int(a or b) for a, b in TOKEN.findall(text)}


def fingerprint(database: Any, oracle: Oracle) -> dict[str, str]:
    """A hash of all rows the person must not touch, table by table, read as the server's superuser."""
    found = {}
    with psycopg.connect(database.superuser_url) as connection:
        for slug in oracle.world.rows:
            ids = [row.id for row in oracle.foreign(slug)]
            table = registry.entity(slug).__table__.name
            query = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY id), '')), count(*) FROM {table} t WHERE id = ANY (%s)"
            found[slug] = str(connection.execute(query, (ids,)).fetchone())
            smuggled = f"SELECT count(*) FROM {table} t WHERE t::text ~ 'smuggled|overwritten'"
            found[f"{slug} smuggled"] = str(connection.execute(smuggled).fetchone())
    return found


def walk(world: World, app: Any, database: Any, name: str) -> int:
    """Try every door as a person: nothing foreign comes out or changes. Returns how many doors there were."""
    person = world.person(name)
    oracle, walker = Oracle(world, person), Walker(app, name)
    before, allowed, count = fingerprint(database, oracle), oracle.tokens(), 0
    for door in doors(app, oracle):
        _check(door, walker.try_door(door), person, allowed)
        count += 1
    after = fingerprint(database, oracle)
    assert after == before, [slug for slug in before if before[slug] != after[slug]]
    return count


def _check(door: Door, response: Any, person: Person, allowed: set[int]) -> None:
    about = f"{person.name}: {door.method} {door.path} -> {response.status_code}"
    assert response.status_code < 500, about
    said = content(response)
    leaked = canaries(said) - allowed
    response.close()
    assert person.may_reveal or not NUMBER.search(said), f"{about} shows {NUMBER.findall(said)} in full"
    assert not leaked, f"{about} shows {sorted(leaked)}"
    if door.is_foreign and door.target and re.search(rf"/{door.target[1]}(/[^/?]*)?$", door.path):
        assert response.status_code in (302, 400, 403, 404, 405, 422), about
        if door.method == "GET":
            assert response.status_code == 404, f"{about}: a foreign row must not exist"
    elif door.target and not door.is_foreign and door.method == "GET":
        is_open = response.status_code == 200 or _is_closed(door, person)
        assert is_open, f"{about}: his own row must open"


def _is_closed(door: Door, person: Person) -> bool:
    """Pages that an entity does not have: a form where nothing can be typed, a file not made; what is its owner's alone."""
    slug = door.target[0] if door.target else ""
    operations = registry.entity(slug).__screen__.operations.split()
    is_form = "/edit/" in door.path or "/cell/" in door.path
    sees_all = any(grant["kind"] == "all" for grant in person.grants)
    is_others = sees_all and door.path.startswith(OWNERS)
    return is_others or (is_form and "edit" not in operations) or door.path.endswith(FILES)


def look(world: World, app: Any, name: str) -> list[str]:
    """Open every list as a person, screen and API: his rows are there, all of them and no others.

    Returns what is wrong.
    """
    person, wrong = world.person(name), []
    oracle, walker = Oracle(world, person), Walker(app, name)
    for slug in world.rows:
        if not is_shown(registry.entity(slug)):
            continue
        known = {row.id for _number, row in world.rows[slug]}
        wanted = {row.id for row in oracle.visible(slug)}
        listed, pages = whole_list(walker, slug)
        if listed & known != wanted:
            wrong.append(f"{slug} by API: {sorted(listed & known)} for {sorted(wanted)}")
        lacking = [n for n in wanted if not re.search(rf'name="ids" value="{n}"|/{n}["?]', pages)]
        if lacking:
            wrong.append(f"{slug} on the screen lacks {sorted(lacking)}")
    return wrong


def whole_list(walker: Walker, slug: str) -> tuple[set[int], str]:
    """The ids that the API lists, and the text of the screens' pages, from the first page to the last."""
    ids: set[int] = set()
    pages, after = "", ""
    while True:
        answer = walker.try_door(Door("GET", f"/api/v1/{slug}/?size=100{after}"))
        assert answer.status_code == 200, (slug, answer.text)
        found = json.loads(answer.text)
        ids |= {row["id"] for row in found["result"]}
        pages += walker.try_door(Door("GET", f"/{slug}/list/?size=100{after}")).text
        if not found["next"]:
            return ids, pages
        after = f"&after={quote(found['next'])}"


class Walk:
    """Every door × some people; a file for each third of them, so that three processes can walk at once."""

    people: tuple[Any, ...]

    def test_no_door_leaks_and_no_foreign_write_lands(
        self, world: World, app: Any, database: Any, name: str, record_property: Any
    ) -> None:
        count = walk(world, app, database, name)
        assert count > FEWEST
        record_property("walk", count)

    def test_every_list_shows_all_rows_of_the_scope(self, world: World, app: Any, name: str) -> None:
        assert look(world, app, name) == []
