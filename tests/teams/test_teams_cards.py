"""Sayings as Adaptive Cards, by a strict judge."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.slack.slack_examples import NOW, SETTING, alert, incident, notification
from tocsin.incidents.inputs import Acknowledged, Resolved
from tocsin.kernel import json
from tocsin.saying.incident import bundle_saying, incident_saying, replaced_saying
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
from tocsin.teams.cards import MESSAGE_BYTES_MAX, card, message, plain_message
from tocsin.testing.fake_teams.adaptive_cards import problems
from tocsin.testing.fake_teams.records import JsonObject, actions, texts

NASTY = "[x](https://evil.example) **b** <at>all</at> {{TIME(2026-01-01T00:00:00Z)}}"


def drawn(*parts: Part, tone: Tone = Tone.PLAIN) -> JsonObject:
    found = card(Saying(summary="In short.", parts=parts, tone=tone))
    assert problems(found) == []
    return found


def titles(found: JsonObject) -> Sequence[str]:
    return [action["title"] for action in actions(found)]


@pytest.mark.parametrize(
    "saying",
    [
        incident_saying("inc-1", incident(), now=NOW, setting=SETTING),
        incident_saying("inc-1", incident(), now=NOW, setting=SETTING, viewer="ada", why="You first.", page=True),
        incident_saying("inc-1", incident((NOW, Acknowledged(by="bo"))), now=NOW, setting=SETTING, viewer="ada"),
        incident_saying("inc-1", incident((NOW, Resolved(by="bo", note="done"))), now=NOW, setting=SETTING),
        incident_saying("inc-1", notification(), now=NOW, setting=SETTING),
        incident_saying("inc-1", incident(first=alert(NASTY * 20, description=NASTY * 50)), now=NOW, setting=SETTING),
        bundle_saying({f"i{n}": incident() for n in range(12)}, total=12, now=NOW, setting=SETTING, page=True),
        replaced_saying("inc-1", incident(), setting=SETTING),
    ],
)
def test_what_is_said_of_incidents_is_a_card_without_a_fault(saying: Saying) -> None:
    found = message(saying)
    assert problems(found["attachments"][0]["content"]) == []
    assert len(json.encode(found)) < 28_000
    assert found["summary"]
    assert "\ue000" not in json.encode(found).decode()


def test_strangers_make_no_links_in_a_card() -> None:
    told = "\n".join(texts(drawn(Heading(NASTY), Paragraph(NASTY))))
    assert "[x](" in NASTY
    assert "[x](" not in told.replace("\\[x\\](", "")


def test_the_tone_is_a_colour_and_a_word() -> None:
    found = drawn(Heading("Disk full"), Paragraph("No room."), tone=Tone.CRITICAL)
    assert found["body"][0]["style"] == "attention"
    assert next(texts(found)) == "\N{LARGE RED CIRCLE} **Critical** · Disk full"
    assert next(texts(drawn(Heading("Critical: disk"), tone=Tone.CRITICAL))) == "\N{LARGE RED CIRCLE} Critical: disk"
    assert next(texts(drawn(Heading("Over"), tone=Tone.GOOD))) == "\N{WHITE HEAVY CHECK MARK} Over"


def test_a_button_carries_its_value_for_new_and_old_clients() -> None:
    value = {"i": "inc-1", "r": 2}
    found = drawn(Actions((Button(verb="acknowledge", label="Acknowledge", value=value, style="primary"),)))
    [action] = actions(found)
    assert (action["type"], action["verb"], action["style"]) == ("Action.Execute", "acknowledge", "positive")
    assert action["data"] == action["fallback"]["data"] == {"tocsin": "acknowledge", "value": value}
    assert action["fallback"]["type"] == "Action.Submit"


def test_a_button_that_opens_a_form_asks_for_a_dialog() -> None:
    [action] = actions(drawn(Actions((Button(verb="form:note", label="Note", opens=True),))))
    assert action["type"] == "Action.Submit"
    assert action["data"]["msteams"] == {"type": "task/fetch"}


def test_a_question_stands_before_what_cannot_be_undone() -> None:
    found = drawn(Actions((Button(verb="end", label="End it", sure="Really?", style="danger"),)))
    shown, pressed = actions(found)
    assert (shown["type"], pressed["style"]) == ("Action.ShowCard", "destructive")
    assert "Really?" in list(texts(shown["card"]))


def test_a_button_that_leads_nowhere_is_left_out() -> None:
    found = drawn(
        Actions((Button(verb="o", label="Open", href="https://x/"), Button(verb="o", label="Bad", href="x:")))
    )
    assert titles(found) == ["Open"]


def test_few_options_are_buttons_and_many_are_a_list() -> None:
    few = Choice(verb="snooze", label="Snooze", options=tuple(Option(label=f"{n} h", value={"d": n}) for n in range(3)))
    many = Choice(verb="pick", label="Pick", options=tuple(Option(label=f"{n}", value={"d": n}) for n in range(9)))
    opening = Choice(verb="form", label="Open", options=many.options, opens=True)
    found = drawn(Actions((few, many, opening)))
    assert titles(found) == ["Snooze", "0 h", "1 h", "2 h", "Pick", "OK", "Open", "OK"]
    listed = found["body"][0]["actions"][1]["card"]["body"][0]
    assert (listed["type"], listed["id"], len(listed["choices"])) == ("Input.ChoiceSet", "choice.1", 9)
    assert listed["choices"][1] == {"title": "1", "value": '{"d":1}'}


def test_what_teams_does_not_show_at_once_stands_behind_three_dots() -> None:
    found = drawn(Actions(tuple(Button(verb=f"v{n}", label=f"B{n}") for n in range(8))))
    assert [action.get("mode") for action in actions(found)] == [None] * 6 + ["secondary"] * 2


def test_all_other_parts_are_drawn() -> None:
    found = drawn(
        Facts((("Region", "eu-west-1"), ("Note", ""))),
        Facts(()),
        Divider(),
        Aside(("a", "", "b")),
        Aside(()),
        Picture(alt="CPU", href="https://x/cpu.png"),
        Picture(alt="A chart", name="chart"),
        Item("one", Button(verb="ack", label="Ack"), Tone.HIGH),
        Item("two"),
        Actions(()),
    )
    assert list(texts(found)) == [
        "Region: eu-west-1",
        "Note: -",
        "a · b",
        "A chart",
        "\N{LARGE ORANGE CIRCLE} **High** · one",
        "two",
    ]
    assert found["body"][1]["separator"]
    assert found["body"][2] == {"type": "Image", "url": "https://x/cpu.png", "altText": "CPU", "size": "Stretch"}


def test_what_does_not_fit_is_left_out_from_the_end_and_its_buttons_stay() -> None:
    parts: tuple[Part, ...] = (
        Heading("h"),
        *(Paragraph("x" * 900) for _ in range(60)),
        Actions((Button(verb="a", label="Act"),)),
    )
    found = drawn(*parts)
    assert len(json.encode(found)) <= MESSAGE_BYTES_MAX
    assert titles(found) == ["Act"]
    assert "There is more than fits here" in list(texts(found))[-1]
    alone = drawn(Paragraph("x" * 90_000))
    assert next(iter(texts(alone))) == "In short."
    only_buttons = drawn(*(Actions((Button(verb="a", label="Act", value={"x": "y" * 9000}),)) for _ in range(5)))
    assert titles(only_buttons)


def test_without_parts_the_summary_is_said() -> None:
    assert list(texts(drawn())) == ["In short."]


def test_what_rings_alerts_and_plain_text_is_left_where_cards_are_not_taken() -> None:
    saying = Saying(summary="", rings=True)
    assert message(saying)["channelData"] == {"notification": {"alert": True}}
    assert plain_message(saying) == {"type": "message", "text": "(nothing)", "textFormat": "plain"}
