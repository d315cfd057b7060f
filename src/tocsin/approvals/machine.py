"""The approval machine: one question that a workflow asks of people, from asking to the answer.

    Opened ──► open ──answers, enough of them──► decided ──► the run's task has its answer
                │ ▲                                ▲
         reminders┘ └──deadline: a choice is taken─┤
                │                                  │
                ├──deadline: nothing is taken──► the run's task fails
                └──its run waits no more──► withdrawn

The first of its choices is what needs people to agree: as many as the question says. Any other decides at once. Once it
is decided, it is locked: later answers are told so and change nothing. An answer that comes after the deadline but
before the deadline was acted on counts: lateness is a decision. A run that waits no more says so once; if an answer has
decided the question just then, that stays on record, and everybody reads that it came too late. Who may answer is
decided by one function, `may`, when people are asked, when somebody presses, and here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from tocsin.approvals import telling
from tocsin.approvals.question import Question, asked, may
from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.executions.receivers import ANSWER
from tocsin.incidents.ladder import label, responder
from tocsin.incidents.telling import one_line
from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE, KEPT, REPLACES, SILENTLY, Announcement
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import Instant, format_instant

NOT_ANSWERED: Final = "Tocsin.NotAnswered"  # The error of a task whose question nobody has answered in time.
REMINDERS_MAX: Final = 12  # Who was reminded so often knows it.
WHY_MAX: Final = 300  # Characters of why a question is withdrawn: whoever stops a run may write a sentence about it.
OVER: Final = "its run waits for it no more"

_ASKS: Final = "asks"  # The fact of an effect that is pointless once its receiver has answered.


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A run asks."""

    question: Question


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody answers."""

    by: str
    choice: str
    comment: str = ""


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody waits for an answer any more. *why* ends a sentence that goes on with `for`.

    *by_run*: the run has said so. Then an answer that was given before has not reached it either; otherwise somebody
    has only seen that the run does not wait, perhaps since it has its answer.
    """

    why: str = ""
    by_run: bool = False


ApprovalInput: TypeAlias = Opened | Answered | Withdrawn | Tick


