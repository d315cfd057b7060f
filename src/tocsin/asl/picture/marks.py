"""What a run says about the states of a picture: done, at work, waiting and until when, failed, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from tocsin.asl.execution import Execution, Frame, Phase, Status
from tocsin.asl.visits import Outcome, Visit, by_state
from tocsin.kernel.time import Instant, format_instant

Kind: TypeAlias = Literal["now", "waits", "done", "failed", "caught", "stopped"]
Tell: TypeAlias = Callable[[Instant], str]
"""How a time is written."""

Walked: TypeAlias = frozenset[tuple[str, str, bool]]
"""Ways from state to state, from "" to where a run, a branch or an iteration begins; and whether by a Catch."""

_OUTCOMES: Final[Mapping[Outcome, Kind]] = {
    Outcome.AT_WORK: "now",
    Outcome.DONE: "done",
    Outcome.CAUGHT: "caught",
    Outcome.FAILED: "failed",
    Outcome.STOPPED: "stopped",
}


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How a state stands, and the words for it."""

    kind: Kind
    text: str


def utc(at: Instant) -> str:
    """A time as pictures write it when nobody says how: `2026-11-21 10:00 UTC`, with seconds if there are any."""
    return f"{format_instant(at)[:19].replace('T', ' ').removesuffix(':00')} UTC"


def marks(found: Iterable[Visit], execution: Execution | None = None, tell: Tell = utc) -> dict[str, Mark]:
    """By the names of states. *execution* knows what the history cannot: until when something waits."""
    made = {name: _of_visits(each) for name, each in by_state(found).items()}
    frames: dict[str, list[Frame]] = {}
    for frame in execution.frames.values() if execution else ():
        frames.setdefault(frame.state, []).append(frame)
    running = execution is not None and execution.status is Status.RUNNING
    for name, each in frames.items():
        if running:
            made[name] = _of_frames(each, tell)
        elif name not in made:  # Its history is not at hand.
            made[name] = Mark(kind="failed", text=(execution.error if execution else None) or "ended here")
    return made


def walked(found: Sequence[Visit]) -> Walked:
    """The ways that the run has gone."""
    before = {visit.id: (visit.state, visit.outcome is Outcome.CAUGHT) for visit in found}
    ways: list[tuple[str, str, bool]] = []
    for visit in found:
        source, caught = before.get(visit.after, ("", False))
        ways.append((source, visit.state, caught))
    return frozenset(ways)


def _of_visits(found: Sequence[Visit]) -> Mark:
    last = found[-1]
    at_work = [each for each in found if each.outcome is Outcome.AT_WORK]
    if at_work:
        return Mark(kind="now", text="at work" if len(at_work) == 1 else f"{len(at_work)} at work")
    ends = {outcome: sum(each.outcome is outcome for each in found) for outcome in Outcome}
    told = [_count(outcome.value, number) for outcome, number in ends.items() if number]
    if len(found) == 1:
        told = [_one(last)]
    worst = next((outcome for outcome in (Outcome.FAILED, Outcome.CAUGHT) if ends[outcome]), last.outcome)
    kind = _OUTCOMES[worst]
    return Mark(kind=kind, text=", ".join(told))


def _one(visit: Visit) -> str:
    text = visit.outcome.value
    if visit.error and visit.outcome in {Outcome.FAILED, Outcome.CAUGHT}:
        text = f"{text}: {visit.error}"
    if visit.items is not None:
        text = f"{text}, {_iterations(visit.succeeded, visit.items, visit.broken)}"
    elif visit.tries > 1:
        text = f"{text}, tried {_times(visit.tries)}"
    return text


def _count(text: str, number: int) -> str:
    return text if number == 1 else f"{text} {_times(number)}"


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"  # noqa: PLR2004 - the word for it.


def _iterations(done: int, total: int, failed: int, running: int = 0) -> str:
    text = f"{done} of {total} items done"
    text += f", {failed} failed" if failed else ""
    return text + (f", {running} at work" if running else "")


def _of_frames(frames: Sequence[Frame], tell: Tell) -> Mark:
    first = min(frames, key=lambda frame: frame.wake_at or frame.expires_at or 0)
    mark = _of_frame(first, tell)
    return mark if len(frames) == 1 else Mark(kind=mark.kind, text=f"{mark.text}, and {len(frames) - 1} more here")


def _of_frame(frame: Frame, tell: Tell) -> Mark:
    if frame.phase is Phase.WAIT and frame.wake_at is not None:
        return Mark(kind="waits", text=f"waits until {tell(frame.wake_at)}")
    if frame.phase is Phase.AGAIN and frame.wake_at is not None:
        return Mark(kind="waits", text=f"failed, tries again at {tell(frame.wake_at)}")
    if frame.phase is Phase.TASK and frame.token:
        until = f" until {tell(frame.expires_at)}" if frame.expires_at is not None else ""
        return Mark(kind="waits", text=f"waits for an answer{until}")
    if frame.work is not None and frame.work.items is not None:
        work = frame.work
        return Mark(
            kind="now", text=f"at work, {_iterations(work.done - work.failed, work.total, work.failed, work.running)}"
        )
    if frame.work is not None:
        return Mark(kind="now", text=f"at work, {frame.work.done} of {frame.work.total} branches done")
    return Mark(kind="now", text="at work")
