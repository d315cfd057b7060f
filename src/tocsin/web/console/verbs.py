"""The buttons of an incident: each is a delivery like any other, and the person is told what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.engine.ports import Handled, Received
from tocsin.incidents.commands import VERBS, Command
from tocsin.incidents.outcomes import outcome
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import Instant, parse_instant
from tocsin.web.console.incident import find_incident
from tocsin.web.console.outlook import outlook, person
from tocsin.web.console.pages import ago, segment
from tocsin.web.console.storm import act_on_held
from tocsin.web.console.visits import Visit, turn_to

CHANNEL: Final = "console"
OUTCOME_TIMEOUT_S: Final = 1.0  # A courtesy: the page shows the truth anyway, as soon as it is there.
TEXT_MAX: Final = 2000  # Characters, as the machine keeps of a note.

LATER: Final = "It is stored, and will be done in a moment. This page follows by itself."

# What is said when a verb is meant for all that a storm holds.
_FOR_ALL: Final[Mapping[str, str]] = {"acknowledge": "You take", "resolve": "Resolved:"}


class UnclearError(Exception):
    """The form cannot be made a command; the text tells the person what to change."""


async def act_on_incident(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /incidents/{id}: the form's `verb` and what belongs to it. Raises HTTPException, StoreUnavailableError."""
    name = visit.request.path_params["id"]
    before = await run_in_threadpool(find_incident, visit, name)
    if before is None:
        raise HTTPException(404)
    path = f"/incidents/{segment(name)}"
    try:
        command = read_command(form, incident=name, by=visit.by, now=visit.now, known=visit.names)
    except UnclearError as problem:
        return turn_to(visit, path, str(problem))
    if form.get("held") and command.verb in _FOR_ALL:
        count = await act_on_held(visit, before, command, CHANNEL)
        return turn_to(visit, path, f"{_FOR_ALL[command.verb]} {count} incident{'' if count == 1 else 's'}.")
    received = Received(received_at=visit.now, channel=CHANNEL, key="", head=b"", body=json.encode(command))
    delivery_id = await visit.console.intake.accept(received)
    handled = await visit.console.intake.outcome(delivery_id, OUTCOME_TIMEOUT_S)
    after = await run_in_threadpool(find_incident, visit, name)
    return turn_to(visit, path, say(visit, handled, before, after or before))


def read_command(form: Mapping[str, str], *, incident: str, by: str, now: Instant, known: Mapping[str, str]) -> Command:
    """The command that a form asks for. Raises UnclearError, and HTTPException for what no form of ours contains."""
    verb = form.get("verb", "")
    if verb not in VERBS:
        raise HTTPException(400, f"There is no verb {verb!r}.")
    text = form.get("text", "").replace("\r\n", "\n").strip()[:TEXT_MAX]
    to = form.get("to", "")
    if verb == "reassign" and to not in known:
        raise UnclearError("Choose the person who shall be asked.")
    if verb == "note" and not text:
        raise UnclearError(outcome(Reason.NOTE_EMPTY))
    return Command(
        verb=verb,
        incident=incident,
        by=by,
        rung=_whole(form.get("rung", "")) if verb in {"pass", "escalate"} else None,
        to=to if verb == "reassign" else "",
        until=_until(form, now) if verb == "snooze" else None,
        text=text,
    )


def say(visit: Visit, handled: Sequence[Handled], before: Incident, after: Incident) -> str:
    """One sentence for a person: what came of the button."""
    if not handled:
        return LATER
    reason = handled[0].reason
    who = outlook(visit.console.machine, after, visit.names).who
    if reason == Reason.ALREADY_ACKNOWLEDGED and after.assignee == visit.by:
        who = f"acknowledged by {person(after.assignee, visit.names)}, which is you"
    back = ago(after.snoozed_until or visit.now, visit.now)
    return outcome(reason, who=who, before=person(before.assignee, visit.names), back=back)


def _until(form: Mapping[str, str], now: Instant) -> Instant:
    """When a snooze ends: so many ms `for`, the script's exact `until`, or the plain field, read as UTC."""
    duration, exact = _whole(form.get("for", "")), _whole(form.get("until", ""))
    plain = parse_instant(form.get("until_utc", ""))
    if duration is not None:
        return now + duration
    until = exact if exact is not None else plain
    if until is None:
        raise UnclearError("Choose until when.")
    if until <= now:
        raise UnclearError(outcome(Reason.SNOOZE_IN_PAST))
    return until


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004 - milliseconds have 13 digits.
