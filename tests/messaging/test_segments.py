"""Cutting a text into short messages."""

import pytest
from hypothesis import given, settings, strategies as st

from app.messaging.segments import Encoding, decode_gsm7, segments


@pytest.mark.parametrize(
    "text, encoding, count, left",
    [
        ("", Encoding.GSM7, 1, 160),
        ("a" * 160, Encoding.GSM7, 1, 0),
        ("a" * 161, Encoding.GSM7, 2, 145),
        ("a" * 306, Encoding.GSM7, 2, 0),
        ("€" * 80, Encoding.GSM7, 1, 0),
        ("ї" * 70, Encoding.UCS2, 1, 0),
        ("ї" * 71, Encoding.UCS2, 2, 63),
        ("中" * 134, Encoding.UCS2, 2, 0),
        ("`", Encoding.UCS2, 1, 69),  # no such sign in the short alphabet, though it looks plain
        ("😀" * 35, Encoding.UCS2, 1, 0),
    ],
)
def test_parts_and_what_is_left_are_those_of_the_standard(text, encoding, count, left):
    cut = segments(text)
    assert (cut.encoding, cut.count, cut.left) == (encoding, count, left)


def test_an_escaped_sign_is_not_cut_in_half():
    cut = segments("a" * 152 + "€" + "b" * 20)
    assert cut.parts[0] == b"a" * 152
    assert cut.parts[1].startswith(b"\x1be")


def test_a_letter_of_two_units_is_not_cut_in_half():
    cut = segments("ї" * 66 + "😀" + "ї" * 10)
    assert [part.decode("utf-16-be") for part in cut.parts] == ["ї" * 66, "😀" + "ї" * 10]


@settings(deadline=None)
@given(st.text(max_size=900))
def test_the_parts_joined_are_the_text(text):
    cut = segments(text)
    whole = b"".join(cut.parts)
    if cut.encoding is Encoding.GSM7:
        assert decode_gsm7(whole) == text
    else:
        assert whole.decode("utf-16-be") == text
    assert all(len(part) <= 140 or (cut.encoding is Encoding.GSM7 and len(part) <= 160) for part in cut.parts)
    assert all(len(data) <= 160 for data in cut.with_headers(300))


def test_a_text_of_more_parts_than_can_be_joined_is_refused():
    with pytest.raises(ValueError, match="needs 256 short messages; at most 255"):
        segments("a" * (153 * 255 + 1))


def test_a_septet_without_a_meaning_is_shown_as_a_question_mark():
    assert decode_gsm7(b"A\x1b\x01B\x1b") == "A?B?"
