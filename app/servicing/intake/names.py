"""Names in a file and what they stand for: products, branches, officers. Unknown ones are made where allowed."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import file_names
from app.core.errors import RuleError
from app.models.lending import Client, Product
from app.servicing.intake import clients
from app.servicing.intake.branches import Branches
from app.servicing.intake.layouts import Source
from app.servicing.intake.officers import Officers
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import fill, run
from app.servicing.terms_of import stored_terms

LENDER_COLUMNS = ("code", "name", "currency", "country", "zone", "language", "contact_pack")


@dataclass(frozen=True)
class Ready:
    """A product as the import needs it."""

    id: int
    method: str
    terms: dict[str, Any]


Products = dict[str, Ready]


def client_of(session: Session, source: Source, code: str | None) -> Client:
    """The client whose book the file is: the one asked for, else the layout's, made if the layout describes it.

    One whose code was changed on its screen is found by the old one, too. Raises RuleError where there is no such client.
    """
    wanted = code or source.client_code
    if not wanted:
        raise RuleError(_("Say whose portfolio this is: the layout names no client"))
    client = clients.find(session, wanted)
    if client is None:
        if source.lender is None or source.lender["code"] != wanted:
            raise RuleError(_("There is no client %(code)s", code=wanted))
        client = Client(**{name: source.lender[name] for name in LENDER_COLUMNS if name in source.lender})
        session.add(client)
        session.flush()
    return client


def products(session: Session, source: Source, client: Client, problems: Problems) -> Products:
    """The products that the file names by code or name; those the layout describes for its lender are made."""
    if source.lender is not None and clients.find(session, source.lender["code"]) is client:
        _make_products(session, source.lender, client)
    mine = select(Product).where(or_(Product.client_id == client.id, Product.client_id.is_(None)))
    found, unclear = _by_name(list(session.scalars(mine).unique()))
    names = [name for (name,) in _distinct(session, "product")]
    unknown = [name for name in names if name not in found and name not in unclear]
    problems.of_field("product", _rows_with(session, "product", unknown), _("is no product of this client"))
    several = _rows_with(session, "product", [name for name in names if name in unclear])
    problems.of_field("product", several, _("is the name of several products"))
    return found


def _by_name(stored: list[Product]) -> tuple[Products, set[str]]:
    """Products by every name that means one of them, and the names that mean several.

    A client's own come before those of all clients, and a code, which is never given twice, before a name.
    """
    ranked: dict[str, dict[tuple[bool, bool], list[Product]]] = defaultdict(lambda: defaultdict(list))
    for product in stored:
        for name in file_names.of_thing(product):
            ranked[name][product.client_id is None, name != product.code].append(product)
    best = {name: ranks[min(ranks)] for name, ranks in ranked.items()}
    found = {
        name: Ready(only[0].id, str(only[0].method), stored_terms(only[0]))
        for name, only in best.items()
        if len(only) == 1
    }
    return found, best.keys() - found.keys()


def _make_products(session: Session, lender: dict[str, Any], client: Client) -> None:
    mine = session.scalars(select(Product).where(Product.client_id == client.id)).unique()
    # one whose code was changed on its screen keeps the old one among its names in files
    known = {code for product in mine for code in (product.code, *file_names.listed(product.names_in_files))}
    for described in lender.get("products", []):
        if described["code"] not in known:
            terms = {"currency": client.currency, **lender.get("terms", {}), **described}
            session.add(Product(client_id=client.id, **terms))
    session.flush()


def check_people(session: Session, source: Source, client: Client, problems: Problems) -> None:
    """Tell the rows whose branch or officer is unknown and may not be made by an import.

    Whose branch is refused hears nothing of the officer: which one is meant depends on the branch.
    """
    branches = Branches(session, client)
    unknown = branches.find([name for (name,) in _distinct(session, "branch")])
    if source.creates("branch"):
        unknown = []
    problems.of_field("branch", _rows_with(session, "branch", unknown), _("is no branch"))
    unclear = _rows_with(session, "branch", list(branches.unclear))
    problems.of_field("branch", unclear, _("is the name of several branches"))
    closed = _rows_with(session, "branch", list(branches.closed))
    problems.of_field("branch", closed, _("is a branch that is closed"))
    officers = Officers(session, client)
    strangers, several = _unfit(officers, branches.ids, _distinct(session, "officer", "branch"))
    reasons = [(several, _("is the name of several officers of this branch"))]
    if not source.creates("officer"):
        reasons.append((strangers, _("is no officer of this branch")))
    told = problems.rows_of("branch")
    for pairs, reason in reasons:
        places = [(row, name) for row, name in _rows_of(session, pairs) if row not in told]
        problems.of_field("officer", places, reason)


Pairs = list[tuple[str, str | None]]
"""Officers as (name, branch's name)."""


def _unfit(officers: Officers, branches: dict[str, int], pairs: Pairs) -> tuple[Pairs, Pairs]:
    """The pairs that mean nobody and those that mean several. Nobody works yet at a branch that is to be made."""
    ids: dict[str | None, int | None] = {None: None}
    ids.update(branches)
    officers.find([(name, ids[at]) for name, at in pairs if at in ids])
    several = [(name, at) for name, at in pairs if at in ids and (name, ids[at]) in officers.unclear]
    known = {(name, at) for name, at in pairs if at in ids and (name, ids[at]) in officers.ids}
    return [pair for pair in pairs if pair not in known and pair not in several], several


def make_people(session: Session, client: Client) -> tuple[dict[str, int], dict[tuple[str, int | None], int]]:
    """Branches by name and officers by (name, branch id) of the good rows, those unknown made."""
    places = [name for (name,) in _distinct(session, "branch", good=True)]
    return enter_people(session, client, places, _distinct(session, "officer", "branch", good=True))


def enter_people(
    session: Session, client: Client, places: list[str], pairs: list[tuple[str, str]]
) -> tuple[dict[str, int], dict[tuple[str, int | None], int]]:
    """Branches by name and officers, told as (name, branch's name), by (name, branch id); those unknown made."""
    branches, officers = Branches(session, client), Officers(session, client)
    branches.make(branches.find(places))
    officers.make(officers.find([(name, branches.ids.get(branch)) for name, branch in pairs]))
    return branches.ids, officers.ids


def fill_products(session: Session, found: Products) -> None:
    """Put the products beside the names by which a file may call them."""
    ready = found.values()
    terms = [json.dumps(product.terms) for product in ready]
    columns = [product.id for product in ready], [product.method for product in ready], terms
    fill(
        session,
        "product_named (name, id, method, terms)",
        "text[], bigint[], text[], jsonb[]",
        found,
        *columns,
    )


def _distinct(session: Session, *fields: str, good: bool = False) -> list[Any]:
    """Distinct values of staged fields (of good rows only), in the order of the file."""
    names, which = ", ".join(fields), " AND NOT bad" if good else ""
    statement = (
        f"SELECT {names} FROM staged WHERE {fields[0]} IS NOT NULL{which} GROUP BY {names} ORDER BY min(row)"
    )
    return list(run(session, statement))


def _rows_with(session: Session, field: str, values: list[str]) -> list[tuple[int, str]]:
    """(row, value) of the rows whose field is one of the values."""
    if not values:
        return []
    statement = f"SELECT row, {field} FROM staged WHERE {field} = ANY(:values) ORDER BY row"
    return [(row, value) for row, value in run(session, statement, values=values)]


def _rows_of(session: Session, pairs: Pairs) -> list[tuple[int, str]]:
    """(row, officer) of the rows with one of the pairs (officer, branch's name)."""
    if not pairs:
        return []
    statement = """
        SELECT s.row, s.officer
        FROM staged s JOIN unnest(CAST(:names AS text[]), CAST(:branches AS text[])) AS pair (name, branch)
            ON s.officer = pair.name AND s.branch IS NOT DISTINCT FROM pair.branch
        ORDER BY s.row"""
    found = run(session, statement, names=[name for name, _at in pairs], branches=[at for _name, at in pairs])
    return [(row, name) for row, name in found]
