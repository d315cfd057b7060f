"""The Web API's ``chat.*`` methods, and what is posted to a response URL."""

from __future__ import annotations

from tocsin.testing.fake_slack.content import message_content
from tocsin.testing.fake_slack.file_methods import check_files
from tocsin.testing.fake_slack.records import Channel, JsonObject, Message
from tocsin.testing.fake_slack.wire import message_json
from tocsin.testing.fake_slack.world import RefusedError, ResponseUrl, World, refuse


def post_message(world: World, payload: JsonObject) -> JsonObject:
    """``chat.postMessage``: to a channel by id or name, or to a person by user id."""
    channel = _writable_channel(world, payload.get("channel"))
    content = message_content(payload)
    check_files(world, content["blocks"])
    _check_thread(world, channel, content)
    message = world.post(channel.id, world.bot.id, content)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(world, message)}


def post_ephemeral(world: World, payload: JsonObject) -> JsonObject:
    """``chat.postEphemeral``: only one person sees it, and nobody can change it later."""
    channel = _writable_channel(world, payload.get("channel"))
    user = world.user(payload.get("user"))
    if user.id not in channel.members:
        refuse("user_not_in_channel")
    content = message_content(payload)
    check_files(world, content["blocks"])
    _check_thread(world, channel, content)
    message = world.post(channel.id, world.bot.id, content, ephemeral_to=user.id)
    return {"message_ts": message.ts}


def update(world: World, payload: JsonObject) -> JsonObject:
    """``chat.update``: only the application's own messages; blocks stay as they were unless given."""
    message = _own_message(world, payload, "cant_update_message")
    content = message_content(payload)
    check_files(world, content["blocks"])
    edited = world.edit(message, content)
    return {
        "channel": edited.channel,
        "ts": edited.ts,
        "text": edited.text,
        "message": message_json(world, edited),
    }


def get_permalink(world: World, payload: JsonObject) -> JsonObject:
    """``chat.getPermalink``: the address of a message, which differs for one in a thread."""
    channel = world.channel(payload.get("channel"))
    message = world.message(channel.id, payload.get("message_ts"))
    href = f"https://workspace.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    below = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
    return {"channel": channel.id, "permalink": href + below}


def delete(world: World, payload: JsonObject) -> JsonObject:
    """``chat.delete``: only the application's own messages."""
    message = _own_message(world, payload, "cant_delete_message")
    world.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def respond(world: World, key: str, payload: JsonObject) -> JsonObject:
    """A POST to a response URL: a new message, or another state of the one that was clicked."""
    right = world.response_urls.get(key)
    if right is None:
        refuse("invalid_url")
    if world.clock() - right.issued_at > world.limits.response_url_seconds:
        refuse("expired_url")
    if right.uses >= world.limits.response_url_uses:
        refuse("used_url")
    right.uses += 1
    answer(world, right, payload)
    return {}


def answer(world: World, right: ResponseUrl, payload: JsonObject) -> None:
    """Do what an answer to an interaction or a slash command says: replace, delete, or post."""
    original = _original(world, right)
    if original is not None and payload.get("delete_original"):
        world.delete(original)
        return
    content = message_content(payload)
    check_files(world, content["blocks"])
    if original is not None and payload.get("replace_original"):
        world.edit(original, content)
        return
    in_channel = payload.get("response_type") == "in_channel"
    world.post(right.channel, world.bot.id, content, ephemeral_to=None if in_channel else right.user)


def _original(world: World, right: ResponseUrl) -> Message | None:
    return next((m for m in world.messages(right.channel) if m.ts == right.ts and not m.deleted), None)


def _writable_channel(world: World, reference: object) -> Channel:
    if isinstance(reference, str) and reference in world.users:
        channel, _ = world.direct_channel([reference])
        return channel
    channel = world.channel(reference)
    if channel.archived:
        refuse("is_archived")
    if world.bot.id not in channel.members:
        refuse("not_in_channel")
    if error := world.restricted.get(channel.id):
        refuse(error)
    return channel


def _check_thread(world: World, channel: Channel, content: JsonObject) -> None:
    if content["thread_ts"] is None:
        return
    try:
        world.message(channel.id, content["thread_ts"])
    except RefusedError:
        refuse("thread_not_found")


def _own_message(world: World, payload: JsonObject, error: str) -> Message:
    channel = world.channel(payload.get("channel"))
    message = world.message(channel.id, payload.get("ts"))
    if message.user != world.bot.id:
        refuse(error)
    if channel.archived:
        refuse("is_archived")
    return message
