"""The workflows: each as a picture, a run painted on it as it happens, and the buttons to start, stop and redrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.approvals import telling
from tocsin.approvals.machine import Answered, Approval
from tocsin.approvals.question import may
from tocsin.approvals.reasons import ApprovalReason as Reason
from tocsin.asl.execution import Execution, Phase, Status
from tocsin.asl.history import Event
from tocsin.asl.visits import Outcome
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.executions.reasons import RunReason
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import format_duration
from tocsin.web.console.pages import segment
from tocsin.web.console.verbs import LATER
from tocsin.web.console.visits import Visit, respond, turn_to
from tocsin.web.workflows import WorkflowDesk

RUNS_MAX: Final = 50
VISITS_MAX: Final = 25  # Of one state on a page: the newest.
EVENTS_MAX: Final = 50  # Of one visit.
VALUE_MAX: Final = 20_000  # Characters of one value.
CAUSE_MAX: Final = 500
COMMENT_MAX: Final = 1000  # As in chat.
OUTCOME_TIMEOUT_S: Final = 1.0

_WAITS: Final = {
    Phase.ENTER: "about to begin",
    Phase.TASK: "its task is at work",
    Phase.WAIT: "waits",
    Phase.AGAIN: "waits to try again",
}
_COLOURS: Final = {
    Status.RUNNING: "acknowledged",
    Status.SUCCEEDED: "resolved",
    Status.FAILED: "triggered",
    Status.TIMED_OUT: "triggered",
    Status.ABORTED: "snoozed",
}
_OUTCOMES: Final = {
    Outcome.AT_WORK: "acknowledged",
    Outcome.DONE: "resolved",
    Outcome.CAUGHT: "snoozed",
    Outcome.FAILED: "triggered",
    Outcome.STOPPED: "snoozed",
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A run in a list. *colour* is that of a status of incidents. *took* so far."""

    run: Run
    colour: str
    took: str
    doing: tuple[str, ...]


def show_workflows(visit: Visit) -> Response:
    """GET /workflows. Blocks on the store."""
    desk, params = _desk(visit), visit.request.query_params
    status = params.get("status", "").upper()
    status = status if status in set(Status) else ""
    views = desk.workflows()
    return respond(
        visit,
        "workflows.html",
        views=[(view, _row(visit, view.latest) if view.latest else None) for view in views],
        rows=_rows(visit, status=status),
        questions=desk.questions(),
        rules=desk.rules(),
        statuses=list(Status),
        status=status,
    )


def show_workflow(visit: Visit) -> Response:
    """GET /workflows/{name}. Blocks on the store. Raises HTTPException."""
    name = visit.request.path_params["name"]
    found = _desk(visit).workflow(name)
    if found is None:
        raise HTTPException(404)
    return respond(visit, "workflow.html", found=found, rows=_rows(visit, workflow=name))


