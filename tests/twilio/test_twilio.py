"""An SMS and a call through Twilio, against a server that plays it."""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from tests.posting.vendor import Vendor, vendor
from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.kernel import json
from tocsin.kernel.time import SECOND
from tocsin.posting.paging import Paging
from tocsin.posting.requests import Limits
from tocsin.twilio.transports import HOST, Account, TwilioSms, TwilioVoice, twiml

ACCOUNT = "AC" + "0" * 32
TOKEN = "test-" + "secret"  # In two pieces, so that a line of this file in a log does not hold it.
OURS, THEIRS = "+15555550123", "+15555550100"
URL = "https://tocsin.example"
PAGING = Paging(now=lambda: NOW, names=SETTING.names, url=URL)


@pytest.fixture
def server() -> Iterator[Vendor]:
    with vendor() as server:
        yield server


def account(server: Vendor) -> Account:
    return Account(ACCOUNT, TOKEN, OURS, place=server.place, limits=Limits(5 * SECOND, 5 * SECOND))


def page(title: str = "CPU is high") -> Job:
    found = incident()
    return job("page", ADA, replace(found, face=replace(found.face, title=title)), None, "inc-1", why="You are first.")


def text(server: Vendor) -> DeliveryResult:
    (result,) = TwilioSms(account(server), PAGING).deliver(THEIRS, [page()])
    return result


def test_an_sms_has_the_headline_and_the_link(server: Vendor) -> None:
    assert text(server) == Delivered()
    (posted,) = server.posted
    assert posted.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert b64decode(posted.headers["authorization"].removeprefix("Basic ")) == f"{ACCOUNT}:{TOKEN}".encode()
    assert posted.fields["To"] == THEIRS
    assert posted.fields["From"] == OURS
    assert posted.fields["Body"].startswith("[critical] CPU is high - asks you\n")
    assert posted.fields["Body"].endswith(f"{URL}/incidents/inc-1")


def test_a_call_says_what_has_happened_twice(server: Vendor) -> None:
    assert list(TwilioVoice(account(server), PAGING).deliver(THEIRS, [page('disk <full> & \uffff "slow"')])) == [
        Delivered()
    ]
    (posted,) = server.posted
    assert posted.path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    say = ET.fromstring(posted.fields["Twiml"]).find("Say")  # noqa: S314 - of our own making.
    assert say is not None
    assert say.attrib == {"loop": "2"}
    assert 'critical: disk <full> &  "slow".' in str(say.text)


def test_no_title_becomes_an_instruction() -> None:
    assert twiml("</Say><Dial>+1</Dial>") == (
        '<Response><Say loop="2">&lt;/Say&gt;&lt;Dial&gt;+1&lt;/Dial&gt;</Say></Response>'
    )


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (
            400,
            {"code": 21211, "message": f"The 'To' number {THEIRS} is not a valid phone number."},
            Refused("Twilio answered 400: the receiver's number is none"),
        ),
        (401, {"code": 20003}, Refused("Twilio answered 401: it does not know the account and its token")),
        (400, {"code": 12345}, Refused("Twilio answered 400: its code 12345")),
        (400, {"code": "x"}, Refused("Twilio answered 400")),
        (400, [], Refused("Twilio answered 400")),
        (400, None, Refused("Twilio answered 400")),
        (429, {"code": 20429}, Postponed("Twilio answered 429: too many requests at once", after=5 * SECOND)),
        (503, None, Postponed("Twilio answered 503")),
    ],
)
def test_what_twilio_refuses_is_told_in_our_words(
    server: Vendor, status: int, body: object, result: DeliveryResult
) -> None:
    server.status, server.body = status, json.encode(body) if body is not None else b"<html>"
    assert text(server) == result


def test_no_secret_is_in_a_log_or_a_representation(server: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    server.status = 401
    with caplog.at_level(logging.DEBUG):
        assert TOKEN not in str(text(server))
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(account(server))


def test_the_address_is_twilios_own() -> None:
    place = Account(ACCOUNT, TOKEN, OURS)._place
    assert (place.host, place.port, place.secure) == (HOST, 443, True)
