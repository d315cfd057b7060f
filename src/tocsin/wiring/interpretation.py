"""What a delivery means: the one place that knows all the ways in, and gives each input its address. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tocsin.engine.dispatcher import Failure
from tocsin.engine.ports import Delivery, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.commands import Command, CommandError, command, to_input
from tocsin.incidents.inputs import PageFailed
from tocsin.incidents.ladder import PAGE, label
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json
from tocsin.kernel.later import function, later
from tocsin.kernel.time import Instant
from tocsin.sources import Problem, Reading
from tocsin.web.senders.channels import ALERTS, SILENCES
from tocsin.wiring import channel_names, messages
from tocsin.wiring.addressing import SELF, UNDECODABLE, Addressing, Causes, Histories, Mutes, Quieter, Routing
from tocsin.wiring.readings import Readings

if TYPE_CHECKING:
    from tocsin.wiring import alertmanager
else:
    alertmanager = later("tocsin.wiring.alertmanager")

Commands = Callable[[bytes, Instant], Sequence[Command] | str]
Channel = Callable[[Delivery], Interpretation]
Attend = Callable[[Delivery, Reading, Interpretation], Interpretation]


def late(names: Iterable[str], make: Callable[[], Mapping[str, Channel]]) -> dict[str, Channel]:
    """The channels of these *names*, as *make* gives them: it is called when the first of their deliveries comes."""
    made: list[Mapping[str, Channel]] = []

    def read(delivery: Delivery) -> Interpretation:
        if not made:
            made.append(make())
        return made[0][delivery.channel](delivery)

    return dict.fromkeys(names, read)


class Interpreter:
    """Bytes to addressed inputs."""

    def __init__(
        self,
        routes: Routing,
        chats: Mapping[str, Commands],
        more: Mapping[str, Channel] | None = None,
        readings: Readings | None = None,
        mute: Mutes | None = None,
        *,
        quieter: Quieter | None = None,
        histories: Histories | None = None,
        causes: Causes | None = None,
    ) -> None:
        """*chats*: for each chat's channel, what reads its interactions (commands, or why there are none).

        *more*: what reads the channels that are not told of here. *readings*: the rules of the integrations. *mute*,
        *quieter*, *histories* and *causes* as in `Addressing`.
        """
        self._readings = readings or Readings()
        self._attend: Attend = lambda _delivery, _found, meaning: meaning
        self.addressing = Addressing(routes, mute, quieter, histories=histories, causes=causes)
        self._channels: dict[str, Channel] = {
            "console": _person,
            "cli": _person,
            "self": self._failure,
            channel_names.HEARTBEAT: function("tocsin.wiring.heartbeats.interpret"),
            channel_names.REMEDY: function("tocsin.wiring.remedies.interpret"),
            channel_names.DIGEST: function("tocsin.wiring.digests.interpret"),
            messages.CHANNEL: messages.Messages(self.addressing).interpret,
            **late((ALERTS, SILENCES), lambda: alertmanager.channels(self.addressing)),
            **{name: partial(_chat, read) for name, read in chats.items()},
            **(more or {}),
        }

    def learn(self, more: Mapping[str, Channel]) -> None:
        """*more* channels, whose readers need the addressing."""
        self._channels |= more

    def attend(self, attend: Attend) -> None:
        """*attend* says what else follows from what a sender says, beside what it means."""
        self._attend = attend

    def interpret(self, delivery: Delivery) -> Interpretation:
        """What *delivery* means."""
        found = self._readings.read(delivery)
        if found is not None:
            return self._attend(delivery, found, self.addressing.reading(delivery, found))
        channel = self._channels.get(delivery.channel)
        if channel is None:
            return self.poisoned(delivery, f"nothing reads the channel {delivery.channel!r}")
        return channel(delivery)

    def poisoned(self, delivery: Delivery, error: str) -> Interpretation:
        """The alert that stands for a delivery which cannot be understood."""
        problem = Problem(place="", message=error)
        return Interpretation((self.addressing.undecodable(delivery, [problem]),), f"{UNDECODABLE}: {error}")

    def _failure(self, delivery: Delivery) -> Interpretation:
        """A way to somebody failed: its incident hears of it, and it is an alert of its own, one for each transport."""
        report: dict[str, Any] = json.decode(delivery.body)
        who = label(report["receiver"])
        what = "page" if report["kind"] == PAGE else "message"
        outlook = "There is no other way." if report["final"] else "Another way is tried."
        alert = Alert(
            status=AlertStatus.FIRING,
            title=f"{report['transport']} does not deliver: {report['error']}",
            description=f"The {what} to {who} could not be delivered: {report['error']}. {outlook}",
            dedup_key=f"delivery-failed/{report['transport']}",
            source=SELF,
            severity=Severity.HIGH,
        )
        quiet = bool(report.get("quiet"))
        inputs = [] if quiet else [self.addressing.alert(f"{delivery.id}/0", delivery.id, SELF, alert, None)]
        if report["kind"] == PAGE:
            failed = PageFailed(
                receiver=report["receiver"], rung=report["rung"], error=report["error"], final=report["final"]
            )
            inputs.append(
                Addressed(
                    input_id=f"{delivery.id}/1",
                    machine=report["machine"],
                    given=failed,
                    aggregate=report["aggregate"],
                )
            )
        return Interpretation(tuple(inputs))


def failure_report(failure: Failure, now: Instant, *, quiet: bool = False) -> Received:
    """The delivery that tells of a failed way; the address stays out of it, since it may be a secret.

    *quiet*: it is told in another way, so that only the incident of a page hears of it.
    """
    outgoing = failure.outgoing
    body = {
        "aggregate": outgoing.aggregate,
        "machine": outgoing.machine,
        "receiver": outgoing.receiver,
        "kind": outgoing.kind,
        "rung": outgoing.facts.get("rung", 0),
        "transport": failure.transport,
        "error": failure.error,
        "final": failure.final,
    } | ({"quiet": True} if quiet else {})
    return Received(received_at=now, channel="self", key=SELF, head=b"", body=json.encode(body))


def _person(delivery: Delivery) -> Interpretation:
    return _commands(delivery, _read_command(delivery.body))


def _chat(read_chat: Commands, delivery: Delivery) -> Interpretation:
    return _commands(delivery, read_chat(delivery.body, delivery.received_at))


def _read_command(body: bytes) -> Sequence[Command] | str:
    try:
        return (command(json.decode(body)),)
    except (CommandError, json.JsonError) as problem:
        return str(problem)


def _commands(delivery: Delivery, found: Sequence[Command] | str) -> Interpretation:
    if isinstance(found, str):
        return Interpretation((), f"not a command: {found}")
    return Interpretation(
        tuple(
            Addressed(
                input_id=f"{delivery.occurrence}/{number}",
                machine=IncidentMachine.name,
                given=to_input(given),
                aggregate=given.incident,
            )
            for number, given in enumerate(found)
        )
    )
