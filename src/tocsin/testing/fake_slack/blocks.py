"""Checks messages and views against the Block Kit table, and fills in the ids that Slack fills in."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Final

from tocsin.testing.fake_slack.block_kit import ELEMENTS, MESSAGE, VIEWS
from tocsin.testing.fake_slack.records import Json, JsonObject
from tocsin.testing.fake_slack.shapes import Report, Typed

# Limits on a whole message or view, which no single block can know.
PER_LAYOUT_MAX: Final = {"table": 1, "data_visualization": 2}
MARKDOWN_CHARS_MAX: Final = 12_000
FILE_INPUT: Final = "file_input"
INTERACTIVE: Final = frozenset(ELEMENTS) - {"image", "url"}


def problems_of_message(blocks: object, pointer: str = "/blocks") -> list[str]:
    """What Slack finds wrong with the blocks of a message; each line ends with a JSON pointer below *pointer*."""
    report = Report()
    MESSAGE.check(blocks, pointer, report)
    _check_layout(blocks, pointer, report)
    if FILE_INPUT in report.types:
        report.say("file_input is allowed in modals only", pointer)
    return report.problems


def problems_of_view(view: object, kinds: Sequence[str] = ("modal", "home")) -> list[str]:
    """What Slack finds wrong with a modal or a home tab."""
    report = Report()
    Typed(VIEWS, tuple(kinds)).check(view, "/view", report)
    if isinstance(view, dict):
        blocks = view.get("blocks")
        _check_layout(blocks, "/view/blocks", report)
        if view.get("type") == "modal" and "input" in report.types and "submit" not in view:
            report.say("missing required field: submit, as there are input blocks", "/view")
    return report.problems


def with_ids(blocks: Sequence[JsonObject], new_id: Callable[[], str]) -> tuple[JsonObject, ...]:
    """A deep copy in which every block has a ``block_id`` and every interactive element an ``action_id``.

    Expects blocks without problems.
    """
    copied = copy.deepcopy(tuple(blocks))
    for block in copied:
        _fill_ids(block, new_id)
    return copied


def _fill_ids(block: JsonObject, new_id: Callable[[], str]) -> None:
    block.setdefault("block_id", new_id())
    for key in ("accessory", "element", "elements", "actions"):
        inner: Json = block.get(key, ())
        for item in [inner] if isinstance(inner, dict) else inner:
            if item["type"] == "card":
                _fill_ids(item, new_id)
            elif item["type"] in INTERACTIVE:
                item.setdefault("action_id", new_id())
    for child in block.get("child_blocks", ()):
        _fill_ids(child, new_id)


def _check_layout(blocks: object, pointer: str, report: Report) -> None:
    for kind, most in PER_LAYOUT_MAX.items():
        if report.types.count(kind) > most:
            report.say(f"no more than {most} {kind} blocks allowed", pointer)
    if not isinstance(blocks, list):
        return
    texts = [block.get("text") for block in blocks if isinstance(block, dict) and block.get("type") == "markdown"]
    if sum(len(text) for text in texts if isinstance(text, str)) > MARKDOWN_CHARS_MAX:
        report.say(f"no more than {MARKDOWN_CHARS_MAX} characters of markdown allowed in all", pointer)
