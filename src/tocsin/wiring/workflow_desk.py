"""Workflows and their runs as the console shows them, from the settings and the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from tocsin import asl
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX
from tocsin.engine.ports import Received, Store
from tocsin.errors import TocsinError
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.web.workflows import RuleView, RunShown, WorkflowShown, WorkflowView
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_workflows import definition_text
from tocsin.wiring.workflows import Definitions, Order, named, ordered, start

if TYPE_CHECKING:
    from tocsin.approvals import machine as approvals
    from tocsin.approvals import reasons
    from tocsin.asl import showing
    from tocsin.wiring import questions, rule_views, rules, runs
else:
    showing = later("tocsin.asl.showing")
    questions = later("tocsin.wiring.questions")
    rule_views = later("tocsin.wiring.rule_views")
    runs = later("tocsin.wiring.runs")
    rules = later("tocsin.wiring.rules")
    approvals = later("tocsin.approvals.machine")
    reasons = later("tocsin.approvals.reasons")

QUESTIONS_MAX: Final = 200
EVENTS_MAX: Final = 5_000  # That a page shows: more than a person reads, and read in a few hundredths of a second.


class StoreWorkflowDesk:
    """See the port. Any thread."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        store: Store,
        definitions: Definitions,
        clock: Callable[[], Instant],
    ) -> None:
        """*settings*: as they are now."""
        self._settings = settings
        self._store = store
        self._definitions = definitions
        self._clock = clock

    def workflows(self) -> Sequence[WorkflowView]:
        """Those of the configuration, by name."""
        return [self._view(name) for name in sorted(self._settings().workflows)]

    def workflow(self, name: str) -> WorkflowShown | None:
        """One of them, or None."""
        if name not in self._settings().workflows:
            return None
        view = self._view(name)
        if view.problem:
            return WorkflowShown(view=view)
        source = self._text(name)
        return WorkflowShown(view=view, source=source, shown=showing.shown(asl.parse(source), title=name))

    def runs(self, *, workflow: str = "", status: str = "", limit: int) -> Sequence[Run]:
        """The newest runs, at most *limit*, of one *workflow* and in one *status* if given."""
        return list(runs.listed(self._store, workflow=workflow, status=status, limit=limit))

    def run(self, name: str) -> RunShown | None:
        """One run by its id, or None."""
        found = runs.find(self._store, name)
        if found is None:
            return None
        definition = self._definitions(found.definition)
        if definition is None:
            return RunShown(run=found, shown=None)
        history = list(islice(runs.whole_history(self._store, name), EVENTS_MAX))
        painted = showing.shown(definition, title=found.workflow, execution=found.execution, history=history)
        return RunShown(run=found, shown=painted, whole=len(history) < EVENTS_MAX)

    def start(self, workflow: str, given: Json, name: str = "", by: str = "") -> Received:
        """The order for a new run of a *workflow*, started *by* a responder. Raises TocsinError if that cannot be."""
        known = self._settings().workflows.get(workflow)
        if known is None:
            raise TocsinError("workflow-unknown", f"there is no workflow {workflow[:100]!r}")
        if len(json.encode(given)) > PAYLOAD_BYTES_MAX:
            raise TocsinError("workflow-input-large", f"the input has more than {PAYLOAD_BYTES_MAX} bytes")
        kept = self._definitions.keep(workflow, self._text(workflow))
        return self._ordered(start(workflow, kept, given, name=named(name), role=known.role or "", by=by))

    def stop(self, run: str, cause: str) -> Received:
        """The order to stop a run."""
        return self._ordered(Order(stop=run, cause=cause))

    def redrive(self, run: str) -> Received:
        """The order to let a run that has failed go on where it failed."""
        return self._ordered(Order(redrive=run))

    def questions(self) -> Sequence[approvals.Approval]:
        """What runs that are at work ask of people, the newest first."""
        found = questions.listed(self._store, limit=QUESTIONS_MAX)
        return [each for each in found if not questions.abandoned(self._store, each)]

    def question(self, name: str) -> approvals.Approval | None:
        """One question by its id, or None."""
        return questions.find(self._store, name)

    def answer(self, question: approvals.Approval, given: approvals.Answered) -> Received | reasons.ApprovalReason:
        """The order that somebody answers; or why that would change nothing."""
        why = questions.refused(question, given)
        if why is None and questions.abandoned(self._store, question):
            why = reasons.ApprovalReason.WITHDRAWN
        return why or questions.answered(question.question.id, given, self._clock())

    def rules(self) -> Sequence[RuleView]:
        """The rules of the configuration, by name."""
        return [self._rule(name) for name in sorted(self._settings().rules)]

    def rule(self, name: str) -> RuleView | None:
        """One of them with the last events, and why each fired it or not; or None."""
        settings = self._settings()
        if name not in settings.rules:
            return None
        return replace(self._rule(name), events=tuple(rule_views.looked(settings, self._store, name)))

    def _rule(self, name: str) -> RuleView:
        rule = self._settings().rules[name]
        return RuleView(
            name=name,
            fires=tuple(rule_views.fires(rule)),
            workflows=rule.workflow,
            alert=rule.alert.title if rule.alert else "",
            mode=rule.mode,
            dry_run=rule.dry_run,
            book=rules.book_of(self._store, name),
        )

    def _ordered(self, order: Order) -> Received:
        return ordered(order, self._clock())

    def _text(self, name: str) -> str:
        """The definition of a workflow of the settings. Raises TocsinError."""
        workflow = self._settings().workflows[name]
        try:
            return definition_text(workflow)
        except (OSError, ValueError) as problem:
            raise TocsinError("workflow-unreadable", f"{workflow.file} cannot be read: {problem}") from None

    def _view(self, name: str) -> WorkflowView:
        latest = next(runs.listed(self._store, workflow=name, limit=1), None)
        comment, problem = "", ""
        try:
            source = asl.parse(self._text(name)).source
            comment = str(source.get("Comment", "")) if isinstance(source, dict) else ""
        except TocsinError as wrong:
            problem = str(wrong)
        return WorkflowView(name=name, comment=comment, problem=problem, latest=latest)