class Given(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer that counts."""

    by: str
    choice: str
    at: Instant
    comment: str = ""


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state. *choice*: what was decided; empty while it is open, and where the deadline or the run's end closed it.

    *closed_at*: since when it is locked. *overdue*: the deadline has closed it. *withdrawn*: why nobody waited for its
    answer any more.
    """

    question: Question
    asked_at: Instant
    remind_at: Instant | None = None
    reminders: int = 0
    answers: tuple[Given, ...] = ()
    choice: str = ""
    closed_at: Instant | None = None
    overdue: bool = False
    withdrawn: str = ""

    @property
    def unwaited(self) -> str:
        """Why nobody waited for its answer any more, also where older versions have closed it; else empty."""
        closed_so = self.closed_at is not None and not self.choice and not self.overdue
        return self.withdrawn or (OVER if closed_so else "")

    @property
    def deciding(self) -> tuple[Given, ...]:
        """The answers that have decided; none where the deadline has."""
        return () if self.overdue else tuple(each for each in self.answers if each.choice == self.choice)


_Decision: TypeAlias = Decision[Approval]
_DECODER: Final = msgspec.json.Decoder(Approval)


class ApprovalMachine:
    """See the module's essay."""

    name = "approval"

    def decide(self, state: Approval | None, given: ApprovalInput, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        if state is None:
            return _open(given.question, now) if isinstance(given, Opened) else Decision(None, Reason.UNKNOWN)
        match given:
            case Opened():
                return Decision(state, Reason.ASKED_BEFORE)
            case Answered():
                return _answer(state, given, now)
            case Withdrawn():
                return _withdraw(state, given, now)
            case _:
                return _tick(state, now)

    def answers(self, state: Approval, given: ApprovalInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """A task asks one question."""
        return True

    def wanted(self, state: Approval, effect: Effect) -> bool:
        """Nobody is asked what is decided, or what they have answered."""
        if not effect.facts.get(_ASKS):
            return True
        return state.closed_at is None and label(effect.receiver) not in {each.by for each in state.answers}

    def standing(self, state: Approval) -> Standing:
        """It is due at its deadline at the latest."""
        due = None if state.closed_at is not None else _due(state)
        return Standing(wake_at=due, live=due is not None, owes=due is not None, rank=state.asked_at)

    def encode(self, state: Approval) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Approval:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def refusal(state: Approval, given: Answered) -> Reason | None:
    """Why an answer changes nothing; None: it counts."""
    if state.closed_at is not None:
        return Reason.DECIDED_BEFORE
    refused = may(state.question, given.by, given.choice)
    if refused is not None:
        return refused
    if any(each.by == given.by and each.choice == given.choice for each in state.answers):
        return Reason.ANSWERED_BEFORE
    return Reason.COMMENT_MISSING if state.question.comment and not given.comment.strip() else None


def _open(question: Question, now: Instant) -> _Decision:
    every = question.remind_every
    after = Approval(question=question, asked_at=now, remind_at=now + every if every else None)
    receivers = (*question.rooms, *map(responder, asked(question)))
    effects = _told(receivers, telling.asks(question), asks=True)
    return Decision(after, Reason.ASKED, effects, f"asked {telling.people(question, asked(question))}")


def _answer(state: Approval, given: Answered, now: Instant) -> _Decision:
    refused = refusal(state, given)
    if refused is not None:
        return Decision(state, refused)
    question = state.question
    comment = given.comment.strip()
    answers = (*state.answers, Given(by=given.by, choice=given.choice, at=now, comment=comment))
    story = f"{question.name(given.by)}: {question.label(given.choice)}"
    first = given.choice == question.choices[0].value
    if first and len(answers) < question.needed:
        after = replace(state, answers=answers)
        effects = _told(question.rooms, telling.counts(question, given.by, given.choice, len(answers)))
        return Decision(after, Reason.COUNTED, effects, f"{story} ({len(answers)} of {question.needed})")
    after = replace(state, answers=answers, choice=given.choice, closed_at=now)
    return Decision(after, Reason.DECIDED, _decided(after, now), story)


def _tick(state: Approval, now: Instant) -> _Decision:
    if state.closed_at is not None or _due(state) > now:
        return Decision(state, Reason.NOT_DUE)
    question = state.question
    if now < question.deadline:
        return _remind(state, now)
    after = replace(state, closed_at=now, choice=question.otherwise, overdue=True)
    if question.otherwise:
        story = f"nobody has decided in time: {question.label(question.otherwise)}"
        return Decision(after, Reason.DEADLINE_DECIDED, _decided(after, now), story)
    cause = f"Nobody has decided {question.id} by {format_instant(question.deadline)}."
    effects = (
        _to_run(question, {"error": NOT_ANSWERED, "cause": cause}),
        *_closed(question, telling.unanswered(question)),
    )
    return Decision(after, Reason.NOT_ANSWERED, effects, "nobody has decided in time: the task fails")


def _remind(state: Approval, now: Instant) -> _Decision:
    question, count = state.question, state.reminders + 1
    again = now + question.remind_every if count < REMINDERS_MAX else None
    after = replace(state, reminders=count, remind_at=again)
    have = {each.by for each in state.answers}
    receivers = tuple(responder(who) for who in asked(question) if who not in have)
    effects = _told(receivers, telling.asks(question, again=True), asks=True)
    return Decision(after, Reason.REMINDED, effects, "reminded")


def _withdraw(state: Approval, given: Withdrawn, now: Instant) -> _Decision:
    question, why = state.question, one_line(given.why, WHY_MAX) or OVER
    if state.closed_at is None:
        effects = _closed(question, telling.withdrawn(question, why))
        return Decision(replace(state, closed_at=now, withdrawn=why), Reason.WITHDRAWN, effects, f"withdrawn: {why}")
    if not given.by_run or not state.choice or state.withdrawn:
        return Decision(state, Reason.DECIDED_BEFORE)
    by = [each.by for each in state.deciding]
    told = telling.too_late(question, state.choice, by, state.closed_at, why)
    effects = _closed(question, told, aloud=[responder(who) for who in by])
    return Decision(replace(state, withdrawn=why), Reason.TOO_LATE, effects, f"came too late: {why}")


def _decided(state: Approval, now: Instant) -> tuple[Effect, ...]:
    question, by = state.question, [each.by for each in state.deciding]
    comment = "\n".join(each.comment for each in state.deciding if each.comment)
    output: dict[str, Json] = {"choice": state.choice, "by": list(by), "comment": comment, "at": format_instant(now)}
    told = telling.decided(question, state.choice, by, now, comment)
    return (_to_run(question, {"output": output}), *_closed(question, told))


def _due(state: Approval) -> Instant:
    deadline = state.question.deadline
    return deadline if state.remind_at is None else min(deadline, state.remind_at)


def _closed(question: Question, what: Announcement, *, aloud: Sequence[str] = ()) -> tuple[Effect, ...]:
    """The end of a question, in place of it: rooms and *aloud* hear it, no message of it has buttons any more."""
    hear = {*question.rooms, *aloud}
    receivers = (*question.rooms, *map(responder, asked(question)), *aloud)
    return tuple(
        Effect(receiver=name, kind=ANNOUNCE, facts=what.facts() | {REPLACES: "aloud" if name in hear else SILENTLY})
        for name in dict.fromkeys(receivers)
    )


def _to_run(question: Question, answer: dict[str, Json]) -> Effect:
    """The answer of the task that asks, which the transport of tasks stores for its run."""
    facts: dict[str, Json] = {"run": question.run, "task": question.task, **answer}
    return Effect(receiver=f"task:question/{question.run}/{question.task}", kind=ANSWER, facts=facts)


def _told(receivers: tuple[str, ...], what: Announcement, *, asks: bool = False) -> tuple[Effect, ...]:
    facts = what.facts() | ({_ASKS: True, KEPT: True} if asks else {})
    return tuple(Effect(receiver=name, kind=ANNOUNCE, facts=facts) for name in dict.fromkeys(receivers))
