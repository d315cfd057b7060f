"""Heartbeats as the configuration promises them, and as people switch them: deliveries like everything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Delivery, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.heartbeats.inputs import Configured, Deleted, Input, Switched, Terms
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.wiring import channel_names
from tocsin.wiring.addressing import heartbeat_key
from tocsin.wiring.settings import Settings

CHANNEL: Final = channel_names.HEARTBEAT

_SWITCHES: Final[Mapping[str, Input]] = {
    "enable": Switched(enabled=True),
    "disable": Switched(enabled=False),
    "delete": Deleted(),
}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of heartbeats: that those of the configuration be there, or one *action* on one of them."""

    configured: tuple[Configured, ...] = ()
    action: str = ""
    heartbeat: str = ""


def configuration(settings: Settings, now: Instant) -> Received | None:
    """The delivery by which the heartbeats of *settings* come into being; None without any."""
    found = tuple(
        Configured(
            integration=integration,
            name=name,
            terms=Terms(
                every=promise.every,
                grace=promise.grace,
                description=promise.description,
                message=promise.message,
                severity=promise.severity,
            ),
        )
        for integration, given in settings.integrations.items()
        for name, promise in given.heartbeats.items()
    )
    if not found:
        return None
    return Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(Order(configured=found)))


def interpret(delivery: Delivery) -> Interpretation:
    """The inputs of an order."""
    try:
        order = msgspec.convert(json.decode(delivery.body), Order)
    except (msgspec.ValidationError, json.JsonError) as problem:
        return Interpretation((), f"not an order: {problem}")
    if order.action and order.action not in _SWITCHES:
        return Interpretation((), f"not an order: there is no action {order.action!r}")
    return Interpretation(tuple(_inputs(delivery.id, order)))


def _inputs(name: str, order: Order) -> Sequence[Addressed]:
    machine = HeartbeatMachine.name
    if order.action:
        given = _SWITCHES[order.action]
        return [Addressed(input_id=f"{name}/0", machine=machine, given=given, aggregate=order.heartbeat)]
    return [
        Addressed(
            input_id=f"{name}/{number}",
            machine=machine,
            given=given,
            keys=(heartbeat_key(given.integration, given.name),),
            fresh=f"{name}-h{number}",
        )
        for number, given in enumerate(order.configured)
    ]
