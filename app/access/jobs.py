"""Stopping a job and running it again, for every entity whose rows are runs of one (`app.core.entity.JobOf`)."""

from typing import Any

from flask_babel import gettext, lazy_gettext as _
from sqlalchemy.orm import Session

import app.models  # noqa: F401  every entity is known
from app.core import clock, labels, registry
from app.core.errors import RuleError
from app.core.operation import Operation
from app.core.web.principal import current

_OPEN = ("waiting", "running")
_AGAIN = ("failed", "stopped")


def stop(house: Session, run: Any, *, user_id: int) -> str:
    """Have a run stop at its next safe point; one that waits is stopped at once."""
    _need_own(run, user_id)
    house.refresh(run, with_for_update=True)
    if not is_under_way(run):
        raise RuleError(_("It is not under way"))
    if str(run.state) == "waiting":
        run.state = _state(run, "stopped")
        if "ended_at" in type(run).__table__.c:
            run.ended_at = clock.now()
        return gettext("It is stopped")
    run.is_to_stop = True
    return gettext("It stops at its next safe point")


def run_again(house: Session, run: Any, *, user_id: int) -> str:
    """Put a run that failed or was stopped back among those that wait."""
    _need_own(run, user_id)
    house.refresh(run, with_for_update=True)
    if not may_run_again(run):
        raise RuleError(_("Only what failed or was stopped can be run again"))
    needs = type(run).__job__.needs
    if needs and not getattr(run, needs):
        raise RuleError(_("It ended too long ago: what was to be done is forgotten by now. Ask for it anew"))
    before: dict[str, Any] = {
        "is_to_stop": False,
        "progress": 0,
        "rows": 0,
        "message": None,
        "said": {},
        "ended_at": None,
        "errors": [],
    }
    for name, value in before.items():
        if name in type(run).__table__.c:
            setattr(run, name, value)
    run.state = _state(run, "waiting")
    return gettext("It begins within some seconds")


def is_under_way(run: Any) -> bool:
    """Whether there is something to stop."""
    states = type(run).__job__.stops or _OPEN
    return is_whole(run) and str(run.state) in states and not run.is_to_stop


def may_run_again(run: Any) -> bool:
    """Whether it can be run again: nothing of it was stored, and what it was made of is there."""
    source = type(run).__job__.source
    return is_whole(run) and str(run.state) in _AGAIN and (not source or getattr(run, source) is not None)


def is_whole(run: Any) -> bool:
    """Whether the row stands for a whole job and not for a part of one."""
    return all(getattr(run, name) == value for name, value in type(run).__job__.only.items())


def _state(run: Any, value: str) -> Any:
    return type(run).__table__.c.state.info["choices"](value)


def _need_own(run: Any, user_id: int) -> None:
    """One's own, or anybody's for who may change users."""
    if getattr(run, type(run).__job__.user) != user_id and not current().may("can_edit", "User"):
        raise RuleError(_("Only who asked for it and administrators may do this"))


def _declare(entity: Any) -> None:
    job, slug = entity.__job__, entity.slug()
    told: dict[str, Any] = {
        "roles": job.roles,
        "house": f"a run of {labels.words(slug)} is stopped or run again",
    }
    registry.register_operation(
        Operation(
            f"stop_{slug}",
            entity,
            _("Stop"),
            stop,
            icon="player-stop",
            intro=job.stays,
            is_offered=is_under_way,
            **told,
        )
    )
    if job.open:
        return
    registry.register_operation(
        Operation(
            f"rerun_{slug}",
            entity,
            _("Run again"),
            run_again,
            icon="refresh",
            is_offered=may_run_again,
            **told,
        )
    )


for _entity in list(registry.entities()):
    _job = getattr(_entity, "__job__", None)
    if _job is not None and (_job.stops or not _job.open):
        _declare(_entity)
