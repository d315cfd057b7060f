"""What the console needs of workflows: their pictures, their runs, and the orders for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from tocsin.engine.ports import Received
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

if TYPE_CHECKING:
    from tocsin.approvals.machine import Answered, Approval
    from tocsin.approvals.reasons import ApprovalReason as Reason
    from tocsin.asl.showing import Shown
    from tocsin.automation.book import Book
    from tocsin.executions.run import Run


class WorkflowView(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow of the configuration, with its newest run. *problem*: why nobody can read its file, or empty."""

    name: str
    comment: str = ""
    problem: str = ""
    latest: Run | None = None


class WorkflowShown(msgspec.Struct, frozen=True, kw_only=True):
    """All of one. *source*: the text of its definition. *shown* is None where there is a problem."""

    view: WorkflowView
    source: str = ""
    shown: Shown | None = None


class RunShown(msgspec.Struct, frozen=True, kw_only=True):
    """All of a run. *whole*: every event of its history was read. *shown* is None if its definition is gone."""

    run: Run
    shown: Shown | None
    whole: bool = True


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery, looked at with a rule as it is now. *why* it does not fire it; empty: it does."""

    delivery: str
    at: Instant
    integration: str
    why: str


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: what it waits for, in words, and what it starts or which alert it raises. *book* is None before it began.

    *events*: the last of senders, where they were asked for.
    """

    name: str
    fires: tuple[str, ...]
    workflows: tuple[str, ...]
    alert: str
    mode: str
    dry_run: bool
    book: Book | None
    events: tuple[Looked, ...] = ()


class WorkflowDesk(Protocol):
    """Where workflows are looked at. Blocks on the store; raises StoreUnavailableError."""

    def workflows(self) -> Sequence[WorkflowView]:
        """Those of the configuration, by name."""
        ...

    def workflow(self, name: str) -> WorkflowShown | None:
        """One of them, or None."""
        ...

    def runs(self, *, workflow: str = "", status: str = "", limit: int) -> Sequence[Run]:
        """The newest runs, at most *limit*, of one *workflow* and in one *status* if given."""
        ...

    def run(self, name: str) -> RunShown | None:
        """One run by its id, or None."""
        ...

    def start(self, workflow: str, given: Json, name: str = "", by: str = "") -> Received:
        """The order for a new run of a *workflow*, started *by* a responder. Raises TocsinError if that cannot be."""
        ...

    def stop(self, run: str, cause: str) -> Received:
        """The order to stop a run."""
        ...

    def redrive(self, run: str) -> Received:
        """The order to let a run that has failed go on where it failed."""
        ...

    def questions(self) -> Sequence[Approval]:
        """What runs that are at work ask of people, the newest first."""
        ...

    def question(self, name: str) -> Approval | None:
        """One question by its id, or None."""
        ...

    def answer(self, question: Approval, given: Answered) -> Received | Reason:
        """The order that somebody answers; or why that would change nothing."""
        ...

    def rules(self) -> Sequence[RuleView]:
        """The rules of the configuration, by name."""
        ...

    def rule(self, name: str) -> RuleView | None:
        """One of them with the last events, and why each fired it or not; or None."""
        ...
