"""Only what SNS has signed, for an allowed topic, is verified; a forged message never gets anything fetched for it."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sns.signing import (
    CERTIFICATE_URL,
    HEADERS,
    NOW,
    TOPIC,
    Web,
    certificate,
    confirmation,
    encoded,
    notification,
    signed,
)
from tocsin.kernel.json import Json
from tocsin.sns import Confirmed, Forged, Unavailable, Verified, Verifier
from tocsin.sns.certificates import KEPT_MAX


def verify(
    envelope: Json, web: Web | None = None, headers: dict[str, str] | None = None
) -> Verified | Forged | Unavailable:
    body = envelope if isinstance(envelope, bytes) else encoded(envelope)
    return Verifier(web or Web()).verify(headers or {}, body, NOW)


def forged(envelope: Json, web: Web | None = None, headers: dict[str, str] | None = None) -> str:
    verdict = verify(envelope, web, headers)
    assert isinstance(verdict, Forged)
    return verdict.reason


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "envelope",
    [
        notification(),
        {name: value for name, value in notification().items() if name != "Subject"},
        notification(Subject=""),
        notification(Message="line\nline\n\n", Subject="é\n"),
        confirmation(),
        confirmation("UnsubscribeConfirmation"),
    ],
)
def test_what_sns_has_signed_is_verified(envelope: dict[str, Json], version: str) -> None:
    message = signed(envelope, version)
    verdict = verify(message)
    assert verdict == Verified(message)
    assert isinstance(verdict, Verified)
    assert (verdict.kind, verdict.topic, verdict.message_id) == (envelope["Type"], TOPIC, envelope["MessageId"])


def test_a_message_that_comes_again_is_verified_again_under_its_id() -> None:
    web, body = Web(), encoded(signed(notification()))
    verifier = Verifier(web)
    first, again = verifier.verify(HEADERS, body, NOW), verifier.verify(HEADERS, body, NOW + 3_600_000)
    assert isinstance(first, Verified)
    assert first == again
    assert first.message_id == "m-1"
    assert web.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    ("envelope", "name"),
    [
        *[(notification(), name) for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")],
        *[(confirmation(), name) for name in ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token")],
        *[(confirmation(), name) for name in ("TopicArn", "Type")],
    ],
)
def test_every_signed_field_that_is_altered_is_noticed(envelope: dict[str, Json], name: str) -> None:
    message = signed(envelope)
    assert forged({**message, name: message[name] + "x"})
    assert forged({key: value for key, value in message.items() if key != name})


def test_a_type_cannot_be_changed_into_another() -> None:
    assert forged({**signed(confirmation()), "Type": "UnsubscribeConfirmation"}) == "the signature is wrong"
    assert forged({**signed(confirmation()), "Type": "Notification"}) == "the signature is wrong"


def test_a_subject_cannot_be_added() -> None:
    plain = signed({name: value for name, value in notification().items() if name != "Subject"})
    assert forged({**plain, "Subject": "more"}) == "the signature is wrong"


def test_a_signature_of_another_key_or_of_the_other_version_is_wrong() -> None:
    assert forged(signed(notification(), key="mallory")) == "the signature is wrong"
    assert forged({**signed(notification(), "1"), "SignatureVersion": "2"}) == "the signature is wrong"
    assert forged({**signed(notification(), "2"), "SignatureVersion": "1"}) == "the signature is wrong"


@pytest.mark.parametrize("version", ["3", "0", "", "1.0", " 1", 1, None, ["1"]])
def test_an_unknown_signature_version_is_refused(version: Json) -> None:
    assert "is neither 1 nor 2" in forged({**signed(notification()), "SignatureVersion": version})


@pytest.mark.parametrize(
    "signature", ["", "?", "AAAA", "é", None, 7, [], "A" * 5, base64.b64encode(b"x" * 5000).decode()]
)
def test_a_broken_signature_is_refused(signature: Json) -> None:
    assert "signature is" in forged({**signed(notification()), "Signature": signature})


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "HTTPS://sns.eu-west-1.amazonaws.com/a.pem",
        "https://evil.example/a.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/a.pem",
        "https://evil.example@sns.us-east-1.amazonaws.com/a.pem",
        "https://user:pass@sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com:443/a.pem",
        "https://sns.us-east-1.amazonaws.com:8443/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem?x=1",
        "https://sns.us-east-1.amazonaws.com/?Action=Publish&x=a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem#x",
        "https://sns.us-east-1.amazonaws.com/a.txt",
        "https://sns.us-east-1.amazonaws.com/.pem/x",
        "https://sns.us-east-1.amazonaws.com/../a.pem",
        "https://sns.us-east-1.amazonaws.com/%2e%2e/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem\n",
        "https://sns.us-east-1.amazonaws.com\\@evil.example/a.pem",
        "https://sns.us-east-1.amazonaws.com./a.pem",
        "https://sns.evil.example/x.amazonaws.com/a.pem",
        "https://s3.us-east-1.amazonaws.com/a.pem",
        "https://snsxus-east-1.amazonaws.com/a.pem",
        "https://sns.x.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com.cn.evil.example/a.pem",
        "https://sns.us-east-1.amazonawsXcom/a.pem",
        "https://sns.us\u2024east.amazonaws.com/a.pem",
        "//sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com/" + "a" * 5000 + ".pem",
        "",
        None,
        7,
        [CERTIFICATE_URL],
    ],
)
def test_a_certificate_from_elsewhere_is_never_fetched(address: Json) -> None:
    web = Web()
    assert "is not a certificate of Amazon SNS" in forged({**signed(notification()), "SigningCertURL": address}, web)
    assert web.asked == []


@pytest.mark.parametrize(
    "address", ["https://sns.cn-north-1.amazonaws.com.cn/a.pem", "https://sns.us-gov-west-1.amazonaws.com/a-b_c.0.pem"]
)
def test_every_partition_has_its_certificates(address: str) -> None:
    web = Web({address: certificate()})
    assert isinstance(verify({**signed(notification()), "SigningCertURL": address}, web), Verified)


def test_a_topic_that_is_not_allowed_is_refused_before_anything_is_fetched() -> None:
    web, body = Web(), encoded(signed(notification()))
    for verifier in (
        Verifier(web, allowed_topics=[TOPIC + "x"]),
        Verifier(web, allowed_accounts=["999999999999"]),
        Verifier(web, allowed_topics=["x"], allowed_accounts=["11112222333"]),
    ):
        assert verifier.verify({}, body, NOW) == Forged(f"the topic {TOPIC!r} may not send here")
    assert web.asked == []


def test_a_topic_or_its_account_may_be_allowed() -> None:
    body = encoded(signed(notification()))
    for verifier in (
        Verifier(Web(), allowed_topics=[TOPIC]),
        Verifier(Web(), allowed_accounts=["111122223333"]),
        Verifier(Web(), allowed_topics=["x"], allowed_accounts=["111122223333"]),
    ):
        assert isinstance(verifier.verify({}, body, NOW), Verified)


@pytest.mark.parametrize(
    "topic", ["111122223333", "arn:aws:sqs:eu-west-1:111122223333:alerts", "x:sns:x:111122223333:y"]
)
def test_only_a_topics_arn_belongs_to_an_account(topic: str) -> None:
    body = encoded(signed(notification(TopicArn=topic)))
    assert isinstance(Verifier(Web(), allowed_accounts=["111122223333"]).verify({}, body, NOW), Forged)


@pytest.mark.parametrize("header", ["x-amz-sns-message-type", "X-Amz-Sns-Message-Id", "x-amz-sns-topic-arn"])
def test_headers_that_tell_another_story_are_refused(header: str) -> None:
    message = signed(notification())
    assert isinstance(verify(message, headers=HEADERS), Verified)
    assert "differ" in forged(message, headers={header: "other"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"Type": "Notification"}',
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: body[:12].decode("latin-1"),
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    web = Web()
    assert forged(body, web)
    assert web.asked == []


def test_a_body_with_two_meanings_is_refused() -> None:
    body = encoded(signed(notification()))
    twice = body.replace(b'"Message":', b'"Message": "evil", "Message":', 1)
    assert "unambiguous" in forged(twice)
    inside = encoded({**signed(notification()), "MessageAttributes": {}}).replace(b"{}", b'{"a": 1, "a": 2}')
    assert "unambiguous" in forged(inside)


def test_characters_that_cannot_be_signed_are_refused() -> None:
    message = encoded(signed(notification())).replace(b"ALARM", b"\\ud800ALARM")
    assert forged(message) == "the signature is wrong"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (certificate(begins=-9, ends=-1), "was valid until"),
        (certificate(begins=1, ends=9), "is valid from"),
        (certificate(elliptic=True), "not an RSA key"),
    ],
)
def test_a_certificate_that_must_not_be_used_is_refused(page: bytes, reason: str) -> None:
    assert reason in forged(signed(notification()), Web({CERTIFICATE_URL: page}))


def test_a_certificate_expires_although_it_is_known() -> None:
    verifier, body = Verifier(Web()), encoded(signed(notification()))
    assert isinstance(verifier.verify({}, body, NOW), Verified)
    assert isinstance(verifier.verify({}, body, NOW + 2 * 86_400_000), Forged)


@pytest.mark.parametrize("page", [OSError("no route"), b"", b"<html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_certificate_that_cannot_be_had_is_our_trouble_and_asked_for_again(page: bytes | OSError) -> None:
    web, body = Web({CERTIFICATE_URL: page}), encoded(signed(notification()))
    verifier = Verifier(web)
    verdict = verifier.verify({}, body, NOW)
    assert isinstance(verdict, Unavailable)
    assert "could not be fetched" in verdict.reason
    web.pages[CERTIFICATE_URL] = certificate()
    assert isinstance(verifier.verify({}, body, NOW), Verified)


def test_few_certificates_are_kept() -> None:
    addresses = [f"https://sns.eu-west-1.amazonaws.com/{number}.pem" for number in range(KEPT_MAX + 1)]
    web = Web(dict.fromkeys(addresses, certificate()))
    verifier, message = Verifier(web), signed(notification())

    def known(address: str) -> bool:
        before = len(web.asked)
        assert isinstance(verifier.verify({}, encoded({**message, "SigningCertURL": address}), NOW), Verified)
        return len(web.asked) == before

    assert not any(known(address) for address in addresses[:-1])
    assert known(addresses[0])
    assert not known(addresses[-1])
    assert known(addresses[0])
    assert not known(addresses[1])


def test_a_subscription_is_confirmed_at_its_address() -> None:
    message = confirmation()
    web = Web({message["SubscribeURL"]: b"<ConfirmSubscriptionResponse/>"})
    verifier = Verifier(web)
    for _ in range(2):
        assert verifier.confirm(Verified(message)) == Confirmed(TOPIC)
    assert web.asked == [message["SubscribeURL"]] * 2


@pytest.mark.parametrize(
    "address",
    [
        f"http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1",
        f"https://evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1",
        f"https://sns.eu-west-1.amazonaws.com.evil.example/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1",
        f"https://a@sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1",
        f"https://sns.eu-west-1.amazonaws.com:1/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1",
        f"https://sns.eu-west-1.amazonaws.com/x?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1",
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1#x",
        f"https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&TopicArn={TOPIC}&Token=token-1",
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Action=X&TopicArn={TOPIC}&Token=token-1",
        "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=other&Token=token-1",
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=other",
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}",
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1 x",
        "",
    ],
)
def test_nothing_else_is_fetched_to_confirm(address: str) -> None:
    web = Web()
    verdict = Verifier(web).confirm(Verified(confirmation(SubscribeURL=address)))
    assert isinstance(verdict, Forged)
    assert web.asked == []


@pytest.mark.parametrize("message", [notification(), confirmation("UnsubscribeConfirmation")])
def test_only_a_request_for_confirmation_is_confirmed(message: dict[str, Json]) -> None:
    web = Web()
    assert isinstance(Verifier(web).confirm(Verified(message)), Forged)
    assert web.asked == []


def test_a_confirmation_that_fails_is_our_trouble() -> None:
    assert isinstance(Verifier(Web({})).confirm(Verified(confirmation())), Unavailable)


@given(st.binary(max_size=100), st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=3))
def test_anything_else_is_forged(body: bytes, headers: dict[str, str]) -> None:
    web = Web()
    assert isinstance(Verifier(web).verify(headers, body, NOW), Forged)
    assert web.asked == []


@given(st.data())
def test_no_change_to_a_signed_message_passes_unseen(data: st.DataObject) -> None:
    message = signed(notification())
    body = bytearray(encoded(message))
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    verdict = verify(bytes(body))
    if isinstance(verdict, Verified):
        told = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        assert {name: verdict.message.get(name) for name in told} == {name: message[name] for name in told}
