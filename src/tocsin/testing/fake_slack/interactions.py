"""What people do, as the payloads that Slack makes of it: clicks, submissions, slash commands, events.

Source: https://docs.slack.dev/reference/interaction-payloads. A ValueError here means that the test asks for something
that a person could not do: click a button that is not there, submit a form that lacks a required field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tocsin.testing.fake_slack.records import Json, JsonObject, Message, User, View, interactive_elements
from tocsin.testing.fake_slack.wire import message_json, view_json
from tocsin.testing.fake_slack.world import World

# Slack sends a legacy verification token along; nobody should believe it.
LEGACY_TOKEN: Final = "deprecated"  # noqa: S105 as it says

# Under which key an element of each type reports what was chosen or typed.
CHOSEN: Final = {
    "channels_select": "selected_channel",
    "checkboxes": "selected_options",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "datetimepicker": "selected_date_time",
    "email_text_input": "value",
    "external_select": "selected_option",
    "file_input": "files",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "multi_external_select": "selected_options",
    "multi_static_select": "selected_options",
    "multi_users_select": "selected_users",
    "number_input": "value",
    "overflow": "selected_option",
    "plain_text_input": "value",
    "radio_buttons": "selected_option",
    "rich_text_input": "rich_text_value",
    "static_select": "selected_option",
    "timepicker": "selected_time",
    "url_text_input": "value",
    "users_select": "selected_user",
}


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A payload on its way to the application."""

    kind: str
    """``interactive``, ``slash_commands`` or ``events_api``."""
    payload: JsonObject
    trigger_id: str = ""
    response_url: str = ""
    view: View | None = None
    """The view that was submitted, if it was."""

    @property
    def accepts_response(self) -> bool:
        """Whether the acknowledgement may carry an answer."""
        return self.kind != "events_api"


def click(world: World, target: Message | View, action_id: str, user: User, choice: Json = None) -> Outgoing:
    """``block_actions``: *user* clicks, or chooses *choice*, on *target* as it was drawn for that person."""
    if isinstance(target, Message):
        _check_visible(world, target, user)
    block_id, element = _element(target, action_id)
    action = {
        "action_id": action_id,
        "block_id": block_id,
        "type": element["type"],
        "action_ts": f"{world.wall_clock():.6f}",
    } | _effect(element, choice)
    root = target.root if isinstance(target, View) and target.type == "modal" else None
    trigger_id = world.issue_trigger(user.id, root)
    payload = _envelope(world, "block_actions", user) | {"trigger_id": trigger_id, "actions": [action]}
    if isinstance(target, View):
        payload |= {
            "container": {"type": "view", "view_id": target.id},
            "view": view_json(world, target),
        }
        return Outgoing(kind="interactive", payload=payload, trigger_id=trigger_id)
    response_url = world.issue_response_url(target.channel, user.id, target.ts)
    payload |= {
        "container": {
            "type": "message",
            "message_ts": target.ts,
            "channel_id": target.channel,
            "is_ephemeral": target.ephemeral_to is not None,
        }
        | ({"thread_ts": target.thread_ts} if target.thread_ts else {}),
        "channel": {"id": target.channel, "name": world.channels[target.channel].name or "directmessage"},
        "message": message_json(world, target),
        "state": {"values": {}},
        "response_url": response_url,
    }
    return Outgoing(kind="interactive", payload=payload, trigger_id=trigger_id, response_url=response_url)


def submission(world: World, view: View, user: User, values: Mapping[str, Json]) -> Outgoing:
    """``view_submission``: *user* presses the submit button, with *values* by action id over the initial ones."""
    _check_on_screen(view, user)
    trigger_id = world.issue_trigger(user.id, view.root)
    payload = _envelope(world, "view_submission", user) | {
        "trigger_id": trigger_id,
        "view": view_json(world, view, _filled_in(view, values)),
        "response_urls": [],
    }
    return Outgoing(kind="interactive", payload=payload, trigger_id=trigger_id, view=view)


def closing(world: World, view: View, user: User) -> Outgoing | None:
    """``view_closed``, or None if the view did not ask to be told."""
    _check_on_screen(view, user)
    if not view.content.get("notify_on_close"):
        return None
    payload = _envelope(world, "view_closed", user) | {"view": view_json(world, view), "is_cleared": False}
    return Outgoing(kind="interactive", payload=payload)


