"""Messages between machines: an effect of one becomes a delivery, and that the input of another.

The outbox delivers it at least once; its id stands in the delivery, so that it counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tocsin.digests.words import RECKON, RECKONED
from tocsin.engine.ports import ONCE, Delivered, Delivery, DeliveryResult, Job, Postponed, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.errors import StoreUnavailableError
from tocsin.heartbeats.inputs import Expired
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.incidents.closing import CLOSED
from tocsin.incidents.history_machine import Closed, HistoryMachine
from tocsin.incidents.inputs import Lapsed, Muted, Unmuted
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import MARKED, MUTED_BY
from tocsin.incidents.occurrences import Occurrence
from tocsin.incidents.silence_machine import CHANGED, SURVEY, Muting, SilenceEnded, SilenceMachine, SilenceSet, Surveyed
from tocsin.incidents.silences import Mute, Silence
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.machine import TELL
from tocsin.kernel.page import page_of
from tocsin.kernel.time import Instant, format_duration, format_instant
from tocsin.noise import machine as noise
from tocsin.sources import bounds
from tocsin.wiring.addressing import SELF, Addressing, heartbeat_key, history_key

if TYPE_CHECKING:
    from tocsin.digests import machine as digests
    from tocsin.digests import report
else:
    digests = later("tocsin.digests.machine")
    report = later("tocsin.digests.report")

CHANNEL: Final = "machine"
_SPREAD: Final = frozenset({CHANGED, SURVEY, MARKED, MUTED_BY})  # What becomes a message to each that it concerns.
_ONCE: Final = ("incident", "dedup_key", "silence", "part")  # What tells such messages apart.

_TITLES: Final = {
    "late": "{name} is late",
    "missed": "{name} has not come",
    "failed": "{name} tells of a failure",
    "unfinished": "{name} began and did not end",
    "silent": "{name} has fallen silent while its alerts fire",
    "well": "{name} is well",
}
_SEVERITIES: Final = {"late": Severity.INFO}


class MessageTransport:
    """`tocsin.engine.ports.Transport` to the other machines: stores what one tells as a delivery."""

    name = CHANNEL

    def __init__(
        self,
        accept: Callable[[Sequence[Received]], object],
        clock: Callable[[], Instant],
        concerned: Callable[[Job, Instant], Iterable[dict[str, Json]]] = lambda *_: (),
        reckoned: Callable[[Job, Instant], dict[str, Json]] = lambda *_: {},
    ) -> None:
        """*accept* stores deliveries durably.

        *concerned*: what follows from a silence that has changed or asks, or from a mark that has changed. *reckoned*:
        what a digest is told that asks for its figures. All three raise StoreUnavailableError.
        """
        self._accept = accept
        self._clock = clock
        self._concerned = concerned
        self._reckoned = reckoned

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """See the port."""
        now = self._clock()
        try:
            received = [each for job in jobs for each in self._received(address, job, now)]
            if received:
                self._accept(received)
        except StoreUnavailableError as problem:
            return [Postponed(problem.message, counts=False)] * len(jobs)
        return [Delivered()] * len(jobs)

    def _received(self, address: str, job: Job, now: Instant) -> Iterator[Received]:
        outgoing = job.outgoing
        assert outgoing.kind == TELL, outgoing.kind
        if outgoing.facts.get("what") in _SPREAD:
            for facts in self._concerned(job, now):
                once = "/".join(str(facts[name]) for name in _ONCE if name in facts)
                yield _delivery(address, job, f"{outgoing.id}/{once}", facts, now)
        elif outgoing.facts.get("what") == RECKON:
            yield _delivery(address, job, outgoing.id, self._reckoned(job, now), now)
        else:
            yield _delivery(address, job, outgoing.id, outgoing.facts, now)


def _delivery(address: str, job: Job, once: str, facts: Mapping[str, Json], now: Instant) -> Received:
    body = {"to": address, "from": job.outgoing.aggregate, **facts}
    key = facts.get("integration") or SELF
    return Received(received_at=now, channel=CHANNEL, key=key, head=f"{ONCE}: {once}".encode(), body=json.encode(body))


Message = Callable[[Delivery, dict[str, Any]], Interpretation]


class Messages:
    """Reads the channel CHANNEL: which message is which input."""

    def __init__(self, addressing: Addressing) -> None:
        """*addressing* finds the aggregates."""
        self._addressing = addressing
        self._readers: Mapping[str, Message] = {
            "heartbeat": self._heartbeat,
            "expired": self._expired,
            CLOSED: _closed,
            "lapsed": _lapsed,
            "muting": _muting,
            "surveyed": _surveyed,
            "muted": _muted,
            "unmuted": _unmuted,
            noise.SET: _silence_set,
            noise.ENDED: _silence_ended,
            RECKONED: _reckoned,
        }

    def interpret(self, delivery: Delivery) -> Interpretation:
        """The input that a message stands for. Raises KeyError for a message that nobody knows: our bug."""
        told: dict[str, Any] = json.decode(delivery.body)
        return self._readers[told["what"]](delivery, told)

    def _heartbeat(self, delivery: Delivery, told: dict[str, Any]) -> Interpretation:
        """A heartbeat is late, missed or well again."""
        alert = heartbeat_alert(told, delivery.received_at)
        name = delivery.occurrence
        return Interpretation((self._addressing.alert(f"{name}/0", delivery.id, told["integration"], alert, None),))

    def _expired(self, delivery: Delivery, told: dict[str, Any]) -> Interpretation:
        """An alert was not repeated in time: the heartbeat of its sender decides."""
        integration, sender = told["integration"], told["sender"]
        given = Expired(
            incident=told["from"],
            dedup_key=told["dedup_key"],
            expires_at=told["expires_at"],
            integration=integration,
            name=sender,
        )
        addressed = Addressed(
            input_id=f"{delivery.occurrence}/0",
            machine=HeartbeatMachine.name,
            given=given,
            keys=(heartbeat_key(integration, sender),),
            fresh=f"{delivery.id}-h",
        )
        return Interpretation((addressed,))


def _closed(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """An alert was closed: the history of its key learns how."""
    integration, dedup_key = told["of"], told["dedup_key"]
    occurrence = msgspec.convert({**told, "incident": told["from"]}, Occurrence)
    addressed = Addressed(
        input_id=f"{delivery.occurrence}/0",
        machine=HistoryMachine.name,
        given=Closed(integration=integration, dedup_key=dedup_key, occurrence=occurrence),
        keys=(history_key(integration, dedup_key),),
        fresh=f"{delivery.id}-o",
    )
    return Interpretation((addressed,))


def _lapsed(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """The sender of an alert lives, and does not repeat it."""
    return _to_incident(delivery, told, Lapsed(dedup_key=told["dedup_key"], expires_at=told["expires_at"]))


def _muting(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """An incident is muted: its silence checks whether that is right."""
    given = Muting(incident=told["from"], dedup_key=told["dedup_key"], until=told["until"])
    return _one(delivery, SilenceMachine.name, told["silence"], given)


def _surveyed(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """How what a silence has held back stands."""
    return _one(delivery, SilenceMachine.name, told["from"], msgspec.convert(told["surveyed"], Surveyed))


def _muted(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """A silence covers an alert."""
    return _to_incident(delivery, told, Muted(dedup_key=told["dedup_key"], mute=msgspec.convert(told["mute"], Mute)))


def _unmuted(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """A silence covers nothing any more."""
    instead = msgspec.convert(told["instead"], Mute | None)
    others = msgspec.convert(told.get("others", {}), dict[str, Mute])
    given = Unmuted(silence=told["silence"], dedup_key=told["dedup_key"], instead=instead, others=others)
    return _to_incident(delivery, told, given)


def _silence_set(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """A remedy is a silence."""
    made = msgspec.convert(told["silence"], Silence)
    return _one(delivery, SilenceMachine.name, made.id, SilenceSet(made))


def _silence_ended(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """A remedy that is a silence was taken back."""
    return _one(delivery, SilenceMachine.name, told["silence"], SilenceEnded())


def _reckoned(delivery: Delivery, told: dict[str, Any]) -> Interpretation:
    """A digest has its figures."""
    given = digests.Reckoned(msgspec.convert(told["report"], report.Report), page_of(told))
    return _one(delivery, digests.DigestMachine.name, told["digest"], given)


def _to_incident(delivery: Delivery, told: dict[str, Any], given: Lapsed | Muted | Unmuted) -> Interpretation:
    return _one(delivery, IncidentMachine.name, told["incident"], given)


def _one(delivery: Delivery, machine: str, aggregate: str, given: object) -> Interpretation:
    addressed = Addressed(input_id=f"{delivery.occurrence}/0", machine=machine, given=given, aggregate=aggregate)
    return Interpretation((addressed,))


def heartbeat_alert(told: Mapping[str, Any], now: Instant) -> Alert:
    """The alert about a heartbeat that is not well, or is again."""
    condition, name = told["condition"], told["name"]
    well = condition == "well"
    last = told["last_ping_at"]
    seen = f"Its last sign of life came at {format_instant(last)}." if last is not None else "It has never come."
    promise = f"It promises to come every {format_duration(told['every'])}"
    promise += f", {format_duration(told['grace'])} later at most." if told["grace"] else "."
    graded = told["severity"] if told["severity"] in set(Severity) else Severity.HIGH
    own = "" if well or condition == "late" else told["message"]
    title = own or "Heartbeat " + _TITLES[condition].format(name=name)
    return Alert(
        status=AlertStatus.RESOLVED if well else AlertStatus.FIRING,
        kind=Kind.NOTIFICATION if condition == "late" else Kind.ALERT,
        title=bounds.title(title),
        description=bounds.paragraphs(
            told["description"],
            seen if condition == "silent" else f"{seen} {promise}",
            _NOBODY_KNOWS if condition == "silent" else "",
            told["text"],
        ),
        dedup_key=bounds.key(f"heartbeat/{name}"),
        source="heartbeat",
        severity=_SEVERITIES.get(condition, Severity(graded)),
        resource=bounds.line(name, bounds.LABEL_MAX),
        labels=bounds.labels((("heartbeat", name), ("condition", condition))),
        tags=tuple(told["tags"]),
        occurred_at=now,
    )


_NOBODY_KNOWS: Final = (
    "Its alerts were not repeated in time. Nobody knows which of them still fire, so none of them is resolved: "
    "look whether it is up, and whether it can reach Tocsin."
)
