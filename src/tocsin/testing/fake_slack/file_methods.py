"""Files: the three steps of an upload, and what a block may show of them.

Sources: https://docs.slack.dev/reference/methods/files.getUploadURLExternal and files.completeUploadExternal;
https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object. A file is processed after its upload:
blocks that show it earlier are refused (https://github.com/slackapi/java-slack-sdk/issues/1335).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from tocsin.testing.fake_slack.records import File, Json, JsonObject
from tocsin.testing.fake_slack.world import World, refuse

ALT_MAX: Final = 1000
IMAGE_HEADS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")


def get_upload_url(world: World, payload: JsonObject) -> JsonObject:
    """``files.getUploadURLExternal``: where so many bytes may be posted, once."""
    name, length = payload.get("filename"), _whole(payload.get("length"))
    if not isinstance(name, str) or not name or not length:
        refuse("missing_argument")
    words = payload.get("alt_txt") or ""
    if len(words) > ALT_MAX:
        refuse("alt_txt_too_large")
    file = File(id=world.new_id("F"), name=name, length=length, alt=words)
    world.files[file.id] = file
    return {"file_id": file.id, "upload_url": f"{world.base_url.removesuffix('api/')}upload/{file.id}"}


def take_upload(world: World, key: str, body: bytes) -> int:
    """A POST of raw bytes to an upload URL; the HTTP status."""
    file = world.files.get(key)
    if file is None or file.content:
        return 404
    if len(body) != file.length:
        return 400
    world.files[key] = msgspec.structs.replace(file, content=body)
    world.changed.notify_all()
    return 200


def complete_upload(world: World, payload: JsonObject) -> JsonObject:
    """``files.completeUploadExternal``: private, unless a channel is named."""
    wanted = payload.get("files")
    if isinstance(wanted, str):
        try:
            wanted = msgspec.json.decode(wanted)
        except msgspec.DecodeError:
            refuse("invalid_arguments")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(each, dict) for each in wanted):
        refuse("invalid_arguments")
    if payload.get("channel_id"):
        world.channel(payload["channel_id"])
    found = [world.files.get(str(each.get("id"))) for each in wanted]
    if any(file is None or not file.content for file in found):
        refuse("file_not_found")
    done = [
        msgspec.structs.replace(file, title=str(each.get("title") or ""), completed_at=world.clock())
        for file, each in zip(found, wanted, strict=True)
        if file is not None
    ]
    world.files.update({file.id: file for file in done})
    return {"files": [{"id": file.id, "title": file.title} for file in done]}


def check_files(world: World, blocks: Json) -> None:
    """Refuse blocks that show a file that is none, is no image, or is not processed yet."""
    problems = [
        f"[ERROR] invalid slack file [json-pointer:{at}/slack_file]"
        for at, shown in _shown(blocks or [], "/blocks")
        if not _ready(world, shown)
    ]
    if problems:
        refuse("invalid_blocks", problems)


def _ready(world: World, shown: JsonObject) -> bool:
    file = world.files.get(str(shown.get("id")))
    if file is None or file.completed_at is None or not file.content.startswith(IMAGE_HEADS):
        return False
    return world.clock() - file.completed_at >= world.limits.file_processing_seconds


def _shown(value: Json, at: str) -> Iterator[tuple[str, JsonObject]]:
    """Every Slack file in blocks, and where it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("slack_file"), dict):
            yield at, value["slack_file"]
        for key, inner in value.items():
            yield from _shown(inner, f"{at}/{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _shown(inner, f"{at}/{place}")


def _whole(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0
