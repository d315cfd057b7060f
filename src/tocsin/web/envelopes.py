"""Signed messages of Amazon SNS: how a request shows that it is one, and what is made of its signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec


class Verdict(msgspec.Struct, frozen=True):
    """Whether a signed message may come in: *status* 200, or the code that its sender must hear, and why.

    *once*: the signed number of the message, under which it counts once; letters, digits and dashes.
    """

    status: int
    message: str = ""
    once: str = ""


Check = Callable[[Mapping[str, str], bytes, str], Verdict]
"""Judges a request by its headers, its body and its integration; it may block."""


def is_envelope(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bool:
    """Whether this is, or claims to be, a signed message of SNS; raw delivery has no envelope, and no signature."""
    if b"SigningCertURL" in body:
        return True
    kind = [name for name, _ in headers if name == b"x-amz-sns-message-type"]
    return bool(kind) and (b"x-amz-sns-rawdelivery", b"true") not in headers
