"""What the story sends is what its senders send: every parser understands it, and the signature is a real one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.demo.demo_world import NOW
from tocsin.demo import deliveries
from tocsin.demo.deliveries import Delivery
from tocsin.demo.signer import CERTIFICATE_URL, Signer
from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.sns.verification import Forged, Verified, Verifier
from tocsin.sources import pagerduty, read

SIGNER = Signer(NOW)
KEY = "an-integration-key"


@pytest.mark.parametrize(
    ("delivery", "source", "firing", "kind"),
    [
        (deliveries.alarm(SIGNER, NOW, "ALARM", 1), "cloudwatch", [True], Kind.ALERT),
        (deliveries.alarm(SIGNER, NOW, "OK", 2), "cloudwatch", [False], Kind.ALERT),
        (deliveries.pipeline_succeeded(NOW), "eventbridge", [False, True], Kind.NOTIFICATION),
        (deliveries.deployment_failed(NOW), "eventbridge", [True], Kind.ALERT),
        (deliveries.disks(NOW, firing=("db-1", "db-2")), "alertmanager", [True, True], Kind.ALERT),
        (deliveries.disks(NOW, firing=(), resolved=("db-2",)), "alertmanager", [False], Kind.ALERT),
        (deliveries.checkout(KEY, NOW, "trigger"), "pagerduty", [True], Kind.ALERT),
        (deliveries.checkout(KEY, NOW, "resolve"), "pagerduty", [False], Kind.ALERT),
        (deliveries.backup_missed(), "json", [True], Kind.ALERT),
    ],
)
def test_every_delivery_is_read_as_what_it_is(delivery: Delivery, source: str, firing: list[bool], kind: Kind) -> None:
    reading = read(delivery.headers, delivery.body, received_at=NOW)
    assert reading.problems == ()
    assert {alert.source for alert in reading.alerts} == {source}
    assert [alert.status is AlertStatus.FIRING for alert in reading.alerts] == firing
    assert [alert.kind for alert in reading.alerts][-delivery.alerts :] == [kind] * delivery.alerts


def test_an_ok_finds_its_alarm_and_two_disks_are_one_group() -> None:
    alarm, ok, both = (
        read(each.headers, each.body, received_at=NOW).alerts
        for each in (
            deliveries.alarm(SIGNER, NOW, "ALARM", 1),
            deliveries.alarm(SIGNER, NOW, "OK", 2),
            deliveries.disks(NOW, firing=("db-1", "db-2")),
        )
    )
    assert alarm[0].dedup_key == ok[0].dedup_key
    assert both[0].group_key == both[1].group_key
    assert both[0].dedup_key != both[1].dedup_key


def test_pagerduty_would_accept_the_checkout() -> None:
    for action in ("trigger", "resolve"):
        answer = pagerduty.answer(deliveries.checkout(KEY, NOW, action).body, "new")
        assert (answer.status, answer.routing_key, answer.dedup_key) == (202, KEY, "checkout-latency")
    reading = read({}, deliveries.checkout(KEY, NOW, "trigger").body, received_at=NOW)
    assert reading.alerts[0].severity is Severity.CRITICAL


def test_the_signature_is_one_that_the_verifier_takes_and_only_as_it_was_signed() -> None:
    alarm = deliveries.alarm(SIGNER, NOW, "ALARM", 1)
    verifier = Verifier(SIGNER.fetch)
    assert isinstance(verifier.verify(alarm.headers, alarm.body, NOW), Verified)
    forged = replace(alarm, body=alarm.body.replace(b"cannot pay", b"can pay!!!"))
    assert verifier.verify(forged.headers, forged.body, NOW) == Forged("the signature is wrong")
    other = Signer(NOW)
    assert Verifier(other.fetch).verify(alarm.headers, alarm.body, NOW) == Forged("the signature is wrong")


def test_nothing_but_the_certificate_is_fetched() -> None:
    assert SIGNER.fetch(CERTIFICATE_URL).startswith(b"-----BEGIN CERTIFICATE")
    with pytest.raises(OSError, match=r"the demo knows no https://sns\.eu-west-1\.amazonaws\.com/other\.pem"):
        SIGNER.fetch("https://sns.eu-west-1.amazonaws.com/other.pem")
