"""Rooms made by inviting the bot, with the strict fake of Slack and a real store; the tests go round themselves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.wiring.room_world import World, world
from tests.wiring.serving import until
from tocsin.conversing.noticed import Change, Noticed
from tocsin.conversing.replies import Nothing
from tocsin.engine.ports import Postponed, Refused
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND
from tocsin.slack.loop import LoopClosedError
from tocsin.slack.rooms import ONE_BY_ONE_MAX
from tocsin.testing.fake_slack import Channel, FakeSlack
from tocsin.wiring.keys import digest, held_keys
from tocsin.wiring.rooms import RETRY_SECONDS, SWEEP_SECONDS


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake
        fake.assert_clean()


@pytest.fixture
def here(tmp_path: Path, slack: FakeSlack) -> Iterator[World]:
    with world(tmp_path, slack) as made:
        yield made


def test_who_is_in_the_channel_becomes_a_team_with_a_key(here: World) -> None:
    ada, bo = here.slack.add_user("ada", tz="Europe/Berlin"), here.slack.add_user("bo")
    ops = here.slack.add_channel("ops", [ada, bo, here.slack.add_user("rob", bot=True)])
    assert here.rooms.go_round() == SWEEP_SECONDS
    assert (here.members("ops"), here.settings.teams["ops"].slack) == (("ada", "bo"), ops.id)
    assert here.settings.responders["ada"].time_zone == "Europe/Berlin"
    [(channel, key)] = here.welcomes
    assert channel == ops.id
    assert held_keys(here.store)[digest(key)].integration == "ops"


def test_a_channel_is_welcomed_once(here: World) -> None:
    ops = here.slack.add_channel("ops", [here.slack.add_user("ada")])
    for _ in range(3):
        here.tell(Change.JOINED, ops.id)
        here.tell(Change.RENAMED, ops.id)
        here.rooms.go_round()
    assert len(here.welcomes) == len(here.book.rooms) == len(held_keys(here.store)) == 1


def test_the_key_of_a_channel_that_others_read_is_not_shown_there(here: World) -> None:
    ada, mallory = here.slack.add_user("ada"), here.slack.add_user("mallory", team="T0ELSE")
    ops = here.slack.add_channel("ops", [ada, mallory], shared=True)
    here.answers.append(Refused("not now"))
    here.rooms.go_round()
    here.tell(Change.JOINED, ops.id)
    here.rooms.go_round()
    here.rooms.go_round()
    assert here.welcomes == [(ops.id, "")] * 2
    assert (here.members("ops"), "ops" in here.settings.integrations) == (("ada",), True)
    assert not held_keys(here.store), "who is asked there has one made"


def test_an_invitation_is_found_by_its_event(here: World) -> None:
    here.rooms.go_round()
    ops = here.slack.add_channel("ops", [here.slack.add_user("ada")])
    assert here.rooms.go_round() == SWEEP_SECONDS
    assert not here.book.rooms
    here.tell(Change.JOINED, ops.id)
    here.rooms.go_round()
    assert list(here.book.rooms) == [ops.id]


@pytest.mark.parametrize(
    "event",
    [
        Noticed(chat="slack", change=Change.REVOKED, at=0),
        Noticed(chat="slack", change=Change.JOINED, at=0, channel="D0DIRECT"),
        Noticed(chat="slack", change=Change.PERSON, at=0, user="U0STRANGER"),
    ],
)
def test_what_is_no_news_of_rooms_changes_nothing(here: World, event: Noticed) -> None:
    here.rooms.go_round()
    calls = len(here.slack.calls)
    assert here.rooms.noticed(event) == Nothing()
    assert here.rooms.go_round() == SWEEP_SECONDS
    assert len(here.slack.calls) == calls


def test_people_come_and_go(here: World) -> None:
    ada, bo = here.slack.add_user("ada"), here.slack.add_user("bo")
    ops = here.slack.add_channel("ops", [ada])
    here.rooms.go_round()
    change(here, ops, here.slack.bot.id, ada.id, bo.id)
    here.tell(Change.JOINED, ops.id)
    here.rooms.go_round()
    assert here.members("ops") == ("ada", "bo")
    change(here, ops, here.slack.bot.id, bo.id)
    here.tell(Change.WENT, ops.id)
    here.rooms.go_round()
    assert here.members("ops") == ("bo",)
    assert "ada" in here.settings.responders  # Incidents that asked her still know her.


def test_a_name_stays_when_the_channel_is_renamed(here: World) -> None:
    ops = here.slack.add_channel("ops", [here.slack.add_user("ada")])
    here.rooms.go_round()
    change(here, ops, *ops.members, name="operations")
    here.tell(Change.RENAMED, ops.id)
    here.rooms.go_round()
    assert (here.book.rooms[ops.id].name, here.book.rooms[ops.id].team) == ("operations", "ops")
    assert "ops" in here.settings.teams


def test_who_takes_the_bot_out_is_told_where_alerts_go_now(here: World) -> None:
    ada = here.slack.add_user("ada")
    ops = here.slack.add_channel("ops", [ada])
    here.rooms.go_round()
    change(here, ops, ada.id)
    here.tell(Change.LEFT, ops.id)
    here.rooms.go_round()
    assert (here.settings.teams["ops"].slack, here.members("ops")) == (None, ("ada",))
    assert here.standing.pop().left_at is not None
    change(here, ops, ada.id, here.slack.bot.id)
    here.tell(Change.JOINED, ops.id)
    here.rooms.go_round()
    assert here.settings.teams["ops"].slack == ops.id
    assert here.standing[-1].left_at is None
    assert len(here.welcomes) == 1


def test_a_channel_that_was_archived_meanwhile_is_found_at_the_next_start(
    here: World, slack: FakeSlack, tmp_path: Path
) -> None:
    ops = slack.add_channel("ops", [slack.add_user("ada")])
    here.rooms.go_round()
    slack.archive(ops)
    with world(tmp_path, slack) as later:
        later.rooms.go_round()
        later.rooms.go_round()
        assert later.settings.teams["ops"].slack is None
        assert [room.left_at is None for room in later.standing] == [False]


def test_rooms_survive_a_restart(here: World, slack: FakeSlack, tmp_path: Path) -> None:
    slack.add_channel("ops", [slack.add_user("ada")])
    here.rooms.go_round()
    with world(tmp_path, slack) as later:
        assert later.members("ops") == ("ada",)
        later.rooms.go_round()
        assert not later.welcomes


def test_a_welcome_waits_until_slack_takes_it(here: World) -> None:
    here.slack.add_channel("ops", [here.slack.add_user("ada")])
    here.answers += [Postponed("paced", after=2 * SECOND, counts=False), Postponed("no answer")]
    assert [here.rooms.go_round() for _ in range(3)] == [2.0, RETRY_SECONDS, SWEEP_SECONDS]
    assert len({key for _, key in here.welcomes}) == len(held_keys(here.store)) == 1


def test_who_died_before_the_welcome_says_it_with_another_key(here: World, slack: FakeSlack, tmp_path: Path) -> None:
    slack.add_channel("ops", [slack.add_user("ada")])
    here.answers.append(Postponed("no answer"))
    here.rooms.go_round()
    with world(tmp_path, slack) as later:
        later.rooms.go_round()
        assert later.welcomes[0][1] != here.welcomes[0][1]
        assert set(held_keys(later.store)) == {digest(made.welcomes[0][1]) for made in (here, later)}


def test_a_room_where_nothing_can_be_said_is_a_room(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.slack.add_channel("ops", [here.slack.add_user("ada")])
    here.answers.append(Refused("read only"))
    with caplog.at_level(logging.WARNING):
        assert here.rooms.go_round() == SWEEP_SECONDS
    assert here.members("ops") == ("ada",)
    assert "nobody could be welcomed" in caplog.text


def test_what_the_file_knows_already_needs_no_welcome(tmp_path: Path, slack: FakeSlack) -> None:
    ops = slack.add_channel("ops", [slack.add_user("ada")])
    with world(
        tmp_path, slack, f"teams: {{ops: {{slack: {ops.id}}}}}\nintegrations: {{prod: {{key: {'k' * 20}}}}}"
    ) as here:
        here.rooms.go_round()
        assert not here.welcomes
        assert here.book.rooms[ops.id].integration == "prod"


def test_a_team_of_the_file_without_a_key_gets_one(tmp_path: Path, slack: FakeSlack) -> None:
    slack.add_channel("ops", [slack.add_user("ada")])
    text = 'responders: {cy: {}}\nteams: {core: {members: [cy]}, ops: {members: [cy], slack: "#ops"}}'
    with world(tmp_path, slack, text) as here:
        here.rooms.go_round()
        assert len(here.welcomes) == 1
        assert (here.settings.integrations["ops"].team, here.members("ops")) == ("ops", ("cy",))


def test_a_large_channel_is_read_page_by_page(here: World) -> None:
    people = [here.slack.add_user(f"p{number}") for number in range(450)]
    here.slack.add_channel("all", people)
    here.rooms.go_round()
    assert len(here.members("all")) == len(people)
    pages = [call.payload for call in here.slack.calls if call.method == "conversations.members"]
    assert len(pages) == 3
    assert all(int(page["limit"]) <= 200 for page in pages)
    assert not [call for call in here.slack.calls if call.method == "users.info"]


def test_few_people_are_asked_for_one_by_one(here: World) -> None:
    here.slack.add_channel("ops", [here.slack.add_user(f"p{number}") for number in range(ONE_BY_ONE_MAX)])
    here.rooms.go_round()
    assert not [call for call in here.slack.calls if call.method == "users.list"]


def test_an_account_that_has_ended_is_not_asked_any_more(here: World) -> None:
    ada = here.slack.add_user("ada")
    here.slack.add_channel("ops", [ada, here.slack.add_user("bo")])
    here.rooms.go_round()
    here.slack.change_user(ada, deleted=True)
    here.tell(Change.PERSON, user=ada.id)
    here.rooms.go_round()
    assert here.members("ops") == ("bo",)


def test_two_with_one_name_are_two_people(here: World) -> None:
    first, second = here.slack.add_user("ada"), here.slack.add_user("ada")
    here.slack.add_channel("ops", [first, second])
    here.rooms.go_round()
    assert set(here.members("ops")) == {"ada", f"slack-{second.id.lower()}"}


def test_too_many_calls_wait_as_long_as_slack_says(here: World) -> None:
    here.slack.add_channel("ops", [here.slack.add_user("ada")])
    here.slack.rate_limit("conversations.members", 7)
    assert here.rooms.go_round() == 7.0
    assert here.rooms.go_round() == SWEEP_SECONDS
    assert here.members("ops") == ("ada",)


@pytest.mark.parametrize("method", ["auth.test", "users.conversations", "conversations.members", "users.info"])
def test_trouble_of_slack_is_waited_for(here: World, method: str) -> None:
    here.slack.add_channel("ops", [here.slack.add_user("ada")])
    here.slack.fail(method, "internal_error")
    assert here.rooms.go_round() == RETRY_SECONDS
    assert here.rooms.go_round() == SWEEP_SECONDS
    assert here.members("ops") == ("ada",)


def test_a_refusal_does_not_hold_up_other_channels(here: World, caplog: pytest.LogCaptureFixture) -> None:
    one, other = (here.slack.add_channel(name, [here.slack.add_user(name)]) for name in ("one", "other"))
    here.slack.fail("conversations.members", "access_denied")
    with caplog.at_level(logging.WARNING):
        assert here.rooms.go_round() == SWEEP_SECONDS
    assert list(here.book.rooms) == [other.id]
    assert "does not let us see" in caplog.text
    here.tell(Change.JOINED, one.id)
    here.rooms.go_round()
    assert set(here.book.rooms) == {one.id, other.id}


def test_without_the_scope_for_private_channels_the_public_ones_are_seen(tmp_path: Path) -> None:
    with FakeSlack(scopes={"channels:read", "users:read"}) as slack, world(tmp_path, slack) as here:
        slack.add_channel("ops", [slack.add_user("ada")])
        slack.add_channel("secret", [slack.add_user("bo")], private=True)
        here.rooms.go_round()
        assert [room.name for room in here.book.rooms.values()] == ["ops"]
        slack.assert_clean(allow={"missing_scope"})


def test_a_store_in_trouble_is_waited_for(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here.slack.add_channel("ops", [here.slack.add_user("ada")])

    def broken(*_: object) -> None:
        raise StoreUnavailableError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(here.store, "put_record", broken)
        assert here.rooms.go_round() == RETRY_SECONDS
    assert here.rooms.go_round() == SWEEP_SECONDS
    assert len(here.welcomes) == 1


def test_guests_from_another_organisation_are_not_asked(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, eve = here.slack.add_user("ada"), here.slack.add_user("eve")
    here.slack.add_channel("shared", [ada, eve])
    monkeypatch.setattr("tocsin.slack.rooms.is_outside", lambda shown, _: shown.get("id") == eve.id)
    here.rooms.go_round()
    assert here.members("shared") == ("ada",)
    assert "eve" not in here.settings.responders


def test_its_thread_looks_at_once_and_whenever_something_is_told(here: World) -> None:
    ops = here.slack.add_channel("ops", [here.slack.add_user("ada")])
    here.rooms.start()
    until(lambda: ops.id in here.book.rooms and not here.rooms.busy)
    dev = here.slack.add_channel("dev", [here.slack.add_user("bo")])
    here.tell(Change.JOINED, dev.id)
    until(lambda: dev.id in here.book.rooms and not here.rooms.busy)
    here.rooms.stop()
    assert len(here.welcomes) == 2


def test_it_ends_in_the_middle_of_a_pause(here: World) -> None:
    here.slack.rate_limit("users.conversations", 600)
    here.rooms.start()
    here.slack.wait_for(lambda: [call for call in here.slack.calls if call.method == "users.conversations"])
    here.rooms.stop()
    assert here.rooms.busy  # What was not looked at is looked at after the next start.


def test_it_goes_on_whatever_it_stumbles_over(
    here: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here.slack.add_channel("ops", [here.slack.add_user("ada")])
    trouble: list[Exception] = [LoopClosedError("the server ends"), RuntimeError("a mistake of ours")]
    real = here.rooms.go_round

    def stumble() -> float:
        if trouble:
            raise trouble.pop(0)
        return real()

    monkeypatch.setattr(here.rooms, "go_round", stumble)
    monkeypatch.setattr("tocsin.wiring.rooms.RETRY_SECONDS", 0.0)
    here.rooms.start()
    until(lambda: here.welcomes)
    here.rooms.stop()
    assert "rooms stumbled" in caplog.text


def test_what_no_event_has_told_of_is_found_by_and_by(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.wiring.rooms.SWEEP_SECONDS", 0.01)
    here.rooms.start()
    until(lambda: here.slack.calls)
    ops = here.slack.add_channel("ops", [here.slack.add_user("ada")])
    until(lambda: ops.id in here.book.rooms)
    here.rooms.stop()


def change(here: World, channel: Channel, *members: str, name: str = "") -> None:
    """Have other members, or another name, and tell nobody."""
    found = here.slack.channel(channel)
    here.slack._world.channels[found.id] = replace(found, members=members, name=name or found.name)


BY_NAME = 'responders: {cy: {}}\nteams: {core: {members: [cy]}, shop: {members: [cy], slack: "#ops"}}'


def test_a_name_of_the_file_means_the_channel_that_bears_it_and_follows_it_when_it_is_renamed(
    tmp_path: Path, slack: FakeSlack
) -> None:
    ops = slack.add_channel("ops", [slack.add_user("ada")])
    with world(tmp_path, slack, BY_NAME) as here:
        assert here.settings.teams["shop"].slack == "#ops"
        here.rooms.go_round()
        assert (here.settings.teams["shop"].slack, here.standing[-1].named) == (ops.id, "#ops")
        slack._change_channel(ops, name="shop-alerts")
        other = slack.add_channel("ops", [slack.add_user("bo")])
        for channel in (ops, other):
            here.tell(Change.RENAMED, channel.id)
        here.rooms.go_round()
        assert here.settings.teams["shop"].slack == ops.id
        assert here.settings.teams["ops"].slack == other.id
    with world(tmp_path, slack, BY_NAME) as again:
        assert again.settings.teams["shop"].slack == ops.id, "before anybody has looked"


def test_who_bears_a_name_when_its_channel_is_gone_is_meant_from_then_on(tmp_path: Path, slack: FakeSlack) -> None:
    ops = slack.add_channel("ops", [slack.add_user("ada")])
    with world(tmp_path, slack, BY_NAME) as here:
        here.rooms.go_round()
        slack.archive(ops)
        here.tell(Change.ARCHIVED, ops.id)
        here.rooms.go_round()
        assert here.settings.teams["shop"].slack == ops.id
        slack._change_channel(ops, name="ops-old")
        other = slack.add_channel("ops", [slack.add_user("bo")])
        here.tell(Change.JOINED, other.id)
        here.rooms.go_round()
        assert here.settings.teams["shop"].slack == other.id
        slack.unarchive(ops)
        here.tell(Change.REOPENED, ops.id)
        here.rooms.go_round()
        assert here.settings.teams["shop"].slack == other.id


def test_a_room_of_an_older_version_is_looked_at_anew(tmp_path: Path, slack: FakeSlack) -> None:
    ops = slack.add_channel("ops", [slack.add_user("ada")])
    with world(tmp_path, slack, BY_NAME) as here:
        here.rooms.go_round()
        here.book.put(replace(here.book.rooms[ops.id], named=None))
        assert here.settings.teams["shop"].slack == ops.id
        here.tell(Change.RENAMED, ops.id)
        here.rooms.go_round()
        assert here.book.rooms[ops.id].named == "#ops"
