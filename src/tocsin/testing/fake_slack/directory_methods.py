"""The Web API's methods about people and places: ``users.*``, ``conversations.*``, ``usergroups.*``, ``dnd.*``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.testing.fake_slack.records import Channel, JsonObject
from tocsin.testing.fake_slack.wire import channel_json, user_json, usergroup_json
from tocsin.testing.fake_slack.world import World, refuse

PAGE_ITEMS: Final = 100
PAGE_ITEMS_MAX: Final = 1000
TOPIC_CHARS_MAX: Final = 250
GROUP_DM_USERS_MAX: Final = 8
DND_USERS_MAX: Final = 50
DND_SECONDS: Final = 8 * 3600
CONVERSATION_SCOPES: Final = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "mpim": "mpim:read",
    "im": "im:read",
}
"""The scope that each kind of conversation needs where conversations are listed."""


def auth_test(world: World, payload: JsonObject) -> JsonObject:  # noqa: ARG001 every method has the same arguments
    """``auth.test``: who am I?"""
    return {
        "url": world.base_url.removesuffix("api/"),
        "team": "Fake",
        "team_id": world.team_id,
        "user": world.bot.name,
        "user_id": world.bot.id,
        "bot_id": world.bot_id,
        "is_enterprise_install": False,
    }


def users_info(world: World, payload: JsonObject) -> JsonObject:
    """``users.info``."""
    return {"user": user_json(world, world.user(payload.get("user")))}


def users_list(world: World, payload: JsonObject) -> JsonObject:
    """``users.list``, page by page."""
    page, following = _page(payload, [user_json(world, user) for user in world.users.values()])
    return {"members": page, "cache_ts": world.wall_seconds(), "response_metadata": {"next_cursor": following}}


def users_get_presence(world: World, payload: JsonObject) -> JsonObject:
    """``users.getPresence``: ``active`` or ``away``."""
    return {"presence": world.user(payload.get("user")).presence}


def dnd_info(world: World, payload: JsonObject) -> JsonObject:
    """``dnd.info``: the next, or present, "do not disturb" time."""
    user = world.user(payload.get("user"))
    now = world.wall_seconds()
    start = now - 60 if user.dnd else now + DND_SECONDS
    return {
        "dnd_enabled": user.dnd,
        "next_dnd_start_ts": start,
        "next_dnd_end_ts": start + DND_SECONDS,
        "snooze_enabled": False,
    }


def dnd_team_info(world: World, payload: JsonObject) -> JsonObject:
    """``dnd.teamInfo``: the same of at most fifty people, without who has only snoozed."""
    names = _names(payload.get("users"))
    if not names:
        refuse("no_users_provided")
    kept = ("dnd_enabled", "next_dnd_start_ts", "next_dnd_end_ts")
    found = {name: dnd_info(world, {"user": name}) for name in names[:DND_USERS_MAX] if name in world.users}
    return {"users": {name: {key: told[key] for key in kept} for name, told in found.items()}}


def conversations_open(world: World, payload: JsonObject) -> JsonObject:
    """``conversations.open``: a direct message with one person, or a group of up to eight."""
    users = _names(payload.get("users"))
    if not users:
        refuse("users_list_not_supplied")
    if len(users) > GROUP_DM_USERS_MAX:
        refuse("too_many_users")
    for user_id in users:
        user = world.user(user_id)
        if user.bot:
            refuse("cannot_dm_bot")
        if user.deleted:
            refuse("user_disabled")
    channel, already_open = world.direct_channel(users)
    return {"no_op": already_open, "already_open": already_open, "channel": channel_json(world, channel)}


def conversations_info(world: World, payload: JsonObject) -> JsonObject:
    """``conversations.info``, by id only."""
    return {"channel": channel_json(world, world.channel(_id(payload.get("channel"))))}


def conversations_members(world: World, payload: JsonObject) -> JsonObject:
    """``conversations.members``, page by page."""
    members = world.channel(_id(payload.get("channel"))).members
    page, following = _page(payload, members)
    return {"members": page, "response_metadata": {"next_cursor": following}}


def conversations_list(world: World, payload: JsonObject) -> JsonObject:
    """``conversations.list``, page by page: public channels, unless ``types`` says otherwise."""
    listed = _conversations(world, payload)
    page, following = _page(payload, [channel_json(world, each) for each in listed])
    return {"channels": page, "response_metadata": {"next_cursor": following}}


def users_conversations(world: World, payload: JsonObject) -> JsonObject:
    """``users.conversations``, page by page: those that the bot, or ``user``, is in; without ``is_member``."""
    user = payload.get("user")
    if user and user not in world.users:
        refuse("user_not_found")
    listed = [each for each in _conversations(world, payload) if (user or world.bot.id) in each.members]
    shown = [channel_json(world, each) for each in listed]
    page, following = _page(payload, [{key: each[key] for key in each if key != "is_member"} for each in shown])
    return {"channels": page, "response_metadata": {"next_cursor": following}}


def _conversations(world: World, payload: JsonObject) -> list[Channel]:
    types = conversation_types(payload)
    if not types <= CONVERSATION_SCOPES.keys():
        refuse("invalid_types")
    kinds = {"D": "im", "G": "mpim"}
    return [
        channel
        for channel in world.channels.values()
        if kinds.get(channel.id[0], "private_channel" if channel.private else "public_channel") in types
        and (not channel.private or world.bot.id in channel.members)
        and not (channel.archived and payload.get("exclude_archived") in (True, "1", "true"))
    ]


def conversation_types(payload: JsonObject) -> set[str]:
    """The kinds of conversations that are asked for."""
    return set(_names(payload.get("types") or "public_channel"))


def conversations_set_topic(world: World, payload: JsonObject) -> JsonObject:
    """``conversations.setTopic``: at most 250 characters."""
    channel = world.channel(_id(payload.get("channel")))
    topic = payload.get("topic")
    if channel.archived:
        refuse("is_archived")
    if world.bot.id not in channel.members:
        refuse("not_in_channel")
    if channel.direct:
        refuse("method_not_supported_for_channel_type")
    if not isinstance(topic, str):
        refuse("invalid_arguments", ["[ERROR] missing required field: topic"])
    if len(topic) > TOPIC_CHARS_MAX:
        refuse("too_long")
    changed = msgspec.structs.replace(channel, topic=topic)
    world.channels[channel.id] = changed
    world.changed.notify_all()
    return {"channel": channel_json(world, changed)}


def usergroups_list(world: World, payload: JsonObject) -> JsonObject:
    """``usergroups.list``: all at once; members and disabled groups only when they are asked for."""
    asked = {name: payload.get(name) in (True, "1", "true") for name in ("include_users", "include_disabled")}
    found = [usergroup_json(world, group) for group in world.usergroups.values()]
    shown = [group for group in found if asked["include_disabled"] or not group["date_delete"]]
    if not asked["include_users"]:
        shown = [{name: value for name, value in group.items() if name != "users"} for group in shown]
    return {"usergroups": shown}


def usergroups_enable(world: World, payload: JsonObject) -> JsonObject:
    """``usergroups.enable``."""
    return _switched(world, payload, disabled=False)


def usergroups_disable(world: World, payload: JsonObject) -> JsonObject:
    """``usergroups.disable``."""
    return _switched(world, payload, disabled=True)


def _switched(world: World, payload: JsonObject, *, disabled: bool) -> JsonObject:
    group = world.usergroups.get(str(payload.get("usergroup")))
    if group is None:
        refuse("no_such_subteam")
    if group.disabled is disabled:
        refuse("already_disabled" if disabled else "already_enabled")
    changed = msgspec.structs.replace(group, disabled=disabled)
    world.usergroups[group.id] = changed
    world.changed.notify_all()
    return {"usergroup": usergroup_json(world, changed)}


def usergroups_users_update(world: World, payload: JsonObject) -> JsonObject:
    """``usergroups.users.update``: replaces the whole list; it cannot be empty, and holds people only."""
    group = world.usergroups.get(str(payload.get("usergroup")))
    if group is None:
        refuse("no_such_subteam")
    users = _names(payload.get("users"))
    if not users:
        refuse("no_users_provided")
    if any(user not in world.users or world.users[user].bot or world.users[user].deleted for user in users):
        refuse("invalid_users")
    changed = msgspec.structs.replace(group, users=tuple(users))
    world.usergroups[group.id] = changed
    world.changed.notify_all()
    return {"usergroup": usergroup_json(world, changed)}


def _names(value: object) -> list[str]:
    # A list comes as a JSON array, or separated by commas.
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [str(part).strip() for part in parts if str(part).strip()]


def _id(value: object) -> object:
    # Only chat.postMessage takes a name for a channel.
    return value if isinstance(value, str) and value[:1] in {"C", "D", "G"} else None


def _page(payload: JsonObject, items: Sequence[object]) -> tuple[list[object], str]:
    try:
        limit = int(payload.get("limit") or PAGE_ITEMS)
    except ValueError:
        limit = 0
    if not 1 <= limit <= PAGE_ITEMS_MAX:
        refuse("invalid_limit")
    start = _start(payload.get("cursor"))
    end = start + limit
    following = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return list(items[start:end]), following


def _start(cursor: object) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(str(cursor), validate=True).decode().removeprefix("next:"))
    except (ValueError, binascii.Error):
        refuse("invalid_cursor")
