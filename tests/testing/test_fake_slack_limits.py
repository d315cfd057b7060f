"""Token buckets: one message a second in a channel, and the tiers of the methods."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.testing.fake_slack import Limits
from tocsin.testing.fake_slack.limits import RateLimiter

POST = "chat.postMessage"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_second_message_within_a_second_waits() -> None:
    clock = Clock()
    limiter = RateLimiter(Limits(), clock)
    assert limiter.admit(POST, "C1") is None
    assert limiter.admit(POST, "C1") == 1
    assert limiter.admit(POST, "C2") is None
    clock.now += 1
    assert limiter.admit(POST, "C1") is None


def test_a_burst_is_let_through_where_it_is_configured() -> None:
    limiter = RateLimiter(Limits(channel_burst=3), Clock())
    assert [limiter.admit(POST, "C1") for _ in range(4)] == [None, None, None, 1]


def test_the_workspace_has_a_limit_of_its_own() -> None:
    clock = Clock()
    limiter = RateLimiter(Limits(workspace_per_minute=2), clock)
    assert [limiter.admit(POST, f"C{n}") for n in range(3)] == [None, None, 30]
    clock.now += 30
    assert limiter.admit(POST, "C9") is None


def test_a_method_of_the_third_tier_takes_fifty_calls_a_minute() -> None:
    clock = Clock()
    limiter = RateLimiter(Limits(), clock)
    assert [limiter.admit("chat.update", "C1") for _ in range(51)] == [None] * 50 + [2]
    assert limiter.admit("auth.test", "") is None


def test_without_limits_everything_passes() -> None:
    limiter = RateLimiter(Limits.unlimited(), Clock())
    assert {limiter.admit(method, "C1") for method in (POST, "chat.update") for _ in range(500)} == {None}


@given(st.lists(st.floats(min_value=0, max_value=3), min_size=1, max_size=60), st.integers(1, 5))
def test_who_waits_as_told_is_admitted_and_nobody_sends_too_much(pauses: list[float], burst: int) -> None:
    clock = Clock()
    limiter = RateLimiter(Limits(channel_burst=burst), clock)
    for admitted, pause in enumerate(pauses, start=1):
        clock.now += pause
        wait = limiter.admit(POST, "C1")
        if wait is not None:
            clock.now += wait
            assert limiter.admit(POST, "C1") is None
        assert admitted <= clock.now - 1000 + burst + 1e-6
