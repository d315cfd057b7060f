"""An escalation policy as a picture: boxes from top to bottom, and how long an answer is awaited between them.

It is laid out here, in units of a CSS pixel, and drawn by the template; the list in words beside it says the same. Of
a target nothing is known but what `ladder.label` calls it, so that every target that a policy may have can be drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from tocsin.incidents import ladder
from tocsin.incidents.duty import OnDuty
from tocsin.incidents.policy import ALL, SCHEDULE, Policy, Step
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import Instant, format_duration
from tocsin.web.console.outlook import Coming, receiver
from tocsin.web.console.step_words import terms, waits

WIDTH: Final = 340  # It fits on a small phone as it is, so that its letters are never small.
LINE: Final = 19
LETTERS: Final = 33  # Of a line in a box: what fits at this width, with broad letters.
MARK_LETTERS: Final = 28  # Of a line in bold, which is broader.
NAME_LETTERS: Final = 24  # Of whoever is asked, where it says when.
LINES_MAX: Final = 7  # Of the people in one box; the list in words has all of them.

_RESPONDER: Final = ladder.responder("")
_ROOM: Final = ladder.room("")
_LEFT: Final = 12
_RIGHT: Final = 288  # Boxes end here; beside them there is room for the way back.
_PAD: Final = 10
_EDGE: Final = 42
_TOP: Final = 8

Tell: TypeAlias = Callable[[str], str]
"""What a receiver is called."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of text; *at*: the instant that it ends with, which is written by the template."""

    y: int
    text: str
    kind: str = ""
    at: Instant | None = None


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A step. *state*: `now` for the one that is asked, `next`, `past`, or empty; *last*: the last resort."""

    y: int
    height: int
    lines: tuple[Line, ...]
    state: str = ""
    last: bool = False


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """The way from a box to the one below it, and what must pass before."""

    y: int
    until: int
    label: str


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """What the list says of a step; *at*: as of a Line."""

    text: str
    at: Instant | None = None


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. *again*: from where to where the ladder is walked again, and how often; *words*: the list."""

    name: str
    width: int
    height: int
    left: int
    right: int
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    words: tuple[Sentence, ...]
    again: tuple[int, int] | None = None
    again_label: str = ""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What an incident says about a step: *state* as of a Box, and the words for it; *at*: when it will be so."""

    state: str
    text: str
    at: Instant | None = None


def picture(
    policy: Policy, names: Mapping[str, str], on_duty: OnDuty, now: Instant, marks: Mapping[int, Mark] | None = None
) -> Picture:
    """*policy* as it is at *now*; *marks* by the place of the step, the last resort behind all others."""
    steps = (*policy.steps, Step(policy.everyone, policy.everyone_delay))
    last = len(policy.steps)
    boxes: list[Box] = []
    edges: list[Edge] = []
    words: list[Sentence] = []
    y = _TOP
    for place, step in enumerate(steps):
        title = "Last resort" if place == last else f"Step {place + 1}"
        told = [_told(target, names, on_duty, now) for target in step.targets] or [("nobody", "")]
        mark = (marks or {}).get(place)
        conditions = [] if place == last else terms(policy, step)
        box = _box(y, title, told, mark, conditions, last=place == last)
        boxes.append(box)
        words.append(_words(title, told, [*conditions, _waiting(policy, place, step)], mark))
        y += box.height
        if place < last:
            edges.append(Edge(y=y, until=y + _EDGE, label=waits(step)))
            y += _EDGE
    if policy.acknowledgements > 1:
        words.append(Sentence(text=f"{policy.acknowledgements} people must acknowledge"))
    return Picture(
        name=policy.name,
        width=WIDTH,
        height=y + _TOP,
        left=_LEFT,
        right=_RIGHT,
        boxes=tuple(boxes),
        edges=tuple(edges),
        words=tuple(words),
        again=(_middle(boxes[last - 1]), _middle(boxes[0])) if policy.repeat else None,
        again_label=_times(policy.repeat),
    )


def marks(state: Incident, ahead: Sequence[Coming], names: Mapping[str, str]) -> Mapping[int, Mark]:
    """What *state* says about the steps of its policy: which one is asked, and when others will be."""
    found: dict[int, Mark] = {}
    policy = state.plan.policy
    position = state.rung - state.base
    place = _place(policy, position)
    if state.status is Status.TRIGGERED and place is not None and _in_turn(policy.step(position), state.asked):
        for earlier in range(place):
            found[earlier] = Mark(state="past", text="is over")
        found[place] = Mark(state="now", text=f"asks {_who(state.asked, names)} now{_round(policy, position)}")
    for each in ahead:
        place = None if each.position is None else _place(policy, each.position)
        if place is not None and found.get(place, Mark(state="past", text="")).state == "past":
            found[place] = Mark(state="next", text=f"asks {_who(each.asked, names)}", at=each.at)
    return found


def _in_turn(step: Step, asked: Sequence[str]) -> bool:
    """Whether *asked* can be those of *step*: not if it names others only, and the step was interrupted for them."""
    named = all(target.startswith((_RESPONDER, _ROOM)) for target in step.targets)
    return bool(asked) and not (named and set(asked).isdisjoint(step.targets))


def _who(asked: Sequence[str], names: Mapping[str, str]) -> str:
    called = receiver(asked[0], names) if asked else "nobody"
    more = f" and {len(asked) - 1} more" if len(asked) > 1 else ""
    return textwrap.shorten(called, NAME_LETTERS, placeholder="…") + more


def _place(policy: Policy, position: int) -> int | None:
    """The place in the picture of a position on the ladder; None for whoever is asked out of turn."""
    if position < 0:
        return None
    return len(policy.steps) if policy.is_last(position) else position % len(policy.steps)


def _round(policy: Policy, position: int) -> str:
    if not policy.repeat or policy.is_last(position):
        return ""
    return f", round {position // len(policy.steps) + 1} of {policy.repeat + 1}"


def _told(target: str, names: Mapping[str, str], on_duty: OnDuty, now: Instant) -> tuple[str, str]:
    """What a target is called, and for whom it stands now if it is not a person or a team itself."""
    if not target.startswith(SCHEDULE):
        return receiver(target, names), ""
    called = ladder.label(target)
    if target.endswith(ALL):
        called = f"all who take turns in {target.removeprefix(SCHEDULE).removesuffix(ALL)}"
    people = [receiver(each, names) for each in on_duty(target, now)]
    return called, f"at present {', '.join(people)}" if people else "at present nobody: it is left out"


def _box(
    y: int, title: str, told: Sequence[tuple[str, str]], mark: Mark | None, conditions: Sequence[str], *, last: bool
) -> Box:
    rows = [(title, "title")]
    people = [
        (line, kind)
        for target, stands in told
        for text, kind in ((target, "target"), (stands, "stands"))
        for line in textwrap.wrap(text, LETTERS)
    ]
    rows += people[:LINES_MAX]
    if len(people) > LINES_MAX:
        rows.append(("and more, see the list", "stands"))
    rows += [(line, "stands") for text in conditions for line in textwrap.wrap(text, LETTERS)]
    lines = [Line(y=y + _PAD + LINE * place + 12, text=text, kind=kind) for place, (text, kind) in enumerate(rows)]
    if mark:
        said = [(text, None) for text in textwrap.wrap(mark.text, MARK_LETTERS)]
        for text, at in said if mark.at is None else (*said, ("at", mark.at)):
            lines.append(Line(y=y + _PAD + LINE * len(lines) + 12, text=text, kind="mark", at=at))
    return Box(
        y=y, height=2 * _PAD + LINE * len(lines), lines=tuple(lines), state=mark.state if mark else "", last=last
    )


def _words(title: str, told: Sequence[tuple[str, str]], waiting: Sequence[str], mark: Mark | None) -> Sentence:
    people = ", ".join(f"{target} ({stands})" if stands else target for target, stands in told)
    said = "" if mark is None else f"; {mark.text}" if mark.at is None else f"; {mark.text} at"
    return Sentence(text=f"{title}: {people}; {'; '.join(waiting)}{said}", at=mark.at if mark else None)


def _waiting(policy: Policy, place: int, step: Step) -> str:
    if place == len(policy.steps):
        return f"asked again every {format_duration(step.delay)}, until somebody answers"
    if place == len(policy.steps) - 1 and policy.repeat:
        return f"{waits(step)}: the ladder begins again, {_times(policy.repeat)}"
    return f"{waits(step)}: the next step is asked"


def _times(repeat: int) -> str:
    return "once more" if repeat == 1 else f"{repeat} more times"


def _middle(box: Box) -> int:
    return box.y + box.height // 2
