"""What a rule left undone: kept when it is switched off, and taken up again, each once, when it is mended.

Nothing is lost by a loop, a closed login or a wrong condition: the log shows what waited as stopped.
"""

from typing import Any

from flask_babel import lazy_gettext as _, ngettext
from sqlalchemy import Text, cast, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from app.core import registry
from app.core.db import ScopedSession
from app.core.errors import RuleError
from app.core.operation import Refused, operation
from app.core.org import FiringState, Rule, RuleEvent, RuleFiring, RuleVersion
from app.core.rules import gone
from app.core.web.principal import need_rights_of


def aside(house: ScopedSession, rule: Rule) -> None:
    """Stop what waits for a rule that is off, or that is about another kind of record by now.

    Of a deleted record only what its history says stays meanwhile, where a person's own values are encrypted.
    """
    waits = RuleFiring.rule_id == rule.id, RuleFiring.state == FiringState.WAITING
    meant = waits if rule.is_off else (*waits, RuleFiring.entity != rule.entity)
    stopped = update(RuleFiring).where(*meant).values(state=FiringState.STOPPED, kept=None)
    count = len(house.scalars(stopped.returning(RuleFiring.id)).all())
    if count:
        rule.stopped_firings = Rule.stopped_firings + count
        house.flush()


def _is_left(rule: Rule) -> tuple[Any, ...]:
    """Firings that nobody began with; what was stopped because rules set each other off has its end."""
    return (
        RuleFiring.rule_id == rule.id, RuleFiring.state == FiringState.STOPPED, RuleFiring.done_at.is_(None),
        RuleFiring.entity == rule.entity, RuleFiring.event == rule.event,
    )  # fmt: skip


def _remember(house: ScopedSession, rule: Rule) -> None:
    """Make the rows anew as which deleted records are judged."""
    entity = registry.entity(rule.entity)
    for one in house.scalars(select(RuleFiring).where(*_is_left(rule)).order_by(RuleFiring.id)).unique():
        kept = gone.remembered(
            house, entity, one.row_id, {name: (said, None) for name, said in one.was.items()}
        )
        again = update(RuleFiring).where(RuleFiring.id == one.id)
        # as text on its way: a float would round long amounts
        house.execute(
            again.values(kept=cast(literal(kept, Text), JSONB)).execution_options(synchronize_session=False)
        )


@operation(
    Rule, _("Take up again"), icon="player-play", is_bulk=False, is_for_people=True, house="a rule goes on with what it left",
    intro=_("What waited when the rule was switched off is done now, by what the rule says today and if the record still meets its conditions."),
    is_offered=lambda rule: bool(rule.stopped_firings) and not rule.is_off,
)  # fmt: skip
def take_up(house: ScopedSession, rule: Rule) -> str | Refused:
    """Let what was left undone wait again, under the rule's present version; each once, whoever asks and how often.

    Raises RuleError for a rule that is off, and for one that acts as a user who may do more than whoever asks.
    """
    rule = house.get_one(Rule, rule.id, with_for_update=True, populate_existing=True)
    if rule.is_off:
        raise RuleError(_("Mend the rule and switch it on first"))
    need_rights_of(rule.user_id)
    version = select(RuleVersion.id).where(RuleVersion.rule_id == rule.id, RuleVersion.number == rule.number)
    if rule.event == RuleEvent.DELETED:
        _remember(house, rule)
    # somebody mended it meanwhile: what led to it then no longer counts as rules that feed each other
    now = {"version_id": version.scalar_subquery(), "user_id": rule.user_id, "depth": 0}
    again = update(RuleFiring).where(*_is_left(rule)).values(state=FiringState.WAITING, **now)
    count = len(house.scalars(again.returning(RuleFiring.id)).all())
    rule.stopped_firings = 0
    if not count:
        return Refused(_("Nothing is left of this kind of record and event"))
    return ngettext("%(num)s is taken up again", "%(num)s are taken up again", count)
