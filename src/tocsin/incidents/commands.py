"""The verbs as people send them: one JSON object from the console, the terminal or a chat, read into an input."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.incidents.inputs import Acknowledged, Escalated, Input, Noted, Passed, Reassigned, Resolved, Snoozed
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

VERBS: Final = ("acknowledge", "pass", "escalate", "reassign", "snooze", "resolve", "note")


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants done. *by* is who, as the channel that took it has made sure.

    *rung*: pass and escalate, the step the button was drawn for. *to*: reassign. *until*: snooze. *text*: the reason of
    a pass, the note of a resolve, the words of a note.
    """

    verb: str
    incident: str
    by: str
    rung: int | None = None
    to: str = ""
    until: Instant | None = None
    text: str = ""


class CommandError(ValueError):
    """The command cannot be read; the text says what is wrong with which value."""


def command(document: Json) -> Command:
    """The command in a JSON object. Raises CommandError."""
    try:
        found = msgspec.convert(document, Command)
    except msgspec.ValidationError as problem:
        raise CommandError(str(problem)) from None
    if found.verb not in VERBS:
        message = f"unknown verb {found.verb!r}; there are {', '.join(VERBS)}"
        raise CommandError(message)
    if not found.by:
        message = "'by' is empty; it says who wants it"
        raise CommandError(message)
    if found.verb == "reassign" and not found.to:
        message = "reassign needs 'to', the responder"
        raise CommandError(message)
    if found.verb == "snooze" and found.until is None:
        message = "snooze needs 'until', milliseconds since 1970 UTC"
        raise CommandError(message)
    return found


def to_input(given: Command) -> Input:
    """The input that a valid command stands for."""
    match given.verb:
        case "acknowledge":
            return Acknowledged(by=given.by)
        case "pass":
            return Passed(by=given.by, rung=given.rung, why=given.text)
        case "escalate":
            return Escalated(by=given.by, rung=given.rung)
        case "reassign":
            return Reassigned(by=given.by, to=given.to)
        case "snooze":
            return Snoozed(by=given.by, until=given.until or 0)
        case "resolve":
            return Resolved(by=given.by, note=given.text)
        case _:
            return Noted(by=given.by, text=given.text)
