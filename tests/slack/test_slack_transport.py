"""Messages and pages, delivered to the fake Slack over real HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.slack.slack_examples import ADA, BO, NOW, ROOM, SETTING, incident, job
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents.inputs import Acknowledged, Passed, Resolved
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.slack import transport as module
from tocsin.slack.budget import GATHERED_PAGES
from tocsin.slack.loop import LoopThread
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import Channel, FakeSlack, Message, User

WHY = "You are the first to be asked."
OPEN = incident()
ACKNOWLEDGED = incident((NOW + MINUTE, Acknowledged(by="ada")))
RESOLVED = incident((NOW + MINUTE, Resolved(by="ada")))


@dataclass
class Clock:
    """Time as the test wills it, for Slack and for us."""

    now: Instant = NOW

    def __call__(self) -> Instant:
        return self.now

    def pass_by(self, duration: Duration) -> None:
        self.now += duration


@dataclass
class World:
    """A workspace with a room and a person, and the transport to it."""

    slack: FakeSlack
    clock: Clock
    loop: LoopThread
    transport: SlackTransport
    room: Channel = field(init=False)
    ada: User = field(init=False)

    def __post_init__(self) -> None:
        self.ada = self.slack.add_user("ada")
        self.room = self.slack.add_channel("ops", [self.ada])

    def another_transport(self, token: str = "", *, timeout: Duration = 5 * SECOND) -> SlackTransport:
        return SlackTransport(
            self.loop,
            token or self.slack.bot_token,
            now=self.clock,
            setting=SETTING,
            base_url=self.slack.base_url,
            timeout=timeout,
        )

    def deliver(self, address: str, *jobs: Job) -> list[DeliveryResult]:
        return list(self.transport.deliver(address, jobs))

    def show(self, state: Incident, receipt: dict[str, Json] | None = None, name: str = "inc-1") -> DeliveryResult:
        return self.deliver(self.room.id, job("show", ROOM, state, receipt, name))[0]

    def page(self, state: Incident, receipt: dict[str, Json] | None = None, name: str = "inc-1") -> DeliveryResult:
        return self.deliver(self.ada.id, job("page", ADA, state, receipt, name, why=WHY))[0]

    @property
    def in_room(self) -> tuple[Message, ...]:
        return self.slack.messages(self.room)

    @property
    def to_ada(self) -> tuple[Message, ...]:
        return self.slack.messages(self.slack.direct_channel(self.ada))

    def methods(self) -> list[str]:
        return [call.method for call in self.slack.calls]


@pytest.fixture
def world() -> Iterator[World]:
    clock = Clock()

    def seconds() -> float:
        return clock() / SECOND

    loop = LoopThread("slack-test")
    with FakeSlack(clock=seconds, wall_clock=seconds) as slack:
        transport = SlackTransport(
            loop, slack.bot_token, now=clock, setting=SETTING, base_url=slack.base_url, timeout=5 * SECOND
        )
        world = World(slack, clock, loop, transport)
        yield world
        world.transport.close()
        loop.close()


def receipt_of(result: DeliveryResult) -> dict[str, Json]:
    assert isinstance(result, Delivered)
    assert result.receipt is not None
    return result.receipt


def head(message: Message) -> str:
    return str(message.blocks[0]["text"]["text"])


# ── The usual ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_incident_is_posted_in_the_room_and_kept_true_in_place(world: World) -> None:
    receipt = receipt_of(world.show(OPEN))
    assert receipt == {"channel": world.room.id, "ts": world.in_room[0].ts}
    assert "Critical" in head(world.in_room[0])
    assert world.show(RESOLVED, receipt) == Delivered()
    (message,) = world.in_room
    assert "Resolved (critical)" in head(message)
    assert message.action_ids == ()
    world.slack.assert_clean()


def test_a_room_can_be_addressed_by_its_name(world: World) -> None:
    (result,) = world.deliver("#ops", job("show", ROOM, OPEN))
    assert receipt_of(result)["channel"] == world.room.id


def test_a_person_is_paged_by_direct_message_which_is_opened_once(world: World) -> None:
    receipt = receipt_of(world.page(OPEN))
    (message,) = world.to_ada
    assert receipt == {"channel": message.channel, "ts": message.ts, "why": WHY}
    assert WHY in message.text
    world.clock.pass_by(SECOND)
    world.page(OPEN, name="inc-2")
    assert world.methods() == ["conversations.open", "chat.postMessage", "chat.postMessage"]
    world.slack.assert_clean()


def test_a_page_is_kept_true_and_says_why_only_while_it_asks(world: World) -> None:
    receipt = receipt_of(world.page(OPEN))
    told = []
    for state in (OPEN, incident((NOW, Passed(by="ada", rung=0))), ACKNOWLEDGED, RESOLVED):
        world.deliver(world.ada.id, job("show", ADA, state, receipt))
        told.append(WHY in world.to_ada[0].text)
    assert told == [True, False, False, False]
    assert "Resolved" in world.to_ada[0].text
    assert len(world.to_ada) == 1


def test_who_was_never_paged_is_shown_nothing(world: World) -> None:
    assert world.deliver(world.ada.id, job("show", ADA, RESOLVED)) == [Delivered()]
    assert world.methods() == []


def test_a_page_to_a_room_mentions_everybody(world: World) -> None:
    (result,) = world.deliver(world.room.id, job("page", ROOM, OPEN, why=WHY))
    assert world.in_room[0].text.startswith("<!channel> Critical")
    world.deliver(world.room.id, job("show", ROOM, RESOLVED, receipt_of(result)))
    assert "<!channel>" not in world.in_room[0].text


def test_a_page_and_the_news_of_one_incident_are_one_message(world: World) -> None:
    first, second = world.deliver(world.room.id, job("page", ROOM, OPEN, why=WHY), job("show", ROOM, OPEN))
    assert first == second
    assert len(world.in_room) == 1


def test_who_is_paged_again_gets_a_new_message_and_the_old_one_loses_its_buttons(world: World) -> None:
    former = receipt_of(world.page(OPEN))
    world.clock.pass_by(SECOND)
    receipt = receipt_of(world.page(OPEN, former))
    old, new = world.to_ada
    assert receipt["ts"] == new.ts != former["ts"]
    assert old.action_ids == ()
    assert "newer message" in old.text
    assert "tocsin:acknowledge" in new.action_ids
    world.slack.assert_clean()


def test_the_transport_says_whether_slack_accepts_it(world: World) -> None:
    assert world.transport.check() is None
    stranger = world.another_transport("another-token")
    assert stranger.check() == "Slack does not accept the token (invalid_auth)"
    stranger.close()


# ── Bundles ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def pages(count: int, state: Incident = OPEN) -> list[Job]:
    return [job("page", ADA, state, name=f"inc-{number:03}", why=WHY) for number in range(count)]


def test_what_waits_for_one_person_leaves_as_one_message(world: World) -> None:
    results = world.deliver(world.ada.id, *pages(12))
    (message,) = world.to_ada
    assert results == [Delivered({"channel": message.channel, "ts": message.ts, "bundle": True})] * 12
    assert message.text.startswith("12 incidents ask you at once.")
    assert len(message.action_ids) == 10
    world.slack.assert_clean()


def test_a_line_of_a_bundle_is_kept_true_in_place(world: World) -> None:
    shared = receipt_of(world.deliver(world.ada.id, *pages(12))[0])
    news = [job("show", ADA, RESOLVED, shared, f"inc-{number:03}") for number in (0, 1)]
    assert world.deliver(world.ada.id, *news) == [Delivered(), Delivered()]
    (message,) = world.to_ada
    assert [block["text"]["text"].count("Resolved") for block in message.blocks[1:11]] == [1, 1] + [0] * 8
    assert len(message.action_ids) == 8
    assert message.edits == 1


def test_what_a_bundle_only_counts_needs_no_change(world: World) -> None:
    shared = receipt_of(world.deliver(world.ada.id, *pages(12))[0])
    assert world.deliver(world.ada.id, job("show", ADA, RESOLVED, shared, "inc-011")) == [Delivered()]
    assert world.to_ada[0].edits == 0


def test_an_incident_in_a_bundle_keeps_the_message_of_its_own_and_both_are_kept_true(world: World) -> None:
    own = receipt_of(world.show(OPEN, name="inc-a"))
    world.clock.pass_by(SECOND)
    results = world.deliver(
        world.room.id, job("page", ROOM, OPEN, own, "inc-a", WHY), job("page", ROOM, OPEN, None, "inc-b", WHY)
    )
    assert results[0] == Delivered()
    assert receipt_of(results[1])["bundle"]
    assert world.show(RESOLVED, own, "inc-a") == Delivered()
    single, bundle = world.in_room
    assert "Resolved" in head(single)
    assert ["Resolved" in block["text"]["text"] for block in bundle.blocks[1:3]] == [True, False]


def test_in_a_room_a_bundle_that_is_forgotten_is_followed_by_a_message_of_its_own(world: World) -> None:
    shared = receipt_of(world.deliver(world.room.id, *(job("show", ROOM, OPEN, name=name) for name in "ab"))[0])
    world.clock.pass_by(SECOND)
    world.transport.close()
    world.transport = world.another_transport()
    receipt = receipt_of(world.show(RESOLVED, shared, "a"))
    assert receipt["ts"] == world.in_room[1].ts
    assert world.deliver(world.ada.id, job("show", ADA, RESOLVED, shared, "a")) == [Delivered()]


def test_only_the_newest_bundles_are_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUNDLES_MAX", 1)
    first = receipt_of(world.deliver(world.ada.id, *pages(2))[0])
    world.clock.pass_by(GATHERED_PAGES)
    world.deliver(world.ada.id, *pages(2))
    assert world.deliver(world.ada.id, job("show", ADA, RESOLVED, first, "inc-000")) == [Delivered()]
    assert [message.edits for message in world.to_ada] == [0, 0]


def test_a_bundle_that_was_deleted_is_forgotten(world: World) -> None:
    shared = receipt_of(world.deliver(world.ada.id, *pages(2))[0])
    world.slack.fail("chat.update", "message_not_found")
    news = job("show", ADA, RESOLVED, shared, "inc-000")
    assert world.deliver(world.ada.id, news) == [Delivered()]
    assert world.deliver(world.ada.id, news) == [Delivered()]
    assert world.methods().count("chat.update") == 1


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_second_post_within_a_second_waits_and_is_not_an_attempt(world: World) -> None:
    world.show(OPEN)
    world.clock.pass_by(400)
    assert world.show(OPEN, name="inc-2") == Postponed("paced", after=600, counts=False)
    world.clock.pass_by(600)
    assert isinstance(world.show(OPEN, name="inc-2"), Delivered)
    world.slack.assert_clean()


def test_updates_are_not_paced(world: World) -> None:
    receipt = receipt_of(world.show(OPEN))
    assert [world.show(ACKNOWLEDGED, receipt), world.show(RESOLVED, receipt)] == [Delivered(), Delivered()]


def test_after_429_nothing_is_asked_before_the_time_that_slack_named(world: World) -> None:
    receipt = receipt_of(world.show(OPEN))
    asked = Postponed("Slack asks to wait: too many calls", after=30_000, counts=False)
    world.clock.pass_by(SECOND)
    world.slack.rate_limit("chat.postMessage", 30)
    world.slack.rate_limit("chat.update", 30)
    assert world.show(OPEN, name="inc-2") == world.show(RESOLVED, receipt) == asked
    before = world.methods()
    world.clock.pass_by(10_000)
    paced = Postponed("paced", after=20_000, counts=False)
    assert world.show(OPEN, name="inc-2") == world.show(RESOLVED, receipt) == paced
    assert world.methods() == before
    world.clock.pass_by(20_000)
    assert isinstance(world.show(OPEN, name="inc-2"), Delivered)
    assert isinstance(world.show(RESOLVED, receipt), Delivered)


def test_a_page_does_not_wait_until_a_conversation_may_be_opened(world: World) -> None:
    world.slack.rate_limit("conversations.open", 30)
    receipt = receipt_of(world.page(OPEN))
    assert [message.channel for message in world.to_ada] == [receipt["channel"]]
    bo = world.slack.add_user("bo")
    (result,) = world.deliver(bo.id, job("page", BO, OPEN))
    assert isinstance(result, Delivered)
    world.clock.pass_by(SECOND)
    world.page(OPEN, name="inc-2")
    assert world.methods().count("conversations.open") == 1
    world.slack.assert_clean()


@pytest.mark.parametrize(
    "error",
    ["channel_not_found", "is_archived", "not_in_channel", "invalid_auth", "account_inactive", "token_revoked"],
)
def test_what_cannot_help_is_refused_with_a_sentence(world: World, error: str) -> None:
    world.slack.fail("chat.postMessage", error)
    result = world.show(OPEN)
    assert isinstance(result, Refused)
    assert result.error.endswith(f"({error})")
    assert " " in result.error.removesuffix(f"({error})").strip()


def test_an_archived_room_refuses_posts_and_changes(world: World) -> None:
    receipt = receipt_of(world.show(OPEN))
    world.clock.pass_by(SECOND)
    world.slack.archive(world.room)
    refused = Refused("the Slack channel is archived (is_archived)")
    assert world.show(OPEN, name="inc-2") == world.show(RESOLVED, receipt) == refused


def test_a_revoked_token_is_refused_for_everybody(world: World) -> None:
    world.slack.revoke()
    refused = Refused("the Slack token was revoked; install the app again (token_revoked)")
    assert world.show(OPEN) == world.page(OPEN) == refused


def test_a_person_who_left_is_refused(world: World) -> None:
    assert world.deliver("U00000000ZZ", job("page", ADA, OPEN)) == [
        Refused("Slack knows no such user (user_not_found)")
    ]


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "fatal_error", "service_unavailable", "new_error"])
def test_what_may_pass_is_tried_again(world: World, error: str) -> None:
    world.slack.fail("chat.postMessage", error)
    assert isinstance(world.show(OPEN), Postponed)
    world.clock.pass_by(MINUTE)
    assert isinstance(world.show(OPEN), Delivered)


@pytest.mark.parametrize("outage", ["refuse", "unavailable"])
def test_an_outage_postpones_and_is_survived(world: World, outage: str) -> None:
    receipt = receipt_of(world.show(OPEN))
    world.clock.pass_by(SECOND)
    world.slack.down("refuse" if outage == "refuse" else "unavailable")
    for result in (world.show(OPEN, name="inc-2"), world.page(OPEN), world.show(RESOLVED, receipt)):
        assert isinstance(result, Postponed)
        assert result.counts
        assert result.after is None
    world.slack.up()
    assert isinstance(world.page(OPEN), Delivered)
    assert world.show(RESOLVED, receipt) == Delivered()


def test_an_answer_that_was_lost_leads_to_a_second_page_and_never_to_none(world: World) -> None:
    world.slack.lose_answer("chat.postMessage")
    result = world.page(OPEN)
    assert isinstance(result, Postponed)
    assert result.error.startswith("Slack could not be reached: ")
    world.clock.pass_by(2 * SECOND)
    assert isinstance(world.page(OPEN), Delivered)
    assert len(world.to_ada) == 2


def test_who_does_not_answer_in_time_is_asked_again_later(world: World) -> None:
    hasty = world.another_transport(timeout=100)
    world.slack.delay(1)
    assert hasty.deliver(world.room.id, [job("show", ROOM, OPEN)]) == [
        Postponed("Slack could not be reached: no answer within 100 ms")
    ]
    hasty.close()


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message"])
def test_a_message_that_is_gone_is_posted_anew_in_a_room_only(world: World, error: str) -> None:
    receipt = receipt_of(world.show(OPEN))
    world.clock.pass_by(SECOND)
    world.slack.fail("chat.update", error, times=2)
    assert receipt_of(world.show(RESOLVED, receipt))["ts"] == world.in_room[1].ts
    assert world.deliver(world.ada.id, job("show", ADA, RESOLVED, receipt)) == [Delivered()]
    assert world.to_ada == ()


def test_a_change_is_sent_once(world: World) -> None:
    receipt = receipt_of(world.show(OPEN))
    world.slack.fail("chat.update", "message_not_found")
    assert world.deliver(world.ada.id, job("show", ADA, RESOLVED, receipt)) == [Delivered()]
    assert [call.method for call in world.slack.calls].count("chat.update") == 1


def test_without_its_layout_a_message_still_gets_through(world: World) -> None:
    world.slack.fail("chat.postMessage", "invalid_blocks")
    receipt = receipt_of(world.page(OPEN))
    assert world.to_ada[0].blocks == ()
    assert "Critical: CPU is high" in world.to_ada[0].text
    world.slack.fail("chat.update", "msg_blocks_too_long")
    assert world.deliver(world.ada.id, job("show", ADA, RESOLVED, receipt)) == [Delivered()]
    assert "Resolved" in world.to_ada[0].text


def test_each_job_of_a_mixed_batch_gets_its_own_result(world: World) -> None:
    good, gone = receipt_of(world.show(OPEN)), {"channel": world.room.id, "ts": "1.000000"}
    world.clock.pass_by(SECOND)
    results = world.deliver(
        world.room.id,
        job("show", ROOM, RESOLVED, good, "a"),
        job("show", ROOM, RESOLVED, gone, "b"),
        job("show", ROOM, {"not": "an incident"}, None, "c"),
        job("show", ROOM, OPEN, None, "d"),
    )
    assert results[0] == Delivered()
    # The channel has just had the new message: the one that replaces what is gone comes a second later.
    assert results[1] == Postponed("paced", after=1000, counts=False)
    assert results[2] == Refused("Slack can show incidents only")
    assert receipt_of(results[3])["ts"] == world.in_room[1].ts


def test_a_bundle_that_slack_does_not_take_counts_for_every_job(world: World) -> None:
    world.slack.archive(world.room)
    results = world.deliver(world.room.id, *(job("show", ROOM, OPEN, name=name) for name in "abc"))
    assert results == [Refused("the Slack channel is archived (is_archived)")] * 3


# ── What must never happen ───────────────────────────────────────────────────────────────────────────────────────────
def test_nothing_is_raised_when_it_is_closed(world: World) -> None:
    loop = LoopThread("short-lived")
    transport = SlackTransport(loop, "test-token", now=world.clock, setting=SETTING, base_url=world.slack.base_url)
    transport.close()
    loop.close()
    assert transport.deliver(world.room.id, [job("show", ROOM, OPEN)]) == [Postponed("Tocsin is stopping")]


def test_our_own_mistake_is_postponed_and_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    (result,) = world.deliver(world.room.id, job("show", ROOM, OPEN, {"neither": "channel", "nor": "ts"}))
    assert result == Postponed("internal error, see the log")
    assert "a delivery to Slack failed here" in caplog.text


def test_no_token_is_ever_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stranger = world.another_transport("another-token")
    told = [stranger.check(), *stranger.deliver(world.room.id, [job("show", ROOM, OPEN)])]
    world.slack.down("unavailable")
    told += stranger.deliver(world.room.id, [job("show", ROOM, OPEN)])
    world.slack.down("refuse")
    told += stranger.deliver(world.room.id, [job("show", ROOM, OPEN)])
    world.slack.up()
    stranger.close()
    assert len(told) == 4
    assert "another-token" not in repr(told) + caplog.text
