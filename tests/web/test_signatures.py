"""Signatures of senders that share a secret: right, wrong, missing, and in the shapes in which they are written."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from tocsin.web.signatures import HEADERS, Signature, unsigned

SECRET = b"test-secret"
BODY = b'{"status": "firing"}'


def mac(message: bytes = BODY, secret: bytes = SECRET) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def rule(kind: str, **more: str) -> Signature:
    return Signature(
        kind=kind,
        secret=SECRET,
        header=more.get("header", HEADERS[kind]),
        timestamp_header=more.get("timestamp_header", ""),
    )


def headers(rule: Signature, value: str, **more: str) -> list[tuple[bytes, bytes]]:
    pairs = {"host": "x", rule.header: value, **{name.replace("_", "-"): text for name, text in more.items()}}
    return [(name.encode(), text.encode("latin-1")) for name, text in pairs.items()]


RIGHT = [
    (rule("github"), f"sha256={mac().hex()}"),
    (rule("grafana"), mac().hex()),
    (rule("sentry"), mac().hex()),
    (rule("gitlab"), "test-secret"),
    (rule("sha256", header="x-signature"), mac().hex().upper()),
    (rule("sha256", header="x-signature"), base64.b64encode(mac()).decode()),
    (rule("github", header="x-hub-signature"), f" sha256={mac().hex()} "),
]


@pytest.mark.parametrize(("rule", "value"), RIGHT)
def test_what_is_signed_as_agreed_comes_in(rule: Signature, value: str) -> None:
    assert unsigned(rule, headers(rule, value), BODY) is None


@pytest.mark.parametrize(("rule", "value"), RIGHT)
def test_another_body_or_another_secret_is_refused(rule: Signature, value: str) -> None:
    if rule.kind != "gitlab":
        found = unsigned(rule, headers(rule, value), BODY + b" ")
        assert found
        assert (found.status, found.sentence) == (403, f"the signature in {rule.header} is wrong")
    other = mac(secret=b"another").hex()
    found = unsigned(rule, headers(rule, other), BODY)
    assert found
    assert found.status == 403


@pytest.mark.parametrize(
    "value", ["", "sha256=", "x", "z" * 64, "é" * 64, "=" * 10, f"sha1={mac().hex()}", "a" * 10_000]
)
@pytest.mark.parametrize("kind", ["github", "grafana", "gitlab"])
def test_what_is_no_signature_is_a_wrong_one(kind: str, value: str) -> None:
    found = unsigned(rule(kind), headers(rule(kind), value), BODY)
    assert found
    assert found.status == 403


@pytest.mark.parametrize("kind", [kind for kind in HEADERS if kind != "sha256"])
def test_a_missing_signature_is_named(kind: str) -> None:
    found = unsigned(rule(kind), [(b"host", b"x")], BODY)
    assert found
    assert (found.status, found.sentence) == (401, f"the signature is missing: there is no header {HEADERS[kind]}")


def test_grafana_signs_a_time_before_the_body_if_it_is_told_to() -> None:
    timed = rule("grafana", timestamp_header="x-stamp")
    value = mac(b"1795000000:" + BODY).hex()
    assert unsigned(timed, headers(timed, value, x_stamp="1795000000"), BODY) is None
    wrong = unsigned(timed, headers(timed, value, x_stamp="1795000001"), BODY)
    assert wrong
    assert wrong.status == 403
    missing = unsigned(timed, headers(timed, value), BODY)
    assert missing
    assert (missing.status, missing.sentence) == (401, "the signature is incomplete: there is no header x-stamp")
