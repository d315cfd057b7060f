"""The messages: complete, within Slack's limits, and deaf to what alerts try to say to Slack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from slack_sdk.models.blocks import Block

from tests.slack.slack_examples import ADA, NOW, SETTING, alert, incident, notification
from tocsin.incidents.alerts import AlertStatus, Link, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Passed, Resolved, Snoozed
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import LISTED_MAX
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.saying.incident import Setting
from tocsin.slack.blocks import bundle_message, incident_message, replaced_message
from tocsin.slack.drawing import Message
from tocsin.slack.mrkdwn import local_time
from tocsin.testing.fake_slack.blocks import problems_of_message

ACKNOWLEDGED: tuple[Instant, Input] = (NOW + MINUTE, Acknowledged(by="ada"))
SNOOZED: tuple[Instant, Input] = (NOW + MINUTE, Snoozed(by="ada", until=NOW + HOUR))
RESOLVED: tuple[Instant, Input] = (NOW + MINUTE, Resolved(by="ada", note="restarted"))
BARE = alert(description="", account="", region="", resource="", labels={}, links=())

STATES: dict[str, Incident] = {
    "triggered": incident(),
    "acknowledged": incident(ACKNOWLEDGED),
    "snoozed": incident(SNOOZED),
    "resolved": incident(RESOLVED),
    "notification": notification(),
    "bare": incident(first=BARE),
}

# Slack's own limits, https://docs.slack.dev/reference/block-kit: characters, or items.
TEXT_MAX = 3000
FIELD_MAX = 2000
FIELDS_MAX = 10
BLOCKS_MAX = 50
CONTEXT_MAX = 10
ELEMENTS_MAX = 25
BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2000
OPTION_VALUE_MAX = 150
ACTION_ID_MAX = 255
FALLBACK_MAX = 4000  # Beyond it Slack advises against, beyond 40,000 it cuts.

OURS_RE = re.compile(r"<!date\^\d+\^\{time\} \{date_short_pretty\}\|[-\d: ]+UTC>|<https?://[^<>|\s]+\||<!channel>")
ENTITY_RE = re.compile(r"&(?:amp|lt|gt);")


def texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON.
    """Every text object's text in *value*."""
    if isinstance(value, dict):
        if value.get("type") in {"mrkdwn", "plain_text"}:
            yield value["text"]
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def elements(message: Message) -> list[dict[str, Any]]:
    """Everything that can be clicked, from top to bottom."""
    found: list[dict[str, Any]] = []
    for block in message.blocks:
        found += block["elements"] if block["type"] == "actions" else []
        found += [block["accessory"]] if "accessory" in block else []
    return found


def buttons(message: Message) -> list[str]:
    return [(element.get("text") or element["placeholder"])["text"] for element in elements(message)]


def whole(message: Message) -> str:
    return "\n".join(texts(message.blocks))


def judge(message: Message) -> None:
    """Raise what Slack, its SDK or its documentation would find wrong."""
    blocks = json.loads(json.dumps(message.blocks))
    assert problems_of_message(blocks) == []
    for parsed in Block.parse_all(blocks):
        parsed.validate_json()
    assert len(Block.parse_all(blocks)) == len(blocks) <= BLOCKS_MAX
    assert 0 < len(message.text) <= FALLBACK_MAX
    ids = [element["action_id"] for element in elements(message)]
    assert len(ids) == len(set(ids))
    assert all(len(name) <= ACTION_ID_MAX for name in ids)
    for block in blocks:
        assert len(block.get("text", {"text": ""})["text"]) <= TEXT_MAX
        assert len(block.get("fields", [])) <= FIELDS_MAX
        assert all(len(text["text"]) <= FIELD_MAX for text in block.get("fields", []))
        if block["type"] == "context":
            assert len(block["elements"]) <= CONTEXT_MAX
            assert all(len(element["text"]) <= TEXT_MAX for element in block["elements"])
    for element in elements(message):
        assert len((element.get("text") or element["placeholder"])["text"]) <= BUTTON_TEXT_MAX
        assert len(element.get("value", "")) <= BUTTON_VALUE_MAX
        assert all(len(option["value"]) <= OPTION_VALUE_MAX for option in element.get("options", []))
    for text in (*texts(blocks), message.text):
        rest = OURS_RE.sub("", text)
        assert "<" not in rest
        assert "&" not in ENTITY_RE.sub("", rest)


def room(state: Incident, setting: Setting = SETTING, *, page: bool = False, why: str = "") -> Message:
    return incident_message("inc-1", state, now=NOW, setting=setting, why=why, page=page)


