"""What people read of a question: that it asks, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.approvals.question import Question, asked
from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.incidents.telling import utc_time
from tocsin.kernel.announcement import Announcement, Offer
from tocsin.kernel.time import Instant

ANSWER: Final = "answer"  # The verb of its buttons; they carry `q`, the question, and `c`, the choice.

_STYLES: Final = {"good": "primary", "bad": "danger"}
_PEOPLE_MAX: Final = 5

_REFUSALS: Final = {
    Reason.ANSWERED_BEFORE: "You have answered so already; it waits for others.",
    Reason.NOT_ASKED: "This question does not ask you, so your answer cannot count.",
    Reason.OWN_RUN: "You have started this run yourself; somebody else must say that.",
    Reason.UNKNOWN_CHOICE: "This question has no such answer.",
    Reason.COMMENT_MISSING: "This question wants a comment with the answer.",
    Reason.WITHDRAWN: "The run that has asked waits for no answer any more.",
    Reason.UNKNOWN: "There is no such question.",
}


def refused(reason: Reason) -> str:
    """What whoever has answered is told whose answer changes nothing."""
    return _REFUSALS.get(reason, f"Nothing has changed: {reason}.")


def asks(question: Question, *, again: bool = False) -> Announcement:
    """The question, with its buttons; *again*: as a reminder."""
    example = question.choices[0].value
    comment = " --comment TEXT" if question.comment else ""
    lines = (
        *(line.strip() for line in question.text.splitlines()),
        rule(question),
        otherwise(question),
        _origin(question),
        f"In a terminal: tocsin workflow answer {question.id} {example} --by YOU{comment}",
    )
    offers = tuple(
        Offer(
            verb=ANSWER,
            label=each.label,
            value={"q": question.id, "c": each.value},
            style=_STYLES.get(each.style, ""),
            opens=question.comment,
        )
        for each in question.choices
    )
    title = f"Still waiting: {question.title}" if again else question.title
    return Announcement(title, tuple(filter(None, lines)), offers)


def rule(question: Question) -> str:
    """Who may answer, and how many must."""
    who, others = asked(question), [each.label for each in question.choices[1:]]
    if question.needed <= 1:
        return f"{people(question, who)} can answer."
    first = question.choices[0].label
    alone = f" One {' or '.join(repr(each) for each in others)} decides at once." if others else ""
    return f"{question.needed} of {people(question, who, 'and')} must say {first!r}.{alone}"


def otherwise(question: Question) -> str:
    """What happens at the deadline."""
    when = utc_time(question.deadline)
    if question.otherwise:
        return f"If it is not decided by {when}, it counts as {question.label(question.otherwise)!r}."
    return f"If it is not decided by {when}, the run is told that nobody has answered."


def counts(question: Question, by: str, choice: str, count: int) -> Announcement:
    """An answer counts, and more are needed."""
    line = f"{question.name(by)} says {question.label(choice)!r}: {count} of {question.needed}."
    return Announcement(question.title, (line,))


def decided(question: Question, choice: str, by: Sequence[str], at: Instant, comment: str) -> Announcement:
    """It is decided; the run goes on."""
    label = question.label(choice)
    if not by:
        line = f"Nobody has decided by {utc_time(at)}, so it counts as {label!r}."
        return Announcement(f"{question.title} {label}", (line,))
    line = f"{people(question, by, 'and')} said {label!r} at {utc_time(at)}."
    return Announcement(f"{question.title} {label}", (line, *([f"Comment: {comment}"] if comment else [])))


def unanswered(question: Question) -> Announcement:
    """The deadline has passed, and nothing is taken for an answer."""
    line = f"Nobody has decided by {utc_time(question.deadline)}; the run is told so, and does what it does then."
    return Announcement(f"Not answered: {question.title}", (line,))


def withdrawn(question: Question, why: str) -> Announcement:
    """Nobody needs an answer any more; *why* ends a sentence that goes on with `for`."""
    return Announcement(f"No answer is needed: {question.title}", (f"The question is withdrawn, for {why}.",))


def too_late(question: Question, choice: str, by: Sequence[str], at: Instant, why: str) -> Announcement:
    """It was decided, and that has not reached the run."""
    said = f"{people(question, by, 'and')} said" if by else "The deadline took"
    line = f"{said} {question.label(choice)!r} at {utc_time(at)}; that came too late, for {why}."
    return Announcement(f"Too late: {question.title}", (line,))


def people(question: Question, who: Sequence[str], last: str = "or") -> str:
    """`ada, bo or cy`."""
    names = [question.name(each) for each in who[:_PEOPLE_MAX]]
    if hidden := len(who) - len(names):
        names.append(f"{hidden} more")
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), *names[-1:]))) or "nobody"


def _origin(question: Question) -> str:
    run = f"the workflow {question.workflow} ({question.run})" if question.workflow else question.run
    started = f", which {question.name(question.started_by)} has started" if question.started_by else ""
    return f"Asked by {run}{started}."
