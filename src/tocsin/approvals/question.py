"""A question, and who may give which answer to it: the one rule for asking, for pressing and for deciding."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.kernel.time import Duration, Instant


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One of the answers. *style*: `good`, `bad` or empty."""

    value: str
    label: str
    style: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked, fixed when it is: *approvers* and *names* are responders as they were then.

    *run*, *task*: who waits for the answer. *rooms*: receivers that see it. The first of *choices* (at least one) needs
    *needed* people, any other decides at once. *otherwise*: what counts as the answer at the *deadline*; empty: then
    the task fails. *comment*: an answer needs one. *remind_every*: 0 for never. *started_by*: who has started the run;
    they may not give the first answer unless *self_approval*.
    """

    id: str
    title: str
    run: str
    task: str
    choices: tuple[Choice, ...]
    approvers: tuple[str, ...]
    deadline: Instant
    text: str = ""
    workflow: str = ""
    rooms: tuple[str, ...] = ()
    needed: int = 1
    otherwise: str = ""
    comment: bool = False
    remind_every: Duration = 0
    started_by: str = ""
    self_approval: bool = False
    names: Mapping[str, str] = {}

    def label(self, choice: str) -> str:
        """What a choice is called."""
        return next((each.label for each in self.choices if each.value == choice), choice)

    def name(self, who: str) -> str:
        """What a responder is called."""
        return self.names.get(who) or who


def may(question: Question, who: str, choice: str) -> Reason | None:
    """Why *who* may not give the answer *choice*; None: they may."""
    if who not in question.approvers:
        return Reason.NOT_ASKED
    if all(each.value != choice for each in question.choices):
        return Reason.UNKNOWN_CHOICE
    if who == question.started_by and not question.self_approval and choice == question.choices[0].value:
        return Reason.OWN_RUN
    return None


def asked(question: Question) -> tuple[str, ...]:
    """Those of the approvers who may give the first answer: whom it asks."""
    first = question.choices[0].value
    return tuple(who for who in dict.fromkeys(question.approvers) if may(question, who, first) is None)
