"""A chat in trouble: another way is taken, people are told once, nothing is lost, and it heals by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wiring.trouble_world import Troubled, troubled
from tocsin.incidents.state import Status
from tocsin.kernel.time import MINUTE, SECOND
from tocsin.testing.fake_slack import Message
from tocsin.wiring import chat_care

ROOM_GONE = "The Slack room of ops cannot be written to"
ROOM_BACK = "The Slack room of ops can be written to again"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Troubled]:
    with troubled(tmp_path) as found:
        yield found


def archive(world: Troubled) -> None:
    world.slack.archive(world.room)


def take_out(world: Troubled) -> None:
    world.slack.remove(world.slack.bot, world.room)


def restrict(world: Troubled) -> None:
    world.slack.restrict(world.room)


def mend(world: Troubled) -> None:
    world.slack.unarchive(world.room)
    world.slack.restrict(world.room, "")
    found = world.slack.channel(world.room)
    if world.slack.bot.id not in found.members:
        world.slack.invite(world.slack.bot, world.room)


def naming(world: Troubled, title: str) -> list[Message]:
    """The messages in the room that name an incident."""
    return [message for message in world.in_room if title in str(message.blocks)]


TROUBLES = {"archived": archive, "bot removed": take_out, "restricted": restrict}
SAID = {"archived": "is archived", "bot removed": "bot is not in", "restricted": "do not let the app post"}


@pytest.mark.parametrize("what", TROUBLES)
def test_a_room_that_is_gone_is_told_once_and_shows_the_newest_state_when_it_is_back(
    world: Troubled, what: str
) -> None:
    TROUBLES[what](world)
    for number in range(5):
        world.ring(f"disk {number} full")
        world.pass_by(2 * SECOND)
    world.pass_by(20 * SECOND)
    told = [text for text in world.to(world.ada) if ROOM_GONE in text]
    assert len(told) == 1
    assert SAID[what] in told[0]
    assert [subject for subject in world.mailed("cy") if ROOM_GONE in subject] != []
    assert sum(ROOM_GONE in text for text in world.to(world.bo)) == 1
    assert set(world.incidents()) == {f"disk {number} full" for number in range(5)}, "no alert of our own about it"
    assert all(state.asked for _, state in world.incidents().values()), "people are paged all the same"
    assert world.care.sentences() != ()
    assert world.in_room == ()

    world.press("resolve", world.incidents()["disk 0 full"][0], "ada")
    mend(world)
    if what == "restricted":  # Slack does not say who may post: it shows with the next message.
        world.ring("disk 4 full")
    world.pass_by(6 * MINUTE, 5 * SECOND)
    assert [text for text in world.to(world.ada) if ROOM_BACK in text] == [
        f"{ROOM_BACK} · It shows how things stand now."
    ]
    for number in range(5):
        assert len(naming(world, f"disk {number} full")) == 1, "one message for each incident"
    assert "Resolved" in str(naming(world, "disk 0 full"))
    assert (world.care.sentences(), chat_care.known(world.store)) == ((), {})


def test_a_room_with_another_name_is_the_same_room(world: Troubled) -> None:
    world.ring("one")
    world.slack.rename(world.room, "operations")
    world.pass_by(2 * SECOND)
    world.ring("two")
    assert len(world.in_room) == 2
    assert world.care.sentences() == ()
    world.slack.assert_clean(allow={"not_acknowledged"})  # Nobody listens to events in this world.


def test_trouble_is_known_before_the_first_alert_needs_the_room(world: Troubled) -> None:
    world.pass_by(6 * SECOND)
    archive(world)
    world.pass_by(5 * MINUTE + 10 * SECOND, 10 * SECOND)
    assert [text for text in world.to(world.ada) if ROOM_GONE in text] != []
    assert not any(call.method == "chat.postMessage" and call.error for call in world.slack.calls)


def test_what_was_told_is_not_told_again_after_a_restart_and_its_end_is(world: Troubled) -> None:
    archive(world)
    world.ring()
    world.pass_by(10 * SECOND)
    world.end()
    world.begin()
    world.pass_by(20 * SECOND)
    assert sum(ROOM_GONE in text for text in world.to(world.ada)) == 1
    world.end()
    mend(world)
    world.begin()
    world.pass_by(20 * SECOND)
    assert sum(ROOM_BACK in text for text in world.to(world.ada)) == 1
    assert len(world.in_room) == 1


def test_a_person_whose_account_is_gone_is_paged_by_mail_at_once_and_the_team_knows(world: Troubled) -> None:
    world.settle()  # All is well when it is looked at.
    world.slack.change_user(world.ada, deleted=True)
    world.ring()
    assert ("responder:ada", "page", "mail", "delivered") in world.results
    assert [state.asked for _, state in world.incidents().values()] == [("responder:ada",)]
    world.pass_by(10 * SECOND)
    assert any("Ada cannot be paged in Slack" in text for text in world.to(world.bo))
    assert set(world.incidents()) == {"CPU is high"}, "mail has delivered it: nobody is asked about Slack"
    world.ring("another")
    pages = [each for each in world.results if each[:2] == ("responder:ada", "page")]
    assert pages[-1] == ("responder:ada", "page", "mail", "delivered")
    assert sum(each[2:] == ("slack", "failed") for each in pages) == 1, "the second one goes by mail at once"


def test_who_cannot_be_reached_at_all_is_passed_over_at_once(world: Troubled) -> None:
    world.slack.change_user(world.bo, deleted=True)
    world.ring()
    world.pass_by(5 * MINUTE + 5 * SECOND, 5 * SECOND)
    _, state = world.incidents()["CPU is high"]
    assert state.asked == ("responder:cy",)
    assert any("CPU is high" in subject for subject in world.mailed("cy"))


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive"])
def test_a_revoked_token_sends_pages_by_mail_and_the_team_is_told_by_mail(world: Troubled, error: str) -> None:
    world.ring("before")
    world.slack.revoke(error)  # type: ignore[arg-type]  # One of the two.
    world.ring("after")
    world.pass_by(10 * SECOND)
    assert any("after" in subject for subject in world.mailed("ada"))
    assert sum("Slack takes nothing from us" in subject for subject in world.mailed("cy")) == 1
    assert sum("Slack takes nothing from us" in subject for subject in world.mailed("ada")) == 1
    world.slack.restore()
    world.pass_by(2 * MINUTE, 2 * SECOND)
    assert sum("takes our messages again" in text for text in world.to(world.ada)) == 1
    assert len([message for message in world.in_room if "after" in str(message.blocks)]) == 1


def test_a_missing_scope_is_told_with_its_remedy(tmp_path: Path) -> None:
    with troubled(tmp_path) as world:
        world.slack.fail("chat.postMessage", "missing_scope", times=2)
        world.ring()
        world.pass_by(10 * SECOND)
        assert any("lacks a scope" in subject for subject in world.mailed("cy"))


def _quiet_hour(world: Troubled) -> None:
    world.ring("opened before")
    world.pass_by(5 * SECOND)


def test_an_hour_without_slack_loses_nothing_and_is_followed_by_no_storm(world: Troubled) -> None:
    _quiet_hour(world)
    world.slack.down()
    for number in range(10):
        world.ring(f"disk {number} full")
        world.pass_by(MINUTE, 10 * SECOND)
    world.press("resolve", world.incidents()["disk 3 full"][0], "cy")
    world.press("acknowledge", world.incidents()["disk 4 full"][0], "cy")
    world.press("resolve", world.incidents()["opened before"][0], "cy")
    world.pass_by(50 * MINUTE, 30 * SECOND)
    assert all(any(f"disk {number} full" in subject for subject in world.mailed("ada")) for number in range(10))
    assert sum("Slack does not answer" in subject for subject in world.mailed("cy")) == 1
    assert [title for title in world.incidents() if "deliver" in title] == []
    calls = len(world.slack.calls)
    before = len(world.to(world.bo))

    world.slack.up()
    world.pass_by(90 * SECOND, SECOND)
    for number in range(10):
        assert len(naming(world, f"disk {number} full")) == 1, f"disk {number}: one message with the newest state"
    shown = str([message.blocks for message in world.in_room])
    assert "disk 3 full" in shown
    first = next(message for message in world.in_room if "opened before" in str(message.blocks))
    assert "Resolved" in str(first.blocks)
    pages = [call for call in world.slack.calls[calls:] if call.method == "chat.postMessage"]
    assert len(pages) <= 10, "no storm of old pages"
    assert len(world.to(world.bo)) - before <= 3
    assert world.incidents()["disk 4 full"][1].status in {Status.ACKNOWLEDGED, Status.TRIGGERED}
    assert world.store.health(world.now).broken == ()
    assert world.store.health(world.now).pending == 0


def test_a_slow_slack_is_no_trouble(world: Troubled) -> None:
    world.slack.lose_answer("chat.postMessage")
    world.ring()
    world.pass_by(3 * SECOND)
    assert world.care.sentences() == ()
    assert any("CPU is high" in text for text in world.to(world.ada))


def test_a_cap_on_one_channel_stalls_nobody_else(world: Troubled) -> None:
    world.slack.rate_limit("chat.postMessage", 30)  # The room, or Ada, whoever is first: the other gets through.
    world.ring()
    delivered = {(each[0], each[3]) for each in world.results}
    assert len(delivered & {("team:ops", "delivered"), ("responder:ada", "delivered")}) == 1
    world.pass_by(31 * SECOND)
    assert len(world.in_room) == 1
    assert len(world.to(world.ada)) == 1


def by_mail(world: Troubled) -> list[tuple[str, str, str, str]]:
    return [each for each in world.results if each[1:3] == ("page", "mail")]


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_the_first_critical_page_of_an_outage_takes_another_way_within_seven_seconds(
    world: Troubled, chance: float
) -> None:
    world.dispatcher._chance = lambda: chance
    world.slack.down()
    world.ring("shop is down")
    world.pass_by(3 * SECOND + SECOND // 4, SECOND // 4)
    assert by_mail(world) == [], "it may be a cough"
    world.pass_by(4 * SECOND, SECOND // 4)
    assert by_mail(world) == [("responder:ada", "page", "mail", "delivered")]
    world.ring("the next one")
    assert len(by_mail(world)) == 2, "by mail at once"
    world.slack.up()
    world.pass_by(2 * MINUTE)
    assert len(by_mail(world)) == 2
    assert not any(text.startswith(("Critical", "🔴")) for text in world.to(world.ada)), "not by Slack, too"


@pytest.mark.parametrize("chance", [0.0, 0.999])
@pytest.mark.parametrize(("quarters", "way"), [(1, "slack"), (5, "slack"), (12, "mail"), (20, "mail")])
def test_an_outage_of_whatever_length_pages_nobody_by_two_ways(
    world: Troubled, chance: float, quarters: int, way: str
) -> None:
    world.dispatcher._chance = lambda: chance
    world.slack.down()
    world.ring("shop is down")
    world.pass_by(quarters * SECOND // 4, SECOND // 4)
    world.slack.up()
    world.pass_by(MINUTE, SECOND // 4)
    delivered = [each[2] for each in world.results if each[:2] == ("responder:ada", "page") and each[3] == "delivered"]
    assert delivered == [way]


def test_a_page_that_is_not_critical_waits_for_slack(world: Troubled) -> None:
    world.slack.down()
    world.ring("queue is long", severity="high")
    world.pass_by(8 * SECOND, SECOND // 4)
    assert by_mail(world) == []
