"""A signer as Amazon SNS is one: its own key and certificate, made anew for every run."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from tocsin.kernel.json import Json
from tocsin.sources.sns import canonical

NOW = 1_700_000_000_000
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:alerts"
HEADERS = {
    "x-amz-sns-message-type": "Notification",
    "x-amz-sns-message-id": "m-1",
    "x-amz-sns-topic-arn": TOPIC,
    "content-type": "text/plain; charset=UTF-8",
}


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """A key of its own for each *name*; 2048 bits, as the real one."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(*, begins: int = -1, ends: int = 1, elliptic: bool = False) -> bytes:
    """A self-signed certificate, valid from *begins* to *ends* days from NOW."""
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa_key("sns")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.fromtimestamp(NOW / 1000, UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def notification(**more: Json) -> dict[str, Json]:
    """A notification without its signature."""
    return {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Subject": "ALARM",
        "Message": '{"AlarmName": "é"}',
        "Timestamp": "2023-11-14T22:13:20.000Z",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        **more,
    }


def confirmation(kind: str = "SubscriptionConfirmation", **more: Json) -> dict[str, Json]:
    """A request for confirmation without its signature."""
    query = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1"
    return {
        "Type": kind,
        "MessageId": "m-2",
        "TopicArn": TOPIC,
        "Token": "token-1",
        "Message": "You have chosen to subscribe.",
        "SubscribeURL": f"https://sns.eu-west-1.amazonaws.com/?{query}",
        "Timestamp": "2023-11-14T22:13:20.000Z",
        **more,
    }


def signed(envelope: dict[str, Json], version: str = "1", key: str = "sns") -> dict[str, Json]:
    """*envelope* with the signature that SNS would give it."""
    text = canonical(envelope)
    assert text is not None
    signature = rsa_key(key).sign(text, PKCS1v15(), {"1": SHA1, "2": SHA256}[version]())
    told = base64.b64encode(signature).decode()
    return {**envelope, "SignatureVersion": version, "Signature": told, "SigningCertURL": CERTIFICATE_URL}


def encoded(envelope: Json) -> bytes:
    return json.dumps(envelope).encode()


class Web:
    """What stands at which address; knows what was asked for."""

    def __init__(self, pages: dict[str, bytes | OSError] | None = None) -> None:
        self.pages = {CERTIFICATE_URL: certificate()} if pages is None else pages
        self.asked: list[str] = []
        self.before: Callable[[], None] = lambda: None

    def __call__(self, address: str) -> bytes:
        self.asked.append(address)
        self.before()
        page = self.pages.get(address, OSError("nothing stands there"))
        if isinstance(page, OSError):
            raise page
        return page
