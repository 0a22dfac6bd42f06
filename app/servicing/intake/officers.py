"""Loan officers by the names a file gives them. Those who are unknown are made where allowed."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.access.users import placeholder_email
from app.core import file_names
from app.core.locks import Lock
from app.core.org import Role, User
from app.models.lending import Client

OFFICER = "Officer"
"""The role of loan officers made by an import."""
UNUSABLE = "!"
"""As a password this is the hash of nothing: nobody can log in until an administrator sets one."""
Wanted = list[tuple[str, int | None]]
"""Officers as (name, branch id)."""


class Officers:
    """Loan officers by name and branch, whatever way the name is written and spread over the user's fields."""

    def __init__(self, session: Session, client: Client) -> None:
        self._session, self._client = session, client
        self.ids: dict[tuple[str, int | None], int] = {}
        self.unclear: set[tuple[str, int | None]] = set()
        """Those who could be several people."""

    def find(self, wanted: Wanted) -> Wanted:
        """Look officers up by (name, branch id); returns those that are unknown."""
        known: dict[tuple[str, int | None], list[int]] = defaultdict(list)
        columns = (User.id, User.branch_id, User.first_name, User.last_name, User.names_in_files)
        for user in self._session.execute(select(*columns)):
            for name in file_names.of_person(user):
                known[name, user.branch_id].append(user.id)
        for name, branch_id in wanted:
            found = known.get((file_names.plain(name), branch_id), [])
            if len(found) == 1:
                self.ids[name, branch_id] = found[0]
            elif found:
                self.unclear.add((name, branch_id))
        return [each for each in wanted if each not in self.ids and each not in self.unclear]

    def make(self, wanted: Wanted) -> None:
        """Enter officers: with a role, but without a password and without data to see until granted.

        Of several ways to write one name at a branch the first becomes the user's.
        """
        if not wanted:
            return
        for place in sorted({branch_id or 0 for _name, branch_id in wanted}):
            self._session.execute(
                select(func.pg_advisory_xact_lock(Lock.OFFICERS_OF_BRANCH, func.hashint8(place)))
            )
        role_id = self._session.scalars(select(Role.id).where(Role.name == OFFICER)).one()
        logins = self._logins()
        made: dict[tuple[str, int | None], int] = {}
        for name, branch_id in self.find(wanted):
            key = file_names.plain(name), branch_id
            if key not in made:
                made[key] = self._enter(logins, last_name=name, branch_id=branch_id, role_id=role_id)
            self.ids[name, branch_id] = made[key]

    def _enter(self, logins: Iterator[str], **columns: object) -> int:
        """Store an officer under the first login that nobody has, also not in a transaction beside this one."""
        table = User.__table__
        given = {
            "first_name": "",
            "active": True,
            "password": UNUSABLE,
            "language": self._client.language,
            **columns,
        }
        while True:
            login = next(logins)
            new = insert(table).values(username=login, email=placeholder_email(login), **given)
            stored = self._session.scalar(new.on_conflict_do_nothing().returning(table.c.id))
            if stored is not None:
                return int(stored)

    def _logins(self) -> Iterator[str]:
        """dingxi-001, dingxi-002, …: the first that are free, as login names and in addresses."""
        start = f"{self._client.code}-"
        login, address = func.lower(User.username), func.lower(User.email)
        begins = [said.startswith(start.lower(), autoescape=True) for said in (login, address)]
        found = self._session.execute(select(login, address).where(or_(*begins)))
        taken = {said for row in found for said in row}
        number = 0
        while True:
            number += 1
            username = f"{start}{number:03d}"
            if not {username.lower(), placeholder_email(username).lower()} & taken:
                yield username