def paged(state: Incident, viewer: str = "ada", why: str = "You are the first to be asked.") -> Message:
    return incident_message("inc-1", state, now=NOW, setting=SETTING, viewer=viewer, why=why, page=True)


# ── What it says ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_room_reads_what_where_since_when_and_who() -> None:
    message = room(incident())
    judge(message)
    assert whole(message).splitlines() == [
        "\N{LARGE RED CIRCLE} *Critical* · *<https://tocsin.example/incidents/inc-1|CPU is high>*",
        "The average is above 90 %.",
        "*Account*",
        "123456789012",
        "*Region*",
        "eu-west-1",
        "*Resource*",
        "i-0abc",
        "*Since*",
        local_time(NOW),
        "*Alerts*",
        "once",
        "*Team*",
        "ops",
        f"Asking Ada Lovelace. Without an answer, asks Bo and Cy next in 5 min, at {local_time(NOW + 5 * MINUTE)}.",
        "<https://console.example/alarm|alarm>",
        "Labels: stage=prod",
        "Acknowledge",
        "Resolve",
        "Snooze",
        "30 minutes",
        "2 hours",
        "8 hours",
        "24 hours",
        "until tomorrow 9:00",
        "Escalate",
        "More",
        "Reassign …",
        "Add a note …",
        "Snooze until …",
        "Silence this alert …",
        "Resolve, with cause and remedy …",
    ]


def test_the_preview_says_the_same_in_one_line_without_mark_up() -> None:
    assert room(incident()).text == (
        "Critical: CPU is high (123456789012 eu-west-1). Asking Ada Lovelace. "
        "Without an answer, asks Bo and Cy next in 5 min, at 2026-11-18 11:11 UTC."
    )
    assert paged(incident(RESOLVED)).text.startswith(
        "Resolved (critical): CPU is high (123456789012 eu-west-1). You are"
    )
    assert paged(incident(RESOLVED), "bo").text == (
        "Resolved (critical): CPU is high. Ada Lovelace resolved it at 2026-11-18 11:07 UTC, after 1m: restarted. "
        "There is nothing for you to do."
    )


def test_a_page_says_why() -> None:
    message = paged(incident())
    judge(message)
    assert message.blocks[1]["text"]["text"] == "You are the first to be asked."
    assert "You are the first to be asked." in message.text
    assert "<!channel>" not in whole(message)


def test_a_page_to_a_room_mentions_everybody_once() -> None:
    message = room(incident(), page=True, why="You are asked now: no answer.")
    judge(message)
    assert message.blocks[1]["text"]["text"] == "<!channel> You are asked now: no answer."
    assert message.text.startswith("<!channel> Critical")
    assert whole(message).count("<!channel>") == 1
    assert room(incident(), page=True).blocks[1]["text"]["text"] == "<!channel> The average is above 90 %."


@pytest.mark.parametrize("severity", Severity)
def test_severity_is_told_by_colour_and_by_word(severity: Severity) -> None:
    head = room(incident(first=alert(severity=severity))).blocks[0]["text"]["text"]
    assert f"*{severity.value.capitalize()}*" in head
    assert head[0] in "\N{LARGE RED CIRCLE}\N{LARGE ORANGE CIRCLE}\N{LARGE YELLOW CIRCLE}\N{LARGE BLUE CIRCLE}"


def test_every_severity_has_its_own_colour() -> None:
    heads = [room(incident(first=alert(severity=severity))).blocks[0]["text"]["text"][0] for severity in Severity]
    assert len(set(heads)) == len(Severity)


def test_a_resolved_incident_says_so_first() -> None:
    head = room(incident(RESOLVED)).blocks[0]["text"]["text"]
    assert head.startswith("\N{WHITE HEAVY CHECK MARK} *Resolved (critical)*")


def test_repetitions_are_counted() -> None:
    again = (NOW + MINUTE, AlertReceived(alert(), Plan(team="ops", policy=incident().plan.policy)))
    assert "2 times, last <!date^1795000060^" in whole(room(incident(again)))


def test_other_alerts_that_fire_are_named() -> None:
    plan = incident().plan
    joined = [
        (NOW + number, AlertReceived(alert(f"Disk {number}", dedup_key=f"d{number}", group_key="cpu"), plan))
        for number in range(8)
    ]
    over = (NOW + MINUTE, AlertReceived(alert("Disk 0", dedup_key="d0", status=AlertStatus.RESOLVED), plan))
    text = whole(room(incident(*joined, over)))
    assert "9 alerts, 8 firing, 9 times" in text
    assert "Also firing: Disk 1; Disk 2; Disk 3; Disk 4; Disk 5; and 2 more" in text


