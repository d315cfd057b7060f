"""Tokens that people make for their own programs: addresses of calendars, and tokens for our HTTP API.

As an integration's key a token is random, told once and kept as a digest under which it is found, so that neither the
database nor timing tells it. It ends when it is revoked.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Records
from tocsin.kernel.time import Instant
from tocsin.wiring.keys import KEY_BYTES, KEY_CHARACTERS, KEY_MAX, digest, hint

FEED: Final = "feed"  # The kinds of records.
API: Final = "api-token"


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as stored. *subject*: the schedule or the responder that it stands for (`schedule:ops`)."""

    subject: str
    made_at: Instant
    hint: str
    by: str = ""


def make_token(records: Records, kind: str, subject: str, now: Instant, by: str) -> str:
    """A new token. It is returned this once; only its digest is kept."""
    made = base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode().lower()[:KEY_CHARACTERS]
    kept = Token(subject=subject, made_at=now, hint=hint(made), by=by)
    records.put_record(kind, digest(made), msgspec.to_builtins(kept))
    return made


def subject_of(records: Records, kind: str, presented: str) -> str:
    """What a presented token stands for; empty if it is none."""
    if len(presented) > KEY_MAX:
        return ""
    found = _read(records.record(kind, digest(presented)))
    return found.subject if found else ""


def tokens(records: Records, kind: str) -> Sequence[Token]:
    """All of a kind, oldest first."""
    found = [token for document in records.records(kind).values() if (token := _read(document))]
    return sorted(found, key=lambda token: (token.made_at, token.hint))


def revoke_tokens(records: Records, kind: str, subject: str, hint_: str) -> int:
    """End the tokens of *subject* with these last characters; how many they were."""
    ended = 0
    for name, document in records.records(kind).items():
        found = _read(document)
        if found and (found.subject, found.hint) == (subject, hint_.removeprefix("…")):
            ended += records.take_record(kind, name) is not None
    return ended


def _read(document: object) -> Token | None:
    try:
        return msgspec.convert(document, Token)
    except msgspec.ValidationError:  # There is none, or it is of another version than ours.
        return None
