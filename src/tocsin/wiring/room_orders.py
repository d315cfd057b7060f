"""Test alerts that somebody wants in a room.

They take the way of all alerts, but say themselves whom they ask. An order is a delivery of its own channel, which only
we write: no sender can say whom an alert is to ask.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Delivery, Received
from tocsin.engine.worker import Interpretation
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.ladder import responder
from tocsin.incidents.policy import Policy, Step
from tocsin.kernel import json
from tocsin.kernel.time import DAY, HOUR, Duration, Instant
from tocsin.wiring import channel_names
from tocsin.wiring.addressing import Addressing

CHANNEL: Final = channel_names.ROOM
PATIENCE: Final[Duration] = HOUR  # Nobody else is asked, so that there is no hurry.
AGAIN: Final[Duration] = DAY
SOURCE: Final = "tocsin"


class Trial(msgspec.Struct, frozen=True, kw_only=True, tag="trial"):
    """*by*, a responder whom people call *name*, wants a test alert in the room called *room*.

    *once*: a word that makes it an alert of its own, and not one more of those that *by* has wanted before.
    """

    by: str
    name: str
    room: str
    severity: Severity = Severity.WARNING
    once: str = ""

    @property
    def dedup_key(self) -> str:
        """By which its alert is known."""
        return f"tocsin:room-test:{self.by}" + (f":{self.once}" if self.once else "")


_DECODER: Final = msgspec.json.Decoder(Trial)


def order(integration: str, given: Trial, now: Instant) -> Received:
    """The delivery that asks for it."""
    return Received(received_at=now, channel=CHANNEL, key=integration, head=b"", body=json.encode(given))


class RoomOrders:
    """Reads orders."""

    def __init__(self, addressing: Addressing) -> None:
        """*addressing* as for all alerts."""
        self._addressing = addressing

    def interpret(self, delivery: Delivery) -> Interpretation:
        """The alert that *delivery* asks for; the plan is that of its integration but for whom it asks."""
        try:
            wanted = _DECODER.decode(delivery.body)
        except msgspec.DecodeError as problem:
            return Interpretation((), f"not an order: {problem}")
        made = self._addressing.alert(f"{delivery.id}/0", delivery.id, delivery.key, _trial(wanted), None)
        given: AlertReceived = made.given
        policy = _asks(wanted.by)
        return Interpretation((replace(made, given=replace(given, plan=replace(given.plan, policy=policy))),))


def _asks(name: str) -> Policy:
    """A policy that asks one person alone."""
    who = (responder(name),)
    return Policy(name="test", steps=(Step(who, PATIENCE),), everyone=who, everyone_delay=AGAIN)


def _trial(wanted: Trial) -> Alert:
    return Alert(
        status=AlertStatus.FIRING,
        title=f"Test alert for {wanted.room}",
        description=(
            f"{wanted.name} is trying out how an alert arrives; nothing is broken. It went the way of every alert, and "
            f"asks {wanted.name} alone. Acknowledge says that somebody takes care: everybody here sees it at once. "
            "Resolve ends it."
        ),
        dedup_key=wanted.dedup_key,
        source=SOURCE,
        severity=wanted.severity,
    )
