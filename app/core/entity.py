"""Entity: the one declaration from which storage, screens, API, files, history and scope follow."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from flask_appbuilder import Model
from sqlalchemy import BigInteger, ForeignKey, Identity, Integer, event, inspect
from sqlalchemy.orm import Mapped, MappedColumn, declared_attr, mapped_column, relationship

from app.core import custom_column, registry, together
from app.core.labels import singular
from app.core.personal import name_of
from app.core.scope import Scope, add_key_columns
from app.core.screen import Screen
from app.core.tallies import Tally

together.install()

FAB_TABLES = {"user": "ab_user", "role": "ab_role"}
"""Entities that live in Flask-AppBuilder's tables, whose ids are plain integers."""


@dataclass(frozen=True)
class Feed:
    """Rows of another table that add rows to an entity's: `Feed("repayment", {"moved_on": "received_on"})`.

    A statement that adds rows there adds one here for each distinct set of values.
    """

    table: str
    columns: Mapping[str, str]
    """Column here → column there."""
    where: str = "true"
    """Which of the rows count, as SQL."""
    corrected: tuple[str, ...] = ()
    """Columns whose change adds what the row said and what it says, too. Writing others costs nothing."""


@dataclass(frozen=True)
class JobOf:
    """Rows of this entity are runs of a job: `JobOf("user_id")`.

    They stand in the job centre with their progress, can be stopped and run again, and who asked for one is told how
    it ended. Its columns `state` ("waiting", "running", "done", "failed", "stopped") and `progress` (percent) say how far it is,
    `is_to_stop` that its worker is to stop at its next safe point. One with a page of its own to go on from says which
    of its states are `open` and in which it `stops`; it is not run again from the job centre.
    """

    user: str
    """Column with the id of the user who asked for it."""
    only: Mapping[str, str] = field(default_factory=dict)
    """Column → value of the rows that stand for a whole job; the others are parts of one."""
    roles: tuple[str, ...] = ()
    """Standard roles that may stop theirs and run them again."""
    source: str = ""
    """Column without which it cannot be run again."""
    needs: str = ""
    """Column that is emptied some days after it ended, from when on it cannot be run again."""
    result: str = ""
    """Address of what it made, such as "/files/{id}/download"; for its owner alone."""
    open: tuple[str, ...] = ()
    """The states in which it is under way, where they are others than "waiting" and "running"."""
    stops: tuple[str, ...] = ()
    """Those of these states in which it can be stopped."""
    stays: Any = ""
    """What becomes of what a stopped job has done, told to whoever stops it."""


