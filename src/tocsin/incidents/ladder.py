"""Walking the ladder: whom the next rung asks, and which messages must be made true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from tocsin.incidents.alerts import Kind
from tocsin.incidents.occurrences import Hold
from tocsin.incidents.policy import LEAST_DISTURBED, MEMBERS, NEXT, ROUND_ROBIN, SCHEDULE, SMART, Waiting
from tocsin.incidents.reasons import Reason
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Decision, Effect
from tocsin.kernel.time import Instant, format_instant

PAGE: Final = "page"
SHOW: Final = "show"
THREAD: Final = "thread"  # A chat's thread below a message is made true; a page's link to it, too.
PAGED_MAX: Final = 100  # Messages of one incident that are kept true; a larger team reads the room.

_MUTED_BY: Final = {
    MuteKind.SILENCE: "silenced by",
    MuteKind.INHIBITION: "inhibited by",
    MuteKind.STORM: "held by",
}
_RESPONDER: Final = "responder:"
_TEAM: Final = "team:"
_STANDS_FOR: Final = {
    ROUND_ROBIN: "whose turn it is in",
    LEAST_DISTURBED: "whoever is least disturbed in",
    SMART: "whom it is best to ask in",
    MEMBERS: "everyone in",
}


def responder(name: str) -> str:
    """The receiver that stands for one person."""
    return _RESPONDER + name


def is_responder(receiver: str) -> bool:
    """Whether *receiver* is one person."""
    return receiver.startswith(_RESPONDER)


def awaited(state: Incident, *, unreached: bool = False) -> set[str]:
    """Those of whom an answer is awaited: asked, and neither passed nor acknowledged; *unreached*: also those."""
    silent = {*state.passed, *map(responder, state.answered), *(() if unreached else state.unreached)}
    return set(state.asked) - silent


def room(team: str) -> str:
    """The receiver that stands for a team's room."""
    return _TEAM + team


def smart_alone(targets: Sequence[str]) -> str | None:
    """The team of which somebody is chosen, where *targets* are nothing else."""
    only = targets[0] if len(targets) == 1 else ""
    return only.removeprefix(SMART) if only.startswith(SMART) else None


def label(receiver: str) -> str:
    """How people call a receiver, or a target."""
    for prefix, words in _STANDS_FOR.items():
        if receiver.startswith(prefix):
            return f"{words} {receiver.removeprefix(prefix).removeprefix(SCHEDULE)}"
    if receiver.startswith(SCHEDULE):
        name = receiver.removeprefix(SCHEDULE)
        return f"next on call in {name.removesuffix(NEXT)}" if name.endswith(NEXT) else f"on call in {name}"
    return receiver.removeprefix(_RESPONDER) if receiver.startswith(_RESPONDER) else receiver.replace(":", " ", 1)


def first_rung(state: Incident, now: Instant, reason: Reason, story: str) -> Decision[Incident]:
    """Begin the ladder with a rung that was never used."""
    return next_rung(replace(state, base=state.rung + 1), now, reason, story)


def next_rung(state: Incident, now: Instant, reason: Reason, story: str) -> Decision[Incident]:
    """Ask the next step whose targets did not all pass; the last one asks everyone, passed or not.

    Who has acknowledged, where several must, is not asked again.
    """
    policy, done = state.plan.policy, set(map(responder, state.answered if state.status is Status.TRIGGERED else ()))
    rung, silent = state.rung + 1, done | set(state.passed)
    while not policy.is_last(rung - state.base) and silent.issuperset(policy.step(rung - state.base).targets):
        if isinstance(waiting := policy.step(rung - state.base), Waiting):
            return _still_asked(state, now + waiting.delay)
        rung += 1
    step = policy.step(rung - state.base)
    if policy.is_last(rung - state.base):
        state, silent = replace(state, passed=()), done
    targets = tuple(target for target in step.targets if target not in silent)
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
    deadline = now + state.plan.policy.patience
    return _ask(after, rung, (responder(name),), deadline, now, reason, story)