def test_without_a_console_there_are_no_links_to_it() -> None:
    message = room(incident(), Setting())
    judge(message)
    assert message.blocks[0]["text"]["text"] == "\N{LARGE RED CIRCLE} *Critical* · *CPU is high*"
    assert "tocsin.example" not in whole(message)


def test_an_alert_of_which_nothing_is_known_is_still_shown() -> None:
    message = room(incident(first=alert("\x00", description="\n", account="", region="", resource="")))
    judge(message)
    assert "(no title)" in message.text
    assert "(no title)" in message.blocks[0]["text"]["text"]


def test_a_description_that_repeats_the_title_is_left_out() -> None:
    assert whole(room(incident(first=alert("Boom", description="Boom")))).count("Boom") == 1


# ── What can be done ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "in_room", "for_ada", "for_bo"),
    [
        (
            "triggered",
            ["Acknowledge", "Resolve", "Snooze", "Escalate", "More"],
            ["Acknowledge", "Pass", "Resolve", "Snooze", "Escalate", "More"],
            ["Acknowledge", "Resolve", "Snooze", "Escalate", "More"],
        ),
        (
            "acknowledged",
            ["Take over", "Resolve", "Snooze", "Escalate", "More"],
            ["Pass", "Resolve", "Snooze", "Escalate", "More"],
            ["Take over"],
        ),
        (
            "snoozed",
            ["Acknowledge", "Resolve", "Snooze", "Escalate", "More"],
            ["Acknowledge", "Pass", "Resolve", "Snooze", "Escalate", "More"],
            ["Take over"],
        ),
        ("resolved", [], [], []),
        ("notification", ["Ask somebody", "More"], ["Ask somebody", "More"], ["Ask somebody", "More"]),
    ],
)
def test_the_buttons_are_those_that_mean_something(
    name: str, in_room: list[str], for_ada: list[str], for_bo: list[str]
) -> None:
    state = STATES[name]
    assert buttons(room(state)) == in_room
    assert buttons(paged(state)) == for_ada
    assert buttons(paged(state, "bo")) == for_bo


def test_who_has_passed_cannot_pass_again() -> None:
    policy = Policy(name="p", steps=(Step((ADA, "responder:bo")),), everyone=("team:ops",))
    state = incident((NOW + 1, Passed(by="ada", rung=0)), policy=policy)
    assert "Pass" not in buttons(paged(state))
    assert "Pass" in buttons(paged(state, "bo"))


def test_every_button_carries_the_incident_and_the_rung_that_it_was_drawn_for() -> None:
    state = incident((NOW + 5 * MINUTE, Tick()))
    for element in elements(paged(state, "bo")):
        for carrier in element.get("options", [element]):
            value = json.loads(carrier["value"])
            assert (value["i"], value["r"]) == ("inc-1", 1)
            assert " " not in carrier["value"]


