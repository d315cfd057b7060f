"""Test alerts that somebody asks for in a room: they take the way of all alerts, but ask that person alone.

An order is a delivery of its own channel, which only we write: no sender can say whom an alert is to ask.
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
from tocsin.incidents.policy import Step
from tocsin.kernel import json
from tocsin.kernel.time import DAY, HOUR, Duration, Instant
from tocsin.wiring.addressing import Addressing

CHANNEL: Final = "room-test"
PATIENCE: Final[Duration] = HOUR  # Nobody else is asked, so that there is no hurry.
AGAIN: Final[Duration] = DAY
SOURCE: Final = "tocsin"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """*by*, a responder whom people call *name*, wants a test alert in the room called *room*."""

    by: str
    name: str
    room: str


def order(integration: str, given: Order, now: Instant) -> Received:
    """The delivery that asks for it."""
    return Received(received_at=now, channel=CHANNEL, key=integration, head=b"", body=json.encode(given))


class RoomTests:
    """Reads orders."""

    def __init__(self, addressing: Addressing) -> None:
        """*addressing* as for all alerts."""
        self._addressing = addressing

    def interpret(self, delivery: Delivery) -> Interpretation:
        """The alert that *delivery* asks for; the plan is that of its integration but for whom it asks."""
        try:
            wanted = msgspec.convert(json.decode(delivery.body), Order)
        except (msgspec.ValidationError, json.JsonError) as problem:
            return Interpretation((), f"not an order: {problem}")
        made = self._addressing.alert(f"{delivery.id}/0", delivery.id, delivery.key, _alert(wanted), None)
        given: AlertReceived = made.given
        who = (responder(wanted.by),)
        policy = replace(
            given.plan.policy, name="test", steps=(Step(who, PATIENCE),), everyone=who, repeat=0, everyone_delay=AGAIN
        )
        return Interpretation((replace(made, given=replace(given, plan=replace(given.plan, policy=policy))),))


def _alert(wanted: Order) -> Alert:
    return Alert(
        status=AlertStatus.FIRING,
        title=f"Test alert for {wanted.room}",
        description=(
            f"{wanted.name} is trying out how an alert arrives; nothing is broken. It went the way of every alert, and "
            f"asks {wanted.name} alone. Acknowledge says that somebody takes care: everybody here sees it at once. "
            "Resolve ends it."
        ),
        dedup_key=f"tocsin:room-test:{wanted.by}",
        source=SOURCE,
        severity=Severity.WARNING,
    )
