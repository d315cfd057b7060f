"""Threads: the story below the message, in a few posts; told twice after a crash at worst, and never lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace

from tests.slack.slack_examples import ADA, NOW, ROOM, SETTING, alert, incident, job
from tocsin.changes.change import Change, Link
from tocsin.changes.machine import Entry
from tocsin.engine.ports import Delivered, DeliveryResult, Handled, Job, Postponed
from tocsin.incidents import alerts
from tocsin.incidents.inputs import Acknowledged, Resolved
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Instant
from tocsin.slack.loop import LoopThread
from tocsin.slack.mrkdwn import local_time
from tocsin.slack.thread_posts import CALLS_MAX, LINKS_MAX, Read
from tocsin.slack.threads import TURN, UNPOSTED_MAX, WAITING_MAX, ThreadBook, carried
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import Channel, FakeSlack, Message, User

OPEN = incident()
ACKNOWLEDGED = incident((NOW + MINUTE, Acknowledged(by="ada")))
RESOLVED = incident((NOW + MINUTE, Resolved(by="ada")))
RUNBOOK = alerts.Link("Runbook", "https://wiki.example/cpu")
DEPLOYED = Entry(
    integration="ci",
    change=Change(
        title="shop 1.4.2", source="github", what="shop", by="bo", links=(Link("run", "https://ci.example/7"),)
    ),
    at=NOW - 3 * MINUTE,
)


@dataclass
class World:
    """A room with one incident's message, a person with its page, and what the store knows."""

    slack: FakeSlack
    transport: SlackTransport
    now: Instant = NOW
    lines: list[Handled] = field(default_factory=list)
    changes: list[Entry] = field(default_factory=list)
    receipts: dict[tuple[str, str], dict[str, Json]] = field(default_factory=dict)
    room: Channel = field(init=False)
    ada: User = field(init=False)

    def happens(self, *stories: str) -> None:
        number = len(self.lines)
        self.lines += [Handled(f"in-{number + place}", self.now, "x", story) for place, story in enumerate(stories)]

    def deliver(
        self, kind: str, state: Incident = OPEN, *, person: bool = False, name: str = "inc-1"
    ) -> DeliveryResult:
        """One effect, as the engine hands it over: with the receipt of the last message there."""
        self.now += 2 * SECOND
        receiver = ADA if person else ROOM
        result = self.deliver_all(receiver, [self.job(kind, receiver, state, name)])[0]
        return self.keep(receiver, result)

    def job(self, kind: str, receiver: str, state: Incident, name: str = "inc-1") -> Job:
        return job(
            kind, receiver, state, self.receipts.get((receiver, "slack")), name, why="Why." if kind == "page" else ""
        )

    def deliver_all(self, receiver: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        return self.transport.deliver(self.ada.id if receiver == ADA else self.room.id, jobs)

    def keep(self, receiver: str, result: DeliveryResult) -> DeliveryResult:
        if isinstance(result, Delivered) and result.receipt is not None:
            self.receipts[receiver, "slack"] = result.receipt
        return result

    @property
    def thread(self) -> list[str]:
        """What stands in the thread, post by post."""
        return [said(message) for message in self.slack.messages(self.room) if message.thread_ts]

    @property
    def posted(self) -> list[Message]:
        return [message for message in self.slack.messages(self.room) if not message.thread_ts]


def said(message: Message) -> str:
    blocks: Any = message.blocks
    return "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section")


@pytest.fixture
def world() -> Iterator[World]:
    loop = LoopThread("slack-thread-test")
    here: list[World] = []

    def seconds() -> float:
        return (here[0].now if here else NOW) / SECOND

    with FakeSlack(clock=seconds, wall_clock=seconds) as slack:
        transport = SlackTransport(
            loop,
            slack.bot_token,
            now=lambda: found.now,
            setting=SETTING,
            base_url=slack.base_url,
            timeout=5 * SECOND,
            threads=ThreadBook(lambda _, most: found.lines[-most:], lambda _: found.changes, lambda _: found.receipts),
        )
        found = World(slack, transport)
        here.append(found)
        found.ada = slack.add_user("ada")
        found.room = slack.add_channel("ops", [found.ada])
        found.happens("opened; asked ada")
        yield found
        transport.close()
        loop.close()
        slack.assert_clean()


def test_the_thread_tells_what_was_done_since(world: World) -> None:
    world.deliver("show")
    world.slack.fail("chat.getPermalink", "fatal_error")
    assert world.deliver("thread") == Delivered()
    assert world.thread == []  # That it was opened, the message says.
    world.happens("acknowledged by ada", "")
    world.deliver("show", ACKNOWLEDGED)
    world.deliver("thread", ACKNOWLEDGED)
    assert world.thread == [
        f"{local_time(NOW)}: opened; asked ada\n{local_time(NOW + 4 * SECOND)}: acknowledged by ada"
    ]
    assert world.deliver("thread", ACKNOWLEDGED) == Delivered()
    assert len(world.posted) == 1
    assert all(not call.payload.get("reply_broadcast") for call in world.slack.calls)


