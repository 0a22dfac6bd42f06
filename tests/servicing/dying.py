"""An import in a process that kills itself at a chosen moment: what a power cut or `kill -9` would do."""

import multiprocessing
import os
import signal
import tempfile
from pathlib import Path
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["app.models", "app.servicing.intake"])
KILLED = -signal.SIGKILL
AT_COMMIT = 10**6
"""Instead of a number of statements: when all is written and about to be committed."""


def _import(environment: dict[str, str], path: str, layout: str, die_after: int, answer: Any) -> None:
    os.environ.update(environment)
    from sqlalchemy import Engine, event

    from app.servicing.intake import run_import

    seen = 0

    @event.listens_for(Engine, "after_cursor_execute")
    def count(_connection: Any, _cursor: Any, statement: str, *_told: Any) -> None:
        nonlocal seen
        seen += 1
        is_last = (
            die_after == AT_COMMIT
            and statement.startswith("UPDATE import_run")
            and "error_file_key" in statement
        )
        if seen == die_after or is_last:
            os.kill(os.getpid(), signal.SIGKILL)

    answer.send((run_import(path, layout).line, seen))


def import_and_die(path: Path, layout: str, die_after: int = 0) -> tuple[int, tuple[str, int]]:
    """Import in a process that dies after so many statements (0: never): its exit code, its summary and their number."""
    environment = {
        name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL", "FILES_DIR", "SECRET_KEY")
    } | {"TMPDIR": tempfile.gettempdir()}
    here, there = _context.Pipe(duplex=False)
    process = _context.Process(target=_import, args=(environment, str(path), layout, die_after, there))
    process.start()
    there.close()
    try:
        found = here.recv()
    except EOFError:
        found = ("", 0)
    process.join(120)
    return process.exitcode or 0, found
