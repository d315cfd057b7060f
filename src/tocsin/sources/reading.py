"""What a reader is told and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from tocsin.incidents.alerts import Alert
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant


class Problem(msgspec.Struct, frozen=True):
    """One bad item of a batch, or the whole body: *place* is `alerts[3].labels` or `body`, *message* is for people."""

    place: str
    message: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery says.

    *source*: the format that it came in. *event*: the decoded raw event, for event patterns; the inner one where an
    envelope carried it, the whole list for a batch, the text for text, None if nothing could be decoded. *fact*: what
    is worth recording beside the alerts, for people; usually empty.
    """

    source: str
    alerts: tuple[Alert, ...] = ()
    problems: tuple[Problem, ...] = ()
    event: Json = None
    fact: str = ""


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside the body: when it came, and what its envelope says.

    *key*: the dedup key that the sender asks for. *title*: the subject of the envelope. *topic*: the ARN of the SNS
    topic.
    """

    received_at: Instant
    key: str = ""
    title: str = ""
    topic: str = ""


Reader: TypeAlias = Callable[[dict[str, Json], Hints], Reading | None]
"""Reads one JSON object; None: this is not mine after all."""
