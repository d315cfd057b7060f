"""The channels of the Alertmanager API: alerts that expire, from senders that are watched; and silences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Delivery
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.heartbeats.inputs import Pinged
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.heartbeats.ping import Ping
from tocsin.incidents.silence_machine import SilenceEnded, SilenceMachine, SilenceSet
from tocsin.incidents.silences import Order
from tocsin.kernel import json
from tocsin.sources import prometheus
from tocsin.sources.reading import Problem, Reading
from tocsin.web.senders.channels import ALERTS, SILENCES
from tocsin.wiring.addressing import Addressing, heartbeat_key

_ORDERS: Final = msgspec.json.Decoder(Order)


def channels(addressing: Addressing) -> Mapping[str, Callable[[Delivery], Interpretation]]:
    """What reads each of the API's channels."""
    return {ALERTS: lambda delivery: _alerts(delivery, addressing), SILENCES: _silence}


def _alerts(delivery: Delivery, addressing: Addressing) -> Interpretation:
    """The alerts, and one sign of life of each sender that they name."""
    try:
        found = prometheus.posted(json.decode(delivery.body), delivery.received_at)
    except json.JsonError as problem:
        found = Reading(source=prometheus.SOURCE, problems=(Problem("body", f"this is not JSON: {problem}"),))
    meaning = addressing.reading(delivery, found)
    senders = dict.fromkeys(alert.sender for alert in found.alerts)
    pings = [
        Addressed(
            input_id=f"{delivery.occurrence}/sender/{number}",
            machine=HeartbeatMachine.name,
            given=Pinged(integration=delivery.key, ping=Ping(name=sender), watched=True, at=delivery.received_at),
            keys=(heartbeat_key(delivery.key, sender),),
            fresh=f"{delivery.id}-s{number}",
        )
        for number, sender in enumerate(senders)
    ]
    return replace(meaning, inputs=(*meaning.inputs, *pings))


def _silence(delivery: Delivery) -> Interpretation:
    """A silence is made or changed, another one is ended."""
    try:
        order = _ORDERS.decode(delivery.body)
    except (msgspec.DecodeError, UnicodeError) as problem:
        return Interpretation((), f"not a silence: {problem}")
    inputs: list[Addressed] = []
    machine, name = SilenceMachine.name, delivery.occurrence
    if order.make is not None:
        made = order.make.id
        inputs.append(
            Addressed(input_id=f"{name}/0", machine=machine, given=SilenceSet(order.make), aggregate=made, fresh=made)
        )
    if order.end:
        ended = SilenceEnded(order.for_good)
        inputs.append(Addressed(input_id=f"{name}/1", machine=machine, given=ended, aggregate=order.end))
    for number, planned in enumerate(order.planned, 2):
        given = SilenceSet(planned, planned=True)
        inputs.append(
            Addressed(input_id=f"{name}/{number}", machine=machine, given=given, aggregate=planned.id, fresh=planned.id)
        )
    return Interpretation(tuple(inputs))
