"""Telephone numbers: brought to one form when they are written, and the time zones they may ring in.

Numbering plans come from Google's libphonenumber (Apache-2.0) through the package phonenumbers.
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from flask_babel import lazy_gettext as _
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, timezone

_UNKNOWN_ZONE = timezone.UNKNOWN_TIMEZONE
_NO_TEXTS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.UAN,
    }
)


class PhoneError(ValueError):
    """What was given is no telephone number; `sentence` says why, for people."""

    def __init__(self, code: str, sentence: object) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


def normalise(raw: str, region: str) -> str:
    """The number in E.164, the only form that is stored.

    `region` is the country (ISO 3166, "UA") in which a number without a prefix was written down.

    >>> normalise("067 111-22-33", "UA"), normalise("８６ 138 0013 8000", "CN")
    ('+380671112233', '+8613800138000')

    Raises PhoneError.
    """
    try:
        number = phonenumbers.parse(raw, region.upper())
    except NumberParseException as error:
        raise PhoneError("not_a_number", _("%(raw)s is not a telephone number.", raw=raw)) from error
    if number.extension:
        sentence = _("%(raw)s has an extension, which cannot be dialled by itself; leave it out.", raw=raw)
        raise PhoneError("has_extension", sentence)
    if not phonenumbers.is_valid_number(number):
        sentence = _("%(raw)s is not in use as a number: check its digits and the country.", raw=raw)
        raise PhoneError("not_in_use", sentence)
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


@lru_cache(maxsize=65536)
def zones(number: str) -> tuple[str, ...]:
    """The time zones in which a number in E.164 may ring, sorted; empty when the plan does not tell.

    >>> zones("+380671112233"), len(zones("+79161112233")) > 10, zones("+88213000000")
    (('Europe/Kyiv',), True, ())
    """
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return ()
    found = timezone.time_zones_for_number(parsed)
    return tuple(sorted(zone for zone in found if zone != _UNKNOWN_ZONE))


def zones_to_respect(stored: str | None, number: str | None) -> tuple[str, ...]:
    """Where the hour must be decent: in the person's own zone if it is known, else in all of the number's.

    >>> zones_to_respect("Europe/Warsaw", "+380671112233"), zones_to_respect(None, "+380671112233")
    (('Europe/Warsaw',), ('Europe/Kyiv',))
    """
    if stored:
        return (stored,)
    return zones(number) if number else ()


def may_take_texts(number: str) -> bool:
    """Whether a number in E.164 is of a kind that can receive short messages.

    >>> may_take_texts("+380671112233"), may_take_texts("+380442345678")
    (True, False)
    """
    return phonenumbers.number_type(phonenumbers.parse(number)) not in _NO_TEXTS
