"""Answers to the questions of workflows: a press, or a form where the question asks for a comment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import msgspec

from tocsin.approvals.machine import Answered, Approval
from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.approvals.telling import ANSWER, refused
from tocsin.conversing.replies import Ask, Corrections, Reply
from tocsin.conversing.wishes import Filled, Pressed
from tocsin.incidents.telling import one_line
from tocsin.kernel.time import Instant
from tocsin.saying.forms import Form, Words
from tocsin.saying.message import Paragraph
from tocsin.saying.text import bold
from tocsin.wiring import questions
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import LATER, OLD, new_once, text, word

FORM: Final = "answer"
COMMENT: Final = "comment"

_GONE: Final = "There is no such question any more."
_COUNTS: Final[Mapping[str, str]] = {
    Reason.DECIDED: "Thank you! That is decided, and the run is told.",
    Reason.COUNTED: "Thank you! Your answer counts; it waits for others.",
}


class _Carried(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of the form. *once*: a word that no other form has: sent again and again, it counts once."""

    once: str
    q: str
    c: str


def pressed(desk: Desk) -> Mapping[str, Callable[[Pressed], Reply]]:
    """`answer` carries `q`, the question, and `c`, the choice."""
    return {ANSWER: partial(_press, desk)}


def filled(desk: Desk) -> Mapping[str, Callable[[Filled], Reply]]:
    """By the form's name."""
    return {FORM: partial(_fill, desk)}


def _press(desk: Desk, wish: Pressed) -> Reply:
    name, choice = word(wish.value, "q"), word(wish.value, "c")
    approval = questions.find(desk.store, name)
    if approval is None:
        return plain_answer(_GONE)
    given = Answered(by=wish.by.responder, choice=choice)
    why = _why_not(desk, approval, given)
    if why is Reason.COMMENT_MISSING:
        return Ask(_form(approval, choice))
    return plain_answer(_told(approval, why)) if why is not None else _answer(desk, approval, given, wish.at)


def _fill(desk: Desk, wish: Filled) -> Reply:
    try:
        facts = msgspec.convert(dict(wish.facts), _Carried)
    except msgspec.ValidationError:
        return plain_answer(OLD)
    approval = questions.find(desk.store, facts.q)
    if approval is None:
        return plain_answer(_GONE)
    comment = text(wish, COMMENT)
    if not comment:
        return Corrections({COMMENT: "Write a word or two."})
    if len(comment) > questions.COMMENT_MAX:
        return Corrections({COMMENT: f"These are {len(comment)} characters; {questions.COMMENT_MAX} are possible."})
    given = Answered(by=wish.by.responder, choice=facts.c, comment=comment)
    why = _why_not(desk, approval, given)
    once = f"{approval.question.id}/{facts.once}"
    return plain_answer(_told(approval, why)) if why is not None else _answer(desk, approval, given, wish.at, once)


def _why_not(desk: Desk, approval: Approval, given: Answered) -> Reason | None:
    why = questions.refused(approval, given)
    if why in {None, Reason.COMMENT_MISSING} and questions.abandoned(desk.store, approval):
        desk.do(questions.withdrawn(approval.question.id, desk.clock()))
        return Reason.WITHDRAWN
    return why


def _answer(desk: Desk, approval: Approval, given: Answered, at: Instant, once: str = "") -> Reply:
    """Stored durably; the machine decides."""
    handled = desk.do(questions.answered(approval.question.id, given, at, once))
    if not handled:
        return plain_answer(LATER)
    after = questions.find(desk.store, approval.question.id) or approval
    return plain_answer(_COUNTS.get(handled[0].reason) or _told(after, handled[0].reason))


def _told(approval: Approval, why: str) -> str:
    if why == Reason.DECIDED_BEFORE:
        return f"Nothing has changed. {questions.standing(approval)}"
    return refused(Reason(why)) if why in set(Reason) else f"Nothing has changed: {why}."


def _form(approval: Approval, choice: str) -> Form:
    question = approval.question
    words = Words(
        name=COMMENT,
        label="Comment",
        hint="It stands beside your answer, for all who are asked and for the workflow.",
        most=questions.COMMENT_MAX,
        lines=True,
    )
    label = one_line(question.label(choice), 24)
    return Form(
        name=FORM,
        title=label,
        submit=label,
        fields=(words,),
        intro=(Paragraph(bold(question.title)),),
        facts={"once": new_once(), "q": question.id, "c": choice},
    )
