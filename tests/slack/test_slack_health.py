"""What is wrong with Slack, a room or a person: learned from answers, from looking, and from what Slack tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tocsin.conversing.noticed import Noticed
from tocsin.engine.ports import Postponed, Refused
from tocsin.kernel import json
from tocsin.kernel.time import SECOND, Instant
from tocsin.slack.answers import Failure, judged
from tocsin.slack.drawing import Message
from tocsin.slack.handles import SlackHandles
from tocsin.slack.health import DOWN, SILENCE_GAP, WORKSPACE, SlackHealth
from tocsin.slack.loop import LoopThread
from tocsin.slack.payloads import heard
from tocsin.slack.shown import REMEMBERED_MAX, Shown
from tocsin.slack.watch import ROOMS_MAX, SlackWatch, noticed
from tocsin.testing.fake_slack import FakeSlack
from tocsin.testing.fake_slack.api import ALL_SCOPES

NOW: Instant = 1_795_000_000_000
SILENCE = Failure("", Postponed("Slack could not be reached: TimeoutError"))


@dataclass
class Known:
    """A book, and a clock that it looks at."""

    now: Instant = NOW
    changes: int = 0
    health: SlackHealth = field(init=False)

    def __post_init__(self) -> None:
        self.health = SlackHealth(lambda: self.now, self.changed)

    def changed(self) -> None:
        self.changes += 1

    def hear(self, subject: str, code: str = "") -> None:
        self.health.heard(subject, judged(200, code, "") if code else {"ok": True})

    def codes(self) -> dict[str, str]:
        return {trouble.subject: trouble.code for trouble in self.health.troubles()}


def test_each_answer_is_about_what_it_can_be_about() -> None:
    known = Known()
    known.hear("C1", "is_archived")
    known.hear("U1", "user_disabled")
    known.hear("C2", "invalid_blocks")
    known.hear("C2", "something_new")
    assert known.codes() == {"C1": "is_archived", "U1": "user_disabled"}
    known.hear("C2", "token_revoked")
    assert known.codes()[WORKSPACE] == "token_revoked"
    assert known.health.trouble("C9") is not None, "a workspace that takes nothing is everybody's trouble"
    known.hear("C2")
    assert known.codes() == {"C1": "is_archived", "U1": "user_disabled"}
    known.hear("C1")
    known.hear("U1")
    assert known.codes() == {"U1": "user_disabled"}, "Slack takes what is said to them, and nobody reads it"
    known.health.member("U1")
    assert (known.codes(), known.health.trouble("C1"), known.changes) == ({}, None, 6)


def test_a_channel_is_called_as_those_who_asked_call_it() -> None:
    known = Known()
    known.health.alias("D1", "U1")
    known.hear("D1", "channel_not_found")
    assert known.codes() == {"U1": "channel_not_found"}
    assert known.health.trouble("D1") == known.health.trouble("U1") != None  # noqa: E711 - both are the same trouble.


def test_a_name_that_is_resolved_is_its_channel_and_what_was_wrong_by_it_is_over() -> None:
    known = Known()
    known.hear("#ops", "channel_not_found")
    known.health.resolved("#ops", "C1")
    assert (known.codes(), known.changes, known.health.subject("#ops")) == ({}, 2, "C1")
    assert known.health.is_well("#ops", NOW)
    known.health.alias("C1", "#ops")  # Something was under way there by its name.
    known.hear("C1", "is_archived")
    assert known.codes() == {"C1": "is_archived"}
    known.now += SECOND
    known.health.resolved("#ops", "C1")
    assert (known.codes(), known.health.is_well("C1", NOW + 1)) == ({"C1": "is_archived"}, False)


def test_a_cough_is_no_outage_and_silence_is_one_until_slack_speaks() -> None:
    known = Known()
    for _ in range(5):
        known.health.heard("C1", SILENCE)
    assert known.codes() == {}
    known.now += 10 * SECOND
    known.health.heard("C1", SILENCE)
    assert known.codes() == {WORKSPACE: DOWN}
    assert known.health.troubles()[0].since == NOW
    known.health.heard("C1", SILENCE)
    assert known.changes == 1
    known.hear("C1", "is_archived")
    assert known.codes() == {"C1": "is_archived"}, "whoever says no is there"


def test_silence_counts_from_the_first_question_and_not_from_one_of_long_ago() -> None:
    known = Known()
    assert known.health.silence() == (0, 0)
    known.now += 10 * SECOND
    known.health.heard("C1", SILENCE, known.now - 10 * SECOND)
    assert known.health.silence() == (1, 10 * SECOND)
    known.now += SECOND
    known.health.heard("C1", SILENCE)
    assert known.health.silence() == (2, 11 * SECOND)
    known.now += SILENCE_GAP + 1
    assert known.health.silence() == (0, 0)
    known.health.heard("C1", SILENCE)
    assert (known.health.silence(), known.codes()) == ((1, 0), {})
    known.hear("C1", "is_archived")
    assert known.health.silence() == (0, 0), "whoever says no is there"


def test_too_many_calls_are_no_trouble() -> None:
    known = Known()
    for _ in range(5):
        known.health.heard("C1", judged(429, "ratelimited", "30"))
        known.now += 10 * SECOND
    assert known.codes() == {}


def test_it_is_well_only_if_something_has_shown_it_since() -> None:
    known = Known()
    assert not known.health.is_well("C1", NOW)
    known.hear("C1")
    assert [known.health.is_well("C1", at) for at in (NOW, NOW + 1)] == [True, False]
    known.hear("C1", "is_archived")
    assert not known.health.is_well("C1", NOW)


def test_a_code_without_words_of_ours_says_itself() -> None:
    known = Known()
    known.health.heard("U1", Failure("user_not_in_workspace", Refused("no")))
    assert known.health.troubles()[0].said == "user_not_in_workspace"


def told(known: Known, event: dict[str, Any]) -> bool:
    """Slack tells of *event*, as it comes; whether it concerned us."""
    body = {"type": "event_callback", "event_id": "Ev1", "authorizations": [{"user_id": "UBOT"}], "event": event}
    found = heard(json.encode(body), 0)
    return isinstance(found, Noticed) and noticed(known.health, found)


EVENTS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"type": "channel_archive", "channel": "C1"}, {"C1": "is_archived"}),
    ({"type": "group_archive", "channel": "C1"}, {"C1": "is_archived"}),
    ({"type": "channel_deleted", "channel": "C1"}, {"C1": "is_archived"}),
    ({"type": "channel_left", "channel": "C1"}, {"C1": "not_in_channel"}),
    ({"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}}, {WORKSPACE: "token_revoked"}),
    ({"type": "app_uninstalled"}, {WORKSPACE: "token_revoked"}),
    ({"type": "user_change", "user": {"id": "U1", "deleted": True}}, {"U1": "user_disabled"}),
]


@pytest.mark.parametrize(("event", "codes"), EVENTS)
def test_slack_tells_of_trouble(event: dict[str, Any], codes: dict[str, str]) -> None:
    known = Known()
    assert told(known, event)
    assert known.codes() == codes


def test_slack_tells_that_it_is_over() -> None:
    known = Known()
    for event in (EVENTS[0][0], {"type": "channel_unarchive", "channel": "C1"}):
        assert told(known, event)
    known.hear("C2", "not_in_channel")
    assert told(known, {"type": "channel_unarchive", "channel": "C2"})
    known.hear("C3", "not_in_channel")
    assert told(known, {"type": "member_joined_channel", "channel": "C3", "user": "UBOT"})
    known.hear("U1", "user_disabled")
    assert told(known, {"type": "user_change", "user": {"id": "U1", "deleted": False}})
    assert known.codes() == {}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "message"},
        {"type": "channel_archive"},
        {"type": "channel_archive", "channel": 7},
        {"type": "channel_rename", "channel": {"id": "C1", "name": "other"}},
        {"type": "member_left_channel", "channel": "C1", "user": "U2"},
        {"type": "user_change", "user": "U1"},
        {"type": "user_change", "user": {}},
    ],
)
def test_other_events_concern_others(event: dict[str, Any]) -> None:
    known = Known()
    assert not told(known, event)
    assert known.codes() == {}


def test_that_we_are_members_does_not_say_that_we_may_post() -> None:
    known = Known()
    known.hear("C1", "restricted_action")
    known.health.member("C1")
    assert known.codes() == {"C1": "restricted_action"}


# ── Looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def loop() -> Iterator[LoopThread]:
    found = LoopThread("watch-test")
    yield found
    found.close()


def test_looking_finds_what_is_wrong_with_rooms_and_what_is_well_again(loop: LoopThread) -> None:
    known = Known()
    with FakeSlack() as slack:
        ok, old, out = slack.add_channel("a"), slack.add_channel("b"), slack.add_channel("c", with_bot=False)
        rooms = [ok.id, old.id, out.id, "#named", "C0NOBODY00"]
        watch = SlackWatch(loop, slack.bot_token, known.health, lambda: rooms, base_url=slack.base_url)
        slack.archive(old)
        watch.look()
        assert known.codes() == {
            old.id: "is_archived",
            out.id: "not_in_channel",
            "C0NOBODY00": "channel_not_found",
        }
        slack.unarchive(old)
        watch.look()
        assert old.id not in known.codes()
        slack.revoke()
        watch.look()
        assert known.codes()[WORKSPACE] == "token_revoked"


def test_after_the_end_nobody_is_asked() -> None:
    known, loop = Known(), LoopThread("ended")
    loop.close()
    SlackWatch(loop, "test-token", known.health, list).look()
    assert isinstance(SlackHandles(loop, "test-token").topic("C1"), Failure)
    assert known.codes() == {}


def test_without_the_scope_to_look_at_rooms_nothing_is_said_of_them(loop: LoopThread) -> None:
    known = Known()
    with FakeSlack(scopes=ALL_SCOPES - {"channels:read"}) as slack:
        room = slack.add_channel("a")
        watch = SlackWatch(loop, slack.bot_token, known.health, lambda: [room.id], base_url=slack.base_url)
        watch.look()
        watch.look()
        assert known.codes() == {}
        assert [call.method for call in slack.calls].count("conversations.info") == 1


def test_many_rooms_are_looked_at_in_turn(loop: LoopThread) -> None:
    known = Known()
    with FakeSlack() as slack:
        rooms = [slack.add_channel(f"r{number}").id for number in range(ROOMS_MAX + 2)]
        watch = SlackWatch(loop, slack.bot_token, known.health, lambda: rooms, base_url=slack.base_url)
        for _ in range(3):
            watch.look()
        looked = [call.payload["channel"] for call in slack.calls if call.method == "conversations.info"]
        assert looked[: len(rooms)] == rooms
        assert len(looked) == len(rooms) + ROOMS_MAX or slack.errors


def test_what_is_shown_is_remembered_for_the_newest_messages() -> None:
    shown, message = Shown(), Message("text", ({"type": "divider"},))
    for number in range(REMEMBERED_MAX + 1):
        shown.put(("C1", str(number)), message)
    assert [shown.has(("C1", each), message) for each in ("0", "1")] == [False, True]
    assert not shown.has(("C1", "1"), Message("other", message.blocks))
    shown.forget(("C1", "1"))
    assert not shown.has(("C1", "1"), message)
