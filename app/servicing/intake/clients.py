"""Which client a file, a layout or a command means by a code: also by one that the client had before."""

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import file_names
from app.core.errors import RuleError
from app.models.lending import Client


def find(session: Session, code: str) -> Client | None:
    """The client with this code, else the one that has it among its names in files; of those that are seen.

    Raises RuleError where several have it there: a file could mean either.
    """
    own = session.scalars(select(Client).where(Client.code == code)).one_or_none()
    if own is not None:
        return own
    known = session.scalars(select(Client).where(Client.names_in_files.is_not(None)).order_by(Client.id))
    found = [client for client in known if code in file_names.listed(client.names_in_files)]
    if len(found) > 1:
        names = ", ".join(client.code for client in found)
        raise RuleError(_("%(code)s is among the names in files of several clients: %(names)s", code=code, names=names))  # fmt: skip
    return found[0] if found else None
