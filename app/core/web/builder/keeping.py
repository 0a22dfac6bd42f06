"""Reports under a name: a reader's own and those that are shared with his role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask_babel import gettext
from sqlalchemy import Integer, any_, literal, or_, select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from app.core import labels, registry
from app.core.alphabet import in_order
from app.core.db import web_session
from app.core.errors import RuleError
from app.core.org import Role, User, UserReport
from app.core.web import links
from app.core.web.builder.asked import Asked, canonical, read
from app.core.web.fields import as_id
from app.core.web.pages import Action
from app.core.web.principal import Principal, current
from app.core.web.selecting import PARAMETER
from app.core.web.steering import business_date

LONGEST_NAME = 200
LONGEST_QUERY = 4000


@dataclass(frozen=True)
class Kept:
    """A line of the list of reports."""

    name: str
    url: str
    icon: str
    told: str


def may_share() -> bool:
    return current().may("can_share", "UserReport")


def _open_to(principal: Principal) -> Any:
    """His own, those of his role and those that he receives; who sees all rows is offered no others either."""
    role = select(User.role_id).where(User.id == principal.user_id).scalar_subquery()
    mine = UserReport.user_id == principal.user_id
    received = literal(principal.user_id, Integer()) == any_(UserReport.receivers)
    return select(UserReport).where(or_(mine, received, UserReport.role_id == role))


def found(raw: str) -> UserReport | None:
    """The kept report of an id, if the reader is offered it."""
    wanted = as_id(UserReport, raw)
    one = _open_to(current()).where(UserReport.id == wanted)
    return web_session().scalar(one) if wanted is not None else None


def address(report: UserReport) -> str:
    """Where a report is looked at."""
    return f"/user_report/build/{report.entity}?" + "&".join(
        part for part in (report.query, f"_report={report.id}") if part
    )


def args_of(report: UserReport) -> MultiDict[str, str]:
    """What a report asks."""
    return MultiDict(parse_qsl(report.query))


def asked_of(report: UserReport, principal: Principal) -> Asked | None:
    """A kept report as its reader's rights let him ask it; None where they do not, or nothing understands it any more."""
    if not registry.has_entity(report.entity):
        return None
    entity = registry.entity(report.entity)
    if not links.is_shown(entity) or not principal.may("can_list", labels.subject(entity)):
        return None
    try:
        asked = read(entity, args_of(report), principal, business_date())
        asked.listing.where()
    except RuleError:
        return None
    return asked


def offered(principal: Principal) -> list[tuple[UserReport, Asked]]:
    """The kept reports that the reader can open, by name; his own before those of others."""
    query = _open_to(principal).options(
        joinedload(UserReport.user).load_only(User.first_name, User.last_name, User.username),
        joinedload(UserReport.role).load_only(Role.name),
    )
    pairs = [(one, asked_of(one, principal)) for one in web_session().scalars(query)]
    known = [(one, asked) for one, asked in pairs if asked is not None]
    return sorted(
        in_order(known, lambda pair: pair[0].name), key=lambda pair: pair[0].user_id != principal.user_id
    )


def lines(principal: Principal) -> list[Kept]:
    """The same for the page that lists reports."""
    return [
        Kept(one.name, address(one), registry.entity(one.entity).__screen__.icon, _told(one, principal))
        for one, _asked in offered(principal)
    ]


def _told(report: UserReport, principal: Principal) -> str:
    """What it is about, and whose it is or with whom it is shared."""
    about = labels.entity_label(registry.entity(report.entity))
    if report.user_id != principal.user_id:
        return f"{about} · {report.user}"
    return (
        f"{about} · {gettext('shared with %(role)s', role=report.role)}" if report.role is not None else about
    )


def subjects(principal: Principal) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What a report can be about by group of the menu: (what, address, icon)."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for cls in links.shown_entities():
        if principal.may("can_list", labels.subject(cls)):
            group = str(cls.__screen__.menu or gettext("Others"))
            line = (labels.entity_label(cls), f"/user_report/build/{cls.slug()}", cls.__screen__.icon)
            groups.setdefault(group, []).append(line)
    return [(group, in_order(found, lambda line: line[0])) for group, found in groups.items()]


def actions(report: UserReport | None, principal: Principal) -> list[Action]:
    """What the owner of a kept report can do with it."""
    if report is None or report.user_id != principal.user_id:
        return []
    made = [("edit", gettext("Rename"), f"/user_report/edit/{report.id}", "pencil", "GET"),
            ("delete", gettext("Delete"), f"/user_report/delete/{report.id}", "trash", "POST")]  # fmt: skip
    return [Action(*one[:4], method=one[4]) for one in made if principal.may(f"can_{one[0]}", "UserReport")]


def stored(entity: Any, said: Mapping[str, str], check: Callable[[MultiDict[str, str]], Asked]) -> UserReport:
    """The report as the form says it, in the running transaction. Raises RuleError, also for what cannot be asked."""
    name = said.get("name", "").replace("\x00", "").strip()
    if not name or len(name) > LONGEST_NAME:
        raise RuleError(gettext("A report needs a name of at most %(n)s letters", n=LONGEST_NAME))
    args = MultiDict(parse_qsl(said.get("query", "").lstrip("?")))
    query = canonical(args)
    if len(query) > LONGEST_QUERY:
        raise RuleError(gettext("There are too many filters to keep"))
    check(args).listing.where()
    session, mine = web_session(), current().user_id
    known = select(UserReport).where(UserReport.user_id == mine, UserReport.name == name).with_for_update()
    report = session.scalars(known).one_or_none()
    if report is None:
        report = UserReport(user_id=mine, name=name)
        session.add(report)
    elif report.entity != entity.slug():
        raise RuleError(gettext("A report about other records has this name; choose another"))
    report.entity, report.query = entity.slug(), query
    if may_share():
        report.role_id = _role(said.get("role", ""))
    if report.role_id or report.receivers:
        need_sharable(report)
    session.flush()
    return report


def need_sharable(report: UserReport) -> None:
    """Raise RuleError for a report of rows that its maker alone has chosen."""
    if PARAMETER in args_of(report):
        raise RuleError(gettext("Rows chosen by a list are yours alone; a view of them cannot be shared"))


def _role(raw: str) -> int | None:
    """The role with which the report is shared; None for nobody."""
    if not raw:
        return None
    found = web_session().get(Role, as_id(Role, raw) or 0)
    if found is None:
        raise RuleError(gettext("There is no such role"))
    return int(found.id)
