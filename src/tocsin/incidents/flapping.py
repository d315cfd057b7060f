"""Flapping in the life of an incident: what goes and comes without end is one incident, asked about once.

While an alert flaps (module `flips`), its source's OK resolves nothing, so that the next firing is a repetition and no
new page. When it has been quiet it stops flapping: if all have recovered by then, the incident is over. Who does not
answer is followed by the next, as ever, but not in a moment in which nothing fires: then the next one is asked when it
fires again. A notification asks nobody and cannot flap.
"""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.incidents import flips, ladder
from tocsin.incidents.alerts import AlertStatus, Kind
from tocsin.incidents.flips import Flips
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import AlertLine, Incident, Status
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import Instant, format_duration

_Decision = Decision[Incident]


def noted(state: Incident, before: AlertLine | None, line: AlertLine, now: Instant) -> AlertLine:
    """*line*, which was *before*, with its change if it is one."""
    known = before.flips if before else None
    if not state.plan.flapping or state.kind is not Kind.ALERT:
        return line
    recovered = before is None or before.status is AlertStatus.RESOLVED
    if recovered is (line.status is AlertStatus.RESOLVED):
        return replace(line, flips=known)
    return replace(line, flips=flips.changed(known or Flips(), now))


def kept_open(after: Incident) -> _Decision | None:
    """What follows from the recovery of the last alert, if one flaps."""
    flapping = worst(after)
    if flapping is None:
        return None
    story = f"recovered, and is {sentence(flapping)}"
    return Decision(after, Reason.FLAPPING, ladder.show(after), story)


def paused(state: Incident) -> _Decision | None:
    """A step is over without an answer: what follows if nothing fires, since what flaps has just recovered."""
    found = worst(state)
    if found is None or not quiet(state):
        return None
    after = replace(state, wake_at=flips.calm_at(found))
    return Decision(after, Reason.QUIET, ladder.refresh(after), "no answer, and nothing fires just now")


def quiet(state: Incident) -> bool:
    """Whether nothing fires just now, since what flaps has recovered: a bad moment to ask anybody else."""
    return not state.firing and state.plan.auto_resolve and worst(state) is not None


def resumed(state: Incident, after: Incident, now: Instant) -> _Decision | None:
    """An alert of *state* fires, which leads to *after*: whoever was not asked in the pause is asked now."""
    if state.calm_at is None:
        return None  # Nothing flaps.
    found = worst(state)
    if found is None or state.status is not Status.TRIGGERED or state.firing or state.wake_at != flips.calm_at(found):
        return None
    return ladder.next_rung(after, now, Reason.RESUMED, "fires again, and nobody has answered")


def timed(decision: _Decision, now: Instant) -> _Decision:  # noqa: ARG001 - as the other timers; it follows from the state.
    """*decision* with the timer set right at which an alert stops flapping."""
    state = decision.state
    if state is None:
        return decision
    due = [at for each in _flapping(state) if (at := flips.calm_at(each)) is not None] if state.live else []
    calm_at = min(due, default=None)
    return decision if calm_at == state.calm_at else replace(decision, state=replace(state, calm_at=calm_at))


def calmed(state: Incident, now: Instant) -> _Decision:
    """It has been quiet: what does not flap any more, and whether all is over with that."""
    lines = {
        key: replace(line, flips=line.flips and flips.calmed(line.flips, now)) for key, line in state.alerts.items()
    }
    after = replace(state, alerts=lines)
    if after.firing or worst(after) is not None or not state.plan.auto_resolve:
        return Decision(after, Reason.CALMED, ladder.show(after), "not flapping any more")
    after = ladder.resolved(after, now)
    return Decision(after, Reason.CALMED, ladder.refresh(after), "not flapping any more, and recovered")


def worst(state: Incident) -> Flips | None:
    """Of the alerts that flap the changes of the one that flaps longest."""
    return max(_flapping(state), key=lambda each: flips.calm_at(each) or 0, default=None)


def sentence(found: Flips) -> str:
    """`flapping: 9 changes in 12 min`."""
    count, time = flips.counted(found)
    return f"flapping: {count} changes in {format_duration(time)}"


def _flapping(state: Incident) -> list[Flips]:
    """The changes of the alerts that flap: hardly any, of alerts that may be very many, and with each of them."""
    return [found for line in state.alerts.values() if (found := line.flips) is not None and found.flapping]
