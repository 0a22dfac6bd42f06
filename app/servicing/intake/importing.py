"""One import from the file to the record of its end."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask_babel import force_locale, lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, db, files
from app.core.db import unscoped
from app.core.errors import RuleError, Stopped
from app.core.locks import Lock
from app.core.org import User
from app.core.reach import Reach
from app.core.retry import is_lost, until_free
from app.core.sheets.errors import SheetError
from app.models.intake import ImportLayout, ImportRun, ImportState
from app.models.lending import Client
from app.servicing.intake import clients, layouts, names, rights, runs
from app.servicing.intake.errors import write_refused
from app.servicing.intake.layouts import Source
from app.servicing.intake.portfolio import import_portfolio
from app.servicing.intake.problems import Problems
from app.servicing.intake.receipts import import_repayments, import_write_offs
from app.servicing.intake.regions import import_regions
from app.servicing.intake.summary import Counts, Summary, Task

TARGETS: dict[str, Callable[[Task], tuple[int, Counts]]] = {
    "regions": import_regions,
    "portfolio": import_portfolio,
    "repayments": import_repayments,
    "write_offs": import_write_offs,
}
INTERNAL = _("An error inside the program ended the import; nothing of it was stored. The log says more.")


def run_import(
    path: str | Path, layout_name: str, client_code: str | None = None, *, user_id: int | None = None,
    as_of: date | None = None, progress: Callable[[int, str], None] | None = None, run_id: int | None = None,
    file_key: str | None = None,
) -> Summary:  # fmt: skip
    """Import a file by a layout into the book of a client (without a code: of the client the layout names).

    as_of: the day a ledger without such a column speaks of; else the business date.
    progress: called with (percent, stage).
    run_id: an import that waits to be run, as the screen makes one; else a record is made.

    Raises RuleError, also recorded in the run, where the whole file is refused or the user may not import it, and
    Stopped where somebody wants it no more. A run that was stopped, or that lost the database, is found and recorded by the next look at the runs.
    """
    path = Path(path)
    with unscoped("read an import's layout", user_id=user_id) as session:
        source = layouts.find(session, layout_name)
        language = session.scalar(select(User.language).where(User.id == user_id)) if user_id else None
    record = runs.Record(source.id, path.name, user_id, file_key, run_id)
    wanted = _Wanted(source, path, client_code, user_id, as_of)
    mark = db.source.set("import")
    try:
        with force_locale(language or "en"):
            return until_free(_import, wanted, record, progress)
    except Exception as error:
        if not isinstance(error, RuleError) and not is_lost(error):
            record.fail(INTERNAL)
        raise
    finally:
        db.source.reset(mark)


def run_waiting(run_id: int, progress: Callable[[int, str], None] | None = None) -> Summary:
    """Run an import that waits with its file stored; one that is done already is only told again.

    Raises RuleError as `run_import` does.
    """
    with unscoped("read what an import waits for") as session:
        run = session.get_one(ImportRun, run_id)
        layout = session.get_one(ImportLayout, run.layout_id).name
        key, name, user_id = run.file_key or "", run.file_name, run.started_by_id
        client = session.scalar(select(Client.code).where(Client.id == run.client_id))
        if run.state == ImportState.DONE:
            return runs.told(session, run)
    with TemporaryDirectory(prefix="loandesk-import-") as folder, files.open_file(key) as kept:
        path = Path(folder) / files.shown_name(name)
        with path.open("wb") as copy:
            shutil.copyfileobj(kept, copy)
        return run_import(path, layout, client, user_id=user_id, progress=progress, run_id=run_id)


@dataclass(frozen=True)
class _Wanted:
    """What was asked for."""

    source: Source
    path: Path
    client_code: str | None
    user_id: int | None
    as_of: date | None


def _import(wanted: _Wanted, record: runs.Record, progress: Callable[[int, str], None] | None) -> Summary:
    """Import, or record in the importer's language why the whole file is refused."""
    try:
        source = wanted.source
        reach = rights.reach_of(wanted.user_id, source, wanted.client_code or source.client_code)
        return _store(wanted, reach, record, progress)
    except Stopped:
        record.stop()
        raise
    except RuleError as error:
        record.fail(error.message)
        raise
    except SheetError as error:
        record.fail(error.told)
        raise RuleError(error.told) from error


def _store(
    wanted: _Wanted, reach: Reach, record: runs.Record, progress: Callable[[int, str], None] | None
) -> Summary:
    """Everything in one transaction: the rows, the problems, and that the run is done."""
    source, problems = wanted.source, Problems()
    with unscoped("import a file for the whole book of a client", user_id=wanted.user_id) as session:
        run_id = record.begin(session)
        tell = runs.Teller(run_id, progress)
        client = None
        on = clock.business_date(session)
        if source.target != "regions":
            _wait_for_client(session, wanted.client_code or source.client_code or "", tell)
            client = names.client_of(session, source, wanted.client_code)
            on = clock.hold_business_date(session)
        tell(1, _("Reading"))
        task = Task(
            session, source, wanted.path, client, run_id, wanted.user_id, on,
            wanted.as_of, problems, tell, reach,
        )  # fmt: skip
        rows, counts = TARGETS[source.target](task)
        tell(97, _("Finishing"))
        error_file = _error_file(wanted, problems)
        summary = Summary(
            run_id, rows, counts.created, counts.updated, counts.unchanged, len(problems.rows),
            counts.differences, error_file,
        )  # fmt: skip
        runs.finish(session, summary, client.id if client else None, problems.ordered())
    tell(100, _("Done"))
    return summary


def _wait_for_client(session: Session, code: str, tell: runs.Teller) -> None:
    client = clients.find(session, code)
    key = (Lock.IMPORT_CLIENT, func.hashtext(client.code if client else code))
    if not session.scalar(select(func.pg_try_advisory_xact_lock(*key))):
        tell(1, _("Waiting for another import of this client to end"))
        session.execute(select(func.pg_advisory_xact_lock(*key)))


def _error_file(wanted: _Wanted, problems: Problems) -> str | None:
    """Keep the refused rows as a workbook and give its key."""
    if not problems.rows:
        return None
    with TemporaryDirectory(prefix="loandesk-import-") as folder:
        target = Path(folder) / "refused.xlsx"
        write_refused(wanted.source, wanted.path, problems, target)
        with target.open("rb") as stream:
            return files.store(stream, "import-errors")


def said(progress: Callable[[str], Any]) -> Callable[[int, str], None]:
    """A teller of lines as a teller of progress: "40 % Checking"."""

    def tell(percent: int, stage: str) -> None:
        progress(f"{percent:3d} % {stage}")

    return tell
