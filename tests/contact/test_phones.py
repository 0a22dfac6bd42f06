"""Telephone numbers, on the way in."""

import pytest

from app.contact.phones import PhoneError, may_take_texts, normalise, zones, zones_to_respect


@pytest.mark.parametrize(
    "raw, region, stored",
    [
        ("067 111-22-33", "UA", "+380671112233"),
        ("+38 (067) 111 22 33", "CN", "+380671112233"),
        ("0038 067 111 22 33", "UA", "+380671112233"),
        ("380671112233", "ua", "+380671112233"),
        ("138 0013 8000", "CN", "+8613800138000"),
        ("０８６１３８００１３８０００"[1:], "CN", "+8613800138000"),
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("tel: 0931 1234567", "CN", "+869311234567"),
    ],
)
def test_a_number_is_stored_in_one_form(raw, region, stored):
    assert normalise(raw, region) == stored
    assert normalise(stored, "US") == stored


@pytest.mark.parametrize(
    "raw, code, words",
    [
        ("", "not_a_number", "is not a telephone number"),
        ("no phone", "not_a_number", "no phone is not a telephone number"),
        ("12", "not_in_use", "12 is not in use"),
        ("067 111 22 3", "not_in_use", "067 111 22 3 is not in use"),
        ("044 234 56 78 ext. 12", "has_extension", "has an extension"),
    ],
)
def test_what_is_no_number_is_refused_with_its_reason(raw, code, words):
    with pytest.raises(PhoneError) as caught:
        normalise(raw, "UA")
    assert caught.value.code == code
    assert words in str(caught.value.sentence)


def test_the_own_zone_of_a_person_counts_before_those_of_the_number():
    assert zones_to_respect("Europe/Warsaw", "+79161112233") == ("Europe/Warsaw",)
    assert zones_to_respect(None, "+380671112233") == ("Europe/Kyiv",)
    assert zones_to_respect("", None) == ()


def test_a_number_that_tells_no_place_has_no_zone():
    assert zones("+88213000000") == ()
    assert zones("nothing") == ()
    assert {"Europe/Moscow", "Asia/Kamchatka"} <= set(zones("+79161112233"))


def test_a_landline_takes_no_texts():
    assert may_take_texts("+380671112233")
    assert not may_take_texts("+380442345678")
