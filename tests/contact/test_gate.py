"""The contact gate: what one person's facts lead to."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from app.contact.gate import ALLOWED, Facts, Refusal, decide
from app.contact.packs import PACKS, Hours, Rules, Way

KYIV = ZoneInfo("Europe/Kyiv")
MONDAY_NOON = datetime(2018, 6, 25, 12, 0, tzinfo=KYIV)
DEFAULT = Rules(PACKS["default"])
GOOD = Facts(Way.SMS, "+380671112233", ("Europe/Kyiv",))


def reason(facts: Facts = GOOD, rules: Rules = DEFAULT, at: datetime = MONDAY_NOON) -> str | None:
    return decide(facts, rules, at).reason_code


def test_nothing_speaks_against_an_ordinary_contact():
    decision = decide(GOOD, DEFAULT, MONDAY_NOON)
    assert decision == ALLOWED
    assert (decision.is_allowed, decision.reason_code, decision.sentence) == (True, None, "")


@pytest.mark.parametrize(
    "change, code",
    [
        ({"is_settled": True}, "settled"),
        ({"has_paid_since": True}, "paid_since"),
        ({"is_suspended": True}, "suspended"),
        ({"is_do_not_contact": True}, "do_not_contact"),
        ({"is_vulnerable": True}, "vulnerable"),
        ({"is_third_party": True}, "third_party"),
        ({"number": None}, "no_number"),
        ({"number": ""}, "no_number"),
        ({"is_number_blocked": True}, "number_blocked"),
        ({"zones": ()}, "unknown_zone"),
        ({"zones": ("Europe/Kyiv", "Mars/Olympus")}, "unknown_zone"),
        ({"zones": ("Europe",)}, "unknown_zone"),
        ({"zones": ("",)}, "unknown_zone"),
    ],
)
def test_each_fact_that_forbids_a_contact_gives_its_own_reason(change, code):
    facts = replace(GOOD, **change)
    assert reason(facts) == code
    assert str(decide(facts, DEFAULT, MONDAY_NOON).sentence)


def test_the_gravest_reason_is_named_first():
    everything = replace(
        GOOD, is_settled=True, is_do_not_contact=True, number=None, zones=(), contacts_day=99
    )
    assert reason(everything) == "settled"
    assert reason(replace(everything, is_settled=False)) == "do_not_contact"


@pytest.mark.parametrize(
    "clock, code",
    [
        ((7, 59), "outside_hours"),
        ((8, 0), None),
        ((20, 59), None),
        ((21, 0), "outside_hours"),
        ((0, 0), "outside_hours"),
    ],
)
def test_the_hours_hold_to_the_minute(clock, code):
    assert reason(at=datetime(2018, 6, 25, *clock, tzinfo=KYIV)) == code


def test_the_hour_is_that_of_the_person_wherever_the_office_is():
    at = datetime(2018, 6, 25, 19, 30, tzinfo=KYIV)
    assert reason(at=at) is None
    assert reason(at=at.astimezone(UTC)) is None
    assert reason(replace(GOOD, zones=("Asia/Shanghai",)), at=at) == "outside_hours"


def test_a_number_of_many_zones_needs_a_decent_hour_in_all_of_them():
    russia = replace(GOOD, zones=("Europe/Moscow", "Asia/Kamchatka"))
    assert reason(russia, at=datetime(2018, 6, 25, 9, 0, tzinfo=ZoneInfo("Europe/Moscow"))) is None
    assert (
        reason(russia, at=datetime(2018, 6, 25, 12, 30, tzinfo=ZoneInfo("Europe/Moscow"))) == "outside_hours"
    )


def test_the_clock_of_the_person_follows_summer_time():
    for day in (date(2018, 3, 24), date(2018, 3, 25)):  # the night between them is an hour shorter
        at = datetime.combine(day, time(8), KYIV)
        assert reason(at=at) is None
    assert reason(at=datetime(2018, 3, 24, 5, 30, tzinfo=UTC)) == "outside_hours"
    assert reason(at=datetime(2018, 3, 25, 5, 30, tzinfo=UTC)) is None


def test_hours_agreed_with_the_customer_replace_those_of_the_pack():
    ukraine = Rules(PACKS["UA"])
    late = replace(GOOD, agreed=Hours(time(21), time(23)))
    assert reason(late, ukraine, datetime(2018, 6, 25, 22, 0, tzinfo=KYIV)) is None
    assert reason(late, ukraine, MONDAY_NOON) == "outside_hours"
    assert reason(late, ukraine, datetime(2018, 6, 24, 22, 0, tzinfo=KYIV)) is None  # a Sunday
    night = replace(GOOD, agreed=Hours(time(22), time(2)))
    assert [reason(night, at=datetime(2018, 6, 25, hour, tzinfo=KYIV)) for hour in (1, 12, 23)] == [
        None,
        "outside_hours",
        None,
    ]


def test_post_and_mail_keep_no_hours_and_need_no_zone():
    midnight = datetime(2018, 6, 24, 0, 0, tzinfo=KYIV)
    for way in (Way.LETTER, Way.EMAIL):
        assert reason(replace(GOOD, way=way, zones=()), Rules(PACKS["UA"]), midnight) is None


def test_a_vulnerable_customer_is_written_to_and_nothing_else():
    assert reason(replace(GOOD, way=Way.LETTER, is_vulnerable=True)) is None
    assert reason(replace(GOOD, way=Way.CALL, is_vulnerable=True)) == "vulnerable"


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="needs its time zone"):
        decide(GOOD, DEFAULT, datetime(2018, 6, 25, 12, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    "day, holidays, working, code",
    [
        (date(2018, 6, 25), (), (), None),
        (date(2018, 6, 24), (), (), "weekend"),
        (date(2018, 6, 24), (), (date(2018, 6, 24),), None),  # a Sunday worked in place of another day
        (date(2018, 6, 28), (date(2018, 6, 28),), (), "holiday"),
        (date(2018, 6, 24), (date(2018, 6, 24),), (), "holiday"),
    ],
)
def test_in_ukraine_rest_days_are_left_alone(day, holidays, working, code):
    rules = Rules(PACKS["UA"], frozenset(holidays), frozenset(working))
    assert reason(rules=rules, at=datetime.combine(day, time(12), KYIV)) == code


def test_in_russia_rest_days_have_shorter_hours():
    russia = Rules(PACKS["RU"], holidays=frozenset({date(2018, 6, 12)}))
    facts = replace(GOOD, zones=("Europe/Moscow",))
    moscow = ZoneInfo("Europe/Moscow")
    at = {
        (day, hour): reason(facts, russia, datetime(2018, 6, day, hour, tzinfo=moscow))
        for day in (9, 12, 13)
        for hour in (8, 19, 21)
    }
    assert {moment for moment, code in at.items() if code is None} == {
        (9, 19),
        (12, 19),
        (13, 8),
        (13, 19),
        (13, 21),
    }
    assert set(at.values()) == {None, "outside_hours"}


@pytest.mark.parametrize(
    "pack, way, counts, code",
    [
        ("RU", Way.CALL, (0, 1, 7), None),
        ("RU", Way.CALL, (1, 1, 1), "cap_day"),
        ("RU", Way.CALL, (0, 2, 2), "cap_week"),
        ("RU", Way.CALL, (0, 1, 8), "cap_month"),
        ("RU", Way.SMS, (1, 3, 15), None),
        ("RU", Way.SMS, (2, 2, 2), "cap_day"),
        ("RU", Way.VOICE, (0, 4, 4), "cap_week"),
        ("RU", Way.MESSENGER, (0, 0, 16), "cap_month"),
        ("RU", Way.VISIT, (1, 1, 1), "cap_week"),
        ("RU", Way.LETTER, (9, 9, 9), None),
        ("UA", Way.SMS, (1, 9, 99), None),
        ("UA", Way.CALL, (2, 2, 2), "cap_day"),
        ("CN", Way.CALL, (2, 9, 99), None),
        ("CN", Way.VOICE, (3, 3, 3), "cap_day"),
        ("US", Way.CALL, (6, 6, 99), None),
        ("US", Way.CALL, (0, 7, 7), "cap_week"),
        ("default", Way.CALL, (99, 99, 99), None),
    ],
)
def test_a_country_limits_how_often(pack, way, counts, code):
    day, week, month = counts
    facts = replace(GOOD, way=way, contacts_day=day, contacts_week=week, contacts_month=month)
    assert reason(facts, Rules(PACKS[pack])) == code


@pytest.mark.parametrize(
    "days, code", [(None, None), (0, "recent_conversation"), (6, "recent_conversation"), (7, None)]
)
def test_in_the_united_states_a_conversation_is_followed_by_a_quiet_week(days, code):
    facts = replace(GOOD, way=Way.CALL, days_since_conversation=days)
    assert reason(facts, Rules(PACKS["US"])) == code
    assert reason(replace(facts, way=Way.SMS), Rules(PACKS["US"])) is None


def test_visits_in_ukraine_end_an_hour_earlier():
    visit = replace(GOOD, way=Way.VISIT)
    evening = datetime(2018, 6, 25, 19, 30, tzinfo=KYIV)
    assert reason(visit, Rules(PACKS["UA"]), evening) == "outside_hours"
    assert reason(GOOD, Rules(PACKS["UA"]), evening) is None


def test_every_country_pack_says_where_its_figures_come_from():
    for code, pack in PACKS.items():
        assert pack.code == code
        assert code == "default" or (pack.source and pack.read_on)


def test_every_reason_has_a_code_words_and_a_colour():
    for each in Refusal:
        assert len(each.value) <= 30
        assert str(each.label) != each.value
        assert each.colour
