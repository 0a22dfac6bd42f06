"""The lenders, units, places and templates of the benchmarks' book: what is there before its first loan."""

import csv
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from app.core import clock
from app.core.org import Branch, Region, RegionLevel, Team
from app.core.tree_bulk import NewNode, add_nodes
from app.models import Client, MessageTemplate, Product

DAY = date(2018, 6, 25)
"""The business date of the made-up book."""
BRANCHES, TEAMS = (9, 190), 100
REGIONS = Path(__file__).parents[2] / "demo" / "regions_cn_gansu.csv"
KINDS = ("smallholder", "livestock", "consumer", "business", "housing")
TEMPLATES = {
    "soon": ({"kind": "advance", "days_before": 3, "send_times": "09:30"},
             "{client_name}: {customer_name}, {due_amount} {currency} of {loan_number} fall due on {due_date}."),
    "late": ({"kind": "timed", "send_times": "10:00", "max_days_overdue": 90},
             "{client_name}: {customer_name}, {overdue_amount} {currency} of {loan_number} are {days_past_due} days late."),
}  # fmt: skip


def make(session: Session) -> None:
    """Lenders, products, teams, templates, the two trees, the business date."""
    words = {
        "currency": "CNY",
        "country": "CN",
        "zone": "Asia/Shanghai",
        "language": "zh_Hans",
        "contact_pack": "CN",
    }
    clients = [Client(code=code, name=code.title(), **words) for code in ("bank", "placed")]
    session.add_all(clients)
    session.flush()
    session.add_all(
        Product(
            code=kind,
            name=kind.title(),
            kind=kind,
            currency="CNY",
            method="equal_principal",
            allocation_order="",
        )
        for kind in KINDS
    )
    session.add_all(Team(name=f"Team {number}") for number in range(1, TEAMS + 1))
    session.add_all(
        MessageTemplate(client_id=client.id, name=name, language="zh_Hans", text=text, is_active=True, **when)
        for client in clients
        for name, (when, text) in TEMPLATES.items()
    )
    clock.set_business_date(session, DAY)
    _branches(session)
    _places(session)


def _branches(session: Session) -> None:
    head, (offices, leaves) = NewNode({"name": "Head office"}), BRANCHES
    regional = [NewNode({"name": f"Office {n}"}, head) for n in range(offices)]
    small = [NewNode({"name": f"Branch {n}"}, regional[n * offices // leaves]) for n in range(leaves)]
    add_nodes(session, Branch, [head, *regional, *small])


def _places(session: Session) -> None:
    places: dict[str, NewNode] = {}
    with REGIONS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values = {"code": row["code"], "name": row["name"], "level": RegionLevel(row["level"])}
            places[row["code"]] = NewNode(values, places.get(row["parent_code"]))
    add_nodes(session, Region, list(places.values()))
