"""Everything that happened with a record, newest first: comments, files, changes, and rows of its tabs that have a day.

Each kind is one function that gives its newest events up to an instant, so that a page of all kinds and a page of one
are the same query with another list of functions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import format_decimal, gettext
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from app.core import codes, media, registry
from app.core.labels import entity_label, singular, subject
from app.core.org import Attachment, Comment, History, Task, User
from app.core.web import links
from app.core.web.cells import cell, plain
from app.core.web.fields import FieldInfo, describe, describe_all
from app.core.web.pages import File
from app.core.web.principal import Principal
from app.core.web.show_page import parent_link, told_apart

MOST = 30
"""Events of one page."""
MOST_TOLD = 4
"""Fields of a tab's row that its event tells."""
NOON = 12
"""What has a day alone stands at this hour of it."""


@dataclass
class Event:
    """One line of a timeline."""

    at: datetime
    at_text: str
    kind: str
    icon: str
    colour: str
    title: str
    text: str
    who: str
    url: str | None
    file: File | None = None
    edit_url: str | None = None
    delete_url: str | None = None


@dataclass(frozen=True)
class Upto:
    """Where a page of events begins: at an instant, behind so many that were shown of that same instant."""

    at: datetime | None = None
    shown: int = 0

    @property
    def most(self) -> int:
        """So many events of a kind may be needed for the page, and one that tells that there are more."""
        return MOST + 1 + self.shown

    @property
    def day(self) -> date | None:
        """The last day whose events, which stand at its noon, are not later."""
        if self.at is None:
            return None
        is_over = self.at >= _noon(self.at.date(), NOON)
        return self.at.date() if is_over else self.at.date() - timedelta(days=1)

    def after(self, events: list[Event]) -> "Upto | None":
        """Where the next page begins, behind these and the one that tells that there are more."""
        if len(events) <= MOST:
            return None
        at = events[MOST - 1].at
        shown = sum(event.at == at for event in events[:MOST])
        return Upto(at, shown + (self.shown if at == self.at else 0))


Source = Callable[[Upto], list[Event]]


