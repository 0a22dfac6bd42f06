"""Uploads as their pages read and keep them: whose they are, what they wait for, their files and layouts."""

from typing import Any

from flask import abort, request
from flask_babel import get_locale, gettext, lazy_gettext as _
from sqlalchemy import select, update

from app.core import files, registry
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import Role, RowState, Upload, UploadLayout, UploadRow, UploadState
from app.core.sheets import SheetError
from app.core.sheets.peek import Peek
from app.core.web.fields import as_id
from app.core.web.offers import is_fillable
from app.core.web.principal import current
from app.core.web.sending import Sending, say
from app.core.web.uploads import guess, looking
from app.core.web.uploads.cells import shown
from app.core.web.uploads.plan import Plan

GONE = _("The file is no longer kept. Send it again.")


def upload_of(upload_id: int) -> Upload:
    """An upload in sight; anything else does not exist."""
    return web_session().scalars(select(Upload).where(Upload.id == upload_id)).one_or_none() or abort(404)


def own(upload_id: int, *states: UploadState) -> Upload:
    """An upload of the reader's own, of records that he may still fill, in one of these states."""
    upload = upload_of(upload_id)
    is_known = upload.user_id == current().user_id and registry.has_entity(upload.entity)
    if not is_known or not is_fillable(registry.entity(upload.entity), current()):
        abort(404)
    if upload.state not in states:
        raise RuleError(gettext("This import has gone on meanwhile. Open the page again."))
    return upload


def turn(upload: Upload, state: UploadState, sent: Sending | None = None, **values: Any) -> None:
    """Take the upload from the state in which it was read to another; of two who do so at once one does.

    The form that was `sent` for it is kept with it.
    """
    turned: Any = web_session().execute(
        update(Upload)
        .where(Upload.id == upload.id, Upload.state == upload.state)
        .values(state=state, message=None, is_to_stop=False, language=str(get_locale()), **values)
        .execution_options(synchronize_session=False)
    )
    if turned.rowcount != 1:
        web_session().rollback()
        raise RuleError(gettext("This import has gone on meanwhile. Open the page again."))
    if sent is not None:
        sent.keep(web_session(), upload.id)
    web_session().commit()


def is_again(sent: Sending) -> bool:
    """Whether a form was carried out before, which is then told."""
    found = sent.before(web_session()) is not None
    if found:
        say(is_again=True)
    return found


def seen_in(upload: Upload) -> Peek:
    """A look into the kept file. Raises RuleError where it is gone or cannot be read by now."""
    try:
        return looking.look(upload.file_key or "", upload.source)
    except FileNotFoundError as error:
        raise RuleError(GONE) from error
    except SheetError as error:
        raise RuleError(str(error)) from error


def keep(slug: str, errors: list[str]) -> int | None:
    """Keep the file that was sent and what was found in it, once for its form; None with the reason in `errors`."""
    form = Sending.now()
    try:
        if (before := form.row_before(web_session(), Upload)) is not None:
            say(is_again=True)
            return int(before.id)
    except RuleError as error:
        errors.append(str(error))
        return None
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        errors.append(gettext("Choose a file"))
        return None
    key = files.store(sent.stream, "import")
    try:
        seen = _from_known_columns(slug, key, looking.look(key))
    except SheetError as error:
        files.delete(key)
        errors.append(str(error))
        return None
    upload = Upload(
        user_id=current().user_id, entity=slug, file_name=files.shown_name(sent.filename), file_key=key,
        source=looking.source_of(seen), language=str(get_locale()),
    )  # fmt: skip
    web_session().add(upload)
    web_session().flush()
    form.keep(web_session(), upload.id)
    web_session().commit()
    return int(upload.id)


def _from_known_columns(slug: str, key: str, seen: Peek) -> Peek:
    """The look into a file; where a layout knows the columns in another row than was guessed, the table begins there."""
    known = guess.layouts(web_session(), slug, current())
    if guess.fitting(known, looking.header_of(seen)):
        return seen
    row = next((number for number, cells in seen.rows if guess.fitting(known, cells)), None)
    return seen if row is None else looking.look(key, looking.source_of(seen) | {"header_row": row})


def remember(slug: str, name: str, plan: Plan) -> None:
    """Keep the plan as a layout under a name; under a name that is known already, in its place."""
    session, mine = web_session(), current().user_id
    known = select(UploadLayout).where(
        UploadLayout.user_id == mine, UploadLayout.entity == slug, UploadLayout.name == name
    )
    layout = session.scalars(known.with_for_update()).one_or_none()
    if layout is None:
        layout = UploadLayout(user_id=mine, entity=slug, name=name)
        session.add(layout)
    layout.plan = plan.to_json()
    if current().may("can_share", "UploadLayout"):
        role = session.get(Role, as_id(Role, request.form.get("u-role", "")) or 0)
        layout.role_id = None if role is None else role.id


def mended(row_id: int, place: int, cell: Any) -> Any:
    """A cell as it was mended; one that was left as it is keeps its type."""
    said = request.form.get(f"c-{row_id}-{place}")
    return cell if said is None or said == shown(cell) else said.replace("\x00", "").strip() or None


def size_of(upload: Upload) -> int:
    try:
        return files.size_of(upload.file_key or "")
    except FileNotFoundError as error:
        raise RuleError(GONE) from error


def has_stored(upload: Upload) -> bool:
    done = select(UploadRow.id).where(
        UploadRow.upload_id == upload.id, UploadRow.state.in_((RowState.CREATED, RowState.UPDATED))
    )
    return web_session().scalar(done.limit(1)) is not None
