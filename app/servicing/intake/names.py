"""Names in a file and what they stand for: products, branches, officers. Unknown ones are made where allowed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.core.errors import RuleError
from app.core.org import Branch, Role, User
from app.models.lending import Client, Product
from app.servicing.intake.layouts import Source
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import fill, run
from app.servicing.terms_of import stored_terms

OFFICER = "Officer"
"""The role of loan officers made by an import."""
UNUSABLE = "!"
"""As a password this is the hash of nothing: nobody can log in until an administrator sets one."""
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

    Raises RuleError where there is no such client.
    """
    wanted = code or source.client_code
    if not wanted:
        raise RuleError(_("Say whose portfolio this is: the layout names no client"))
    client = session.scalars(select(Client).where(Client.code == wanted)).one_or_none()
    if client is None:
        if source.lender is None or source.lender["code"] != wanted:
            raise RuleError(_("There is no client %(code)s", code=wanted))
        client = Client(**{name: source.lender[name] for name in LENDER_COLUMNS if name in source.lender})
        session.add(client)
        session.flush()
    return client


def products(session: Session, source: Source, client: Client, problems: Problems) -> Products:
    """The products that the file names by code or name; those the layout describes for its lender are made."""
    if source.lender is not None and source.lender["code"] == client.code:
        _make_products(session, source.lender, client)
    found: Products = {}
    mine = or_(Product.client_id == client.id, Product.client_id.is_(None))
    # those of the client itself come last and win
    for product in session.scalars(select(Product).where(mine).order_by(Product.client_id.nulls_first())):
        ready = Ready(product.id, str(product.method), stored_terms(product))
        found[product.name] = found[product.code] = ready
    unknown = [name for (name,) in _distinct(session, "product") if name not in found]
    problems.of_field("product", _rows_with(session, "product", unknown), _("is no product of this client"))
    return found


def _make_products(session: Session, lender: dict[str, Any], client: Client) -> None:
    known = set(session.scalars(select(Product.code).where(Product.client_id == client.id)))
    for described in lender.get("products", []):
        if described["code"] not in known:
            terms = {"currency": client.currency, **lender.get("terms", {}), **described}
            session.add(Product(client_id=client.id, **terms))
    session.flush()


class Branches:
    """Branches by the names a file gives them, those below the lender's own head office first."""

    def __init__(self, session: Session, office: str) -> None:
        self._session, self._office_name = session, office
        self.office = session.scalars(
            select(Branch).where(Branch.parent_id.is_(None), Branch.name == office)
        ).one_or_none()
        self.ids: dict[str, int] = {}
        self.unclear: set[str] = set()

    def find(self, names: list[str]) -> list[str]:
        """Look names (or codes) up; returns those that are unknown."""
        rows = self._session.execute(
            select(Branch.id, Branch.name, Branch.code, Branch.lft).where(
                or_(Branch.name.in_(names), Branch.code.in_(names)), ~Branch.is_closed
            )
        ).all()
        for name in names:
            ids = [row.id for row in rows if name in (row.name, row.code)]
            own = [row.id for row in rows if name in (row.name, row.code) and self._is_ours(row.lft)]
            chosen = own or ids
            if len(chosen) == 1:
                self.ids[name] = chosen[0]
            elif chosen:
                self.unclear.add(name)
        return [name for name in names if name not in self.ids and name not in self.unclear]

    def make(self, names: list[str]) -> None:
        """Open branches below the head office (which is made too)."""
        if names and self.office is None:
            self.office = Branch(name=self._office_name)
            self._session.add(self.office)
            self._session.flush()
        for name in names:
            branch = Branch(name=name, parent_id=self.office.id if self.office else None)
            self._session.add(branch)
            self._session.flush()
            self.ids[name] = branch.id

    def _is_ours(self, lft: int) -> bool:
        return self.office is not None and self.office.lft <= lft <= self.office.rgt


