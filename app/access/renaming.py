"""What is renamed on its screen keeps its old name in files: the next ledger goes on meaning the same."""

from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.core import file_names, form_rules
from app.core.db import unscoped
from app.core.errors import RuleError
from app.core.org import Branch, User
from app.models.customers import JointLiabilityGroup
from app.models.lending import Client, Product

_NAMED_BY: dict[type, tuple[str, ...]] = {
    User: ("first_name", "last_name"), Branch: ("name", "code"), Product: ("name", "code"),
    JointLiabilityGroup: ("name",), Client: ("name", "code"),
}  # fmt: skip
_TOLD_APART_BY: dict[type, tuple[str, ...]] = {
    User: ("branch_id",), Branch: (), Product: ("client_id",), JointLiabilityGroup: ("client_id", "region_id"),
    Client: (),
}  # fmt: skip
"""Rows that are the same in these may not answer to one name: a file could mean either."""


@form_rules.check(*_NAMED_BY)
def keeps_its_old_names(session: Session, row: Any) -> str | None:
    """Add the names a row had to its names in files, except those that another row answers to.

    Returns a sentence that tells of it. Who types into that field himself decides: it stays as he leaves it.
    """
    row.names_in_files = "\n".join(dict.fromkeys(file_names.listed(row.names_in_files))) or None
    if form_rules.changed(row, "names_in_files") or not form_rules.changed(row, *_NAMED_BY[type(row)]):
        return None
    old = _stored_names(session, row)
    lost = [name for name in old if _key(row, name) not in _names(row)]
    if not lost:
        return None
    taken = {name for other in session.execute(_others(row)) for name in _names(other, type(row))}
    kept = [name for name in lost if _key(row, name) not in taken]
    # a person's name that somebody else has is his in neither order
    if not kept or (isinstance(row, User) and any(_key(row, name) in taken for name in old)):
        return None
    row.names_in_files = "\n".join([*file_names.listed(row.names_in_files), *kept])
    return gettext(
        "Files may go on saying %(names)s; it stands under names in files now", names=", ".join(kept)
    )


@form_rules.check(Client)
def answers_alone_to_its_codes(_session: Session, row: Client) -> None:
    """A file means one lender: no other, seen here or not, has its code or one of its names in files for a code."""
    mine = {row.code, *file_names.listed(row.names_in_files)}
    with unscoped("codes of all clients") as house:
        others = house.execute(
            select(Client.code, Client.names_in_files).where(Client.id.is_distinct_from(row.id))
        )
        taken = {name for code, listed in others for name in (code, *file_names.listed(listed))}
    for column, names in (("code", {row.code}), ("names_in_files", mine)):
        if form_rules.changed(row, column) and names & taken:
            raise RuleError(_("Files call another client %(name)s", name=min(names & taken)), column)


def _stored_names(session: Session, row: Any) -> list[str]:
    entity = type(row)
    columns = [getattr(entity, name) for name in _NAMED_BY[entity]]
    stored = session.execute(select(*columns).where(entity.id == row.id)).one()
    return file_names.whole_names(*stored) if entity is User else [name for name in stored if name]


def _others(row: Any) -> Select[Any]:
    entity = type(row)
    columns = [getattr(entity, name) for name in (*_NAMED_BY[entity], "names_in_files")]
    found = select(*columns).where(entity.id != row.id)
    return found.where(
        *(getattr(entity, name).is_not_distinct_from(getattr(row, name)) for name in _TOLD_APART_BY[entity])
    )


def _names(row: Any, entity: type | None = None) -> set[str]:
    return (file_names.of_person if (entity or type(row)) is User else file_names.of_thing)(row)


def _key(row: Any, name: str) -> str:
    return file_names.plain(name) if isinstance(row, User) else name