def snake(name: str) -> str:
    """The table's name for a class.

    >>> snake("CustomerLink")
    'customer_link'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def link(
    target: str, *, ondelete: str = "RESTRICT", index: bool = True, is_checked: bool = True, **kwargs: Any
) -> Any:
    """A column holding the id of a row of `target` (a table's name; `user` is a person with a login).

    The entity also gets the linked row itself under the column's name without `_id`. Not checked is only what comes
    from rows that are: those have the foreign key.
    """
    table = FAB_TABLES.get(target, target)
    kind = Integer if target in FAB_TABLES else BigInteger
    info = {"kind": "link", "link": target}
    keys = [ForeignKey(f"{table}.id", ondelete=ondelete)] if is_checked else []
    return mapped_column(kind, *keys, index=index, info=info, **kwargs)


def _target(table: str) -> Any:
    return lambda: registry.entity(table)


def _join(cls: type[Any], name: str, table: str) -> Any:
    return lambda: getattr(cls, name) == registry.entity(table).id


def _declared(cls: type[Any]) -> dict[str, MappedColumn[Any]]:
    """The columns that the class and its mixins declare, by name."""
    mixins = (one for one in reversed(cls.__mro__) if one is cls or not issubclass(one, Model))
    named = {name: value for one in mixins for name, value in vars(one).items()}
    return {name: value for name, value in named.items() if isinstance(value, MappedColumn)}


def _add_relationships(cls: type[Any]) -> None:
    """Give the class `customer` beside `customer_id`, before SQLAlchemy maps it."""
    for name, value in _declared(cls).items():
        target = value.column.info.get("link")
        if target and name.endswith("_id") and name.removesuffix("_id") not in vars(cls):
            own = f"[{cls.__name__}.{name}]"
            remote = f"{cls.__name__}.id" if target == snake(cls.__name__) else None
            join = None if value.column.foreign_keys else _join(cls, name, target)
            setattr(cls, name.removesuffix("_id"),
                    relationship(_target(target), primaryjoin=join, foreign_keys=own, remote_side=remote))  # fmt: skip


def _said_of_columns(cls: type[Any]) -> dict[str, dict[str, Any]]:
    """`info` of the declared columns: SQLAlchemy lets that of the named type win over what the entity says."""
    columns = {name: value.column for name, value in _declared(cls).items()}
    return {name: dict(column.info) for name, column in columns.items() if column.info}


class Entity(Model):
    """Base of everything stored. A subclass must say its `__scope__`; without it the import fails."""

    __abstract__ = True
    __scope__: ClassVar[Scope]
    __screen__: ClassVar[Screen] = Screen()
    __history__: ClassVar[bool] = True
    __told__: ClassVar[tuple[str, ...] | None] = None
    """Of an entity without history: rules and webhooks are told of new rows all the same, and of changes of these columns."""
    """Changes of every field are kept. False only for rows that are themselves a record of events."""
    __append_only__: ClassVar[bool] = False
    """Rows are added and then stay as they are: no role of the application may change or remove one."""
    __fed_by__: ClassVar[tuple[Feed, ...]] = ()
    """Rows of other tables that add rows here by themselves, whoever writes them."""
    __tallies__: ClassVar[tuple[Tally, ...]] = ()
    """Sums of other tables' rows whose changes are added here by themselves, whoever makes them."""
    __job__: ClassVar[JobOf | None] = None
    """Rows are runs of a job that somebody asked for."""
    __called__: ClassVar[str] = ""
    """The column that names a row to people; empty means the first of name, number, code and title that there is."""
    __zone__: ClassVar[str] = ""
    """The path from a row to the time zone of its times without a day, such as `customer.client.zone`."""
    __is_person__: ClassVar[bool] = False
    """Rows are persons: the history keeps their personal values, and those of rows linked to them, under a key of each."""
    __goes_with_person__: ClassVar[bool] = False
    """Rows say nothing without their personal values: they are deleted where those of their person are erased."""
    __custom__: ClassVar[bool] = True
    """Administrators may add fields to rows that people type (see `app.core.custom`)."""
    __said__: ClassVar[dict[str, dict[str, Any]]] = {}
    """What the entity's own columns say besides their named type; merged once the class is mapped."""

    id: Mapped[int] = mapped_column(
        BigInteger, Identity(), primary_key=True, sort_order=-1, info={"kind": "id"}
    )

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805
        return snake(cls.__name__)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if vars(cls).get("__abstract__"):
            super().__init_subclass__(**kwargs)
            return
        if "__scope__" not in vars(cls):
            raise TypeError(f"{cls.__name__} must declare __scope__ (or Scope.shared('why'))")
        if not cls.__doc__:
            raise TypeError(f"{cls.__name__} needs a docstring that says what it is")
        add_key_columns(cls)
        custom_column.add(cls)
        _add_relationships(cls)
        cls.__said__ = _said_of_columns(cls)
        super().__init_subclass__(**kwargs)
        registry.register_entity(cls)

    @classmethod
    def slug(cls) -> str:
        """The entity's name in addresses, permissions and files."""
        return snake(cls.__name__)

    @classmethod
    def column_info(cls, name: str) -> dict[str, Any]:
        """`info` of a column; raises KeyError for a name that is no column."""
        return dict(inspect(cls).columns[name].info)

    @classmethod
    def naming_column(cls) -> str | None:
        """The column that names a row to people; None where only its id does."""
        names = (cls.__called__, "name", "number", "code", "title")
        return next((name for name in names if name in cls.__table__.c), None)

    def __str__(self) -> str:
        name = self.naming_column()
        if not name:
            return f"{singular(type(self))} {self.id}"
        return name_of(str(getattr(self, name)), self.__table__.c[name].info.get("personal"))

    __repr__ = __str__


@event.listens_for(Entity, "after_mapper_constructed", propagate=True)
def _keep_what_columns_say(_mapper: Any, cls: Any) -> None:
    for name, info in cls.__said__.items():
        cls.__table__.c[name].info.update(info)
