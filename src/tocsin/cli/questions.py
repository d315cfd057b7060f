"""`tocsin workflow questions|answer`: what workflows ask of people, and the answers to it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from typing import Final

from tocsin.approvals.machine import Answered, Approval
from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.approvals.telling import otherwise, people, refused, rule
from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.claim import is_claimed
from tocsin.cli.incidents import login_name, wait
from tocsin.cli.printing import fields, plain, say, say_json, table
from tocsin.errors import TocsinError
from tocsin.kernel.time import Instant, format_duration, format_instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring import questions
from tocsin.wiring.clock import SystemClock

_HEAD: Final = ("QUESTION", "RUN", "LEFT", "ANSWERS", "TITLE")
_CODES: Final[Mapping[Reason, str]] = {
    Reason.DECIDED_BEFORE: "question-decided",
    Reason.NOT_ASKED: "question-foreign",
    Reason.OWN_RUN: "question-own-run",
    Reason.UNKNOWN_CHOICE: "question-choice-unknown",
    Reason.ANSWERED_BEFORE: "question-answered",
    Reason.COMMENT_MISSING: "question-comment-missing",
    Reason.WITHDRAWN: "question-withdrawn",
}


def show(given: argparse.Namespace) -> int:
    """List the open questions, or with `--all` the newest ones, or show those that are named. Raises TocsinError."""
    with open_store(given.db) as store:
        if given.path:
            found = [_find(store, name) for name in given.path]
        elif given.all:
            found = list(questions.listed(store, live_only=False, limit=given.limit))
        else:
            found = [each for each in questions.listed(store) if not questions.abandoned(store, each)][: given.limit]
    if given.json:
        say_json([questions.document(each) for each in found])
    elif given.path:
        for each in found:
            _tell(each)
    elif not found:
        say("no questions\n" if given.all else "no open questions\n")
    else:
        now = SystemClock()()
        for line in table(_HEAD, (_cells(each, now) for each in found)):
            say(line)
    return 0


def answer(given: argparse.Namespace) -> int:
    """Answer a question as `--by`. Raises TocsinError."""
    if len(given.path) != 2:  # noqa: PLR2004 - the question and the choice.
        raise TocsinError("workflow-answer", "answer takes a question and a choice: answer question-57 approve")
    settings, now = read_settings(given.config, given.db), SystemClock()()
    name, choice = given.path
    if given.by and given.by not in settings.responders:
        raise unknown("responder", given.by, settings.responders)
    told = Answered(by=given.by or login_name(), choice=choice, comment=given.comment[: questions.COMMENT_MAX])
    with open_store(given.db) as store:
        approval = _find(store, name)
        why = questions.refused(approval, told)
        if why is None and questions.abandoned(store, approval):
            store.accept([questions.withdrawn(name, now)])
            why = Reason.WITHDRAWN
        if why is not None:
            raise TocsinError(_CODES[why], _refused(approval, why))
        (delivery,) = store.accept([questions.answered(name, told, now)])
        if is_claimed(given.db) and wait(store, f"{delivery}/0"):
            after = _find(store, name)
            if given.json:
                say_json(questions.document(after))
            else:
                say(f"{plain(questions.standing(after))}\n")
            return 0
    if given.json:
        say_json({"id": name, "open": True, "pending": True})
    sys.stderr.write("It is stored, and counts when `tocsin serve` runs.\n")
    return 0


def _refused(approval: Approval, why: Reason) -> str:
    question = approval.question
    match why:
        case Reason.DECIDED_BEFORE:
            return f"{question.id} is closed: {questions.standing(approval)}"
        case Reason.UNKNOWN_CHOICE:
            return f"{question.id} has no such answer; there are: {', '.join(each.value for each in question.choices)}"
        case Reason.NOT_ASKED:
            return f"{question.id} asks {people(question, question.approvers)}; say who you are with --by"
        case _:
            return refused(why)


def _find(store: SqliteStore, name: str) -> Approval:
    found = questions.find(store, name)
    if found is None:
        message = f"there is no question {name[:100]!r}; `tocsin workflow questions` lists them"
        raise TocsinError("question-unknown", message)
    return found


def _cells(found: Approval, now: Instant) -> tuple[str, ...]:
    question = found.question
    return (
        question.id,
        f"{question.workflow} {question.run}".strip(),
        _left(found, now),
        f"{len(found.answers)} of {question.needed}",
        plain(question.title),
    )


def _left(found: Approval, now: Instant) -> str:
    """How long it can be answered, or how it has ended."""
    left = found.question.deadline - now
    if found.closed_at is None:
        return format_duration(left) if left > 0 else "over"
    return "withdrawn" if found.unwaited else "decided" if found.choice else "unanswered"


def _tell(found: Approval) -> None:
    question = found.question
    rows = [
        ("question", question.id),
        ("title", question.title),
        ("text", question.text),
        ("answers", ", ".join(f"{each.value} ({each.label})" for each in question.choices)),
        ("rule", rule(question)),
        ("otherwise", otherwise(question)),
        ("run", f"{question.run} {question.workflow}".strip()),
        ("asked", format_instant(found.asked_at)),
        ("standing", questions.standing(found)),
    ]
    rows += [
        (each.by, f"{question.label(each.choice)} at {format_instant(each.at)} {each.comment}".strip())
        for each in found.answers
    ]
    say(fields(rows))
