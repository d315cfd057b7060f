"""Four judges for every payload that we build: Slack's SDK, a table of limits, the fake Slack, and Slack's types."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.slack.judges import table, typescript
from tocsin.slack.drawing import Message
from tocsin.testing.fake_slack.blocks import problems_of_message, problems_of_view
from tocsin.wiring.gallery import PAYLOADS

DRAWN = {example.name: example.draw() for example in PAYLOADS}

sketched = pytest.mark.parametrize("name", DRAWN)


def as_sent(name: str) -> Any:  # noqa: ANN401 - any JSON.
    """The blocks of a message, or the view, as they arrive."""
    drawn = DRAWN[name]
    return json.loads(json.dumps(drawn.blocks if isinstance(drawn, Message) else drawn))


def test_every_example_has_a_name_of_its_own() -> None:
    assert len(DRAWN) == len(PAYLOADS)
    assert all(example.title for example in PAYLOADS)


# ── The four ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@sketched
def test_slacks_sdk_knows_every_block_and_finds_nothing_wrong(name: str) -> None:
    sent = as_sent(name)
    blocks = sent if isinstance(sent, list) else sent["blocks"]
    parsed = Block.parse_all(blocks)
    assert None not in parsed
    assert len(parsed) == len(blocks)
    for one in parsed:
        one.validate_json()
    if isinstance(sent, dict):
        View(**sent).validate_json()


@sketched
def test_nothing_exceeds_the_table_of_limits_and_ids_are_unique(name: str) -> None:
    assert table.problems(DRAWN[name]) == []


@sketched
def test_the_fake_slack_takes_it(name: str) -> None:
    sent = as_sent(name)
    assert (problems_of_message(sent) if isinstance(sent, list) else problems_of_view(sent)) == []


@pytest.mark.skipif(bool(os.environ.get("TOCSIN_NO_NPM")), reason="TOCSIN_NO_NPM is set")
def test_slacks_types_take_all_of_it_and_refuse_what_is_wrong(tmp_path: Path) -> None:
    wrong = as_sent("room-triggered")
    wrong[0]["colour"] = "red"
    said = typescript.problems(DRAWN | {"wrong": Message("x", tuple(wrong))}, tmp_path)
    lines = [line for line in said.splitlines() if line.startswith("payloads.ts") or "payloads.ts(" in line]
    # One run for all: the only complaint is about the one that must be refused, which is the last.
    source = (tmp_path / "payloads.ts").read_text(encoding="utf-8").splitlines()
    begin = source.index("// wrong") + 1
    assert [line for line in lines if int(line.partition("(")[2].partition(",")[0]) <= begin] == []
    assert "colour" in said


# ── The judges themselves ────────────────────────────────────────────────────────────────────────────────────────────
def longer(block: dict[str, Any]) -> None:
    block["text"]["text"] = "x" * 3001


def nameless(block: dict[str, Any]) -> None:
    block["elements"][0]["action_id"] = block["elements"][1]["action_id"]


def valued(block: dict[str, Any]) -> None:
    block["elements"][0]["value"] = "x" * 2001


@pytest.mark.parametrize(
    ("kind", "spoil", "said"),
    [
        ("section", longer, "blocks[0].text: 3001 characters"),
        ("actions", nameless, "is also at"),
        ("actions", valued, "value: too long"),
    ],
)
def test_the_table_refuses_what_slack_refuses(kind: str, spoil: Callable[[dict[str, Any]], None], said: str) -> None:
    blocks = copy.deepcopy(as_sent("room-acknowledged"))
    spoil(next(block for block in blocks if block["type"] == kind))
    assert said in "; ".join(table.problems(Message("x", tuple(blocks))))
    assert problems_of_message(blocks) != []


def test_the_table_refuses_too_many_blocks_and_a_form_that_cannot_be_sent() -> None:
    divider = {"type": "divider"}
    assert table.problems(Message("", (divider,) * 51)) == ["text: too long, or none", "51 blocks"]
    field = {"type": "input", "label": {"type": "plain_text", "text": "x"}, "element": {"type": "plain_text_input"}}
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}, "blocks": [field, {"type": "section"}]}
    assert table.problems(view) == [
        "blocks[1]: neither text nor fields",
        "modal.title: 25 characters",
        "modal: inputs, and no submit",
    ]
