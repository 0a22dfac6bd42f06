"""Branches of a lender by the names a file gives them. Those that are unknown are opened where allowed."""

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from app.core import file_names
from app.core.org import Branch
from app.models.lending import Client


class Branches:
    """Branches by the names a file gives them, those below the lender's own head office first."""

    def __init__(self, session: Session, client: Client) -> None:
        self._session, self._office_name = session, client.name
        offices = file_names.of_thing(client) - {client.code}
        self._open: dict[str, list[Any]] = defaultdict(list)
        self._closed: dict[str, list[Any]] = defaultdict(list)
        tops = []
        for row in session.scalars(select(Branch).options(lazyload("*")).order_by(Branch.id)):
            names = file_names.of_thing(row)
            if row.parent_id is None and offices & names:
                tops.append(row)
            for name in names:
                (self._closed if row.is_closed else self._open)[name].append(row)
        self.office = min(tops, key=lambda row: row.name != client.name) if tops else None
        self.ids: dict[str, int] = {}
        self.unclear: set[str] = set()
        self.closed: set[str] = set()
        """Names that only closed branches of the lender have."""

    def find(self, names: list[str]) -> list[str]:
        """Look names (or codes) up; returns those that are unknown."""
        for name in names:
            known = self._open[name]
            chosen = [row.id for row in known if self._is_ours(row.lft)] or [row.id for row in known]
            if len(chosen) == 1:
                self.ids[name] = chosen[0]
            elif chosen:
                self.unclear.add(name)
            elif any(self._is_ours(row.lft) for row in self._closed[name]):
                self.closed.add(name)
        told = self.ids.keys() | self.unclear | self.closed
        return [name for name in names if name not in told]

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
