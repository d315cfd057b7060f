"""The Block Kit table accepts what Slack's own SDK knows, and refuses what Slack refuses, saying where."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import pytest
from slack_sdk.models import blocks as sdk
from slack_sdk.models.basic_objects import JsonObject as SdkObject

from tocsin.testing.fake_slack.block_kit import BLOCKS, ELEMENTS, RICH_ELEMENTS, RICH_PARTS
from tocsin.testing.fake_slack.blocks import problems_of_message, problems_of_view, with_ids
from tocsin.testing.fake_slack.records import interactive_elements
from tocsin.testing.fake_slack.shapes import Rule, Shape

Json = dict[str, Any]

# What the SDK models, and an application cannot send: made by Slack itself, or retired.
NOT_IN_THE_TABLE = {"auth_provider", "call"}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str = "go", text: str = "Go", **more: object) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id} | more


def actions(*elements: Json, **more: object) -> Json:
    return {"type": "actions", "elements": list(elements)} | more


def section(text: str = "Disk is full", **more: object) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def select(options: list[Json], **more: object) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": options} | more


def rich_text(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def image(**more: object) -> Json:
    return {"type": "image", "image_url": "https://example.com/i.png", "alt_text": "A graph"} | more


def modal(*blocks: Json, **more: object) -> Json:
    return {"type": "modal", "title": plain("Snooze"), "blocks": list(blocks)} | more


def text_input(action_id: str = "why", **more: object) -> Json:
    element = {"type": "plain_text_input", "action_id": action_id}
    return {"type": "input", "label": plain("Why?"), "element": element} | more


SEGMENTS = [{"label": "Open", "value": 3}, {"label": "Resolved", "value": 4.5}]
CARD = {"type": "card", "title": plain("Disk"), "actions": [button("card-button")], "icon": image()}
GOOD_BLOCKS = [
    section(),
    section(fields=[plain("a"), plain("b")], accessory=button()),
    {"type": "section", "fields": [plain("x" * 2000)] * 10, "expand": True},
    section("x" * 3000, block_id="b"),
    {"type": "header", "text": plain("x" * 150), "level": 2},
    {"type": "divider"},
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "*now*"}, image(), plain("then")]},
    actions(*[button(f"b{n}", "x" * 75, value="x" * 2000, style="danger") for n in range(25)]),
    actions(
        button(
            confirm={
                "title": plain("Sure?"),
                "text": plain("Really?"),
                "confirm": plain("Yes"),
                "deny": plain("No"),
                "style": "primary",
            }
        )
    ),
    actions(select([option(str(n), str(n)) for n in range(100)], placeholder=plain("Which?"))),
    actions(
        {
            "type": "static_select",
            "action_id": "pick",
            "option_groups": [{"label": plain("Group"), "options": [option()]}],
        }
    ),
    actions({"type": "overflow", "action_id": "more", "options": [option() | {"url": "https://example.com"}]}),
    actions({"type": "users_select"}, {"type": "datepicker", "initial_date": "2026-11-22"}),
    actions(
        {"type": "conversations_select", "filter": {"include": ["im"]}}, {"type": "datetimepicker", "action_id": "at"}
    ),
    image(title=plain("Load")),
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "A graph"},
    {"type": "markdown", "text": "x" * 12_000},
    text_input(),
    {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("Delete")}]},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, rich_text({"type": "text", "text": "b"})]]},
    {
        "type": "data_table",
        "caption": "Incidents",
        "rows": [[{"type": "raw_text", "text": "Hours"}], [{"type": "raw_number", "value": 1.5}]],
    },
    {"type": "data_visualization", "title": "Load", "chart": {"type": "pie", "segments": SEGMENTS}},
    {
        "type": "data_visualization",
        "title": "Load",
        "chart": {
            "type": "line",
            "series": [{"name": "p99", "data": SEGMENTS}],
            "axis_config": {"categories": ["Open", "Resolved"], "y_label": "ms"},
        },
    },
    rich_text({"type": "user", "user_id": "U1"}, {"type": "link", "url": "https://example.com"}),
    CARD,
    {"type": "carousel", "elements": [CARD]},
    {"type": "container", "title": plain("More"), "child_blocks": [section(accessory=button())]},
    {
        "type": "plan",
        "title": "Steps",
        "tasks": [{"type": "task_card", "task_id": "1", "title": "a", "status": "error"}],
    },
]


@pytest.mark.parametrize("block", GOOD_BLOCKS, ids=lambda block: block["type"])
def test_what_the_documentation_allows_is_allowed(block: Json) -> None:
    assert problems_of_message([block]) == []


@pytest.mark.parametrize(
    ("block", "where", "what"),
    [
        (section("x" * 3001), "/blocks/0/text/text", "less than 3001"),
        (section(""), "/blocks/0/text/text", "more than 0"),
        ({"type": "section"}, "/blocks/0", "at least one of: text, fields"),
        ({"type": "section", "text": "bare"}, "/blocks/0/text", "an object"),
        ({"type": "section", "fields": [plain("x")] * 11}, "/blocks/0/fields", "no more than 10"),
        ({"type": "section", "fields": [plain("x" * 2001)]}, "/blocks/0/fields/0/text", "less than 2001"),
        (section(colour="red"), "/blocks/0", "invalid additional property: colour"),
        (section(expand="yes"), "/blocks/0/expand", "a boolean"),
        (section(block_id="x" * 256), "/blocks/0/block_id", "less than 256"),
        ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text", "less than 151"),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "/blocks/0/text/type",
            "unsupported type: mrkdwn",
        ),
        ({"type": "header", "text": plain("x"), "level": 5}, "/blocks/0/level", "between 1 and 4"),
        ({"type": "header", "text": plain("x"), "level": True}, "/blocks/0/level", "a number"),
        ({"type": "header", "text": {"type": "plain_text", "text": 5}}, "/blocks/0/text/text", "a string"),
        ({"type": "context", "elements": [plain("x")] * 11}, "/blocks/0/elements", "no more than 10"),
        ({"type": "context", "elements": [button()]}, "/blocks/0/elements/0/type", "unsupported type: button"),
        ({"type": "context", "elements": {}}, "/blocks/0/elements", "an array"),
        (actions(*[button(str(n)) for n in range(26)]), "/blocks/0/elements", "no more than 25"),
        (actions(), "/blocks/0/elements", "no less than 1"),
        (actions(button(text="x" * 76)), "/blocks/0/elements/0/text/text", "less than 76"),
        (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value", "less than 2001"),
        (actions(button("x" * 256)), "/blocks/0/elements/0/action_id", "less than 256"),
        (actions(button(style="green")), "/blocks/0/elements/0/style", "one of: primary, danger"),
        (actions(button(), button()), "/blocks/0/elements/1/action_id", '"go" already exists'),
        (actions({"type": "plain_text_input"}), "/blocks/0/elements/0/type", "unsupported type"),
        (actions("button"), "/blocks/0/elements/0", "an object"),  # type: ignore[arg-type]
        (actions(select([option()] * 101)), "/blocks/0/elements/0/options", "no more than 100"),
        (actions(select([option("x" * 76)])), "/blocks/0/elements/0/options/0/text/text", "less than 76"),
        (actions(select([], option_groups=[])), "/blocks/0/elements/0", "exactly one of: options, option_groups"),
        (actions({"type": "overflow", "options": [option()] * 6}), "/blocks/0/elements/0/options", "no more than 5"),
        (actions({"type": "overflow", "options": []}), "/blocks/0/elements/0/options", "no less than 1"),
        (actions(button(), block_id=5), "/blocks/0/block_id", "a string"),
        (actions(button(confirm="Sure?")), "/blocks/0/elements/0/confirm", "an object"),
        (image(alt_text=""), "/blocks/0/alt_text", "more than 0"),
        (image(slack_file={"id": "F1"}), "/blocks/0", "exactly one of: image_url, slack_file"),
        ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text", "less than 12001"),
        ({"type": "alert", "text": plain("Down")}, "/blocks/0/type", "unsupported type: alert"),
        ({"type": "banner"}, "/blocks/0/type", "unsupported type: banner"),
        ({"text": plain("x")}, "/blocks/0/type", "unsupported type: None"),
        ({"type": "carousel", "elements": [CARD] * 11}, "/blocks/0/elements", "no more than 10"),
        ({"type": "input", "label": plain("x"), "element": button()}, "/blocks/0/element/type", "unsupported type"),
        (actions({"type": "workflow_button", "text": plain("Go"), "workflow": "x"}), "/workflow", "an object"),
        (
            {"type": "input", "label": plain("x"), "element": {"type": "file_input"}},
            "/blocks",
            "file_input is allowed in modals only",
        ),
    ],
)
def test_what_slack_refuses_is_refused_with_its_place(block: Json, where: str, what: str) -> None:
    problems = problems_of_message([block])
    assert any(f"{where}]" in problem and what in problem for problem in problems), problems


def test_fifty_blocks_are_a_message_and_one_more_is_not() -> None:
    assert problems_of_message([section()] * 50) == []
    assert problems_of_message([section()] * 51) == ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]


def test_blocks_must_be_a_list() -> None:
    assert problems_of_message({"type": "section"}) == ["[ERROR] must provide an array [json-pointer:/blocks]"]


def test_ids_are_unique_in_the_whole_message() -> None:
    layout = [actions(button(), block_id="a"), actions(button(), block_id="a")]
    assert problems_of_message(layout) == [
        '[ERROR] `action_id` "go" already exists [json-pointer:/blocks/1/elements/0/action_id]',
        '[ERROR] `block_id` "a" already exists [json-pointer:/blocks/1/block_id]',
    ]


def test_some_blocks_are_counted_over_the_whole_message() -> None:
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}
    assert "no more than 1 table" in problems_of_message([table, table])[0]
    markdown = {"type": "markdown", "text": "x" * 6001}
    assert "12000 characters of markdown" in problems_of_message([markdown, markdown])[0]


def test_a_good_modal_and_a_good_home_tab_pass() -> None:
    form = modal(text_input(), {"type": "alert", "text": plain("Careful")}, submit=plain("Snooze"), close=plain("No"))
    assert problems_of_view(form) == []
    assert problems_of_view({"type": "home", "blocks": [section()] * 100, "private_metadata": "x" * 3000}) == []


@pytest.mark.parametrize(
    ("view", "where", "what"),
    [
        (modal(title=plain("x" * 25)), "/view/title/text", "less than 25"),
        (modal(submit=plain("x" * 25)), "/view/submit/text", "less than 25"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata", "less than 3001"),
        (modal(*[section()] * 101), "/view/blocks", "no more than 100"),
        (modal(text_input()), "/view", "submit"),
        (modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type", "unsupported type: markdown"),
        ({"type": "modal", "blocks": []}, "/view", "missing required field: title"),
        ({"type": "home", "blocks": [], "title": plain("x")}, "/view", "invalid additional property: title"),
        ({"type": "workflow_step", "blocks": []}, "/view/type", "unsupported type"),
        (None, "/view", "an object"),
    ],
)
def test_a_bad_view_is_refused_with_its_place(view: object, where: str, what: str) -> None:
    problems = problems_of_view(view)
    assert any(f"{where}]" in problem and what in problem for problem in problems), problems


def test_missing_ids_are_filled_in_a_copy() -> None:
    blocks = [
        section(accessory={"type": "button", "text": plain("Go")}),
        {"type": "container", "title": plain("x"), "child_blocks": [actions({"type": "users_select"})]},
        {"type": "carousel", "elements": [{"type": "card", "actions": [{"type": "button", "text": plain("Go")}]}]},
        {"type": "context", "elements": [image()]},
        text_input("kept"),
    ]
    numbers = itertools.count()
    filled = with_ids(blocks, lambda: f"id{next(numbers)}")
    found = [(block_id, element["action_id"]) for block_id, element in interactive_elements(filled)]
    assert found == [("id0", "id1"), ("id3", "id4"), ("id6", "id7"), ("id9", "kept")]
    assert "block_id" not in blocks[0]


def test_the_table_knows_every_key_that_the_sdk_knows() -> None:
    tables: list[tuple[type[SdkObject], dict[str, Rule]]] = [
        (sdk.Block, BLOCKS),
        (sdk.BlockElement, ELEMENTS | RICH_ELEMENTS | RICH_PARTS),
    ]
    missing: dict[str, set[str]] = {}
    compared = 0
    for base, table in tables:
        for kind, model in _models(base):
            if kind in NOT_IN_THE_TABLE:
                continue
            rule = table[kind]
            assert isinstance(rule, Shape)
            # A class inherits keys that its element does not take, so only those that it adds itself count.
            added = _attributes(model) - _attributes(model.__bases__[0])
            missing[kind] = added - {"type"} - {*rule.required, *rule.optional}
            compared += 1
    assert compared > 45
    assert {kind: keys for kind, keys in missing.items() if keys} == {}


def _models(base: type[SdkObject]) -> list[tuple[str, type[SdkObject]]]:
    found: list[tuple[str, type[SdkObject]]] = []
    for model in base.__subclasses__():
        kind = getattr(model, "type", None)
        if isinstance(kind, str) and not inspect.isabstract(model):
            found.append((kind, model))
        found += _models(model)
    return found


def _attributes(model: type[SdkObject]) -> set[str]:
    attributes = inspect.getattr_static(model, "attributes")
    return set(attributes.__get__(object.__new__(model)) if isinstance(attributes, property) else attributes)
