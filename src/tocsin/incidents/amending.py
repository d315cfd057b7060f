"""What a sender or a person changes about an incident after it has begun: its words, who is asked, that it is there."""

from __future__ import annotations

from typing import Final, TypeAlias, assert_never

from msgspec.structs import replace

from tocsin.incidents import ladder, muting, several
from tocsin.incidents.alerts import DESCRIPTION_MAX, LABELS_MAX, TAGS_MAX, TITLE_MAX, Alert, Kind
from tocsin.incidents.inputs import Amended, Invited, Redirected, Unacknowledged, Withdrawn
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import Instant

WHY_MAX: Final = 500  # Characters of why somebody is invited: a page's sentence, not its description.

Change: TypeAlias = Unacknowledged | Amended | Invited | Redirected | Withdrawn

_Decision = Decision[Incident]


def amended(state: Incident, given: Change, now: Instant) -> _Decision:
    """What follows from a change; what is over can still be described better, or be withdrawn."""
    if state.withdrawn or not (state.live or isinstance(given, Amended | Withdrawn)):
        return Decision(state, Reason.ALREADY_RESOLVED, ladder.refresh(state))
    match given:
        case Amended():
            return _amend(state, given, now)
        case Withdrawn():
            return _withdraw(state, given, now)
        case Unacknowledged():
            return _unacknowledge(state, given, now)
        case Invited():
            return _invite(state, given, now)
        case Redirected():
            return _redirect(state, given, now)
    assert_never(given)


def _amend(state: Incident, given: Amended, now: Instant) -> _Decision:
    """The face and its line are changed; that it is worse has the consequences of a worse alert."""
    face, severity = _face(state.face, given), given.severity or state.severity
    if (face, severity) == (state.face, state.severity):
        return Decision(state, Reason.NOTHING_AMENDED)
    line = state.alerts[face.dedup_key]
    changed = replace(line, title=face.title, severity=given.severity or line.severity)
    after = replace(
        state, face=face, severity=severity, alerts={**state.alerts, face.dedup_key: changed}, changed_at=now
    )
    worse = severity.weight > state.severity.weight and state.live
    after = muting.urgent(after) if worse else after
    if worse and state.status is Status.SNOOZED:
        return ladder.ask_person(after, state.assignee, now, Reason.RAISED, f"worse: {severity}", resume=0)
    reason = Reason.RAISED if worse else Reason.AMENDED
    return Decision(after, reason, ladder.refresh(after), f"{given.by} changed {_changes(state, after)}")


def _face(face: Alert, given: Amended) -> Alert:
    labels = {name: value for name, value in face.labels.items() if name not in given.remove_labels}
    tags = dict.fromkeys(tag for tag in (*face.tags, *given.add_tags) if tag not in given.remove_tags)
    return replace(
        face,
        title=face.title if given.title is None else given.title[:TITLE_MAX],
        description=face.description if given.description is None else given.description[:DESCRIPTION_MAX],
        labels=dict(list({**labels, **given.set_labels}.items())[:LABELS_MAX]),
        annotations=dict(list({**face.annotations, **given.annotations}.items())[:LABELS_MAX]),
        tags=tuple(tags)[:TAGS_MAX] if given.add_tags or given.remove_tags else face.tags,
    )


def _changes(before: Incident, after: Incident) -> str:
    """`the title, the severity to critical`."""
    old, new = before.face, after.face
    parts = (
        old.title != new.title and f"the title to {new.title}",
        old.description != new.description and "the description",
        before.severity is not after.severity and f"the severity to {after.severity}",
        old.tags != new.tags and "the tags",
        old.labels != new.labels and "the labels",
        old.annotations != new.annotations and "what its sender says of it",
    )
    return ", ".join(part for part in parts if part)


def _withdraw(state: Incident, given: Withdrawn, now: Instant) -> _Decision:
    over = ladder.resolved(state, now, by=given.by) if state.live else replace(state, changed_at=now)
    after = replace(over, withdrawn=True)
    return Decision(after, Reason.WITHDRAWN, ladder.refresh(after), f"{given.by} withdrew it")


def _unacknowledge(state: Incident, given: Unacknowledged, now: Instant) -> _Decision:
    if state.status is not Status.ACKNOWLEDGED and not several.some(state):
        return Decision(state, Reason.NOT_ACKNOWLEDGED, ladder.refresh(state))
    story = f"{given.by} took the acknowledgement back"
    if state.kind is Kind.ALERT:
        return ladder.first_rung(replace(state, passed=(), answered=()), now, Reason.UNACKNOWLEDGED, story)
    after = replace(
        state,
        status=Status.TRIGGERED,
        assignee="",
        acknowledged_by="",
        acknowledged_at=None,
        changed_at=now,
        wake_at=now + state.plan.notification_window,
    )
    return Decision(after, Reason.UNACKNOWLEDGED, ladder.refresh(after), story)


def _invite(state: Incident, given: Invited, now: Instant) -> _Decision:
    """Who is asked already, and may still answer, needs no second page."""
    asked: set[str] = set()
    if state.status is Status.TRIGGERED and state.kind is Kind.ALERT:
        asked = ladder.awaited(state)
    receivers = tuple(dict.fromkeys(name for name in given.receivers if name not in asked))
    if not receivers:
        return Decision(state, Reason.ALREADY_ASKED, ladder.refresh(state))
    why = f": {given.why[:WHY_MAX]}" if given.why else ""
    story = f"{given.by} asked for more people{why}"
    return ladder.invite(muting.overruled(state), receivers, now, Reason.INVITED, story)


def _redirect(state: Incident, given: Redirected, now: Instant) -> _Decision:
    team = given.plan.team or state.plan.team
    plan = replace(state.plan, team=team, policy=given.plan.policy)
    after = replace(muting.overruled(state), plan=plan, passed=())
    found = ladder.first_rung(after, now, Reason.REDIRECTED, f"{given.by} gave it to {_whom(state, given)}")
    # The room that it leaves keeps its message, and that must become true as well.
    told = {effect.receiver for effect in found.effects}
    left = tuple(effect for effect in ladder.show(state) if effect.receiver not in told)
    return replace(found, effects=(*found.effects, *left))


def _whom(state: Incident, given: Redirected) -> str:
    moves = given.plan.team and given.plan.team != state.plan.team
    return f"team {given.plan.team}" if moves else f"the policy {given.plan.policy.name}"
