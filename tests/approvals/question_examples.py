"""One question, and what can be told to its machine."""

from __future__ import annotations

from typing import Any

from tocsin.approvals.machine import Answered, Approval, ApprovalMachine, Opened
from tocsin.approvals.question import Choice, Question
from tocsin.kernel.machine import Decision, Effect, Tick
from tocsin.kernel.time import HOUR, Instant, parse_instant

MACHINE = ApprovalMachine()
NOW: Instant = parse_instant("2026-11-27T10:00Z") or 0
CHOICES = (
    Choice(value="approve", label="Go on", style="good"),
    Choice(value="reject", label="Stop here", style="bad"),
)
QUESTION = Question(
    id="question-7",
    title="May shop go on?",
    text="It waits in its stage prod.\n\nTests are green.",
    run="run-3",
    task="t-1",
    workflow="deploy",
    choices=CHOICES,
    approvers=("ada", "bo", "cy"),
    rooms=("team:ops",),
    names={"bo": "Bo B"},
    deadline=NOW + 2 * HOUR,
    otherwise="reject",
)


def question(**more: Any) -> Question:  # noqa: ANN401 - the fields of Question.
    return Question(**({name: getattr(QUESTION, name) for name in QUESTION.__struct_fields__} | more))


def opened(**more: Any) -> Approval:  # noqa: ANN401 - the fields of Question.
    state = MACHINE.decide(None, Opened(question=question(**more)), NOW).state
    assert state
    return state


def answer(
    state: Approval | None, by: str, choice: str = "approve", comment: str = "", after: int = 1
) -> Decision[Approval]:
    return MACHINE.decide(state, Answered(by=by, choice=choice, comment=comment), NOW + after)


def tick(state: Approval | None, after: int) -> Decision[Approval]:
    return MACHINE.decide(state, Tick(), NOW + after)


def state_of(decision: Decision[Approval]) -> Approval:
    assert decision.state
    return decision.state


def told(effects: tuple[Effect, ...]) -> list[str]:
    """Who reads what, in one line each."""
    return [
        f"{effect.receiver}: {' | '.join([effect.facts['title'], *effect.facts['lines']])}"
        for effect in effects
        if effect.kind == "announce"
    ]


def to_run(decision: Decision[Approval]) -> dict[str, Any] | None:
    """What the run's task is told."""
    found = [effect.facts for effect in decision.effects if effect.kind == "answer"]
    assert len(found) <= 1
    return found[0] if found else None
