"""Questions of workflows in the store: asked, answered and withdrawn by deliveries, looked up and listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.approvals.machine import Answered, Approval, ApprovalMachine, Opened, Withdrawn, refusal
from tocsin.approvals.question import Question
from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.approvals.telling import people
from tocsin.engine.ports import ONCE, Aggregates, Delivery, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents.telling import utc_time
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_instant
from tocsin.wiring import channel_names, runs

CHANNEL: Final = channel_names.QUESTION
ELSEWHERE: Final = "states/"  # So begin the runs of others that wait for an answer: those of Step Functions.
COMMENT_MAX: Final = 1000  # Characters: a reason, not a report.
PAGE: Final = 200

_NAMED: Final = "question-"
_MACHINE: Final = ApprovalMachine()


class _Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    question: str = ""
    asked: Question | None = None
    answered: Answered | None = None
    withdrawn: bool = False
    run: str = ""
    task: str = ""
    why: str = ""
    by_run: bool = False


_DECODER: Final = msgspec.json.Decoder(_Told)


# ── Deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────
def asked(question: Question, once: str, now: Instant) -> Received:
    """The delivery that asks; its id is given when it is read. *once*: what all copies of it are called."""
    return _received(_Told(asked=question), once, now)


def answered(question: str, given: Answered, now: Instant, once: str = "") -> Received:
    """The delivery of somebody's answer."""
    return _received(_Told(question=question, answered=given), once, now)


def withdrawn(question: str, now: Instant) -> Received:
    """The delivery that says that nobody waits for an answer any more."""
    return _received(_Told(question=question, withdrawn=True), f"{question}/withdrawn", now)


def unwaited(run: str, task: str, why: str, now: Instant, *, by_run: bool = True) -> Received:
    """The delivery that says that *run* waits for its *task* no more, whether that has asked anything or not.

    *by_run*: see `Withdrawn`.
    """
    told = _Told(withdrawn=True, run=run, task=task, why=why, by_run=by_run)
    return _received(told, f"{_key(run, task)}/{'withdrawn' if by_run else 'given up'}", now)


def channels() -> Mapping[str, Callable[[Delivery], Interpretation]]:
    """What reads the channel CHANNEL."""
    return {CHANNEL: _interpret}


def _received(told: _Told, once: str, now: Instant) -> Received:
    head = f"{ONCE}: {once}".encode() if once else b""
    return Received(received_at=now, channel=CHANNEL, key="", head=head, body=json.encode(told))


def _interpret(delivery: Delivery) -> Interpretation:
    try:
        told = _DECODER.decode(delivery.body)
    except (msgspec.DecodeError, UnicodeError) as problem:
        return Interpretation((), f"nothing about a question: {problem}")
    name = f"{delivery.occurrence}/0"
    if told.asked is not None:
        fresh = f"{_NAMED}{delivery.id}"
        opened = Opened(question=replace(told.asked, id=fresh))
        keys = (_key(told.asked.run, told.asked.task),)
        addressed = Addressed(input_id=name, machine=_MACHINE.name, given=opened, keys=keys, fresh=fresh)
        return Interpretation((addressed,))
    if told.withdrawn and told.run:
        given_up = Withdrawn(why=told.why, by_run=told.by_run)
        keys = (_key(told.run, told.task),)
        return Interpretation((Addressed(input_id=name, machine=_MACHINE.name, given=given_up, keys=keys),))
    given = Withdrawn() if told.withdrawn else told.answered
    if given is None or not told.question:
        return Interpretation((), "nothing about a question")
    addressed = Addressed(input_id=name, machine=_MACHINE.name, given=given, aggregate=told.question)
    return Interpretation((addressed,))


def _key(run: str, task: str) -> str:
    """The correlation key of the question that a task asks."""
    return f"question/{run}/{task}"


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def is_question(name: str) -> bool:
    """Whether an aggregate of that id is a question."""
    return name.startswith(_NAMED)


def find(store: Aggregates, name: str) -> Approval | None:
    """One question by its id. Raises StoreUnavailableError."""
    stored = store.load([name]).get(name) if name else None
    return _MACHINE.decode(stored.state) if stored is not None and stored.machine == _MACHINE.name else None


def listed(store: Aggregates, *, live_only: bool = True, limit: int = PAGE) -> Iterator[Approval]:
    """The newest questions, at most *limit*; read page by page."""
    before: tuple[Instant, str] | None = None
    while limit > 0:
        page = store.listing(_MACHINE.name, live_only=live_only, limit=min(PAGE, limit), before=before)
        for row in page:
            approval = _MACHINE.decode(row.state)
            before = approval.asked_at, row.id
            yield approval
        limit -= len(page)
        if len(page) < PAGE:
            return


def abandoned(store: Aggregates, approval: Approval) -> bool:
    """Whether it is open, and its run does not wait for it any more. Raises StoreUnavailableError."""
    if approval.closed_at is not None or approval.question.run.startswith(ELSEWHERE):
        return False  # Whether somebody else's run still waits is found out when it is answered.
    run = runs.find(store, approval.question.run)
    return run is None or not run.awaits(approval.question.task)


def refused(approval: Approval, given: Answered) -> Reason | None:
    """Why an answer would change nothing: what the machine will say of it."""
    return refusal(approval, given)


def standing(approval: Approval) -> str:
    """How it stands, in a sentence."""
    question = approval.question
    if approval.closed_at is None:
        have = len(approval.answers)
        so_far = f", {have} of {question.needed} have agreed" if have else ""
        return f"It is open until {utc_time(question.deadline)}{so_far}."
    at = utc_time(approval.closed_at)
    late = f" That came too late, for {approval.withdrawn}." if approval.withdrawn else ""
    by = [each.by for each in approval.deciding]
    if approval.choice and by:
        return f"{people(question, by, 'and')} said {question.label(approval.choice)!r} at {at}.{late}"
    if approval.choice:
        return f"Nobody has decided by {at}, so it counts as {question.label(approval.choice)!r}.{late}"
    return f"Nobody has decided by {at}." if approval.overdue else f"It was withdrawn at {at}, for {approval.unwaited}."


def document(approval: Approval) -> dict[str, Json]:
    """A question for programs."""
    question = approval.question
    return {
        "id": question.id,
        "title": question.title,
        "text": question.text,
        "run": question.run,
        "workflow": question.workflow,
        "choices": [{"value": each.value, "label": each.label} for each in question.choices],
        "approvers": list(question.approvers),
        "needed": question.needed,
        "comment": question.comment,
        "asked_at": format_instant(approval.asked_at),
        "deadline": format_instant(question.deadline),
        "otherwise": question.otherwise,
        "open": approval.closed_at is None,
        "choice": approval.choice,
        "withdrawn": approval.unwaited,
        "closed_at": None if approval.closed_at is None else format_instant(approval.closed_at),
        "answers": [
            {"by": each.by, "choice": each.choice, "comment": each.comment, "at": format_instant(each.at)}
            for each in approval.answers
        ],
    }
