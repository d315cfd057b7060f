"""Slack's request signature."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from tests.slack.slack_examples import NOW
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.slack.signature import verify

SECRET = "test-signing-secret"
BODY = b"payload=%7B%7D"


def signed(body: bytes = BODY, *, at: int = NOW, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(at // SECOND)
    signature = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={signature}"}


@given(st.binary(max_size=100))
def test_what_slack_signed_is_accepted(body: bytes) -> None:
    assert verify(SECRET)(signed(body), body, NOW) is None


def test_the_sdk_signs_the_same() -> None:
    timestamp = str(NOW // SECOND)
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=BODY)
    assert signature == signed()["x-slack-signature"]


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({}, BODY, "the request is not signed"),
        ({"x-slack-signature": "v0=00"}, BODY, "the request is not signed"),
        ({"x-slack-request-timestamp": "1"}, BODY, "the request is not signed"),
        (signed() | {"x-slack-request-timestamp": "now"}, BODY, "the signature's timestamp is not a number of seconds"),
        (signed() | {"x-slack-request-timestamp": "-1"}, BODY, "the signature's timestamp is not a number of seconds"),
        (signed() | {"x-slack-request-timestamp": "٣"}, BODY, "the signature's timestamp is not a number of seconds"),
        (
            signed() | {"x-slack-request-timestamp": "9" * 5000},
            BODY,
            "the signature's timestamp is not a number of seconds",
        ),
        (signed(), BODY + b"x", "the signature does not fit the body"),
        (signed(secret="another"), BODY, "the signature does not fit the body"),
        (signed() | {"x-slack-signature": "v0=\udcff ü"}, BODY, "the signature does not fit the body"),
        (signed(at=NOW - 6 * MINUTE), BODY, "the signature is older or newer than five minutes"),
        (signed(at=NOW + 6 * MINUTE), BODY, "the signature is older or newer than five minutes"),
    ],
)
def test_what_slack_did_not_sign_just_now_is_refused(headers: dict[str, str], body: bytes, why: str) -> None:
    assert verify(SECRET)(headers, body, NOW) == why


def test_the_window_is_five_minutes_to_both_sides() -> None:
    for drift in (-5 * MINUTE, 5 * MINUTE):
        assert verify(SECRET)(signed(at=NOW + drift), BODY, NOW) is None


def test_without_a_secret_everything_is_refused() -> None:
    assert verify("")(signed(secret=""), BODY, NOW) == "no signing secret is configured"


def test_what_was_signed_before_the_process_began_may_be_a_replay() -> None:
    check = verify(SECRET, since=NOW + 500)
    assert check(signed(at=NOW - SECOND), BODY, NOW + SECOND) == "the signature is older than this process"
    assert check(signed(at=NOW), BODY, NOW + SECOND) is None, "within the second in which it began"
