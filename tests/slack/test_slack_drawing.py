"""Sayings drawn for Slack: whatever stands in them, a message within every limit comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from tocsin.saying.message import (
    Actions,
    Aside,
    Button,
    Choice,
    Divider,
    Facts,
    Heading,
    Item,
    Option,
    Paragraph,
    Part,
    Picture,
    Saying,
    Tone,
)
from tocsin.saying.text import bold, code, link, moment
from tocsin.slack.drawing import MESSAGE_BLOCKS_MAX, Message, draw, draw_parts, verb_of
from tocsin.slack.mrkdwn import local_time
from tocsin.testing.fake_slack.blocks import problems_of_message

NOW = 1_795_000_000_000


def drawn(*parts: Part, **how: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """The blocks of a message of *parts*, which Slack takes."""
    message = draw(Saying(summary="Summary", parts=parts, **how))
    judge(message)
    return list(message.blocks)


def judge(message: Message) -> None:
    blocks = json.loads(json.dumps(message.blocks))
    assert problems_of_message(blocks) == []
    for parsed in Block.parse_all(blocks):
        parsed.validate_json()
    assert 0 < len(message.text) <= 4000


def texts(*parts: Part, **how: Any) -> list[str]:  # noqa: ANN401
    return [block["text"]["text"] for block in drawn(*parts, **how)]


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_heading_is_a_header_and_one_with_a_link_is_bold_text() -> None:
    assert drawn(Heading("Who is on call")) == [
        {"type": "header", "text": {"type": "plain_text", "text": "Who is on call"}}
    ]
    assert texts(Heading(link("https://a.example/1", "CPU"))) == ["*<https://a.example/1|CPU>*"]
    assert drawn(Heading("long " * 40))[0]["type"] == "section"


def test_marks_are_drawn_and_foreign_text_is_escaped() -> None:
    text = f"{bold('a*b')} {code('c`d')} {moment(NOW)} <!channel> & {link('https://a.example/?x=1&y', 'here')}"
    expected = (
        f"*a\N{ASTERISK OPERATOR}b* `c\N{MODIFIER LETTER GRAVE ACCENT}d` {local_time(NOW)} &lt;!channel&gt; &amp; "
        "<https://a.example/?x=1&amp;y|here>"
    )
    assert texts(Paragraph(text)) == [expected]


def test_bold_lines_are_bold_each() -> None:
    assert texts(Paragraph(bold("one\n\ntwo"))) == ["*one*\n\n*two*"]
    assert texts(Paragraph(link("javascript:alert(1)", "here"))) == ["here"]


def test_the_tone_is_a_mark_and_a_word() -> None:
    assert texts(Paragraph("CPU is high"), tone=Tone.CRITICAL) == ["\N{LARGE RED CIRCLE} *Critical* · CPU is high"]
    assert texts(Paragraph("Critical: CPU"), tone=Tone.CRITICAL) == ["\N{LARGE RED CIRCLE} Critical: CPU"]
    assert texts(Heading("Done"), Heading("Next"), tone=Tone.GOOD) == ["\N{WHITE HEAVY CHECK MARK} Done", "Next"]
    assert texts(Item("Disk", tone=Tone.WARNING)) == ["\N{LARGE YELLOW CIRCLE} *Warning* · Disk"]


def test_a_long_paragraph_is_split_between_lines_and_cut_in_the_end() -> None:
    lines = [f"{number} " + "x" * 990 for number in range(4)]
    assert texts(Paragraph("\n".join(lines))) == ["\n".join(lines[:2]), "\n".join(lines[2:])]
    many = texts(Paragraph("word & " * 5000))
    assert len(many) == 4
    assert many[-1].endswith("…")
    assert texts(Paragraph("x" * 5000))[0].startswith("xxx")
    marked = texts(Paragraph(f"{bold('y' * 3500)} {link('https://a.example/' + 'z' * 1500, 'l' * 2000)}"))
    assert "".join(marked).count("y") == 3500


def test_what_is_blank_is_not_drawn() -> None:
    assert drawn(Paragraph(" \n"), Heading(""), Facts((("A", ""), ("", "b"))), Item(" "), Aside(("", " "))) == []


def test_facts_stand_in_fields_ten_at_a_time() -> None:
    blocks = drawn(Facts(tuple((f"Name {number}", f"value {number}") for number in range(12))))
    assert [len(block["fields"]) for block in blocks] == [10, 2]
    assert blocks[0]["fields"][0]["text"] == "*Name 0*\nvalue 0"


def test_an_aside_stands_in_a_context_ten_at_a_time() -> None:
    assert [len(block["elements"]) for block in drawn(Aside(tuple("abcdefghijkl")))] == [10, 2]


def test_who_is_to_ring_is_mentioned_once_in_the_first_paragraph_or_in_a_line_of_its_own() -> None:
    assert texts(Heading("A"), Paragraph("b"), Paragraph("c"), rings=True) == ["A", "<!channel> b", "c"]
    assert texts(Heading("A"), Item("b"), rings=True) == ["A", "<!channel>", "b"]
    assert texts(rings=True) == ["<!channel>"]
    assert draw(Saying(summary="A <b>", rings=True)).text == "<!channel> A &lt;b&gt;"


def test_the_summary_is_words_only() -> None:
    assert draw(Saying(summary=f"{bold('A')} at {moment(NOW)}")).text == "A at 2026-11-18 11:06 UTC"
    assert draw(Saying(summary=" ")).text == "(nothing)"


# ── Pictures and actions ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_picture_is_an_image_by_address_or_by_file_and_else_its_words() -> None:
    files = {"chart": "F012AB3CD"}
    parts = (
        Picture(alt="CPU, 3 h", href="https://a.example/1.png"),
        Picture(alt="Alerts", name="chart"),
        Picture(alt="Gone", href="http://a.example/1.png", name="other"),
        Divider(),
    )
    assert draw(Saying(summary="s", parts=parts), files=files).blocks == (
        {"type": "image", "alt_text": "CPU, 3 h", "image_url": "https://a.example/1.png"},
        {"type": "image", "alt_text": "Alerts", "slack_file": {"id": "F012AB3CD"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Gone", "verbatim": True}]},
        {"type": "divider"},
    )


def test_buttons_carry_their_verb_and_value() -> None:
    sure = Button(verb="resolve", label="Resolve", value={"i": "inc-1"}, style="danger", sure="Resolve all 3?")
    assert drawn(Actions((sure, Button(verb="open", label="Console", href="https://a.example/")))) == [
        {
            "type": "actions",
            "elements": [
                {
                    "type": "button",
                    "action_id": "tocsin:resolve",
                    "text": {"type": "plain_text", "text": "Resolve"},
                    "value": '{"i":"inc-1"}',
                    "style": "danger",
                    "confirm": {
                        "title": {"type": "plain_text", "text": "Are you sure?"},
                        "text": {"type": "plain_text", "text": "Resolve all 3?"},
                        "confirm": {"type": "plain_text", "text": "Resolve"},
                        "deny": {"type": "plain_text", "text": "Cancel"},
                        "style": "danger",
                    },
                },
                {
                    "type": "button",
                    "action_id": "tocsin:open",
                    "text": {"type": "plain_text", "text": "Console"},
                    "url": "https://a.example/",
                },
            ],
        }
    ]


def test_the_same_verb_twice_has_two_ids_and_is_read_as_the_same() -> None:
    blocks = drawn(*(Item(f"Line {number}", Button(verb="form:note", label="Note")) for number in range(3)))
    ids = [block["accessory"]["action_id"] for block in blocks]
    assert ids == ["tocsin:form:note", "tocsin:form:note:1", "tocsin:form:note:2"]
    assert {verb_of(name) for name in ids} == {"form:note"}
    assert verb_of("other:form") == ""
    assert blocks[1]["accessory"]["accessibility_label"] == "Note: Line 1"


def test_a_choice_is_a_select_and_beside_an_item_a_short_one_is_an_overflow() -> None:
    choice = Choice(
        verb="snooze",
        label="Snooze",
        options=(Option(label="30 min", value={"d": 1}), Option(label="long", value={"x": "x" * 200})),
    )
    select = drawn(Actions((choice,)))[0]["elements"]
    assert select == [
        {
            "type": "static_select",
            "action_id": "tocsin:snooze",
            "placeholder": {"type": "plain_text", "text": "Snooze"},
            "options": [{"text": {"type": "plain_text", "text": "30 min"}, "value": '{"d":1}'}],
        }
    ]
    assert drawn(Item("a", choice))[0]["accessory"]["type"] == "overflow"
    assert drawn(Item("a", Choice(verb="snooze", label="Snooze", options=())))[0].get("accessory") is None


def test_what_no_button_can_carry_is_no_button() -> None:
    assert drawn(Actions((Button(verb="a", label="A", value={"x": "x" * 2000}),))) == []
    assert len(drawn(Actions(tuple(Button(verb="a", label="") for _ in range(30))))) == 2


def test_more_than_fits_is_told_and_what_can_be_done_stays() -> None:
    many = [Paragraph(str(number)) for number in range(80)]
    blocks = drawn(*many, Actions((Button(verb="a", label="A"),)))
    assert len(blocks) == MESSAGE_BLOCKS_MAX
    assert [block["type"] for block in blocks[-3:]] == ["section", "context", "actions"]
    assert drawn(*many)[-1]["type"] == "context"
    assert len(draw_parts(many, most=100)) == 80


NEUTRAL = st.lists(
    st.text(max_size=30)
    | st.sampled_from(["<!channel>", "&", "`", "*", "\n"])
    | st.builds(bold, st.text(max_size=9))
    | st.builds(link, st.text(max_size=9).map("https://".__add__), st.text(max_size=9))
    | st.builds(moment, st.integers(-9, 10**17)),
    max_size=20,
).map("".join)
ACTION = st.builds(
    Button, verb=NEUTRAL, label=NEUTRAL, sure=NEUTRAL, style=st.sampled_from(["", "primary", "odd"]), href=NEUTRAL
) | st.builds(
    Choice, verb=NEUTRAL, label=NEUTRAL, options=st.lists(st.builds(Option, label=NEUTRAL), max_size=7).map(tuple)
)
PARTS: st.SearchStrategy[Part] = st.one_of(
    st.builds(Heading, NEUTRAL),
    st.builds(Paragraph, NEUTRAL),
    st.builds(Facts, st.lists(st.tuples(NEUTRAL, NEUTRAL), max_size=12).map(tuple)),
    st.builds(Item, NEUTRAL, st.none() | ACTION, st.sampled_from(Tone)),
    st.builds(Aside, st.lists(NEUTRAL, max_size=12).map(tuple)),
    st.builds(Picture, alt=NEUTRAL, href=NEUTRAL.map("https://".__add__)),
    st.builds(Actions, st.lists(ACTION, max_size=4).map(tuple)),
)


def marked_up(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON.
    """The texts in *value* in which Slack would see a mention."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        value = tuple(value.values())
    for inner in value if isinstance(value, list | tuple) else ():
        yield from marked_up(inner)


@pytest.mark.parametrize("rings", [False, True])
@settings(max_examples=30)
@given(parts=st.lists(PARTS, max_size=12), summary=NEUTRAL, tone=st.sampled_from(Tone))
def test_slack_takes_whatever_is_said(parts: list[Part], summary: str, tone: Tone, *, rings: bool) -> None:
    message = draw(Saying(summary=summary, parts=tuple(parts), tone=tone, rings=rings))
    judge(message)
    assert sum(text.count("<!channel>") for text in marked_up(message.blocks)) == rings
    assert message.text.count("<!channel>") == rings
