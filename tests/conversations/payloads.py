"""What was sent to Slack in a conversation, for the judges of our payloads: messages, modals, home tabs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.slack.judges import table
from tocsin.slack.drawing import Message
from tocsin.testing.fake_slack import FakeSlack

Payload = Message | dict[str, Any]


def sent(slack: FakeSlack) -> dict[str, Payload]:
    """All different payloads that *slack* was sent, by what they are."""
    found: dict[str, Payload] = {}
    known: set[str] = set()
    for name, payload in _all(slack):
        shape = json.dumps(payload.blocks if isinstance(payload, Message) else payload)
        if shape not in known:
            known.add(shape)
            found[f"{name} {len(known)}"] = payload
    return found


def _all(slack: FakeSlack) -> Iterator[tuple[str, Payload]]:
    for call in slack.calls:
        if call.payload.get("blocks"):
            yield call.method, Message(call.payload["text"], tuple(_parsed(call.payload["blocks"])))
        if "view" in call.payload:
            yield call.method, _parsed(call.payload["view"])
    for answer in slack.acknowledgements:
        if isinstance(answer.response, dict):
            if "view" in answer.response:
                yield "acknowledgement", answer.response["view"]
            if "blocks" in answer.response:
                yield "acknowledgement", Message(answer.response["text"], tuple(answer.response["blocks"]))


def _parsed(value: Any) -> Any:  # noqa: ANN401 - any JSON, perhaps written as a text.
    return json.loads(value) if isinstance(value, str) else value


def problems(payload: Payload) -> list[str]:
    """What the table of limits and Slack's own models say; the fake has judged when it was sent."""
    view = None if isinstance(payload, Message) else payload
    blocks = list(payload.blocks) if isinstance(payload, Message) else payload["blocks"]
    parsed = Block.parse_all(json.loads(json.dumps(blocks)))
    assert None not in parsed
    assert len(parsed) == len(blocks)
    for one in parsed:
        one.validate_json()
    if view is not None:
        View(**json.loads(json.dumps(view))).validate_json()
    return table.problems(payload)
