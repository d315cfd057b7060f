"""The policy `smart`, as the running server has it: its incident machine, its asker, its ledger.

What it sees is the chat, the schedule and the working hours of the team; all else it learns from its own incidents. So
what is measured here is what is done there.
"""

from __future__ import annotations

from typing import Final

from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge
from tocsin.asking.ledger import Ledger, Memory
from tocsin.choosing.situation import Costs, Presence
from tocsin.incidents.alerts import Alert, AlertStatus, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Resolved
from tocsin.incidents.ladder import PAGE, label, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import MEMBERS, SCHEDULE, SMART, Policy, Step
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision, Tick
from tocsin.kernel.time import Instant
from tocsin.rehearsal.model import Ladder
from tocsin.rehearsal.seeing import Move, Seen

_TEAM: Final = "team"
_ON_CALL: Final = f"{SCHEDULE}{_TEAM}"


class Smart:
    """The chooser, with nothing but what it has heard."""

    def __init__(self, ladder: Ladder, costs: Costs | None = None) -> None:
        """Nothing is known yet."""
        self._plan = Plan(
            team=_TEAM,
            policy=Policy(
                name="smart",
                steps=(Step((f"{SMART}{_TEAM}",), ladder.wait),),
                everyone=(f"{MEMBERS}{_TEAM}",),
                everyone_delay=ladder.again,
            ),
        )
        self._costs = costs or Costs()
        self._ledger: Ledger | None = None
        self._open: dict[int, Incident] = {}

    def move(self, seen: Seen) -> Move:
        """What the machine decides: at first of the alert, then of the time that has passed."""
        self._ledger = self._ledger or Ledger(seen.people, Memory())
        machine = self._machine(seen, self._ledger)
        opens = seen.number not in self._open
        given = self._alert(seen.key, seen.severity, AlertStatus.FIRING) if opens else Tick()
        decision = self._decided(machine, seen.number, given, seen.now)
        names = [label(effect.receiver) for effect in decision.effects if effect.kind == PAGE]
        wake_at = self._open[seen.number].wake_at
        assert wake_at is not None, "law 12: somebody is asked"
        return Move(tuple(names), wake_at - seen.now)

    def answered(self, number: int, name: str, now: Instant) -> None:
        """Learn that it took so long."""
        self._decided(IncidentMachine(), number, Acknowledged(by=name), now)

    def ended(self, number: int, now: Instant) -> None:
        """Learn who has solved it, or that nobody has answered."""
        state = self._open[number]
        resolved = self._alert(int(state.face.dedup_key), state.severity, AlertStatus.RESOLVED)
        given = Resolved(by=state.assignee) if state.status is Status.ACKNOWLEDGED else resolved
        self._decided(IncidentMachine(), number, given, now)
        del self._open[number]

    def _decided(self, machine: IncidentMachine, number: int, given: Input, now: Instant) -> Decision[Incident]:
        """Decide, and commit."""
        decision = machine.decide(self._open.get(number), given, now)
        state = decision.state
        assert state is not None, "it was opened by an alert that fires"
        assert self._ledger is not None, "it was asked before"
        self._open[number] = state
        self._ledger.committed(f"{number}", machine.encode(state), live=state.live)
        return decision

    def _alert(self, key: int, severity: str, status: AlertStatus) -> AlertReceived:
        alert = Alert(status=status, title=f"{key}", dedup_key=f"{key}", source="", severity=Severity(severity))
        return AlertReceived(alert, self._plan)

    def _machine(self, seen: Seen, ledger: Ledger) -> IncidentMachine:
        """With what is known at this moment."""
        first = seen.order[0]
        on_call = (responder(first),) if seen.look(first).on_call else ()

        def calendar(target: str, now: Instant) -> tuple[str, ...]:  # noqa: ARG001 - an OnDuty.
            return on_call

        def presence(name: str, now: Instant) -> Presence:  # noqa: ARG001 - a ShowsPresence.
            return seen.look(name).presence

        fixed = Knowledge(
            people=seen.people,
            teams={_TEAM: seen.members},
            on_call={_TEAM: (_ON_CALL,)},
            presence=presence,
            costs=self._costs,
        )
        return IncidentMachine(calendar, Asker(ledger.knowledge(fixed, calendar)))
