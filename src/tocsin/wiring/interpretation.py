"""What a delivery means: the one place that knows all the ways in, and gives each input its address. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tocsin.engine.dispatcher import Failure
from tocsin.engine.ports import Delivery, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.commands import Command, CommandError, command, to_input
from tocsin.incidents.inputs import AlertReceived, PageFailed
from tocsin.incidents.ladder import PAGE, label
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.routing.rules import Routes
from tocsin.sources import Problem, read, undecodable
from tocsin.sources.email_rules import MailRules

SELF: Final = "tocsin"  # The integration of what Tocsin itself reports.
UNDECODABLE: Final = "undecodable"  # How the note of a delivery begins that became an alert of its own.

Commands = Callable[[bytes, Instant], Sequence[Command] | str]


class Interpreter:
    """Bytes to addressed inputs."""

    def __init__(
        self, routes: Routes, chats: Mapping[str, Commands], mail: Mapping[str, MailRules] | None = None
    ) -> None:
        """*chats*: for each chat's channel, what reads its interactions (commands, or why there are none).

        *mail*: the rules for e-mail of each integration that has some.
        """
        self._routes = routes
        self._chats = chats
        self._mail = mail or {}

    def interpret(self, delivery: Delivery) -> Interpretation:
        """What *delivery* means."""
        match delivery.channel:
            case "in" | "mail":
                return self._alerts(delivery)
            case "console" | "cli":
                return _commands(delivery, _read_command(delivery.body))
            case "self":
                return self._failure(delivery)
            case chat if chat in self._chats:
                return _commands(delivery, self._chats[chat](delivery.body, delivery.received_at))
        return self.poisoned(delivery, f"nothing reads the channel {delivery.channel!r}")

    def poisoned(self, delivery: Delivery, error: str) -> Interpretation:
        """The alert that stands for a delivery which cannot be understood."""
        return Interpretation(
            (self._undecodable(delivery, [Problem(place="", message=error)]),), f"{UNDECODABLE}: {error}"
        )

    def _alerts(self, delivery: Delivery) -> Interpretation:
        rules = self._mail.get(delivery.key, MailRules())
        reading = read(headers(delivery.head), delivery.body, received_at=delivery.received_at, mail=rules)
        name = delivery.occurrence
        inputs = [
            self._addressed(
                f"{name}/{number}",
                f"{delivery.id}-{number}" if number else delivery.id,
                delivery.key,
                alert,
                reading.event,
            )
            for number, alert in enumerate(reading.alerts)
        ]
        if not reading.problems:
            return Interpretation(tuple(inputs), reading.fact)
        inputs.append(self._undecodable(delivery, reading.problems))
        first = reading.problems[0]
        return Interpretation(tuple(inputs), ": ".join(filter(None, (UNDECODABLE, first.place, first.message))))

    def _undecodable(self, delivery: Delivery, problems: Sequence[Problem]) -> Addressed:
        alert = undecodable(delivery.key or delivery.channel, delivery.id, problems)
        return self._addressed(f"{delivery.occurrence}/problem", f"{delivery.id}-p", delivery.key or SELF, alert, None)

    def _addressed(self, input_id: str, fresh: str, integration: str, alert: Alert, event: json.Json) -> Addressed:
        plan = self._routes.route(alert, integration, event)
        dedup = f"{integration}/d/{alert.dedup_key}"
        keys = (dedup, f"{integration}/g/{alert.group_key}") if alert.group_key else (dedup,)
        return Addressed(
            input_id=input_id, machine=IncidentMachine.name, given=AlertReceived(alert, plan), keys=keys, fresh=fresh
        )

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
        inputs = [self._addressed(f"{delivery.id}/0", delivery.id, SELF, alert, None)]
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


def failure_report(failure: Failure, now: Instant) -> Received:
    """The delivery that tells of a failed way; the address stays out of it, since it may be a secret."""
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
    }
    return Received(received_at=now, channel="self", key=SELF, head=b"", body=json.encode(body))


def headers(head: bytes) -> dict[str, str]:
    """The header lines of a delivery by lower-case name; of equal names the first."""
    found: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(": ")
        found.setdefault(name, value)
    return found


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
                input_id=f"{delivery.id}/{number}",
                machine=IncidentMachine.name,
                given=to_input(given),
                aggregate=given.incident,
            )
            for number, given in enumerate(found)
        )
    )
