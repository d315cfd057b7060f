"""Alerts of our own about a room: one that somebody wants as a test, and that the bot is not there any more.

They take the way of all alerts, but say themselves whom they ask. An order is a delivery of its own channel, which only
we write: no sender can say whom an alert is to ask.
"""

from __future__ import annotations

from typing import Final, TypeAlias

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
from tocsin.wiring.addressing import Addressing

CHANNEL: Final = "room"
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


class Absence(msgspec.Struct, frozen=True, kw_only=True, tag="absence"):
    """The bot is not in the room called *room* any more, whose channel is *channel*; *over*: it is there again."""

    channel: str
    room: str
    over: bool = False


Order: TypeAlias = Trial | Absence

_DECODER: Final = msgspec.json.Decoder(Order)


def order(integration: str, given: Order, now: Instant) -> Received:
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
        alert = _trial(wanted) if isinstance(wanted, Trial) else _absence(wanted)
        made = self._addressing.alert(f"{delivery.id}/0", delivery.id, delivery.key, alert, None)
        given: AlertReceived = made.given
        policy = _asks(wanted.by) if isinstance(wanted, Trial) else _asks_few(given.plan.policy)
        return Interpretation((replace(made, given=replace(given, plan=replace(given.plan, policy=policy))),))


def _asks(name: str) -> Policy:
    """A policy that asks one person alone."""
    who = (responder(name),)
    return Policy(name="test", steps=(Step(who, PATIENCE),), everyone=who, everyone_delay=AGAIN)


def _asks_few(policy: Policy) -> Policy:
    """*policy*, but that in the end one is reminded, and not everyone asked."""
    return replace(policy, everyone=policy.everyone[:1], everyone_delay=AGAIN)


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


def _absence(told: Absence) -> Alert:
    return Alert(
        status=AlertStatus.RESOLVED if told.over else AlertStatus.FIRING,
        title=f"Tocsin is no longer in {told.room}",
        description=(
            f"It was taken out of {told.room}, or the channel was archived. Alerts for it are not lost: they ask its "
            "people by direct message, one after the other. To see them in the channel again, invite the bot there."
        ),
        dedup_key=f"tocsin:room-left:{told.channel}",
        source=SOURCE,
        severity=Severity.WARNING,
    )
