"""Cards that stay true, pages as chats, bundles, and trouble on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from tests.slack.slack_examples import ADA, BO, NOW, ROOM, SETTING, alert, incident, job
from tests.teams.teams_world import cloud
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents.inputs import Acknowledged, Passed, Resolved
from tocsin.kernel.announcement import ANNOUNCE
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.saying.message import Paragraph, Saying
from tocsin.teams.connector import Connector
from tocsin.teams.transport import BUNDLES_MAX, TeamsTransport, is_channel, is_person
from tocsin.testing.fake_teams import FakeTeams, Person


@dataclass(frozen=True)
class News:
    """As a book of threads has it."""

    saying: Saying
    ts: str
    told: dict[str, Json]


@dataclass
class Way:
    teams: FakeTeams
    transport: TeamsTransport
    channel: str
    ada: Person
    now: int = NOW

    def deliver(self, where: str | Person, *jobs: Job) -> Sequence[DeliveryResult]:
        address = where.aad if isinstance(where, Person) else where
        return self.transport.deliver(address, jobs)

    def sent(self, where: str | Person, *jobs: Job) -> dict[str, Json]:
        """Deliver *jobs*; the receipt of the first."""
        first, *_ = results = self.deliver(where, *jobs)
        assert all(isinstance(result, Delivered) for result in results), results
        assert isinstance(first, Delivered)
        assert first.receipt is not None
        return first.receipt


@pytest.fixture
def way() -> Iterator[Way]:
    found: list[Way] = []

    def now() -> int:
        return found[0].now if found else NOW

    with FakeTeams(clock=lambda: now() / SECOND) as teams:
        connector = Connector(cloud(teams), teams.tenant, teams.app_id, teams.password, now=now)
        transport = TeamsTransport(connector, now=now, setting=SETTING, tenant=teams.tenant)
        found.append(Way(teams, transport, teams.add_channel("ops"), teams.add_person("ada")))
        yield found[0]
        teams.assert_clean()


def many(count: int, kind: str = "show", receiver: str = ROOM) -> list[Job]:
    return [
        job(kind, receiver, incident(first=alert(f"Disk {number}", dedup_key=str(number))), name=f"inc-{number}")
        for number in range(count)
    ]


def test_one_message_stands_for_an_incident_and_changes_in_place(way: Way) -> None:
    receipt = way.sent(way.channel, job("show", ROOM, incident()))
    changed = incident((NOW, Acknowledged(by="bo")))
    assert way.deliver(way.channel, job("show", ROOM, changed, receipt)) == [Delivered()]
    [message] = way.teams.messages(way.channel)
    assert "Bo is on it" in message.text
    assert len(message.history) == 1
    assert way.transport.incident_of(message.conversation) == "inc-1"


def test_a_page_is_a_chat_with_its_reason_and_the_way_to_the_thread(way: Way) -> None:
    room = way.sent(way.channel, job("show", ROOM, incident()))
    receipt = way.sent(way.ada, job("page", ADA, incident(), why="You are the first."))
    [page] = way.teams.messages(way.ada)
    number = str(room["conversation"]).partition("=")[2]
    assert "You are the first." in page.text
    assert f"/l/message/19%3Aops0000%40thread.tacv2/{number}?tenantId={way.teams.tenant})" in page.text
    assert receipt["why"] == "You are the first."
    way.deliver(way.ada, job("show", ADA, incident(), receipt))
    assert "You are the first." in page.text
    way.deliver(way.ada, job("show", ADA, incident((NOW, Acknowledged(by="bo"))), receipt))
    assert "There is nothing for you to do." in page.text
    assert "You are the first." not in page.text


def test_a_page_that_asks_again_is_a_new_message_and_the_old_one_says_so(way: Way) -> None:
    receipt = way.sent(way.ada, job("page", ADA, incident()))
    way.sent(way.ada, job("page", ADA, incident(), receipt))
    first, second = way.teams.messages(way.ada)
    assert "Goes on in a newer message" in first.text
    assert first.titles == []
    assert "Acknowledge" in second.titles


def test_who_was_never_paged_is_shown_nothing(way: Way) -> None:
    assert way.deliver(way.ada, job("show", ADA, incident())) == [Delivered()]
    assert way.teams.messages(way.ada) == []


def test_what_waits_together_is_one_bundle_whose_lines_stay_true(way: Way) -> None:
    jobs = many(12)
    receipts = [result.receipt for result in way.deliver(way.channel, *jobs) if isinstance(result, Delivered)]
    [bundle] = way.teams.messages(way.channel)
    assert "12 incidents." in bundle.text
    assert "and 2 more" in bundle.text
    assert bundle.titles.count("Acknowledge") == 10
    assert receipts[0] == receipts[11]
    over = incident((NOW, Resolved(by="bo")), first=alert("Disk 3", dedup_key="3"))
    [result] = way.deliver(way.channel, job("show", ROOM, over, receipts[3], name="inc-3"))
    assert result == Delivered()
    assert "Bo resolved it" in bundle.text
    assert len(way.teams.messages(way.channel)) == 1


def test_a_bundle_of_another_room_is_not_touched(way: Way) -> None:
    other = way.teams.add_channel("web")
    receipt = way.sent(way.channel, *many(2))
    way.sent(other, *many(2))
    over = incident((NOW, Resolved(by="bo")), first=alert("Disk 1", dedup_key="1"))
    way.deliver(way.channel, job("show", ROOM, over, receipt, name="inc-1"))
    assert "Bo resolved it" in way.teams.messages(way.channel)[0].text
    assert "Bo resolved it" not in way.teams.messages(other)[0].text


def test_pages_that_wait_together_ring_once(way: Way) -> None:
    own = way.sent(way.ada, job("page", ADA, incident(), name="inc-0"))
    first, second = way.deliver(way.ada, *many(2, "page", ADA))
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    jobs = many(2, "page", ADA)
    kept = Job(jobs[0].outgoing, jobs[0].state, own)
    again = way.deliver(way.ada, kept, jobs[1])
    assert again[0] == Delivered(None)
    assert "2 incidents ask you at once." in way.teams.messages(way.ada)[-1].text


def test_after_a_restart_a_bundle_is_left_and_an_incident_gets_a_message_of_its_own(way: Way) -> None:
    receipt = {"conversation": "c", "activity": "1", "bundle": True}
    assert way.deliver(way.ada, job("show", ADA, incident(), receipt)) == [Delivered()]
    way.sent(way.channel, job("show", ROOM, incident(), receipt))
    assert len(way.teams.messages(way.channel)) == 1


def test_not_more_bundles_are_remembered_than_fit(way: Way) -> None:
    for _ in range(BUNDLES_MAX + 1):
        way.now += 3 * SECOND
        way.sent(way.channel, *many(2))
    assert len(way.transport._bundles) == BUNDLES_MAX


def test_a_message_that_is_gone_is_written_anew_in_a_room_and_not_to_a_person(way: Way) -> None:
    gone: dict[str, Json] = {"conversation": f"{way.channel};messageid=9", "activity": "9"}
    way.sent(way.channel, job("show", ROOM, incident(), gone))
    assert len(way.teams.messages(way.channel)) == 1
    assert way.deliver(way.ada, job("show", ADA, incident(), gone)) == [Delivered()]
    assert way.teams.messages(way.ada) == []


def test_a_bundle_that_is_gone_is_forgotten(way: Way) -> None:
    receipt = way.sent(way.channel, *many(2))
    way.teams.trouble(404, "ActivityNotFoundInConversation", only="PUT")
    assert way.deliver(way.channel, job("show", ROOM, incident(), receipt, name="inc-1")) == [Delivered()]
    assert not way.transport._bundles


def test_429_holds_the_conversation_back_for_as_long_as_it_says(way: Way) -> None:
    way.teams.trouble(429, "TooManyRequests", retry_after=7)
    wanted = job("show", ROOM, incident())
    later = Postponed("Microsoft Teams asks to wait: too many calls", after=7 * SECOND, counts=False)
    assert way.deliver(way.channel, wanted) == [later]
    assert way.deliver(way.channel, wanted) == [Postponed("paced", after=7 * SECOND, counts=False)]
    way.now += 7 * SECOND
    way.sent(way.channel, wanted)


def test_updates_are_held_back_too(way: Way) -> None:
    receipt = way.sent(way.channel, job("show", ROOM, incident()))
    way.teams.trouble(429, "TooManyRequests", retry_after=3, only="PUT")
    [first] = way.deliver(way.channel, job("show", ROOM, incident(), receipt))
    [second] = way.deliver(way.channel, job("show", ROOM, incident(), receipt))
    assert isinstance(first, Postponed)
    assert second == Postponed("paced", after=3 * SECOND, counts=False)


def test_a_storm_keeps_below_what_teams_takes(way: Way) -> None:
    postponed = 0
    for number in range(120):
        [result] = way.deliver(way.channel, job("show", ROOM, incident(), name=f"inc-{number}"))
        postponed += isinstance(result, Postponed)
        way.now += 250
    assert postponed == 60
    assert len(way.teams.messages(way.channel)) == 60


def test_trouble_of_microsofts_is_later_and_a_missing_app_is_never(way: Way) -> None:
    way.teams.trouble(503)
    [later] = way.deliver(way.channel, job("show", ROOM, incident()))
    assert later == Postponed("Microsoft Teams answered 503 (ServiceError)")
    way.teams.remove(way.ada.aad)
    [never] = way.deliver(way.ada, job("page", ADA, incident()))
    assert isinstance(never, Refused)
    assert "not installed" in never.error


def test_a_card_that_teams_does_not_take_is_written_in_plain_words(way: Way) -> None:
    way.teams.trouble(400, "BadSyntax")
    receipt = way.sent(way.channel, job("show", ROOM, incident()))
    [message] = way.teams.messages(way.channel)
    assert message.card == {}
    assert message.text.startswith("Critical: CPU is high")
    way.teams.trouble(413, "MessageSizeTooBig", only="PUT")
    way.deliver(way.channel, job("show", ROOM, incident((NOW, Resolved(by="bo"))), receipt))
    assert "Bo resolved it" in message.text


def test_an_answer_that_is_lost_costs_a_rare_second_message_and_no_page(way: Way) -> None:
    way.teams.trouble(200, lose=True, only="activities")
    page = job("page", ADA, incident())
    [first] = way.deliver(way.ada, page)
    assert isinstance(first, Postponed)
    way.now += MINUTE
    way.sent(way.ada, page)
    assert len(way.teams.messages(way.ada)) == 2


def test_announcements_are_told_and_strangers_words_in_them_are_words(way: Way) -> None:
    facts: dict[str, Json] = {"title": "Weekly", "lines": ["all [quiet](https://evil.example)", ""]}
    told = job(ANNOUNCE, ROOM, None)
    outgoing = replace(told.outgoing, facts=facts)
    assert way.deliver(way.channel, Job(outgoing, None, None)) == [Delivered()]
    assert way.deliver(way.channel, Job(told.outgoing, None, None)) == [Delivered()]
    weekly, bare = way.teams.messages(way.channel)
    assert weekly.text.strip() == "Weekly\n• all \\[quiet\\](https://evil.example)"
    assert bare.text.strip() == "Announcement"


def test_what_is_no_incident_is_refused_and_a_mistake_costs_an_attempt(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert way.deliver(way.channel, job("show", ROOM, "other")) == [Refused("Teams can show incidents only")]
    monkeypatch.setattr(way.transport, "_deliver", None)
    assert way.deliver(way.channel, job("show", ROOM, incident())) == [Postponed("internal error, see the log")]


def test_who_has_passed_is_told_why_no_longer(way: Way) -> None:
    receipt = way.sent(way.ada, job("page", ADA, incident(), why="You are the first."))
    way.deliver(way.ada, job("show", ADA, incident((NOW, Passed(by="ada", rung=0))), receipt))
    assert "You are the first." not in way.teams.messages(way.ada)[0].text


# ── Threads ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Book:
    """Has news as long as the test has some."""

    def __init__(self) -> None:
        self.next: list[News | None] = []

    def news(self, job: Job, now: int) -> News | None:
        assert now >= job.outgoing.created_at
        return self.next.pop(0) if self.next else None


def news(text: str, ts: str = "") -> News:
    return News(Saying(summary=text, parts=(Paragraph(text),)), ts, {"last": text, "ts": ts, "at": NOW})


@pytest.fixture
def book(way: Way) -> Book:
    found = Book()
    way.transport._book = found
    return found


def test_the_thread_is_told_below_the_message_and_its_post_is_added_to(way: Way, book: Book) -> None:
    receipt = way.sent(way.channel, job("show", ROOM, incident()))
    book.next = [news("passed by bo")]
    receipt = way.sent(way.channel, job("thread", ROOM, incident(), receipt))
    message, post = way.teams.messages(way.channel)
    assert post.conversation == message.conversation
    assert post.text.strip() == "passed by bo"
    assert receipt["told"] == {"last": "passed by bo", "ts": post.id, "at": NOW}
    book.next = [news("passed by bo, then cy", post.id)]
    way.sent(way.channel, job("thread", ROOM, incident(), receipt))
    assert post.text.strip() == "passed by bo, then cy"
    assert len(message.history) == 0
    again = way.sent(way.channel, job("page", ROOM, incident(), receipt))
    assert again["told"] == {"last": "passed by bo", "ts": post.id, "at": 0}


def test_a_thread_without_news_or_message_is_left_alone(way: Way, book: Book) -> None:
    bundle: dict[str, Json] = {"conversation": "c", "activity": "1", "bundle": True}
    receipt = way.sent(way.channel, job("show", ROOM, incident()))
    for receipts in (None, bundle, receipt):
        assert way.deliver(way.channel, job("thread", ROOM, incident(), receipts)) == [Delivered()]
    assert way.deliver(way.ada, job("thread", ADA, incident(), receipt)) == [Delivered()]
    assert len(way.teams.messages(way.channel)) == 1
    assert book.next == []


def test_a_post_that_somebody_has_deleted_is_not_said_again(way: Way, book: Book) -> None:
    receipt = way.sent(way.channel, job("show", ROOM, incident()))
    book.next = [news("x", "gone")]
    assert way.sent(way.channel, job("thread", ROOM, incident(), receipt))["told"] == {
        "last": "x", "ts": "gone", "at": 0,
    }  # fmt: skip
    book.next = [news("y"), news("z", "1"), news("w")]
    way.teams.trouble(404, "ConversationNotFound", only="activities")
    assert way.deliver(way.channel, job("thread", ROOM, incident(), receipt)) != [Delivered()]
    way.teams.trouble(503, only="PUT")
    assert isinstance(way.deliver(way.channel, job("thread", ROOM, incident(), receipt))[0], Postponed)
    way.teams.trouble(404, "NotFound", only="activities")
    assert way.deliver(way.channel, job("thread", ROOM, incident(), receipt)) == [Delivered()]


def test_a_chat_is_begun_once(way: Way) -> None:
    for _ in range(2):
        way.sent(way.ada, job("page", ADA, incident()))
    assert way.teams.calls.count("POST /v3/conversations") == 1
    assert BO != ADA


@pytest.mark.parametrize(
    ("address", "person", "channel"),
    [
        ("29:1abc", True, False),
        ("00000000-0000-0000-0000-000000000001", True, False),
        ("19:x@thread.tacv2", False, True),
        ("19:x@thread.tacv2;messageid=1", False, True),
        ("19:x@thread.v2", False, False),
        ("a:1", False, False),
    ],
)
def test_addresses_tell_what_they_are(address: str, person: bool, channel: bool) -> None:
    assert (is_person(address), is_channel(address)) == (person, channel)