async def start(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /workflows/{name}: a run with the `input` and perhaps a `name`. Raises HTTPException."""
    workflow = visit.request.path_params["name"]
    try:
        given = json.decode(form.get("input", "").strip() or "{}")
        order = await run_in_threadpool(_desk(visit).start, workflow, given, form.get("name", "").strip(), visit.me)
    except StoreUnavailableError:
        raise
    except json.JsonError as problem:
        raise HTTPException(400, f"The input is no JSON: {problem}.") from None
    except TocsinError as problem:
        raise HTTPException(404 if problem.code == "workflow-unknown" else 400, f"{problem}.") from None
    delivery_id, reason = await _order(visit, order)
    if reason == RunReason.STARTED_BEFORE:
        return turn_to(visit, f"/workflows/{segment(workflow)}", "There is a run of that name: nothing was started.")
    if not reason:
        return turn_to(visit, f"/workflows/{segment(workflow)}", LATER)
    return turn_to(visit, f"/runs/run-{delivery_id}", "Started.")


def show_run(visit: Visit) -> Response:
    """GET /runs/{id}. Blocks on the store. Raises HTTPException."""
    found = _desk(visit).run(visit.request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return respond(
        visit,
        "run.html",
        found=found,
        row=_row(visit, found.run),
        running=found.run.execution.status is Status.RUNNING,
        redrivable=found.run.execution.status in {Status.FAILED, Status.TIMED_OUT, Status.ABORTED},
        outcomes=_OUTCOMES,
        visits_max=VISITS_MAX,
        events_max=EVENTS_MAX,
        value=_value,
        facts=_facts,
        took=format_duration,
    )


def show_question(visit: Visit) -> Response:
    """GET /questions/{id}. Blocks on the store. Raises HTTPException."""
    approval = _question(visit)
    question = approval.question
    return respond(
        visit,
        "question.html",
        approval=approval,
        question=question,
        approvers=[question.name(who) for who in question.approvers],
        answers=[(each, question.name(each.by), question.label(each.choice)) for each in approval.answers],
        otherwise=telling.otherwise(question),
        rule=telling.rule(question),
        mine=[(each, may(question, visit.me, each.value)) for each in question.choices],
        asked=visit.me in question.approvers,
    )


async def answer(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /questions/{id}: a `choice`, perhaps with a `comment`, by whom one acts as. Raises HTTPException."""
    approval = await run_in_threadpool(_question, visit)
    comment = form.get("comment", "").strip()[:COMMENT_MAX]
    given = Answered(by=visit.me, choice=form.get("choice", ""), comment=comment)
    order = await run_in_threadpool(_desk(visit).answer, approval, given)
    path = f"/questions/{segment(approval.question.id)}"
    if isinstance(order, Reason):
        return turn_to(visit, path, _refusal(order))
    _, reason = await _order(visit, order)
    return turn_to(visit, path, _ANSWERED.get(reason) or (_refusal(Reason(reason)) if reason else LATER))


def show_rule(visit: Visit) -> Response:
    """GET /rules/{name}. Blocks on the store. Raises HTTPException."""
    found = _desk(visit).rule(visit.request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    return respond(visit, "rule.html", rule=found, book=found.book)


def _question(visit: Visit) -> Approval:
    found = _desk(visit).question(visit.request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    return found


def _refusal(reason: Reason) -> str:
    if reason is Reason.DECIDED_BEFORE:
        return "Nothing has changed: it was decided before."
    return telling.refused(reason)


_ANSWERED: Final[Mapping[str, str]] = {
    Reason.DECIDED: "Thank you! That is decided, and the run is told.",
    Reason.COUNTED: "Thank you! Your answer counts; it waits for others.",
}


async def act_on_run(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /runs/{id}: `action` is `stop`, perhaps with a `cause`, or `redrive`. Raises HTTPException."""
    desk, name = _desk(visit), visit.request.path_params["id"]
    action = form.get("action", "")
    if await run_in_threadpool(desk.run, name) is None:
        raise HTTPException(404)
    if action == "stop":
        who = visit.names.get(visit.me, "somebody")
        cause = form.get("cause", "").strip()[:CAUSE_MAX]
        order = desk.stop(name, f"Stopped by {who} in the console{f': {cause}' if cause else '.'}")
    elif action == "redrive":
        order = desk.redrive(name)
    else:
        raise HTTPException(400, f"There is no action {action[:100]!r}.")
    _, reason = await _order(visit, order)
    return turn_to(visit, f"/runs/{segment(name)}", _SAID.get(reason, "Done.") if reason else LATER)


_SAID: Final[Mapping[str, str]] = {
    RunReason.ABORTED: "Stopped.",
    RunReason.REDRIVEN: "It goes on where it failed.",
    RunReason.OVER: "It is over already: nothing was done.",
    RunReason.LATE: "It runs already: nothing was done.",
    RunReason.NOT_REDRIVABLE: "This run cannot be redriven: nothing was done.",
}


async def _order(visit: Visit, order: Received) -> tuple[str, str]:
    """Hand an order over; its delivery, and what came of it, or nothing if that takes longer."""
    delivery_id = await visit.console.intake.accept(order)
    handled = await visit.console.intake.outcome(delivery_id, OUTCOME_TIMEOUT_S)
    return delivery_id, handled[0].reason if handled else ""


def _desk(visit: Visit) -> WorkflowDesk:
    desk = visit.console.workflows
    assert desk is not None, "these pages are there only with a desk"
    return desk


def _rows(visit: Visit, *, workflow: str = "", status: str = "") -> Sequence[Row]:
    found = _desk(visit).runs(workflow=workflow, status=status, limit=RUNS_MAX)
    return [_row(visit, run) for run in found]


def _row(visit: Visit, run: Run) -> Row:
    execution = run.execution
    ended = visit.now if execution.ended_at is None else execution.ended_at
    return Row(
        run=run,
        colour=_COLOURS[execution.status],
        took=format_duration(max(0, ended - execution.started_at)),
        doing=_doing(execution),
    )


def _doing(execution: Execution) -> tuple[str, ...]:
    """Where a run that is at work stands, in words."""
    if execution.status is not Status.RUNNING:
        return ()
    at_work = [each for each in execution.frames.values() if each.phase is not Phase.BELOW]
    return tuple(f"{frame.state} ({_WAITS[frame.phase]})" for frame in at_work)


def _value(value: Json) -> str:
    """A value as people read it, cut."""
    text = dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]}\n… {len(text) - VALUE_MAX} more characters"


def _facts(event: Event) -> str:
    """What an event tells beside the input and the output that its state shows."""
    told = {name: value for name, value in event.details.items() if name not in {"input", "output", "name"}}
    return _value(told) if told else ""
