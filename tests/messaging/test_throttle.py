"""The bucket of permissions to send."""

import pytest
from hypothesis import given, settings, strategies as st

from app.messaging.throttle import TokenBucket


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_is_followed_by_an_even_pace():
    clock = Clock()
    bucket = TokenBucket(10, burst=3, clock=clock)
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take() == pytest.approx(0.1)
    clock.now = 0.1
    assert bucket.take() == 0.0
    assert bucket.take() > 0.0


def test_idle_time_saves_up_no_more_than_one_burst():
    clock = Clock()
    bucket = TokenBucket(10, burst=2, clock=clock)
    clock.now = 1000.0
    assert [bucket.take() > 0 for _ in range(3)] == [False, False, True]


@settings(deadline=None)
@given(st.floats(0.5, 500), st.integers(1, 50), st.lists(st.floats(0, 0.2), max_size=200))
def test_never_more_than_the_rate_and_one_burst(rate, burst, pauses):
    clock = Clock()
    bucket = TokenBucket(rate, burst, clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        taken += bucket.take() == 0.0
    assert taken <= burst + clock.now * rate + 1e-6


def test_no_rate_is_no_limit():
    bucket = TokenBucket(0)
    assert {bucket.take() for _ in range(1000)} == {0.0}


@pytest.mark.parametrize("rate, burst", [(-1, 1), (1, 0)])
def test_a_bucket_that_can_never_give_is_refused(rate, burst):
    with pytest.raises(ValueError, match="never send"):
        TokenBucket(rate, burst)
