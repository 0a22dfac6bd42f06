"""scope-list: what it costs that a list shows only what its reader may see."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.core.db import PREPARED_AFTER
from app.core.reach import Range, Reach
from app.models import Customer, Loan
from tests.bench.database import VIEWERS, Bench
from tests.bench.measure import Line, interleaved, settled
from tests.bench.organisation import DAY
from tests.bench.viewers import Viewer, sent, viewer

ROUNDS = 500
"""Of a comparison, a second of its budget."""
PAGE = 25 + 1
"""Rows of a page, and one that tells whether there are more."""
LOANS = """
SELECT l.id, l.number, l.customer_id, l.product_id, l.officer_id, l.principal, l.principal_outstanding,
    l.overdue_principal, l.overdue_since, l.status, c.id, c.name, p.id, p.name, u.id, u.first_name, u.last_name
FROM loan l LEFT JOIN customer c ON c.id = l.customer_id LEFT JOIN product p ON p.id = l.product_id
LEFT JOIN ab_user u ON u.id = l.officer_id
WHERE {where} ORDER BY {order} LIMIT %(rows)s"""
CUSTOMERS = """
SELECT c.id, c.client_id, c.kind, c.name, c.identity_number, c.manager_id, c.branch_id, c.status, c.is_do_not_contact,
    t.id, t.name, u.id, u.first_name, u.last_name, b.id, b.name
FROM customer c LEFT JOIN client t ON t.id = c.client_id LEFT JOIN ab_user u ON u.id = c.manager_id
LEFT JOIN branch b ON b.id = c.branch_id
WHERE {where} ORDER BY c.id DESC LIMIT %(rows)s"""


@dataclass(frozen=True)
class Asked:
    """A list of the application and the statement a person would write who knows what the reader may see."""

    name: str
    entity: Any
    address: dict[str, str]
    by_hand: str
    keys: dict[str, str]


_KEYS = {
    "officer": "l.officer_id",
    "branch": "l.branch_lft",
    "region": "l.region_lft",
    "client": "l.client_id",
}
_LATE = {"sort": "-days_past_due", "days_past_due__gt": "0"}
_SINCE = f"l.overdue_since < DATE '{DAY}' AND ({{where}})"
LISTS = (
    Asked("loans by id", Loan, {}, LOANS.replace("{order}", "l.id DESC"), _KEYS),
    Asked("loans by days overdue", Loan, _LATE,
          LOANS.replace("{order}", "l.overdue_since, l.id").replace("{where}", _SINCE), _KEYS),
    Asked("customers", Customer, {}, CUSTOMERS, {}),
)  # fmt: skip


def _within(key: str, ranges: tuple[Range, ...]) -> Iterator[str]:
    for low, high in ranges:
        yield f"{key} = {low}" if low == high else f"{key} BETWEEN {low} AND {high}"


def grants(reach: Reach, keys: dict[str, str]) -> str:
    """What a user may see as the condition a person would write on these keys."""
    found = []
    if reach.is_all:
        return "true"
    if reach.own and reach.user_id not in reach.officers and "officer" in keys:
        found.append(f"{keys['officer']} = {reach.user_id}")
    if reach.officers and "officer" in keys:
        found.append(f"{keys['officer']} IN ({', '.join(map(str, reach.officers))})")
    if reach.clients and "client" in keys:
        found.append(f"{keys['client']} IN ({', '.join(map(str, reach.clients))})")
    for key, ranges in (("branch", reach.branches), ("region", reach.regions)):
        if key in keys:
            found += _within(keys[key], ranges)
    return " OR ".join(found) or "false"


def _by_hand(asked: Asked, reach: Reach) -> str:
    if asked.keys:
        return asked.by_hand.format(where=grants(reach, asked.keys))
    if reach.is_all:
        return asked.by_hand.format(where="true")
    own = grants(reach, {"officer": "c.manager_id", "branch": "c.branch_lft", "client": "c.client_id"})
    loans = grants(reach, {name: f"r.{key.partition('.')[2]}" for name, key in _KEYS.items()})
    through = f"EXISTS (SELECT 1 FROM customer_reach r WHERE r.customer_id = c.id AND ({loans}))"
    return asked.by_hand.format(where=f"({own}) OR {through}")


def compared(bench: Bench, reader: Viewer, asked: Asked, budget: float) -> tuple[float, float]:
    """Seconds of the application's statement under the reader's role, and of the one by hand without policies.

    Raises:
        ValueError: they do not find the same rows.
    """
    with reader.session() as session, bench.superuser(prepare_threshold=PREPARED_AFTER) as free:
        listing = reader.listing(asked.entity, **asked.address)
        statement = sent(session, listing.page)[-1]
        hand = _by_hand(asked, session.reach)
        held: Any = session.connection().connection.driver_connection
        free.execute("SET plan_cache_mode = force_custom_plan")

        def figure() -> list[Any]:
            return held.execute(*statement).fetchall()  # type: ignore[no-any-return]

        def floor() -> list[Any]:
            return free.execute(hand, {"rows": PAGE}).fetchall()

        if [row.id for row in listing.page(session).rows] != [row[0] for row in floor()][: PAGE - 1]:
            raise ValueError(f"{asked.name} as {reader.kind}: not the rows that SQL by hand finds")
        for _ in range(PREPARED_AFTER):
            figure()
            floor()
        return interleaved(figure, floor, budget=budget, fewest=3, most=int(budget * ROUNDS))


def scope_list(bench: Bench) -> Iterator[Line]:
    """Every kind of scope in every list; the worst one is the figure."""
    readers = [viewer(kind) for kind in VIEWERS]
    found = settled(
        {
            f"{asked.name}, {reader.kind}": partial(compared, bench, reader, asked)
            for asked in LISTS
            for reader in readers
        },
        0.6,
    )
    worst = max(found.values(), key=lambda pair: pair[0] / pair[1])
    details = tuple(
        f"{what:<36} {a * 1000:9.3f} ms {b * 1000:9.3f} ms {a / b:7.2f}" for what, (a, b) in found.items()
    )
    yield Line("scope-list", *worst, 1.2, details=details)
