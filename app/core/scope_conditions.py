"""The conditions of all scoped entities under one reach, as one option that the guard adds to every query.

Built and compared anew for each statement they cost a quarter of a request; here both are done once a reach.
"""

from functools import cache, lru_cache
from itertools import count
from typing import Any

from sqlalchemy import true
from sqlalchemy.orm import aliased
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql.cache_key import CacheConst, HasCacheKey, anon_map

from app.core import registry
from app.core.reach import Reach, criteria

KEPT_REACHES = 64
"""Users, about, whose conditions a process keeps."""


class ScopeCriteria(LoaderCriteriaOption):
    """The condition of one entity, also where an alias of it is joined.

    SQLAlchemy leaves the condition of such a join as it is: about the table, not the alias. It is adapted, not
    made anew for the alias, because a statement that is found in its cache takes its values from this one.
    """

    __slots__ = ()
    _traverse_internals = LoaderCriteriaOption._traverse_internals  # noqa: SLF001  what makes two of them equal

    def _resolve_where_criteria(self, ext_info: Any) -> Any:
        if ext_info.is_aliased_class and ext_info.name in _opened_names(ext_info.mapper.class_):
            return true()
        condition = super()._resolve_where_criteria(ext_info)
        return ext_info._adapter.traverse(condition) if ext_info.is_aliased_class else condition  # noqa: SLF001


_NUMBERS = count()
_FORMS: dict[Any, int] = {}
"""Forms of criteria seen by this process → a number that no other form ever gets, whichever thread asks."""


class ScopeConditions(CriteriaOption):
    """The criteria of every scoped entity.

    A compiled statement is found again by the form of these criteria, whatever their values, and then takes the
    values from them. The form is a number, given out for each that was seen: it is as long as the statement.
    """

    __slots__ = ("form", "parts", "values")
    propagate_to_loaders = True

    def __init__(self, parts: list[ScopeCriteria]) -> None:
        self.parts = parts
        known, self.values = anon_map(), []  # type: Any, list[Any]
        # one key of all: in how many of the criteria a value stands is part of their form
        keys = tuple(HasCacheKey._gen_cache_key(part, known, self.values) for part in parts)  # noqa: SLF001  what a statement asks them for
        if CacheConst.NO_CACHE in known:
            raise TypeError("a criterion without a key would have every statement compiled anew")
        self.form = _FORMS.setdefault(keys, next(_NUMBERS))

    def _gen_cache_key(self, _known: Any, values: list[Any]) -> tuple[Any, ...]:
        values.extend(self.values)
        return (ScopeConditions, self.form)

    def process_compile_state(self, compile_state: Any) -> None:
        self.get_global_criteria(compile_state.global_attributes)

    def process_compile_state_replaced_entities(self, compile_state: Any, _entities: Any) -> None:
        self.process_compile_state(compile_state)

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        for part in self.parts:
            part.get_global_criteria(attributes)


@lru_cache(maxsize=KEPT_REACHES)
def conditions(reach: Reach, _declared: int) -> ScopeConditions:
    """The conditions that follow from a reach: a transaction mostly has one that another had before.

    The number of entities tells apart what was declared later.
    """
    return ScopeConditions(
        [
            ScopeCriteria(cls, criteria(cls, reach), include_aliases=True)
            for cls in registry.entities()
            if not cls.__scope__.is_shared
        ]
    )


def opened(entity: Any, link: str) -> Any:
    """An alias for joining the row behind a link that every row of `entity` opens to whoever sees it; None for any other link.

    Only to be joined to that row, whose own condition has said already what this one's would say again for
    each; row security still does.
    """
    if not opens(entity, link):
        return None
    target = registry.entity(entity.__table__.c[f"{link}_id"].info["link"])
    return aliased(target, name=_OPENED.format(entity.__table__.name, link))


@cache
def opens(entity: Any, link: str) -> bool:
    """Whether who sees a row of `entity` sees what its link leads to: a loan opens its customer, both open their client.

    So it is where the link is a key of the row, the row's keys stand in a reach table, and who sees a row of that
    table sees what this key of it leads to.
    """
    scope, column = entity.__scope__, entity.__table__.c.get(f"{link}_id")
    if column is None or link == scope.opens or scope.mode != "keyed":
        return column is not None and link == scope.opens
    target = registry.entity(column.info["link"]) if column.info.get("link") else None
    table, pointer = (target.__scope__.opened_in if target else None) or ("", "")
    if table not in (f"{scope.opens}_reach", f"{entity.__table__.name}_reach"):
        return False
    keys = registry.by_table(table).__scope__.key_columns()
    return any(own == column.name and keys.get(kind) == pointer for kind, own in scope.key_columns().items())


_OPENED = "opened_by_{}_{}"


@cache
def _opened_names(target: Any) -> frozenset[str]:
    """Names under which `opened` joins rows of an entity."""
    found, declared = set(), registry.entities()  # type: set[str], Any
    for cls in declared:
        links = [c.name.removesuffix("_id") for c in cls.__table__.c if c.info.get("link") == target.slug()]
        found |= {_OPENED.format(cls.__table__.name, link) for link in links if opens(cls, link)}
    return frozenset(found)