def test_what_was_changed_before_and_what_to_do_open_the_thread(world: World) -> None:
    world.changes = [DEPLOYED, replace(DEPLOYED, change=Change(title="", source="x"))]
    state = incident(first=alert(links=(RUNBOOK,)))
    world.deliver("show", state)
    world.deliver("thread", state)
    assert world.thread == [
        "\n".join(
            [
                "*What to do* · <https://wiki.example/cpu|Runbook>",
                "*Changed shortly before*",
                f"{local_time(NOW - 3 * MINUTE)}: <https://ci.example/7|shop 1.4.2> in shop by bo",
                f"{local_time(NOW - 3 * MINUTE)}: (no title)",
                f"{local_time(NOW)}: opened; asked ada",
            ]
        )
    ]


def test_lines_that_come_soon_are_added_to_the_last_post_and_later_ones_are_another(world: World) -> None:
    world.deliver("show")
    world.happens("passed by ada")
    world.deliver("thread")
    world.happens("asked bo")
    world.deliver("thread")
    assert [text.count("\n") for text in world.thread] == [2]
    world.now += 3 * MINUTE
    world.happens("resolved by bo")
    world.deliver("thread", RESOLVED)
    assert len(world.thread) == 2
    assert world.thread[1].endswith("resolved by bo")
    world.happens("note by ada")
    world.deliver("thread", RESOLVED)
    assert world.thread[1].count("\n") == 1


def test_a_long_story_is_counted(world: World) -> None:
    world.deliver("show")
    world.happens(*(f"line {number}" for number in range(40)))
    world.deliver("thread")
    assert world.thread[0].count("\n") == 29


def test_what_is_not_stored_is_told_again(world: World) -> None:
    world.deliver("show")
    world.happens("acknowledged by ada")
    before = dict(world.receipts)
    world.deliver("thread")
    world.receipts = before  # It was posted, and then the process died.
    world.deliver("thread")
    assert world.thread[0] == world.thread[1]


def test_the_room_is_read_first_and_threads_wait_for_their_turn(world: World) -> None:
    world.deliver("show")
    world.happens("acknowledged by ada")
    world.now += 2 * SECOND
    news = replace(world.job("show", ROOM, OPEN, "inc-2"), receipt=None)
    results = world.deliver_all(ROOM, [world.job("thread", ROOM, OPEN), news])
    assert results[0] == Postponed("paced", after=SECOND, counts=False)
    assert isinstance(results[1], Delivered)
    assert world.thread == []


def test_threads_of_one_room_are_told_one_after_the_other(world: World) -> None:
    world.deliver("show")
    world.happens("acknowledged by ada")
    world.now += 2 * SECOND
    first = world.job("thread", ROOM, OPEN)
    others = [world.job("thread", ROOM, OPEN, f"inc-{number}") for number in range(2, 2 + WAITING_MAX)]
    over = world.job("thread", ROOM, RESOLVED, "inc-99")
    results = world.deliver_all(ROOM, [first, *others, over])
    assert isinstance(results[0], Delivered)
    waits = [result.after or 0 for result in results if isinstance(result, Postponed)]
    assert waits == sorted(set(waits))
    # Of those that wait too long, only what is over cannot wait for its next change.
    assert results[-2] == Delivered()
    assert isinstance(results[-1], Postponed)


def test_threads_leave_room_in_the_workspace_for_everything_else(world: World) -> None:
    world.deliver("show")
    world.happens("acknowledged by ada")
    world.now += 2 * SECOND
    world.transport._pacing._messages.exhausted(world.now)
    result = world.deliver_all(ROOM, [world.job("thread", ROOM, OPEN)])[0]
    assert isinstance(result, Postponed)
    assert result.after
    assert isinstance(world.deliver("show", name="inc-2"), Delivered)
    world.now += result.after
    assert isinstance(world.deliver("thread"), Delivered)
    assert len(world.thread) == 1


def test_a_room_is_soon_free_again_however_many_threads_wait(world: World) -> None:
    world.deliver("show")
    jobs = [world.job("thread", ROOM, OPEN, f"inc-{number}") for number in range(CALLS_MAX + 2)]
    results = world.deliver_all(ROOM, jobs)
    put_off = [result for result in results if isinstance(result, Postponed)]
    assert put_off == [Postponed("paced", after=TURN, counts=False)] * 2
    assert [call.method for call in world.slack.calls].count("chat.getPermalink") == CALLS_MAX


