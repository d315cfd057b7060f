"""The workspace's values as the JSON that Slack sends."""

from __future__ import annotations

from tocsin.testing.fake_slack.records import Channel, JsonObject, Message, User, Usergroup, View
from tocsin.testing.fake_slack.world import World


def user_json(world: World, user: User) -> JsonObject:
    """A user as in ``users.info``."""
    return {
        "id": user.id,
        "team_id": user.team or world.team_id,
        "name": user.name,
        "real_name": user.name,
        "deleted": user.deleted,
        "tz": user.tz,
        "tz_label": user.tz,
        "tz_offset": user.tz_offset_seconds,
        "is_bot": user.bot,
        "is_app_user": False,
        "is_restricted": user.guest,
        "is_ultra_restricted": False,
        "profile": {"real_name": user.name, "display_name": user.name, "email": user.email, "team": world.team_id},
    }


def channel_json(world: World, channel: Channel) -> JsonObject:
    """A conversation as in ``conversations.info``."""
    shown: JsonObject = {
        "id": channel.id,
        "name": channel.name,
        "is_channel": channel.id.startswith("C"),
        "is_group": False,
        "is_im": channel.direct,
        "is_mpim": channel.id.startswith("G"),
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_ext_shared": channel.shared,
        "is_member": world.bot.id in channel.members,
        "num_members": len(channel.members),
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
    if channel.direct:
        shown["user"] = next((member for member in channel.members if member != world.bot.id), world.bot.id)
    return shown


def usergroup_json(world: World, group: Usergroup) -> JsonObject:
    """A user group as in ``usergroups.users.update``."""
    return {
        "id": group.id,
        "team_id": world.team_id,
        "is_usergroup": True,
        "handle": group.handle,
        "date_delete": 1 if group.disabled else 0,
        "name": group.handle,
        "users": list(group.users),
        "user_count": len(group.users),
    }


def message_json(world: World, message: Message) -> JsonObject:
    """A message of the application, as in the answer of ``chat.postMessage`` and in an interaction."""
    shown: JsonObject = {
        "type": "message",
        "ts": message.ts,
        "user": message.user,
        "team": world.team_id,
        "bot_id": world.bot_id,
        "app_id": world.app_id,
        "text": message.text,
    }
    if message.blocks:
        shown["blocks"] = list(message.blocks)
    if message.attachments:
        shown["attachments"] = list(message.attachments)
    if message.thread_ts is not None:
        shown["thread_ts"] = message.thread_ts
    if message.metadata is not None:
        shown["metadata"] = message.metadata
    if message.edits:
        shown["edited"] = {"user": message.user, "ts": message.ts}
    return shown


def view_json(world: World, view: View, values: JsonObject | None = None) -> JsonObject:
    """A view as in the answer of ``views.open`` and in a submission; *values* is what was filled in."""
    defaults = {"private_metadata": "", "callback_id": "", "clear_on_close": False, "notify_on_close": False}
    absent = {"title": None, "submit": None, "close": None}
    return (
        absent
        | defaults
        | view.content
        | {
            "id": view.id,
            "team_id": world.team_id,
            "app_id": world.app_id,
            "app_installed_team_id": world.team_id,
            "bot_id": world.bot_id,
            "hash": view.hash,
            "external_id": view.external_id,
            "root_view_id": view.root,
            "previous_view_id": view.previous,
            "state": {"values": values or {}},
        }
    )
