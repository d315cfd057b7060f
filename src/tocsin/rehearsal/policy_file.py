"""A policy from a file: steps with whom each one asks and how long it waits; then everyone, again and again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec

from tocsin.choosing.situation import Presence
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant
from tocsin.rehearsal.seeing import How, Move, Seen
from tocsin.rehearsal.team_file import contents, read
from tocsin.wiring.settings_kinds import Key, Many, Ref, Section, Span, Whole

ON_CALL: Final = "on-call"
NEXT: Final = "next"
LEAST: Final = "least-disturbed"
RANDOM: Final = "random-active"
HERE: Final = "here"
CHANNEL: Final = "channel"
EVERYONE: Final = "everyone"
WORDS: Final = (ON_CALL, NEXT, LEAST, RANDOM, HERE, CHANNEL, EVERYONE)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step."""

    ask: Annotated[
        str,
        Key(
            Ref("responder"),
            "`on-call` (or the first), `next` (who was not asked yet), `least-disturbed` (of those, with the fewest "
            "interruptions in 24 hours), `random-active`, `here`, `channel`, `everyone`, or a responder. A step that "
            "finds nobody is skipped.",
        ),
    ]
    wait: Annotated[Duration, Key(Span(most=DAY), "How long an answer is awaited.")] = 5 * MINUTE


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """A whole policy."""

    steps: Annotated[tuple[Step, ...], Key(Many(of=Section(Step), least=1), "The steps, the first one first.")]
    repeat: Annotated[int, Key(Whole(least=0, most=10), "How often the steps are walked again.")] = 0
    everyone_every: Annotated[Duration, Key(Span(most=DAY), "Then everyone is asked, this far apart.")] = 15 * MINUTE


class Written:
    """A policy that somebody wrote."""

    def __init__(self, steps: Steps) -> None:
        """It learns nothing."""
        self._steps = steps
        self._places: dict[int, int] = {}

    def answered(self, number: int, name: str, now: Instant) -> None:
        """It learns nothing."""

    def ended(self, number: int, now: Instant) -> None:
        """It learns nothing."""

    def move(self, seen: Seen) -> Move:
        """The next step that finds somebody."""
        place = self._places.get(seen.number, 0)
        steps = self._steps.steps
        while place < len(steps) * (self._steps.repeat + 1):
            step = steps[place % len(steps)]
            place += 1
            names = found(step.ask, seen)
            if names:
                self._places[seen.number] = place
                return Move(names, step.wait, {HERE: How.HERE, CHANNEL: How.CHANNEL}.get(step.ask, How.PAGE))
        self._places[seen.number] = place
        return Move(seen.members, self._steps.everyone_every)


def found(word: str, seen: Seen) -> tuple[str, ...]:
    """Whom a step asks."""
    asked = {page.name for page in seen.asked}
    fresh = tuple(name for name in seen.order if name not in asked)
    match word:
        case "on-call":
            return seen.order[:1]
        case "next":
            return fresh[:1]
        case "least-disturbed":
            return tuple(sorted(fresh, key=lambda name: seen.look(name).recent)[:1])
        case "random-active":
            active = tuple(name for name in fresh if seen.look(name).presence is Presence.ACTIVE)
            return (active[int(seen.chance * len(active))],) if active else ()
        case "here":
            return tuple(name for name in seen.members if seen.look(name).presence is Presence.ACTIVE)
        case "channel" | "everyone":
            return seen.members
        case _:
            return (word,) if word in seen.members else ()


def load(path: Path, responders: tuple[str, ...]) -> Steps:
    """The policy of the file at *path*, for a team of *responders*. Raises SettingsError."""
    steps = read(contents(path), str(path), Section(Steps), {"responder": (*WORDS, *responders)})
    assert isinstance(steps, Steps)
    return steps
