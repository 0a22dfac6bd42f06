"""Branches and officers of a demonstration lender whose book, like any bank's, may name only those there are."""

import csv
from pathlib import Path

from app.core.db import unscoped
from app.servicing.intake import layouts
from app.servicing.intake.names import client_of, enter_people

STAFF = Path(__file__).resolve().parents[1] / "demo" / "staff_ua.csv"
LAYOUT = "ua"


def enter() -> None:
    """Enter the Ukrainian lender, its branches and its officers (demo/staff_ua.csv); what is there stays."""
    with STAFF.open(encoding="utf-8", newline="") as file:
        told = [(row["officer"], row["branch"]) for row in csv.DictReader(file)]
    with unscoped("staff of a demonstration lender") as session:
        lender = client_of(session, layouts.find(session, LAYOUT), None)
        enter_people(session, lender, list(dict.fromkeys(branch for _officer, branch in told)), told)
