"""A portfolio file: customers, loans, schedules and, for a ledger, the opening positions; in one pass."""

from functools import partial

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.org import Region, RegionLevel
from app.core.planning import by_hash
from app.core.tree_bulk import NewNode, add_nodes
from app.servicing.intake import book, checks, names, people
from app.servicing.intake.changes import store_changes
from app.servicing.intake.differences import list_differences
from app.servicing.intake.fields import PLACES
from app.servicing.intake.layouts import Source
from app.servicing.intake.loans import store_loans, store_opening
from app.servicing.intake.places import Places
from app.servicing.intake.problems import Problems
from app.servicing.intake.staging import fill, mark_bad, run, stage
from app.servicing.intake.summary import Counts, Step, Task, read_so_far

_PATH = " || E'\\x1f' || ".join(f"coalesce({level}, '')" for level in (*PLACES, "village_group"))
EXTRA = f"path text GENERATED ALWAYS AS ({_PATH}) STORED"

NAMED = """
    CREATE TEMP TABLE branch_named (name text PRIMARY KEY, id bigint) ON COMMIT DROP;
    CREATE TEMP TABLE officer_named (name text, branch_id bigint, id bigint) ON COMMIT DROP;
    CREATE TEMP TABLE product_named (name text PRIMARY KEY, id bigint, method text, terms jsonb) ON COMMIT DROP;
    CREATE TEMP TABLE place_named (path text PRIMARY KEY, region_id bigint) ON COMMIT DROP"""

RESOLVED = """
    CREATE TEMP TABLE resolved (row int PRIMARY KEY, key text, branch_id bigint, officer_id int, region_id bigint,
        product_id bigint, method text, terms jsonb, joint_group_id bigint, customer_id bigint, loan_id bigint,
        is_new boolean) ON COMMIT DROP"""

RESOLVE = """
    INSERT INTO resolved
    SELECT s.row, coalesce(s.identity_number, s.customer_name || E'\\t' || coalesce(s.mobile, s.row::text)), b.id,
        o.id, p.region_id, t.id, coalesce(s.method, t.method), t.terms, NULL, l.customer_id, l.id, l.id IS NULL
    FROM staged s
    JOIN product_named t ON t.name = s.product
    LEFT JOIN branch_named b ON b.name = s.branch
    LEFT JOIN officer_named o ON o.name = s.officer AND o.branch_id IS NOT DISTINCT FROM b.id
    LEFT JOIN place_named p ON p.path = s.path
    LEFT JOIN loan l ON l.client_id = :client AND l.number = s.number
    WHERE NOT s.bad ORDER BY s.row"""

LOAN_IDS = """
    UPDATE resolved SET loan_id = n.id
    FROM (SELECT row, nextval(pg_get_serial_sequence('loan', 'id')) AS id
          FROM (SELECT row FROM resolved WHERE is_new ORDER BY row) r) n
    WHERE n.row = resolved.row"""


def import_portfolio(task: Task) -> tuple[int, Counts]:
    """Import the file; returns how many rows it has and what came of the good ones."""
    rows = read(task)
    with by_hash(task.session):
        return rows, _store(task)


def _store(task: Task) -> Counts:
    session = task.session
    task.tell(Step.CHECKING, _("Checking"))
    products = _check(task)
    book.compute(session, task.source, task.client.id, products, task.on, task.problems)
    mark_bad(session, task.problems)
    _name(task, products)
    task.tell(Step.STORING, _("Storing customers"))
    run(session, RESOLVED)
    run(session, RESOLVE, client=task.client.id)
    run(session, LOAN_IDS)
    run(session, "ANALYZE resolved")
    people.store_people(session, task.client.id, task.client.language)
    people.store_groups(session, task.client.id)
    task.tell(65, _("Storing loans"))
    store_loans(session, task.client.id, task.client.currency, task.on)
    if task.source.has("stated_balance"):
        reason = str(_("Written off before the portfolio was taken over"))
        store_opening(session, task.client.id, task.client.currency, task.on, reason, task.user_id)
    task.tell(90, _("Comparing with what is stored"))
    updated = store_changes(session)
    different = list_differences(session, task.run_id, task.on)
    good, created = run(session, "SELECT count(*), count(*) FILTER (WHERE is_new) FROM resolved").one()
    return Counts(created, updated, good - created - updated, different)