def slash_command(world: World, command: str, text: str, user: User, channel: str) -> Outgoing:
    """A slash command, as *user* types it in *channel*."""
    trigger_id = world.issue_trigger(user.id)
    response_url = world.issue_response_url(channel, user.id, None)
    payload = {
        "token": LEGACY_TOKEN,
        "team_id": world.team_id,
        "team_domain": "fake",
        "channel_id": channel,
        "channel_name": world.channels[channel].name or "directmessage",
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": world.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }
    return Outgoing(kind="slash_commands", payload=payload, trigger_id=trigger_id, response_url=response_url)


def shortcut(world: World, callback_id: str, user: User, message: Message | None = None) -> Outgoing:
    """`shortcut` from the search bar or the composer's menu, or `message_action` from the menu of *message*.

    Sources: https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload.
    """
    trigger_id = world.issue_trigger(user.id)
    payload = _envelope(world, "shortcut" if message is None else "message_action", user) | {
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "action_ts": f"{world.wall_clock():.6f}",
    }
    if message is None:
        return Outgoing(kind="interactive", payload=payload, trigger_id=trigger_id)
    _check_visible(world, message, user)
    response_url = world.issue_response_url(message.channel, user.id, message.ts)
    payload |= {
        "channel": {"id": message.channel, "name": world.channels[message.channel].name or "directmessage"},
        "message_ts": message.ts,
        "message": message_json(world, message),
        "response_url": response_url,
    }
    return Outgoing(kind="interactive", payload=payload, trigger_id=trigger_id, response_url=response_url)


def event(world: World, content: JsonObject) -> Outgoing:
    """An event of the Events API."""
    payload = {
        "token": LEGACY_TOKEN,
        "team_id": world.team_id,
        "api_app_id": world.app_id,
        "type": "event_callback",
        "event_id": world.new_id("Ev"),
        "event_time": world.wall_seconds(),
        "authorizations": [
            {"team_id": world.team_id, "user_id": world.bot.id, "is_bot": True, "is_enterprise_install": False}
        ],
        "event": content | {"event_ts": f"{world.wall_clock():.6f}"},
    }
    return Outgoing(kind="events_api", payload=payload)


def url_verification(challenge: str) -> Outgoing:
    """What Slack sends when somebody enters a request URL: the application must answer with the challenge."""
    payload = {"type": "url_verification", "token": LEGACY_TOKEN, "challenge": challenge}
    return Outgoing(kind="events_api", payload=payload)


def _envelope(world: World, kind: str, user: User) -> JsonObject:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team or world.team_id},
        "team": {"id": world.team_id, "domain": "fake"},
        "api_app_id": world.app_id,
        "token": LEGACY_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _element(target: Message | View, action_id: str) -> tuple[str, JsonObject]:
    for block_id, element in interactive_elements(target.layout):
        if element["action_id"] == action_id:
            return block_id, element
    message = f"there is no {action_id!r} to click; there are {', '.join(target.action_ids) or 'no elements'}"
    raise ValueError(message)


def _check_visible(world: World, message: Message, user: User) -> None:
    if user.id not in world.channels[message.channel].members or message.ephemeral_to not in {None, user.id}:
        complaint = f"{user.name} cannot see this message"
        raise ValueError(complaint)
    if message.deleted:
        complaint = "this message was deleted"
        raise ValueError(complaint)


def _check_on_screen(view: View, user: User) -> None:
    if view.user != user.id or view.type != "modal" or not view.open:
        complaint = f"{user.name} does not have this modal open"
        raise ValueError(complaint)


def _effect(element: JsonObject, choice: Json) -> JsonObject:
    kind = element["type"]
    if kind in CHOSEN:
        return {CHOSEN[kind]: _chosen(element, choice)}
    if choice is not None:
        complaint = f"a {kind} takes no choice"
        raise ValueError(complaint)
    return {key: element[key] for key in ("text", "value") if key in element}


def _chosen(element: JsonObject, choice: Json) -> Json:
    if CHOSEN[element["type"]] == "selected_option":
        return _option(element, choice)
    if CHOSEN[element["type"]] == "selected_options":
        return [_option(element, value) for value in choice or ()]
    return choice


def _option(element: JsonObject, value: object) -> JsonObject:
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(value)}, "value": str(value)}
    groups = element.get("option_groups") or [{"options": element["options"]}]
    options: list[JsonObject] = [option for group in groups for option in group["options"]]
    for option in options:
        if option["value"] == value:
            return option
    complaint = f"{element['action_id']!r} has no option {value!r}; it has {[option['value'] for option in options]}"
    raise ValueError(complaint)


def _filled_in(view: View, values: Mapping[str, Json]) -> JsonObject:
    if unknown := set(values) - set(view.action_ids):
        complaint = f"this modal has no {sorted(unknown)}; it has {view.action_ids}"
        raise ValueError(complaint)
    optional = {block["block_id"] for block in view.layout if block["type"] != "input" or block.get("optional")}
    state: JsonObject = {}
    for block_id, element in interactive_elements(view.layout):
        if element["type"] not in CHOSEN:
            continue
        key = CHOSEN[element["type"]]
        initial = element.get("initial_" + key.removeprefix("selected_").removeprefix("rich_text_"))
        action_id = element["action_id"]
        value = _chosen(element, values[action_id]) if values.get(action_id) not in (None, "") else initial
        _check_input(element, value, required=block_id not in optional)
        state.setdefault(block_id, {})[action_id] = {"type": element["type"], key: value}
    return state


def _check_input(element: JsonObject, value: Json, *, required: bool) -> None:
    if value in (None, "", []):
        if required:
            complaint = f"{element['action_id']!r} must be filled in"
            raise ValueError(complaint)
        return
    if element["type"] == "plain_text_input" and not (
        element.get("min_length", 0) <= len(value) <= element.get("max_length", 3000)
    ):
        complaint = f"{element['action_id']!r} has the wrong length"
        raise ValueError(complaint)
