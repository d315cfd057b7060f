"""Answers that many operations share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.web.openapi.writing import TEXT, Answer, Schema

JSON: Final = "application/json"
PLAIN: Final = "text/plain"
HTML: Final = "text/html"

REFUSAL: Final[Schema] = {
    "type": "object",
    "required": ["status", "message"],
    "properties": {"status": {"const": "refused"}, "message": TEXT},
}
RECEIPT: Final[Schema] = {
    "type": "object",
    "required": ["status", "id"],
    "properties": {"status": {"const": "accepted"}, "id": TEXT},
}

STORED: Final = Answer(says="On the disk; `id` is the delivery's number.", media={JSON: RECEIPT})
UNKNOWN_KEY: Final = Answer(says="The key is not known, or what was sent is not its sender's.", media={JSON: REFUSAL})
UNSIGNED: Final = Answer(says="The integration asks for a signature, and there is none.", media={JSON: REFUSAL})
TOO_LARGE: Final = Answer(says="The body is too large.", media={JSON: REFUSAL})
HEAD_TOO_LARGE: Final = Answer(says="The headers are too large.", media={JSON: REFUSAL})
NO_METHOD: Final = Answer(says="This method means nothing here.", media={JSON: REFUSAL}, headers=("Allow",))
AGAIN: Final = Answer(
    says="Own trouble: nothing was stored, send it again.", media={JSON: REFUSAL}, headers=("Retry-After",)
)


def plain(says: str) -> Answer:
    """An answer in one line of text."""
    return Answer(says=says, media={PLAIN: TEXT})


def page(says: str) -> Answer:
    """A page for people."""
    return Answer(says=says, media={HTML: TEXT})


def told(*answers: tuple[int, Answer]) -> Mapping[int, Answer]:
    """Answers by status, in the order of their numbers."""
    return dict(sorted(answers))
