"""What Slack's answers mean."""

from __future__ import annotations

import pytest

from tocsin.engine.ports import Postponed, Refused
from tocsin.slack.answers import GONE, PERMANENT, judged


@pytest.mark.parametrize(
    ("header", "after"), [("30", 30_000), ("", 5_000), ("soon", 5_000), ("-1", 5_000), ("9" * 400, 5_000), ("٣", 5_000)]
)
def test_too_many_calls_wait_as_long_as_slack_says(header: str, after: int) -> None:
    asked = Postponed("Slack asks to wait: too many calls", after=after, counts=False)
    assert judged(429, "", header).result == judged(200, "ratelimited", header).result == asked


@pytest.mark.parametrize("code", sorted(PERMANENT))
def test_what_a_person_must_change_is_refused_with_a_sentence(code: str) -> None:
    result = judged(200, code, "").result
    assert isinstance(result, Refused)
    assert result.error == f"{PERMANENT[code]} ({code})"
    assert len(PERMANENT[code].split()) > 3


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (500, "", "Slack answered 500"),
        (503, "", "Slack answered 503"),
        (200, "internal_error", "Slack answered 200 internal_error"),
        (200, "something_new", "Slack answered 200 something_new"),
        (200, "x\n" + "y" * 99, "Slack answered 200 x?" + "y" * 58),
    ],
)
def test_what_may_pass_is_an_attempt(status: int, code: str, error: str) -> None:
    assert judged(status, code, "").result == Postponed(error)


def test_what_is_gone_may_not_be_final() -> None:
    """The news still needs a message."""
    assert GONE.isdisjoint(PERMANENT)
