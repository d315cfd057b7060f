"""What senders must show: where they are, their signature; Amazon SNS its own, and a subscription is confirmed."""

from __future__ import annotations

import logging

import pytest

from tests.sns.signing import HEADERS, NOW, Web, confirmation, encoded, notification, signed
from tocsin.web.gate import Rules
from tocsin.web.peers import networks
from tocsin.web.signatures import Signature
from tocsin.wiring.senders import rates, rules, sns_check
from tocsin.wiring.settings_file import parse

CONFIG = """
integrations:
  open: {}
  ours: {sns_accounts: '111122223333'}
  theirs: {sns_accounts: '999999999999'}
  topic: {sns_accounts: '999999999999', sns_topics: 'arn:aws:sns:eu-west-1:111122223333:alerts'}
  other: {sns_topics: 'arn:aws:sns:eu-west-1:111122223333:others'}
"""
SETTINGS = parse(CONFIG.encode(), {}).settings
CONFIRM = {"x-amz-sns-message-type": "SubscriptionConfirmation"}


@pytest.mark.parametrize("integration", ["open", "ours", "topic", "default"])
def test_a_signed_message_comes_in_under_its_number(integration: str) -> None:
    verdict = sns_check(SETTINGS, lambda: NOW, Web())(HEADERS, encoded(signed(notification())), integration)
    assert (verdict.status, verdict.message, verdict.once) == (200, "", "m-1")


def test_a_number_that_is_none_of_amazons_names_nothing() -> None:
    body = encoded(signed(notification(MessageId="a/b\n c")))
    headers = {name: value for name, value in HEADERS.items() if name != "x-amz-sns-message-id"}
    verdict = sns_check(SETTINGS, lambda: NOW, Web())(headers, body, "ours")
    assert (verdict.status, verdict.once) == (200, "")


@pytest.mark.parametrize("integration", ["theirs", "other"])
def test_the_accounts_and_topics_of_an_integration_count(caplog: pytest.LogCaptureFixture, integration: str) -> None:
    web = Web()
    verdict = sns_check(SETTINGS, lambda: NOW, web)(HEADERS, encoded(signed(notification())), integration)
    assert (verdict.status, web.asked) == (403, [])
    assert "may not send here" in verdict.message
    assert caplog.messages == ["an SNS message was refused"]


def test_a_forged_message_is_refused_and_nothing_is_fetched() -> None:
    web = Web()
    body = encoded(
        signed(notification()) | {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"}
    )
    verdict = sns_check(SETTINGS, lambda: NOW, web)(HEADERS, body, "ours")
    assert verdict.status == 403
    assert "is not a certificate of Amazon SNS" in verdict.message
    assert web.asked == []


def test_a_certificate_that_cannot_be_fetched_asks_for_another_try(caplog: pytest.LogCaptureFixture) -> None:
    verdict = sns_check(SETTINGS, lambda: NOW, Web({}))(HEADERS, encoded(signed(notification())), "ours")
    assert verdict.status == 503
    assert caplog.messages == ["an SNS message could not be verified"]


def test_a_subscription_is_confirmed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    web, asked = Web(), confirmation()
    web.pages[str(asked["SubscribeURL"])] = b"<ok/>"
    verdict = sns_check(SETTINGS, lambda: NOW, web)(CONFIRM, encoded(signed(asked)), "ours")
    assert (verdict.status, verdict.once) == (200, "m-2")
    assert web.asked[-1] == asked["SubscribeURL"]
    assert caplog.messages == ["an SNS subscription was confirmed"]


def test_a_confirmation_that_fails_asks_for_another_try() -> None:
    verdict = sns_check(SETTINGS, lambda: NOW, Web())(CONFIRM, encoded(signed(confirmation())), "ours")
    assert verdict.status == 503


def test_a_confirmation_elsewhere_is_refused() -> None:
    asked = confirmation(SubscribeURL="https://evil.example/?Action=ConfirmSubscription")
    verdict = sns_check(SETTINGS, lambda: NOW, Web())(CONFIRM, encoded(signed(asked)), "ours")
    assert verdict.status == 403


def test_without_another_fetcher_the_web_is_asked_over_tls() -> None:
    # Nothing is fetched for what is not even JSON, so that this asks nobody.
    assert sns_check(SETTINGS, lambda: NOW)(HEADERS, b"?", "ours").status == 403


RAW = {"x-amz-sns-message-type": "Notification", "x-amz-sns-rawdelivery": "true"}
TELLS_OF_ONE = (
    b'{"title": "a function failed", "request": {"Type": "Notification", "SigningCertURL": "https://x.example"}}'
)


@pytest.mark.parametrize("headers", [{}, RAW])
@pytest.mark.parametrize("body", [TELLS_OF_ONE, b'[{"SigningCertURL": 1}]', b"no SigningCertURL in line 3"])
def test_a_message_that_tells_of_an_envelope_is_none(headers: dict[str, str], body: bytes) -> None:
    verdict = sns_check(SETTINGS, lambda: NOW, Web())(headers, body, "ours")
    assert (verdict.status, verdict.once) == (200, "")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (HEADERS, TELLS_OF_ONE),
        ({}, b'{"SigningCertURL": "https://x.example"}'),
        (RAW, b'{"Type": "Notification", "TopicArn": "x", "Message": "SigningCertURL"}'),
        ({}, b'payload={"SigningCertURL": "x"}'),
        ({}, b'\xef\xbb\xbf{"SigningCertURL": "https://x.example"}'),
    ],
)
def test_what_claims_to_be_an_envelope_or_may_be_one_is_verified(headers: dict[str, str], body: bytes) -> None:
    assert sns_check(SETTINGS, lambda: NOW, Web())(headers, body, "ours").status == 403


def test_a_subscription_that_is_confirmed_already_is_confirmed_again() -> None:
    web, asked = Web(), confirmation()
    web.pages[str(asked["SubscribeURL"])] = b"<ok/>"
    check = sns_check(SETTINGS, lambda: NOW, web)
    found = [check(CONFIRM, encoded(signed(asked)), "ours") for _ in range(2)]
    assert [(each.status, each.once) for each in found] == [(200, "m-2"), (200, "m-2")]


RULED = """
integrations:
  near: {allow: [192.0.2.0/24, "2001:db8::7"]}
  hub: {signature: {kind: github, secret: test-secret}, rate: 5}
  timed: {signature: {kind: grafana, secret: test-secret, header: X-Mine, timestamp_header: X-Stamp}}
"""


def test_the_rules_are_those_of_the_configuration() -> None:
    def signed(kind: str, header: str, stamp: str = "") -> Rules:
        return Rules(
            signature=Signature(kind=kind, secret=b"test-secret", header=header, timestamp_header=stamp),
        )

    found = parse(RULED.encode(), {}).settings
    assert rules(found) == {
        "near": Rules(allow=networks(["192.0.2.0/24", "2001:db8::7/128"])),
        "hub": signed("github", "x-hub-signature-256"),
        "timed": signed("grafana", "x-mine", "x-stamp"),
    }
    assert rates(found) == {"hub": 5.0}