# ── Bundles ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def many(count: int) -> dict[str, Incident]:
    """Incidents of every severity, the worst last."""
    severities = sorted(Severity, key=lambda severity: severity.weight)
    return {
        f"inc-{number:02}": incident(first=alert(f"Alarm {number}", severity=severities[number * 4 // count]))
        for number in range(count)
    }


def bundle(incidents: dict[str, Incident], *, viewer: str = "ada", page: bool = True, **parts: Any) -> Message:  # noqa: ANN401
    given: dict[str, Any] = {"total": len(incidents), "now": NOW, "setting": SETTING} | parts
    return bundle_message(incidents, viewer=viewer, page=page, **given)


def test_a_bundle_shows_the_worst_and_counts_the_rest() -> None:
    message = bundle(many(14))
    judge(message)
    lines = [block["text"]["text"] for block in message.blocks[1:-1]]
    assert len(lines) == LISTED_MAX
    words = [re.findall(r"\*(\w+)\* ·", line)[0] for line in lines]
    assert words == ["Critical"] * 3 + ["High"] * 4 + ["Warning"] * 3
    assert message.blocks[0]["text"]["text"] == "*14 incidents ask you at once.*"
    assert message.blocks[-1]["elements"][0]["text"] == "and 4 more · <https://tocsin.example/|see them all>"
    assert message.text.startswith("14 incidents ask you at once. Critical: Alarm 11; Critical: Alarm 12; Critical: Al")
    assert message.text.endswith("; and 11 more")


def test_each_line_of_a_bundle_can_be_acknowledged() -> None:
    message = bundle(many(3))
    judge(message)
    found = {element["action_id"]: json.loads(element["value"])["i"] for element in elements(message)}
    assert found == {
        "tocsin:acknowledge": "inc-02",
        "tocsin:acknowledge:1": "inc-01",
        "tocsin:acknowledge:2": "inc-00",
    }


def test_a_bundle_has_no_button_where_there_is_nothing_to_answer() -> None:
    shown = {"a": STATES["resolved"], "b": STATES["acknowledged"], "c": STATES["notification"], "d": STATES["snoozed"]}
    message = bundle(shown, viewer="", page=False)
    judge(message)
    assert message.blocks[0]["text"]["text"] == "*4 incidents.*"
    assert [json.loads(element["value"])["i"] for element in elements(message)] == ["d"]


def test_a_bundled_page_to_a_room_mentions_everybody() -> None:
    message = bundle(many(2), viewer="")
    judge(message)
    assert message.blocks[0]["text"]["text"] == "<!channel> *2 incidents ask for an answer at once.*"
    assert message.text.startswith("<!channel> 2 incidents")


def test_a_bundle_without_a_console_and_without_a_rest_has_no_foot() -> None:
    message = bundle(many(2), setting=Setting())
    judge(message)
    assert [block["type"] for block in message.blocks] == ["section"] * 3
    assert bundle(many(11), setting=Setting()).blocks[-1]["elements"][0]["text"] == "and 1 more"


def test_a_replaced_message_has_no_buttons_left() -> None:
    message = replaced_message("inc-1", incident(), setting=SETTING)
    judge(message)
    assert elements(message) == []
    assert message.text == "Critical: CPU is high. Goes on in a newer message."


# ── Hostile alerts ───────────────────────────────────────────────────────────────────────────────────────────────────
TRICKS = [
    "<!channel>",
    "<@U0000000001>",
    "<https://evil.example|click>",
    "&lt;!here&gt;",
    "```",
    "*",
    "\u202e",
    "\x00",
    "\n",
]
HOSTILE = st.lists(st.sampled_from(TRICKS) | st.text(max_size=20), max_size=60).map("".join)


@given(
    state=st.sampled_from(sorted(STATES)),
    face=st.builds(
        alert,
        HOSTILE,
        description=HOSTILE,
        account=HOSTILE,
        region=HOSTILE,
        resource=HOSTILE,
        labels=st.dictionaries(HOSTILE, HOSTILE, max_size=12),
        links=st.lists(st.builds(Link, HOSTILE, HOSTILE.map("https://host.example/".__add__)), max_size=8).map(tuple),
    ),
    word=HOSTILE,
)
def test_no_alert_breaks_a_limit_or_reaches_out_of_its_text(state: str, face: Any, word: str) -> None:  # noqa: ANN401
    given_state = STATES[state]
    hostile = replace(
        given_state,
        face=face,
        alerts=given_state.alerts | {"other": replace(given_state.alerts["cpu"], title=word)},
        asked=(*given_state.asked, f"responder:{word}"),
        resolve_note=word,
        plan=replace(given_state.plan, team=word),
        assignee=word if given_state.status is Status.ACKNOWLEDGED else given_state.assignee,
    )
    setting = replace_names(word)
    for message in (
        incident_message("inc-1", hostile, now=NOW, setting=setting, why=word, page=True),
        incident_message("inc-1", hostile, now=NOW, setting=setting, viewer="ada", why=word, page=True),
        bundle_message({"a": hostile, "b": hostile}, total=2, now=NOW, setting=setting, page=True),
        replaced_message("inc-1", hostile, setting=setting),
    ):
        judge(message)
        assert (message.text + whole(message)).count("<!channel>") in {0, 2}


def replace_names(word: str) -> Setting:
    return Setting({"ada": word, word: word}, SETTING.incident_url, SETTING.console_url)


def test_the_longest_alert_fits() -> None:
    face = alert(
        "&" * 500,
        description="<" * 4000,
        account="&" * 600,
        region="&" * 600,
        resource="&" * 600,
        labels={f"{'&' * 200}{number}": "&" * 900 for number in range(64)},
        links=tuple(Link("&" * 900, "https://host.example/" + "&" * 1400) for _ in range(20)),
    )
    for state in (incident(first=face), incident(RESOLVED, first=face)):
        judge(paged(state, why="&" * 5000))
        judge(bundle({f"inc-{number}": state for number in range(20)}))
