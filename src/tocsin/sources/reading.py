"""What a reader is told and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

import msgspec

from tocsin.changes.change import Change
from tocsin.heartbeats.ping import Ping
from tocsin.incidents.alerts import Alert
from tocsin.kernel.json import Json
from tocsin.kernel.later import function
from tocsin.kernel.time import Instant
from tocsin.sources.email_rules import MailRules


class Problem(msgspec.Struct, frozen=True):
    """One bad item of a batch, or the whole body: *place* is `alerts[3].labels` or `body`, *message* is for people."""

    place: str
    message: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a delivery says.

    *source*: the format that it came in. *event*: the decoded raw event, for event patterns; the inner one where an
    envelope carried it, the whole list for a batch, the text for text, None if nothing could be decoded. *fact*: what
    is worth recording beside the alerts, for people; usually empty. *changes*: what somebody has changed, which asks
    nobody and is shown beside what breaks afterwards. *pings*: signs of life for heartbeats.
    """

    source: str
    alerts: tuple[Alert, ...] = ()
    changes: tuple[Change, ...] = ()
    pings: tuple[Ping, ...] = ()
    problems: tuple[Problem, ...] = ()
    event: Json = None
    fact: str = ""


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside the body: when it came, and what its envelope says.

    *key*: the dedup key that the sender asks for. *title*: the subject of the envelope. *topic*: the ARN of the SNS
    topic. *headers*: those of the request, names in lower case. *form*: the format, where the sender's address names it
    (`github` of `/v1/in/KEY/github`, `formatted_webhook` of Grafana OnCall's addresses); empty: find out. *mail*: the
    integration's rules for e-mail.
    """

    received_at: Instant
    key: str = ""
    title: str = ""
    topic: str = ""
    headers: Mapping[str, str] = {}
    form: str = ""
    mail: MailRules = MailRules()


Reader: TypeAlias = Callable[[dict[str, Json], Hints], Reading | None]


def reader(place: str) -> Reader:
    """The reader at *place* of this package (`github.read`), whose module is loaded when it is first asked."""
    return function(f"tocsin.sources.{place}")


"""Reads one JSON object; None: this is not mine after all."""


class Remapping(Protocol):
    """What a team says about a sender's events, beside what a reader finds in them; see `mapping`."""

    def apply(self, found: Reading, hints: Hints, read_item: Callable[[Json, Hints], Reading]) -> Reading:
        """*found*, changed; *read_item* reads one item of it as it would be read alone. Raises nothing."""
        ...
