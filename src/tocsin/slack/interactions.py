"""Interactions: what Slack sends when somebody presses a button, read into commands.

Source: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload. Over HTTP the body is a form with
one field, `payload`; over Socket Mode it is the same JSON by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

import msgspec

from tocsin.incidents.commands import Command
from tocsin.kernel import json
from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.saying.buttons import MORNING
from tocsin.saying.mornings import morning
from tocsin.slack.drawing import verb_of

ACTIONS_MAX: Final = 25  # Slack sends one; more than a block's elements is no click.
SNOOZE_MAX: Final[Duration] = 30 * DAY

_VERBS: Final = frozenset({"acknowledge", "pass", "escalate", "snooze", "resolve"})


class NoCommand(msgspec.Struct, frozen=True):
    """The body asks for nothing that can be done; *why* says what it is instead."""

    why: str


class _Value(msgspec.Struct, frozen=True):
    """What a button carries: incident, rung, and for a snooze its length in ms, or *u*, the name of a moment."""

    i: str
    r: int | None = None
    d: Duration | None = None
    u: str = ""


class _Option(msgspec.Struct, frozen=True):
    value: str = ""


class _Action(msgspec.Struct, frozen=True):
    action_id: str
    value: str = ""
    selected_option: _Option | None = None


class _User(msgspec.Struct, frozen=True):
    id: str
    username: str = ""
    name: str = ""


class _Payload(msgspec.Struct, frozen=True):
    type: str
    user: _User
    actions: tuple[_Action, ...] = ()


def commands(
    body: bytes,
    *,
    received_at: Instant,
    responders: Mapping[str, str],
    zones: Mapping[str, str] | None = None,
) -> tuple[Command, ...] | NoCommand:
    """The commands in the raw *body* of an interaction, at least one, or why there is none.

    *responders*: responder ids by Slack user id; who is not among them is called `slack:<name>`. A snooze counts from
    *received_at*, when the button was pressed, not from when it is acted on. *zones*: time zones by responder id, for
    "tomorrow"; UTC for all others.
    """
    document = _document(body)
    if isinstance(document, NoCommand):
        return document
    try:
        payload = msgspec.convert(document, _Payload)
    except msgspec.ValidationError as problem:
        return NoCommand(f"not an interaction: {problem}")
    if payload.type != "block_actions":
        return NoCommand(f"an interaction of the type {payload.type!r} is not known")
    if not 0 < len(payload.actions) <= ACTIONS_MAX:
        return NoCommand(f"an interaction with {len(payload.actions)} actions")
    by = _responder(payload.user, responders)
    zone = (zones or {}).get(by, "UTC")
    found = [_command(action, by, received_at, zone) for action in payload.actions]
    wanted = tuple(one for one in found if isinstance(one, Command))
    return wanted or next(one for one in found if isinstance(one, NoCommand))


def _document(body: bytes) -> json.Json:
    """The payload's JSON."""
    raw: bytes | str = body
    if body.lstrip()[:1] != b"{":
        try:
            fields = parse_qs(body.decode(), max_num_fields=10)
        except ValueError:
            return NoCommand("neither JSON nor a form")
        if "payload" not in fields:
            return NoCommand("a form without the field 'payload'")
        raw = fields["payload"][0]
    try:
        return json.decode(raw)
    except json.JsonError as problem:
        return NoCommand(f"the payload is not JSON: {problem}")


def _responder(user: _User, responders: Mapping[str, str]) -> str:
    return responders.get(user.id) or f"slack:{user.username or user.name or user.id}"


def _command(action: _Action, by: str, received_at: Instant, zone: str) -> Command | NoCommand:
    verb = verb_of(action.action_id)
    if verb not in _VERBS:
        return NoCommand(f"the action {action.action_id!r} is not known")
    raw = action.selected_option.value if action.selected_option else action.value
    try:
        value = msgspec.json.decode(raw, type=_Value)
    except msgspec.DecodeError as problem:
        return NoCommand(f"the value of {action.action_id!r} cannot be read: {problem}")
    until = None
    if verb == "snooze":
        until = morning(received_at, zone) if value.u == MORNING else received_at + (value.d or 0)
        if not received_at < until <= received_at + SNOOZE_MAX:
            return NoCommand("a snooze without a length")
    return Command(verb=verb, incident=value.i, by=by, rung=value.r, until=until)