def invite(state: Incident, receivers: tuple[str, ...], now: Instant, reason: Reason, story: str) -> Decision[Incident]:
    """Ask *receivers* (at least one) beside those who are asked, in the same time.

    Where nobody is asked it is out of turn, and without an answer the ladder begins anew.
    """
    if state.status is not Status.TRIGGERED or state.kind is Kind.NOTIFICATION:
        after = replace(state, base=state.rung + 2, passed=())
        return _ask(after, state.rung + 1, receivers, now + state.plan.policy.patience, now, reason, story)
    after = replace(
        state,
        asked=tuple(dict.fromkeys((*state.asked, *receivers))),
        passed=tuple(name for name in state.passed if name not in receivers),
        answered=tuple(name for name in state.answered if responder(name) not in receivers),
        unreached=tuple(name for name in state.unreached if name not in receivers),
        paged=tuple(dict.fromkeys((*state.paged, *receivers)))[:PAGED_MAX],
        changed_at=now,
    )
    return Decision(after, reason, _asking(after, receivers, reason, story), f"{story}; asked {_names(receivers)}")


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
        look_at=None,
    )


def hushed(state: Incident, now: Instant) -> Mute | None:
    """The silence because of which *state* may ask nobody at *now*."""
    mute = state.mute
    return mute if mute is not None and mute.until > now else None


def hush(state: Incident, mute: Mute, now: Instant, reason: Reason, story: str) -> Decision[Incident]:
    """Ask nobody until *mute* is over; then the ladder begins anew."""
    after = replace(
        state,
        kind=Kind.ALERT,
        status=Status.SNOOZED,
        assignee="",
        acknowledged_by="",
        acknowledged_at=None,
        snoozed_until=mute.until,
        changed_at=now,
        wake_at=mute.until,
        hold=_ended(state.hold),
    )
    return Decision(after, reason, refresh(after), f"{story}; {silenced(mute)}")


def silenced(mute: Mute) -> str:
    """Who has silenced it, until when, and why."""
    why = f": {mute.why}" if mute.why else ""
    return f"{muted_by(mute.kind)} {mute.by or 'somebody'} until {format_instant(mute.until)}{why}"


def muted_by(kind: MuteKind) -> str:
    """The words before the name of what mutes."""
    return _MUTED_BY[kind]


def refresh(state: Incident) -> tuple[Effect, ...]:
    """Make the room's message and every page that was sent true."""
    receivers = (room(state.team), *state.paged)
    return tuple(Effect(receiver=receiver, kind=SHOW, coalesce=True) for receiver in dict.fromkeys(receivers))


def show(state: Incident) -> tuple[Effect, ...]:
    """Make the room's message true."""
    return (Effect(receiver=room(state.team), kind=SHOW, coalesce=True),)


def _still_asked(state: Incident, deadline: Instant) -> Decision[Incident]:
    """Nobody new is asked: who is asked has more time, and their buttons stay as they are."""
    after = replace(state, wake_at=deadline)
    return Decision(after, Reason.STILL_ASKED, refresh(after))


def _ask(  # noqa: PLR0917 - one place that asks; its parts have no other meaning together.
    state: Incident, rung: int, targets: tuple[str, ...], deadline: Instant, now: Instant, reason: Reason, story: str
) -> Decision[Incident]:
    if mute := hushed(state, now):
        return hush(state, mute, now, reason, story)
    after = replace(
        state,
        kind=Kind.ALERT,  # Who escalates a notification makes it an alert.
        status=Status.TRIGGERED,
        rung=rung,
        asked=targets,
        answered=tuple(
            name for name in state.answered if state.status is Status.TRIGGERED and responder(name) not in targets
        ),
        unreached=(),
        paged=tuple(dict.fromkeys((*state.paged, *targets)))[:PAGED_MAX],
        assignee="",
        acknowledged_by="",
        acknowledged_at=None,
        snoozed_until=None,
        changed_at=now,
        wake_at=deadline,
        hold=_ended(state.hold),
    )
    return Decision(after, reason, _asking(after, targets, reason, story), f"{story}; asked {_names(targets)}")


def _asking(after: Incident, targets: tuple[str, ...], reason: Reason, story: str) -> tuple[Effect, ...]:
    """The pages to *targets* for the present rung, and all other messages made true."""
    facts = {"rung": after.rung, "why": _why(reason, story)}
    pages = tuple(Effect(receiver=target, kind=PAGE, urgent=True, facts=facts) for target in targets)
    # Who was asked before sees that others are asked now; a page needs no second message about itself.
    return (*pages, *(effect for effect in refresh(after) if effect.receiver not in targets))


def _ended(hold: Hold | None) -> Hold | None:
    return replace(hold, ended=True) if hold else None


def _names(receivers: tuple[str, ...]) -> str:
    return ", ".join(label(receiver) for receiver in receivers) or "nobody"


def _why(reason: Reason, story: str) -> str:
    """Why you: the sentence that every page carries."""
    if reason in {Reason.OPENED, Reason.BECAME_ALERT}:
        return "You are the first to be asked."
    return f"You are asked now: {story}."
