"""What a country's law says of contacting people who owe, as data: hours, rest days, and how often.

A pack is no legal advice: whoever uses one checks it with a lawyer. Figures of the country packs were
compared with public accounts of the named laws on the day given in `read_on`. Where a law counts per debt, we
count per person, which is never more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _


class Way(StrEnum):
    """By which way a person is contacted."""

    SMS = "sms"
    MESSENGER = "messenger"
    VOICE = "voice"
    CALL = "call"
    EMAIL = "email"
    LETTER = "letter"
    VISIT = "visit"


CALLS = frozenset({Way.CALL})
MESSAGES = frozenset({Way.SMS, Way.MESSENGER, Way.VOICE})
SPEAKING = frozenset({Way.CALL, Way.VOICE})
DISTURBING = frozenset(Way) - {Way.EMAIL, Way.LETTER}
"""Ways that reach a person at the moment they are used; e-mail and post wait until they are opened."""


@dataclass(frozen=True)
class Hours:
    """From `opens`, that minute included, to `closes`, that minute excluded; may span midnight."""

    opens: time
    closes: time

    def include(self, moment: time) -> bool:
        """Whether a time of day lies within. Equal ends mean the whole day.

        >>> Hours(time(8), time(21)).include(time(21)), Hours(time(20), time(2)).include(time(1))
        (False, True)
        """
        if self.opens < self.closes:
            return self.opens <= moment < self.closes
        return moment >= self.opens or moment < self.closes


@dataclass(frozen=True)
class Cap:
    """How many contacts are the most, of all these ways together: on one day, in 7 days and in 30."""

    ways: frozenset[Way]
    day: int | None = None
    week: int | None = None
    month: int | None = None


NO_CAP = Cap(frozenset())


@dataclass(frozen=True)
class Pack:
    """The rules of one country. `resting` None means: not at all on weekends and holidays."""

    code: str
    title: Any
    source: str
    read_on: date | None
    working: Hours
    resting: Hours | None
    weekend: frozenset[int] = frozenset({6, 7})
    """ISO weekdays, Monday is 1."""
    special: Mapping[Way, Hours] = field(default_factory=dict)
    """Narrower hours of one way, on every day on which it is allowed at all."""
    timed: frozenset[Way] = DISTURBING
    caps: tuple[Cap, ...] = ()
    after_conversation: Mapping[Way, int] = field(default_factory=dict)
    """Days after a conversation in which this way is not used again."""
    vulnerable: frozenset[Way] = frozenset({Way.LETTER})
    """Ways that may be used towards a person marked as vulnerable."""

    def cap(self, way: Way) -> Cap:
        """The cap that counts this way; one without figures when nothing limits it."""
        return next((cap for cap in self.caps if way in cap.ways), NO_CAP)

    def hours(self, way: Way, *, is_rest_day: bool) -> Hours | None:
        """When this way may be used; None for not at all that day."""
        own = self.resting if is_rest_day else self.working
        return own and self.special.get(way, own)


@dataclass(frozen=True)
class Rules:
    """A pack with a calendar: which days are holidays, and which days of a weekend are worked."""

    pack: Pack
    holidays: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()


_EIGHT_TO_NINE = Hours(time(8), time(21))
_READ_ON = date(2026, 11, 22)

_PACKS = (
    Pack(
        code="default",
        title=_("Default"),
        source="",
        read_on=None,
        working=_EIGHT_TO_NINE,
        resting=_EIGHT_TO_NINE,
    ),
    Pack(
        code="US",
        title=_("United States"),
        source="FDCPA, 15 U.S.C. 1692c(a)(1); Regulation F, 12 CFR 1006.14(b)(2)",
        read_on=_READ_ON,
        working=_EIGHT_TO_NINE,
        resting=_EIGHT_TO_NINE,
        caps=(Cap(SPEAKING, week=7),),
        after_conversation=dict.fromkeys(SPEAKING, 7),
    ),
    Pack(
        code="RU",
        title=_("Russia"),
        source="Federal Law No. 230-FZ of 3 July 2016, article 7",
        read_on=_READ_ON,
        working=Hours(time(8), time(22)),
        resting=Hours(time(9), time(20)),
        caps=(
            Cap(CALLS, day=1, week=2, month=8),
            Cap(MESSAGES, day=2, week=4, month=16),
            Cap(frozenset({Way.VISIT}), week=1),
        ),
    ),
    Pack(
        code="UA",
        title=_("Ukraine"),
        source="Law on consumer lending No. 1734-VIII, article 25, as amended by Law No. 1349-IX",
        read_on=_READ_ON,
        working=Hours(time(9), time(20)),
        resting=None,
        special={Way.VISIT: Hours(time(9), time(19))},
        caps=(Cap(DISTURBING, day=2),),
    ),
    Pack(
        code="CN",
        title=_("China"),
        source="GB/T 45251-2025 互联网金融 个人网络消费信贷 贷后催收风控指引",
        read_on=_READ_ON,
        working=Hours(time(8), time(22)),
        resting=Hours(time(8), time(22)),
        caps=(Cap(SPEAKING, day=3),),
    ),
)

PACKS: dict[str, Pack] = {pack.code: pack for pack in _PACKS}
"""By the code that stands in a client's contact pack."""
