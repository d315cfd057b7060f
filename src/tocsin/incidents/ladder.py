"""Walking the ladder: whom the next rung asks, and which messages must be made true."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import Kind
from tocsin.incidents.policy import NEXT, SCHEDULE
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision, Effect
from tocsin.kernel.time import Instant

PAGE: Final = "page"
SHOW: Final = "show"
PAGED_MAX: Final = 100  # Messages of one incident that are kept true; a larger team reads the room.

_RESPONDER: Final = "responder:"
_TEAM: Final = "team:"


def responder(name: str) -> str:
    """The receiver that stands for one person."""
    return _RESPONDER + name


def room(team: str) -> str:
    """The receiver that stands for a team's room."""
    return _TEAM + team


def label(receiver: str) -> str:
    """How people call a receiver, or a target."""
    if receiver.startswith(SCHEDULE):
        name = receiver.removeprefix(SCHEDULE)
        return f"next on call in {name.removesuffix(NEXT)}" if name.endswith(NEXT) else f"on call in {name}"
    return receiver.removeprefix(_RESPONDER) if receiver.startswith(_RESPONDER) else receiver.replace(":", " ", 1)


def first_rung(state: Incident, now: Instant, reason: Reason, story: str) -> Decision[Incident]:
    """Begin the ladder with a rung that was never used."""
    return next_rung(replace(state, base=state.rung + 1), now, reason, story)


def next_rung(state: Incident, now: Instant, reason: Reason, story: str) -> Decision[Incident]:
    """Ask the next step whose targets did not all pass; the last one asks everyone, passed or not."""
    policy, passed = state.plan.policy, set(state.passed)
    rung = state.rung + 1
    while not policy.is_last(rung - state.base) and passed.issuperset(policy.step(rung - state.base).targets):
        rung += 1
    step = policy.step(rung - state.base)
    if policy.is_last(rung - state.base):
        state, passed = replace(state, passed=()), set()
    targets = tuple(target for target in step.targets if target not in passed)
    return _ask(state, rung, targets, now + step.delay, now, reason, story)


def ask_person(
    state: Incident, name: str, now: Instant, reason: Reason, story: str, *, resume: int
) -> Decision[Incident]:
    """Ask one person out of turn; without an answer the ladder goes on at position *resume*, those who passed included.

    With nobody to ask it does so at once.
    """
    rung = state.rung + 1
    if not name:
        return next_rung(replace(state, base=rung - resume, passed=()), now, reason, story)
    after = replace(state, base=rung + 1 - resume, passed=())
    deadline = now + state.plan.policy.step(0).delay
    return _ask(after, rung, (responder(name),), deadline, now, reason, story)


def resolved(state: Incident, now: Instant, *, by: str = "", note: str = "") -> Incident:
    """The incident, over; *by* is empty when its source or time did it."""
    return replace(
        state,
        status=Status.RESOLVED,
        resolved_by=by,
        resolved_at=now,
        resolve_note=note,
        snoozed_until=None,
        changed_at=now,
        wake_at=None,
    )


def refresh(state: Incident) -> tuple[Effect, ...]:
    """Make the room's message and every page that was sent true."""
    receivers = (room(state.team), *state.paged)
    return tuple(Effect(receiver=receiver, kind=SHOW, coalesce=True) for receiver in dict.fromkeys(receivers))


def show(state: Incident) -> tuple[Effect, ...]:
    """Make the room's message true."""
    return (Effect(receiver=room(state.team), kind=SHOW, coalesce=True),)


def _ask(  # noqa: PLR0917 - one place that asks; its parts have no other meaning together.
    state: Incident, rung: int, targets: tuple[str, ...], deadline: Instant, now: Instant, reason: Reason, story: str
) -> Decision[Incident]:
    after = replace(
        state,
        kind=Kind.ALERT,  # Who escalates a notification makes it an alert.
        status=Status.TRIGGERED,
        rung=rung,
        asked=targets,
        unreached=(),
        paged=tuple(dict.fromkeys((*state.paged, *targets)))[:PAGED_MAX],
        assignee="",
        acknowledged_by="",
        acknowledged_at=None,
        snoozed_until=None,
        changed_at=now,
        wake_at=deadline,
    )
    why = _why(reason, story)
    pages = tuple(
        Effect(receiver=target, kind=PAGE, urgent=True, facts={"rung": rung, "why": why}) for target in targets
    )
    # Who was asked before sees that others are asked now; a page needs no second message about itself.
    seen = tuple(effect for effect in refresh(after) if effect.receiver not in targets)
    asked = ", ".join(label(target) for target in targets) or "nobody"
    return Decision(after, reason, (*pages, *seen), f"{story}; asked {asked}")


def _why(reason: Reason, story: str) -> str:
    """Why you: the sentence that every page carries."""
    if reason in {Reason.OPENED, Reason.BECAME_ALERT}:
        return "You are the first to be asked."
    return f"You are asked now: {story}."
