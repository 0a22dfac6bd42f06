"""A small world in which every row of every scoped entity belongs to one loan and carries its canary.

Rows are made from the declarations, so an entity that is new tomorrow has its canaries without a line here.
Who may see what is computed from grants and tree membership in plain Python, not by the code under test.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from app.access.users import create_user
from app.core import registry
from app.core.db import unscoped
from app.core.org import GrantKind
from tests.roles import role_that_reveals_nothing
from tests.walk.canaries import KEPT, NOTED, token, values_of

PLACES = (
    ("province", None, "province"), ("city", "province", "city"), ("c1", "city", "county"), ("c2", "city", "county"),
    ("a1", "c1", "area"), ("t1", "a1", "township"), ("t2", "c1", "township"), ("t3", "c2", "township"),
    ("v1", "t1", "village"), ("v2", "t1", "village"), ("v3", "t2", "village"), ("v4", "t3", "village"),
)  # fmt: skip
UNITS = (("hq", None), ("b1", "hq"), ("b1a", "b1"), ("b2", "hq"))
# (client, branch, officer, village, product kind, which customer of the client)
LOANS = (
    ("x", "b1", "o1", "v1", "livestock", 0), ("x", "b1a", "o2", "v2", "consumer", 1), ("x", "b2", "o3", "v3", "livestock", 2),
    ("y", "b2", "o3", "v4", "consumer", 3), ("y", "b1", "o2", "v4", "livestock", 4), ("x", "b2", "o1", "v4", "consumer", 0),
    ("y", "b1a", "o3", "v1", "consumer", 5), ("x", "hq", "o2", "v3", "livestock", 6), ("y", "hq", "o3", "v2", "livestock", 7),
)  # fmt: skip


@dataclass
class Person:
    """A user of the walk and the grants he was given, by names of this world.

    Those of one `turn` try the same share of the routes: in each there is somebody with a place and somebody with a unit.
    """

    name: str
    turn: int
    grants: tuple[dict[str, Any], ...]
    id: int = 0
    may_reveal: bool = True


@dataclass
class World:
    """Rows by entity, with the number of the loan each belongs to."""

    rows: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    branches: dict[str, Any] = field(default_factory=dict)
    regions: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)

    def person(self, name: str) -> Person:
        """The person of this name, with his id."""
        return next(one for one in self.people if one.name == name)


PEOPLE = (
    Person("all", 0, ({"kind": "all"},)),
    Person("branch_subtree", 4, ({"kind": "branch", "branch": "b1"},)),
    Person("branch_leaf", 1, ({"kind": "branch", "branch": "b2"},)),
    Person("o1", 2, ({"kind": "own"},)),
    Person("team", 3, ({"kind": "team", "team": "north"},)),
    Person("county", 1, ({"kind": "region", "region": "c1"},)),
    Person("area", 3, ({"kind": "region", "region": "a1"},)),
    Person("township", 0, ({"kind": "region", "region": "t1"},)),
    Person("village", 2, ({"kind": "region", "region": "v4"},)),
    Person("client", 0, ({"kind": "client", "client": "y"},)),
    Person("livestock", 4, ({"kind": "region", "region": "c1", "product_kinds": ["livestock"]},)),
    Person("two_grants", 0, ({"kind": "own"}, {"kind": "region", "region": "v4"})),
    Person("nobody", 3, ()),
    Person("masked", 4, ({"kind": "all"},), may_reveal=False),
)
OUTLINES = {
    "c1": [[10000000, 3500000, 10100000, 3500000, 10080000, 3600000, 10000000, 3590000, 10000000, 3500000]],
    "c2": [[10100000, 3500000, 10200000, 3520000, 10190000, 3610000, 10080000, 3600000, 10100000, 3500000]],
}
"""The borders of the two counties, as they are stored."""
TEAM = {"o2": "north", "o3": "north", "o1": "south"}


def by_place() -> list[Person]:
    """Those whose grants name places: a third of the people, so that each third takes as long."""
    return [one for one in PEOPLE if one.grants and all(grant["kind"] == "region" for grant in one.grants)]


def by_unit() -> list[Person]:
    """Those who see in full by branch, officer or team, or all."""
    kinds = {"all", "branch", "own", "team"}
    return [
        one
        for one in PEOPLE
        if one.may_reveal and one.grants and all(grant["kind"] in kinds for grant in one.grants)
    ]


def by_other() -> list[Person]:
    """The others: by a lender, by two grants, masked, or by nothing."""
    return [one for one in PEOPLE if one not in [*by_place(), *by_unit()]]


def parents(tree: tuple[tuple[str, ...], ...], name: str) -> set[str]:
    """The node and everything above it."""
    above = {row[0]: row[1] for row in tree}
    found: set[str] = set()
    while name is not None:
        found.add(name)
        name = above[name]
    return found


def make_world() -> World:
    """Fill the database; one unscoped transaction."""
    world = World(people=[replace(person) for person in PEOPLE])
    with unscoped("the walk's data") as session:
        _frame(session, world)
    _make_people(world)
    with unscoped("the walk's data") as session:
        customers: dict[tuple[str, int], Any] = {}
        for number, plan in enumerate(LOANS):
            _loan_and_all(session, world, number, plan, customers)
    return world


def _frame(session: Any, world: World) -> None:
    """Units, places, clients, products, a team: what is shared."""
    entity = registry.entity
    for name, parent in UNITS:
        row = entity("branch")(name=name, parent_id=world.branches[parent].id if parent else None)
        world.branches[name] = _add(session, row)
    for name, parent, level in PLACES:
        row = entity("region")(name=name, level=level, parent_id=world.regions[parent].id if parent else None)
        world.regions[name] = _add(session, row)
    for name, rings in OUTLINES.items():
        told = {"region_id": world.regions[name].id, "points": 5, "file_name": "common903"}
        _add(session, entity("region_outline")(rings=rings, **told))
    for code, number in (("x", 900), ("y", 901)):
        columns = {"currency": "CNY", "country": "CN", "zone": "Asia/Shanghai", "language": "en"}
        world.clients[code] = _add(session, entity("client")(code=code, name=token(number), **columns))
        world.rows.setdefault("client", []).append((number, world.clients[code]))
    for team in sorted(set(TEAM.values())):
        _add(session, entity("team")(name=team))
    for code, kind in ((NOTED, "text"), (KEPT, "file")):
        _add(session, entity("custom_field")(entity="loan", code=code, kind=kind, label_en=code))


def _make_people(world: World) -> None:
    """Users: the officers, and those who walk (each with every right, so that only scope can stop him)."""
    for name in TEAM:
        world.users[name] = create_user(name, "pw", "Administrator", branch_id=world.branches["b1"].id)
    with unscoped("teams of the walk") as session:
        team = {row.name: row.id for row in session.query(registry.entity("team"))}
        for name, named in TEAM.items():
            session.get_one(registry.entity("user"), world.users[name]).team_id = team[named]
    grant = registry.entity("data_grant")
    for person in world.people:
        if person.name not in world.users:
            role = "Administrator" if person.may_reveal else role_that_reveals_nothing("common902")
            world.users[person.name] = create_user(person.name, "pw", role)
        person.id = world.users[person.name]
        with unscoped("grants of the walk") as session:
            ids = {"branch": world.branches, "region": world.regions, "client": world.clients}
            for given in person.grants:
                columns = {
                    f"{k}_id": ids[k][v].id if k in ids else team[v]
                    for k, v in given.items()
                    if k in (*ids, "team")
                }
                session.add(
                    grant(
                        user_id=person.id,
                        kind=GrantKind(given["kind"]),
                        product_kinds=given.get("product_kinds"),
                        **columns,
                    )
                )


def _loan_and_all(
    session: Any, world: World, number: int, plan: tuple[Any, ...], customers: dict[Any, Any]
) -> None:
    """One loan and one row of every scoped entity that belongs to it."""
    client, branch, officer, village, kind, who = plan
    holder: dict[str, Any] = {
        "client": world.clients[client], "branch": world.branches[branch], "region": world.regions[village],
        "user": _Id(world.users[officer]), "number": number, "kind": kind,
        "role": session.get_one(registry.entity("user"), world.users[officer]).role_id,
    }  # fmt: skip
    if (client, who) in customers:
        holder["customer"] = customers[client, who]
    for entity in _in_order():
        slug = entity.slug()
        if (slug in holder and slug != "customer") or (slug == "customer" and "customer" in holder):
            continue
        row = _add(session, entity(**values_of(entity, holder)))
        holder[slug] = row
        if slug == "customer":
            customers[client, who] = row
        if not entity.__scope__.is_shared:
            world.rows.setdefault(slug, []).append((number, row))


class _Id:
    def __init__(self, value: int) -> None:
        self.id = value


_NOT_MADE = {
    "customer_reach",
    "history",
    "user",
    "role",
    "branch",
    "region",
    "region_outline",
    "client",
    "data_grant",
    "setting",
    "team",
    "department",
    "position",
}


def _in_order() -> list[Any]:
    """Entities whose required links come before them."""
    waiting = [cls for cls in registry.entities() if cls.slug() not in _NOT_MADE]
    known, ordered = {"client", "branch", "region", "user", "role", *_NOT_MADE}, []
    while waiting:
        ready = [cls for cls in waiting if _needed(cls) <= known]
        assert ready, f"links in a circle: {waiting}"
        for cls in ready:
            ordered.append(cls)
            known.add(cls.slug())
            waiting.remove(cls)
    return ordered


def _needed(cls: Any) -> set[str]:
    """What a row's links need; optional links to the customer's other rows are filled too, not to itself."""
    linked = {c.info["link"] for c in cls.__table__.columns if c.info.get("link")}
    about = {"loan" for c in cls.__table__.columns if c.info.get("is_target")}
    return (linked | about) - {cls.slug()} - _optional_cycles(cls)


def _optional_cycles(cls: Any) -> set[str]:
    return {"bucket", "customer"} if cls.slug() == "bucket" else set()


def _add(session: Any, row: Any) -> Any:
    session.add(row)
    session.flush()
    session.refresh(row)
    session.expunge(row)
    return row
