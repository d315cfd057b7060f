"""How an incident stands and what happens next, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from tocsin.incidents import ladder
from tocsin.incidents.alerts import Kind
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import Instant, format_duration
from tocsin.slack.mrkdwn import one_line

NAMES_MAX = 5  # More names do not help; the console has them all.
NAME_CHARS_MAX = 60
NOTE_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class Telling:
    """How to write names and times: *names* are display names by responder id, *when* writes an instant."""

    names: Mapping[str, str]
    when: Callable[[Instant], str]

    def person(self, responder: str) -> str:
        """The display name of a responder, escaped; one that only Slack knows goes by its name there."""
        return one_line(self.names.get(responder) or responder.removeprefix("slack:"), NAME_CHARS_MAX) or "somebody"

    def receiver(self, receiver: str) -> str:
        """A responder's display name, or `team ops`."""
        name = ladder.label(receiver)
        return self.person(name) if receiver == ladder.responder(name) else one_line(name, NAME_CHARS_MAX)

    def receivers(self, receivers: Sequence[str]) -> str:
        """`ada, bo and 3 others`."""
        if not receivers:
            return "nobody"
        shown = [self.receiver(receiver) for receiver in receivers[:NAMES_MAX]]
        hidden = len(receivers) - len(shown)
        last = f"{hidden} other{'s' if hidden > 1 else ''}" if hidden else shown.pop()
        return f"{', '.join(shown)} and {last}" if shown else last


def who(incident: Incident, telling: Telling) -> str:
    """Who is on it, or who is asked."""
    match incident.status:
        case Status.TRIGGERED:
            return _asked(incident, telling)
        case Status.ACKNOWLEDGED:
            since = telling.when(incident.acknowledged_at or incident.changed_at)
            if incident.assignee:
                return f"{telling.person(incident.assignee)} is on it since {since}."
            return f"Acknowledged in {one_line(incident.acknowledged_by, NAME_CHARS_MAX)} at {since}."
        case Status.SNOOZED:
            until = telling.when(incident.snoozed_until or incident.changed_at)
            return f"{telling.person(incident.assignee)} snoozed it until {until}."
        case Status.RESOLVED:
            return _resolved(incident, telling)
    assert_never(incident.status)


def next_step(incident: Incident, telling: Telling, now: Instant) -> str:
    """What happens next and when, if nobody does anything; empty when nothing does."""
    wake_at = incident.wake_at
    if wake_at is None or incident.kind is Kind.NOTIFICATION:
        return ""
    at = f"at {telling.when(wake_at)}" if wake_at > now else "now"
    match incident.status:
        case Status.TRIGGERED:
            targets = _targets(incident, incident.base)
            again = "again" if set(targets) <= set(incident.asked) else "next"
            return f"Without an answer, asks {telling.receivers(targets)} {again} {at}."
        case Status.ACKNOWLEDGED | Status.SNOOZED if incident.assignee:
            return f"Asks {telling.person(incident.assignee)} again {at}, unless it is resolved."
        case Status.ACKNOWLEDGED | Status.SNOOZED:
            targets = _targets(incident, incident.rung + 1)
            return f"Asks {telling.receivers(targets)} {at}, unless it is resolved."
        case Status.RESOLVED:
            return ""
    assert_never(incident.status)


def _asked(incident: Incident, telling: Telling) -> str:
    if incident.kind is Kind.NOTIFICATION:
        return "For information; nobody is asked."
    silent = {*incident.passed, *incident.unreached}
    asked = [receiver for receiver in incident.asked if receiver not in silent]
    sentences = [f"Asking {telling.receivers(asked)}."]
    if incident.passed:
        sentences.append(f"{telling.receivers(incident.passed)} passed.")
    if incident.unreached:
        sentences.append(f"{telling.receivers(incident.unreached)} could not be reached.")
    return " ".join(sentences)


def _resolved(incident: Incident, telling: Telling) -> str:
    at = incident.resolved_at or incident.changed_at
    when = f"at {telling.when(at)}, after {format_duration(at - incident.opened_at)}"
    if not incident.resolved_by:
        return f"Recovered {when}." if incident.kind is Kind.ALERT else f"Over {when}."
    note = one_line(incident.resolve_note, NOTE_CHARS_MAX)
    return f"{telling.person(incident.resolved_by)} resolved it {when}" + (f": {note}" if note else ".")


def _targets(incident: Incident, base: int) -> tuple[str, ...]:
    """Whom the ladder that began at the rung *base* asks next; it skips steps whose targets have all passed."""
    policy, passed = incident.plan.policy, set(incident.passed)
    position = incident.rung + 1 - base
    while not policy.is_last(position) and passed.issuperset(policy.step(position).targets):
        position += 1
    targets = policy.step(position).targets
    return targets if policy.is_last(position) else tuple(name for name in targets if name not in passed)