def read(task: Task) -> int:
    """Stage the file's rows."""
    so_far = partial(read_so_far, task.tell)
    rows = stage(task.session, task.source, task.path, task.client.country, task.problems, so_far, EXTRA)
    if task.as_of is not None:
        run(task.session, "UPDATE staged SET as_of = :day WHERE as_of IS NULL", day=task.as_of)
    return rows


def _check(task: Task) -> names.Products:
    """Everything that can be said against a row before its schedule is computed."""
    session, source, problems = task.session, task.source, task.problems
    for statement in NAMED.split(";"):
        run(session, statement)
    checks.check(session, checks.PORTFOLIO, task.on, problems)
    found = names.products(session, source, task.client, problems)
    names.check_people(session, source, task.client, problems)
    name_places(session, source, problems)
    faults = [(people.UNCLEAR_GROUPS, _("is the name of several groups"))]
    if not source.creates("group"):
        faults.append((people.UNKNOWN_GROUPS, _("is no group of this client")))
    for statement, reason in faults:
        places = run(session, statement, client=task.client.id)
        problems.of_field("joint_group", [(row, name) for row, name, _n in places], reason)
    mark_bad(session, problems)
    return found


def name_places(session: Session, source: Source, problems: Problems) -> None:
    """Find the place of each path of names in the file; village groups are entered where the layout says so."""
    levels = [level for level in PLACES if source.has(level)]
    if not levels:
        return
    columns = ", ".join((*PLACES, "village_group"))
    statement = f"SELECT path, {columns}, array_agg(row ORDER BY row) FROM staged GROUP BY path, {columns}"
    known: dict[str, int] = {}
    new: dict[str, NewNode] = {}
    places = Places(session)
    for path, *words, group, rows in run(session, statement).all():
        found, level, reason = places.find(dict(zip(PLACES, words, strict=True)))
        if reason is not None and level is not None:
            named = words[PLACES.index(level)]
            problems.of_field(level, [(row, named) for row in rows], reason)
        elif group and found is not None:
            _name_group(session, source, (path, found, group, rows), known, new, problems)
        elif found is not None:
            known[path] = found
    add_nodes(session, Region, list(new.values()))
    known.update({path: node.id for path, node in new.items()})
    fill(session, "place_named (path, region_id)", "text[], bigint[]", known.keys(), known.values())


def _name_group(
    session: Session, source: Source, told: tuple[str, int, str, list[int]], known: dict[str, int],
    new: dict[str, NewNode], problems: Problems,
) -> None:  # fmt: skip
    path, village, group, rows = told
    stored = (
        session.query(Region.id).filter_by(parent_id=village, name=group, level=RegionLevel.GROUP).scalar()
    )
    if stored is not None:
        known[path] = stored
    elif source.creates("village_group"):
        new[path] = NewNode({"code": None, "name": group, "level": RegionLevel.GROUP}, village)
    else:
        problems.of_field("village_group", [(row, group) for row in rows], _("is no group of this village"))


def _name(task: Task, products: names.Products) -> None:
    """Make what the layout may create, and put all names beside what they stand for."""
    session = task.session
    branches, officers = names.make_people(session, task.client)
    fill(session, "branch_named (name, id)", "text[], bigint[]", branches.keys(), branches.values())
    who = [(name, branch, number) for (name, branch), number in officers.items()]
    columns = list(zip(*who, strict=True)) or [(), (), ()]
    fill(session, "officer_named (name, branch_id, id)", "text[], bigint[], bigint[]", *columns)
    names.fill_products(session, products)