@dataclass
class Activity:
    """The kinds of events that a reader may see of one record."""

    session: Session
    row: Any
    principal: Principal
    on: date
    sources: dict[str, tuple[Any, Source]] = field(default_factory=dict)
    """kind → label and where its events come from."""

    def __post_init__(self) -> None:
        told: list[tuple[Any, str, Any, Source]] = [
            (Comment, "comment", gettext("Comments"), self._comments),
            (Attachment, "file", gettext("Files"), self._files),
            (Task, "task", gettext("Tasks"), self._tasks),
            (History, "history", gettext("Changes"), self._changes),
        ]
        for cls, kind, label, source in told:
            if self.principal.may("can_list", subject(cls)):
                self.sources[kind] = (label, source)
        for slug in type(self.row).__screen__.columns("tabs"):
            self._add_tab(registry.entity(slug))

    def events(self, kind: str = "", upto: Upto | None = None) -> list[Event]:
        """The newest events, of one kind or of all; one more than a page has where there are older ones."""
        begin = upto or Upto()
        wanted = [self.sources[kind]] if kind in self.sources else list(self.sources.values())
        found = [event for _label, source in wanted for event in source(begin)]
        # those of one instant stay in the order of their sources, so that it is known which were shown
        ordered = sorted(found, key=lambda event: event.at, reverse=True)
        return ordered[begin.shown : begin.most]

    def _about(self, cls: Any, upto: Upto, at: Any) -> Select[Any]:
        query = select(cls).where(cls.entity == type(self.row).slug(), cls.row_id == self.row.id)
        if upto.at is not None:
            query = query.where(at <= upto.at)
        return query.order_by(at.desc(), cls.id.desc()).limit(upto.most)

    def _words(self, cls: Any, upto: Upto) -> list[Any]:
        author = joinedload(cls.author).load_only(User.first_name, User.last_name)
        query = self._about(cls, upto, cls.created_at).options(author)
        return list(self.session.scalars(query).unique())

    def _own(self, one: Any) -> dict[str, Any]:
        """What the reader may do with what he wrote."""
        slug, name = one.slug(), subject(type(one))
        mine = links.is_changeable(one, self.principal)
        return {
            f"{verb}_url": f"/{slug}/{verb}/{one.id}"
            for verb in ("edit", "delete")
            if mine and self.principal.may(f"can_{verb}", name)
        }

    def _comments(self, upto: Upto) -> list[Event]:
        return [
            Event(one.created_at, plain("datetime", one.created_at), "comment", "message-circle", "blue",
                  gettext("Comment"), one.text, str(one.author or ""), None, **self._own(one))
            for one in self._words(Comment, upto)
        ]  # fmt: skip

    def _files(self, upto: Upto) -> list[Event]:
        return [self._file(one) for one in self._words(Attachment, upto)]

    def _tasks(self, upto: Upto) -> list[Event]:
        due = describe(Task, "due_on")
        return [
            Event(one.created_at, plain("datetime", one.created_at), "task", Task.__screen__.icon, one.state.colour, one.title,
                  " · ".join(part for part in (str(one.state.label), str(cell(due, one, self.principal, self.on).text or ""), one.note) if part),
                  str(one.author or ""), links.show_url("task", one.id))
            for one in self._words(Task, upto)
        ]  # fmt: skip

    def _file(self, one: Any) -> Event:
        file = File(
            media.shown_as(one.media_type), f"/attachment/{one.id}/preview", f"/attachment/{one.id}/download"
        )
        size = gettext("%(n)s kB", n=format_decimal(-(-one.size // 1000)))
        text = " · ".join(part for part in (size, one.note) if part)
        return Event(
            one.created_at, plain("datetime", one.created_at), "file", "paperclip", "teal", one.name, text,
            str(one.author or ""), file.download_url, file, **self._own(one),
        )  # fmt: skip

    def _changes(self, upto: Upto) -> list[Event]:
        who = joinedload(History.user).load_only(User.first_name, User.last_name)
        rows = list(self.session.scalars(self._about(History, upto, History.at).options(who)).unique())
        changes = describe(History, "changes")
        return [
            Event(one.at, plain("datetime", one.at), "history", "history", "gray", codes.say("history_action", one.action),
                  str(cell(changes, one, self.principal, self.on).text or ""),
                  str(one.user or codes.say("history_source", one.source)), None)
            for one in rows
        ]  # fmt: skip

    def _add_tab(self, child: Any) -> None:
        """The rows of a tab that have a day on which something happened."""
        columns = describe_all(child, child.__screen__.columns("list"))
        when = next(
            (f for kind in ("datetime", "date") for f in columns if f.kind == kind and not f.path), None
        )
        if when is None or not self.principal.may("can_list", subject(child)):
            return

        def rows(upto: Upto) -> list[Event]:
            return self._rows(child, when, upto)

        self.sources[child.slug()] = (entity_label(child), rows)

    def _rows(self, child: Any, when: FieldInfo, upto: Upto) -> list[Event]:
        parent, column = parent_link(child, type(self.row)), getattr(child, when.column.key)
        if when.kind == "datetime":
            latest: Any = upto.at or _noon(self.on, 23)
        else:
            latest = upto.day or self.on
        where = [getattr(child, f"{parent}_id") == self.row.id, column.is_not(None), column <= latest]
        told = [
            f for f in describe_all(child, told_apart(child, type(self.row), parent)) if f.name != when.name
        ][:MOST_TOLD]
        linked = [
            joinedload(getattr(child, f.name)).load_only(*_label_of(f.target))
            for f in told
            if f.kind == "link" and not f.path
        ]
        query = select(child).where(*where).options(*linked).order_by(column.desc(), child.id.desc())
        found = self.session.scalars(query.limit(upto.most)).unique()
        return [self._row(child, one, when, told) for one in found]

    def _row(self, child: Any, one: Any, when: FieldInfo, told: list[FieldInfo]) -> Event:
        at, slug = when.value(one), child.slug()
        link = links.linker(self.principal)
        parts = [(f.label, str(cell(f, one, self.principal, self.on, linked=link).text or "")) for f in told]
        text = " · ".join(f"{label}: {said}" for label, said in parts if said)
        may_show = self.principal.may("can_show", subject(child))
        return Event(
            at if isinstance(at, datetime) else _noon(at, NOON), plain(when.kind, at), slug, child.__screen__.icon, "purple",
            singular(child), text, "", links.show_url(slug, one.id) if may_show else None,
        )  # fmt: skip


def _label_of(entity: Any) -> list[Any]:
    from app.core.web.fields import label_columns

    return [getattr(entity, name) for name in label_columns(entity)]


def _noon(day: date, hour: int) -> datetime:
    """An hour of a day, as the instant by which events are ordered."""
    return datetime.combine(day, time(hour), UTC)