def test_a_page_does_not_wait_for_the_links_of_others(world: World) -> None:
    world.deliver("show")
    world.deliver("thread")
    world.deliver("page", person=True)
    world.now += 2 * SECOND
    page = replace(world.job("page", ADA, OPEN, "inc-2"), receipt=None)
    results = world.deliver_all(ADA, [world.job("thread", ADA, OPEN), page])
    assert results[0] == Postponed("paced", after=TURN, counts=False)
    assert isinstance(results[1], Delivered)
    assert isinstance(world.deliver("thread", person=True), Delivered)
    assert "Thread in the room" in str(world.slack.messages(world.slack.direct_channel(world.ada))[0].blocks)


def test_a_thread_waits_for_its_message_but_not_for_ever(world: World) -> None:
    assert isinstance(world.deliver("thread"), Postponed)
    world.now += UNPOSTED_MAX
    assert world.deliver("thread") == Delivered()


def test_a_bundle_has_no_thread(world: World) -> None:
    world.receipts[ROOM, "slack"] = {"channel": world.room.id, "ts": "1.1", "bundle": True}
    world.happens("acknowledged by ada")
    assert world.deliver("thread") == Delivered()


def test_the_story_goes_on_below_a_newer_message(world: World) -> None:
    world.deliver("show")
    world.happens("passed by ada")
    world.deliver("thread")
    world.deliver("page")
    world.happens("acknowledged by bo")
    world.deliver("thread", ACKNOWLEDGED)
    assert world.thread[1].endswith("acknowledged by bo")
    assert "\n" not in world.thread[1]
    assert carried(None) == {}
    assert carried({"channel": "C", "link": "https://x.example"}) == {}


def test_a_post_that_was_deleted_is_not_told_again(world: World) -> None:
    world.deliver("show")
    world.happens("passed by ada")
    world.deliver("thread")
    world.slack.fail("chat.update", "message_not_found")
    world.happens("asked bo")
    world.deliver("thread")
    world.happens("acknowledged by bo")
    world.deliver("thread")
    assert len(world.thread) == 2
    assert "\n" not in world.thread[1]


@pytest.mark.parametrize(
    ("method", "error", "result"),
    [
        ("chat.postMessage", "thread_not_found", Delivered),
        ("chat.postMessage", "fatal_error", Postponed),
        ("chat.getPermalink", "fatal_error", Delivered),
    ],
)
def test_trouble_with_a_thread_loses_nothing(
    world: World, method: str, error: str, result: type[DeliveryResult]
) -> None:
    world.deliver("show")
    world.happens("passed by ada")
    world.slack.fail(method, error)
    assert isinstance(world.deliver("thread"), result)
    assert "link" not in world.receipts[ROOM, "slack"]
    world.happens("acknowledged by bo")
    world.deliver("thread")
    assert world.receipts[ROOM, "slack"]["link"].startswith("https://")


def test_a_change_that_is_put_off_is_told_later(world: World) -> None:
    world.deliver("show")
    world.happens("passed by ada")
    world.deliver("thread")
    world.happens("asked bo")
    world.slack.fail("chat.update", "fatal_error")
    assert isinstance(world.deliver("thread"), Postponed)
    world.deliver("thread")
    assert world.thread[0].endswith("asked bo")


# ── The link to it ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_page_is_linked_to_the_thread_once_there_is_one(world: World) -> None:
    world.deliver("show")
    world.deliver("page", person=True)
    assert world.deliver("thread", person=True) == Delivered()
    assert "Thread in the room" not in str(world.slack.messages(world.slack.direct_channel(world.ada)))
    world.deliver("thread")
    assert world.thread == []  # Nothing is told yet; but it is known where that will be.
    world.deliver("thread", person=True)
    (page,) = world.slack.messages(world.slack.direct_channel(world.ada))
    href = world.receipts[ROOM, "slack"]["link"]
    assert f"<{href}|Thread in the room>" in str(page.blocks)
    assert "Why." in str(page.blocks)


def test_only_so_many_links_are_kept(world: World) -> None:
    posts = world.transport._threads
    posts.note(Read({}, {f"inc-{number}": "https://x.example" for number in range(LINKS_MAX + 1)}))
    assert (posts.link("inc-0"), posts.link("inc-1")) == ("", "https://x.example")


# ── Pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_picture_that_slack_cannot_fetch_costs_no_button(world: World) -> None:
    image = alerts.Link("Image", "https://graphs.example.com/cpu.png")
    state = incident(first=alert(links=(image,)))
    world.slack.fail("chat.postMessage", "invalid_blocks")
    world.deliver("show", state)
    assert [block["type"] for block in world.posted[0].blocks][-1] == "actions"
    assert "image" not in [block["type"] for block in world.posted[0].blocks]
    world.deliver("show", state)
    assert "image" in [block["type"] for block in world.posted[0].blocks]
    world.slack.fail("chat.update", "invalid_blocks")
    world.deliver("show", incident((NOW, Acknowledged("ada")), first=alert(links=(image,))))
    assert "image" not in [block["type"] for block in world.posted[0].blocks]