class Officers:
    """Loan officers by name and branch."""

    def __init__(self, session: Session, client: Client) -> None:
        self._session, self._client = session, client
        self.ids: dict[tuple[str, int | None], int] = {}

    def find(self, wanted: list[tuple[str, int | None]]) -> list[tuple[str, int | None]]:
        """Look officers up by (name, branch id); returns those that are unknown."""
        name = func.trim(User.first_name + " " + User.last_name)
        rows = self._session.execute(
            select(User.id, name.label("name"), User.branch_id).where(name.in_({name for name, _b in wanted}))
        ).all()
        for row in rows:
            self.ids.setdefault((row.name, row.branch_id), row.id)
        return [each for each in wanted if each not in self.ids]

    def make(self, wanted: list[tuple[str, int | None]]) -> None:
        """Enter officers: with a role, but without a password and without data to see until granted."""
        if not wanted:
            return
        role_id = self._session.scalars(select(Role.id).where(Role.name == OFFICER)).one()
        for (name, branch_id), username in zip(wanted, self._usernames(), strict=False):
            user = User(
                username=username, first_name="", last_name=name, active=True, password=UNUSABLE,
                email=f"{username}@example.invalid", branch_id=branch_id, language=self._client.language,
                role_id=role_id,
            )  # fmt: skip
            self._session.add(user)
            self._session.flush()
            self.ids[name, branch_id] = user.id

    def _usernames(self) -> Iterator[str]:
        """dingxi-001, dingxi-002, …: the first that are free."""
        start = f"{self._client.code}-"
        taken = set(self._session.scalars(select(User.username).where(User.username.startswith(start))))
        number = 0
        while True:
            number += 1
            username = f"{start}{number:03d}"
            if username not in taken:
                yield username


def check_people(session: Session, source: Source, client: Client, problems: Problems) -> None:
    """Tell the rows whose branch or officer is unknown and may not be made by an import.

    Whose branch is refused hears nothing of the officer: which one is meant depends on the branch.
    """
    branches = Branches(session, client.name)
    unknown = branches.find([name for (name,) in _distinct(session, "branch")])
    if source.creates("branch"):
        unknown = []
    problems.of_field("branch", _rows_with(session, "branch", unknown), _("is no branch"))
    unclear = _rows_with(session, "branch", list(branches.unclear))
    problems.of_field("branch", unclear, _("is the name of several branches"))
    if not source.creates("officer"):
        pairs = _distinct(session, "officer", "branch")
        strangers = _rows_of(session, _strangers(Officers(session, client), branches.ids, pairs))
        told = problems.rows_of("branch")
        places = [(row, name) for row, name in strangers if row not in told]
        problems.of_field("officer", places, _("is no officer of this branch"))


def _strangers(
    officers: Officers, branches: dict[str, int], pairs: list[tuple[str, str | None]]
) -> list[tuple[str, str | None]]:
    """The pairs (officer, branch's name) that are wrong. Nobody works yet at a branch that is to be made."""
    ids: dict[str | None, int | None] = {None: None}
    ids.update(branches)
    officers.find([(name, ids[at]) for name, at in pairs if at in ids])
    return [(name, at) for name, at in pairs if at not in ids or (name, ids[at]) not in officers.ids]


def make_people(session: Session, client: Client) -> tuple[dict[str, int], dict[tuple[str, int | None], int]]:
    """Branches by name and officers by (name, branch id) of the good rows, those unknown made."""
    places = [name for (name,) in _distinct(session, "branch", good=True)]
    return enter_people(session, client, places, _distinct(session, "officer", "branch", good=True))


def enter_people(
    session: Session, client: Client, places: list[str], pairs: list[tuple[str, str]]
) -> tuple[dict[str, int], dict[tuple[str, int | None], int]]:
    """Branches by name and officers, told as (name, branch's name), by (name, branch id); those unknown made."""
    branches, officers = Branches(session, client.name), Officers(session, client)
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


def _rows_of(session: Session, pairs: list[tuple[str, str | None]]) -> list[tuple[int, str]]:
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
