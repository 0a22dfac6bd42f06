"""Telephone numbers of a whole file: what `app.contact.phones.normalise` gives, quickly where that is plain."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata

from app.contact.phones import normalise


@lru_cache
def _mobile(region: str) -> tuple[re.Pattern[str], str, int] | None:
    """The country's mobile numbers without prefix, as a pattern; its trunk prefix; its calling code."""
    plan = PhoneMetadata.metadata_for_region(region)
    if plan is None or plan.mobile is None or not plan.mobile.national_number_pattern:
        return None
    pattern = re.compile(plan.mobile.national_number_pattern)
    return pattern, plan.national_prefix or "", phonenumbers.country_code_for_region(region)


def in_e164(written: str, region: str) -> str:
    """A number in E.164. Raises PhoneError.

    Mobile numbers written without a country's code are taken by the country's own pattern, which costs a
    fiftieth of the whole analysis; everything else is analysed.

    >>> in_e164("13800138000", "CN"), in_e164("092 000 46 43", "UA"), in_e164("0932-8959007", "CN")
    ('+8613800138000', '+380920004643', '+869328959007')
    """
    plan = _mobile(region)
    digits = "".join(re.split(r"[\s()-]+", unicodedata.normalize("NFKC", written)))
    if plan and digits.isascii() and digits.isdigit():
        pattern, trunk, calling_code = plan
        national = digits[len(trunk) :] if trunk and digits.startswith(trunk) else digits
        if pattern.fullmatch(national):
            return f"+{calling_code}{national}"
    return normalise(written, region)
