"""Which addresses are those of SQS queues, and what they say about their queue.

Source: "Amazon SQS queue and message identifiers" in the SQS Developer Guide, and the endpoints in the AWS General
Reference. The region of a request follows from the address, so that an address decides to which host we sign it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from tocsin.sources import arns

EXAMPLE: Final = "https://sqs.eu-west-1.amazonaws.com/111122223333/alerts"
OVERRIDES: Final = ("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL")
"""The SDK's own variables by which whoever runs us sends its requests elsewhere."""

_REGION: Final = r"[a-z]{2,4}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}"
_HOST: Final = re.compile(rf"sqs\.({_REGION})\.amazonaws\.com(?:\.cn)?|({_REGION})\.queue\.amazonaws\.com")
_PATH: Final = re.compile(r"/([0-9]{12})/([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")


class Address(msgspec.Struct, frozen=True):
    """A queue's address; *region* is empty when the host is none of Amazon's."""

    url: str
    region: str
    account: str
    name: str


def parse(url: str) -> Address | None:
    """The parts of *url*; None when it is no queue's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = _PATH.fullmatch(parts.path)
    if path is None or parts.query or parts.fragment or parts.scheme not in {"http", "https"}:
        return None
    host = _HOST.fullmatch(parts.netloc) if parts.scheme == "https" else None
    region = host[1] or host[2] if host else ""
    return Address(url, region, path[1], path[2])


def complaint(url: str, environ: Mapping[str, str]) -> str:
    """Why *url* cannot be read as a queue; empty if it can. Foreign hosts are for those who run us to allow."""
    address = parse(url)
    if address is None:
        return f"is not the address of a queue, like {EXAMPLE}"
    if not address.region and not any(environ.get(name) for name in OVERRIDES):
        return f"is not at a host of Amazon SQS, like {EXAMPLE}"
    return ""


def dead_letters(address: Address, arn: str) -> Address | None:
    """The address of the dead-letter queue *arn* of the queue at *address*: it has the same region and account.

    None when *arn* names no queue there.
    """
    target = arns.parse(arn)
    if target is None or target.service != "sqs" or target.account != address.account:
        return None
    if address.region not in {"", target.region}:
        return None
    return parse(f"{address.url.rpartition('/')[0]}/{target.resource}")


def is_named(address: Address, arn: str) -> bool:
    """Whether *arn* is that of the queue at *address*."""
    return dead_letters(address, arn) == address
