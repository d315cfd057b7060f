"""What may be said: the checks that messages and views pass before they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.testing.fake_slack.blocks import problems_of_message, problems_of_view
from tocsin.testing.fake_slack.records import Json, JsonObject
from tocsin.testing.fake_slack.world import refuse

TEXT_CHARS_MAX: Final = 40_000
ATTACHMENTS_MAX: Final = 100
VIEW_BYTES_MAX: Final = 250_000


def message_content(payload: JsonObject) -> JsonObject:
    """The text, blocks, attachments, thread and metadata of a message, parsed and checked.

    Raises the error that Slack answers with.
    """
    content: JsonObject = {
        "text": payload.get("text"),
        "blocks": _parsed(payload, "blocks", list, "invalid_blocks_format"),
        "attachments": _parsed(payload, "attachments", list, "invalid_attachments"),
        "metadata": _parsed(payload, "metadata", dict, "invalid_metadata_format"),
        "thread_ts": payload.get("thread_ts") or None,
    }
    text, blocks, attachments = content["text"], content["blocks"], content["attachments"]
    if text is not None and not isinstance(text, str):
        refuse("invalid_arguments", ["[ERROR] must provide a string [json-pointer:/text]"])
    if not text and not blocks and not attachments:
        refuse("no_text")
    if text and len(text) > TEXT_CHARS_MAX:
        refuse("msg_too_long")
    if problems := problems_of_message(blocks or []):
        refuse("invalid_blocks", problems)
    _check_attachments(attachments or [])
    metadata = content["metadata"]
    if metadata and not (
        isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)
    ):
        refuse("invalid_metadata_format")
    return content


def view_content(payload: JsonObject, kinds: Sequence[str]) -> JsonObject:
    """The view in a call of ``views.*``, parsed and checked."""
    view: JsonObject = _parsed(payload, "view", dict, "invalid_arguments") or {}
    if problems := problems_of_view(view, kinds):
        refuse("invalid_arguments", problems)
    if len(msgspec.json.encode(view)) > VIEW_BYTES_MAX:
        refuse("view_too_large")
    return view


def _check_attachments(attachments: list[Json]) -> None:
    if len(attachments) > ATTACHMENTS_MAX:
        refuse("too_many_attachments")
    for index, attachment in enumerate(attachments):
        if not isinstance(attachment, dict):
            refuse("invalid_attachments")
        problems = problems_of_message(attachment.get("blocks", []), f"/attachments/{index}/blocks")
        if problems:
            refuse("invalid_blocks", problems)


def _parsed(payload: JsonObject, key: str, kind: type, error: str) -> Json:
    # The SDK sends lists and objects as JSON strings in a form, and as themselves in a JSON body.
    value = payload.get(key)
    if isinstance(value, str) and value:
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            refuse(error)
    if value in (None, ""):
        return None
    if not isinstance(value, kind):
        refuse(error)
    return value
