"""A statement compiled for one reach serves another only where the same values stand in the same places."""

from dataclasses import replace

import app.models  # noqa: F401  every entity is known
from app.core import registry
from app.core.reach import Reach
from app.core.scope_conditions import ScopeConditions, conditions

FIRST = Reach("multi", 5, own=True, branches=((1, 4),), regions=((7, 9),))


def of(reach: Reach) -> ScopeConditions:
    return conditions(reach, registry.count())


def test_reaches_of_one_form_bring_their_own_values_in_the_same_order() -> None:
    other = of(replace(FIRST, user_id=6, branches=((2, 5),), regions=((11, 12),)))
    assert other.form == of(FIRST).form
    changed = {5: 6, 1: 2, 4: 5, 7: 11, 9: 12}
    expected = [changed.get(one.value, one.value) for one in of(FIRST).values]
    assert [one.value for one in other.values] == expected


def test_values_that_fall_together_make_another_form() -> None:
    together = of(replace(FIRST, regions=((1, 9),)))
    assert len(together.values) == len(of(FIRST).values) - 1
    assert together.form != of(FIRST).form


def test_a_value_is_brought_along_once_however_many_entities_ask_for_it() -> None:
    values = [(one.value, str(one.type)) for one in of(FIRST).values]
    assert len(values) == len(set(values)) < registry.count() + 6
