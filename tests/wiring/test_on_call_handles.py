"""A user group of the fake Slack is who is on call; a topic says it where the group may not be changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tocsin.engine.ports import Received
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Duration, Instant
from tocsin.slack.handles import SlackHandles
from tocsin.slack.loop import LoopThread
from tocsin.testing.fake_slack import Channel, FakeSlack, User, Usergroup
from tocsin.testing.fake_slack.api import ALL_SCOPES
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import on_call_handles
from tocsin.wiring.on_call_handles import OnCallHandles
from tocsin.wiring.oncall_book import OnCallBook
from tocsin.wiring.settings_file import parse

MONDAY: Instant = 1_795_420_800_000  # 2026-11-23 08:00 UTC.


@dataclass
class Duty:
    """Ada and Bo take turns from nine to nine, by the clocks of Berlin; Cy has no account in Slack."""

    slack: FakeSlack
    loop: LoopThread
    ada: User = field(init=False)
    bo: User = field(init=False)
    room: Channel = field(init=False)
    group: Usergroup = field(init=False)
    now: Instant = MONDAY
    told: list[Received] = field(default_factory=list)
    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        self.ada, self.bo = self.slack.add_user("ada"), self.slack.add_user("bo")
        self.room = self.slack.add_channel("ops", [self.ada, self.bo])
        self.group = self.slack.add_usergroup("ops-oncall", [self.bo])
        self.begin()

    def begin(self, wishes: str = "", *, handle: str = "@ops-oncall") -> None:
        wishes = wishes or f'handle: "{handle}", topic: {self.room.id}'
        text = f"""
responders: {{ada: {{name: Ada, slack: {self.ada.id}}}, bo: {{name: Bo, slack: {self.bo.id}}}, cy: {{}}}}
teams: {{ops: {{members: [ada, bo, cy], slack: {self.room.id}}}}}
schedules:
  ops:
    time_zone: Europe/Berlin
    layers: [{{responders: [ada, bo], start: "2026-11-23 09:00", rotate: daily}}]
    {wishes.replace(", topic", chr(10) + "    topic")}
slack: {{bot_token: "{self.slack.bot_token}", signing_secret: test-secret}}
"""
        self.settings = parse(text.encode(), {}).settings
        self.book = OnCallBook(self.settings, self.store, lambda: self.now)
        self.handles = OnCallHandles(
            lambda: self.settings,
            self.store,
            lambda: self.now,
            self.told.extend,
            SlackHandles(self.loop, self.slack.bot_token, base_url=self.slack.base_url),
        )

    def pass_by(self, duration: Duration, step: Duration = MINUTE) -> None:
        for _ in range(duration // step):
            self.now += step
            self.handles.go_round()

    def override(self, who: str, until: Duration) -> None:
        self.book.override(schedule="ops", who=who, start=self.now, until=self.now + until, by=who)

    @property
    def members(self) -> tuple[str, ...]:
        return self.slack.usergroup(self.group).users

    @property
    def topic(self) -> str:
        return self.slack.channel(self.room).topic

    def calls(self, method: str) -> int:
        return sum(call.method == method for call in self.slack.calls)

    def conditions(self) -> list[str]:
        """What was told; an end that had no beginning is told to nobody, and left out."""
        found = [json.decode(each.body) for each in self.told]
        words = [each["noticed"]["condition"] if each["noticed"] else "" for each in found]
        return words[1:] if words[:1] == [""] else words


@contextmanager
def _duty(*, scopes: frozenset[str] = ALL_SCOPES) -> Iterator[Duty]:
    duties: list[Duty] = []

    def seconds() -> float:
        return (duties[0].now if duties else MONDAY) / SECOND

    loop = LoopThread("handles-test")
    with FakeSlack(clock=seconds, wall_clock=seconds, scopes=scopes) as slack:
        duties.append(Duty(slack, loop))
        yield duties[0]
        loop.close()


@pytest.fixture
def duty() -> Iterator[Duty]:
    with _duty() as found:
        yield found


def test_the_group_follows_hand_overs_overrides_and_restarts_and_only_changes_are_sent(duty: Duty) -> None:
    duty.handles.go_round()
    assert duty.members == (duty.ada.id,)
    duty.pass_by(2 * HOUR)
    assert (duty.calls("usergroups.list"), duty.calls("usergroups.users.update")) == (1, 1)
    duty.override("bo", HOUR)
    duty.pass_by(MINUTE)
    assert duty.members == (duty.bo.id,)
    duty.pass_by(HOUR)
    assert duty.members == (duty.ada.id,)
    duty.pass_by(22 * HOUR, 5 * MINUTE)
    assert duty.members == (duty.bo.id,), "the day after it is Bo's turn"
    before = duty.calls("usergroups.users.update")
    duty.begin()
    duty.handles.go_round()
    assert duty.calls("usergroups.users.update") == before, "a restart finds that all is right"
    assert (duty.topic, set(duty.conditions())) == ("", {""})
    duty.slack.assert_clean()


def test_what_somebody_changed_by_hand_is_put_right_in_the_end(duty: Duty) -> None:
    duty.handles.go_round()
    duty.slack._world.usergroups[duty.group.id] = Usergroup(
        id=duty.group.id, handle="ops-oncall", users=(duty.bo.id,), disabled=True
    )
    duty.pass_by(6 * HOUR + MINUTE, 10 * MINUTE)
    duty.pass_by(MINUTE)
    assert duty.members == (duty.ada.id,)
    assert not duty.slack.usergroup(duty.group).disabled
    duty.slack.assert_clean()


@pytest.mark.parametrize("error", ["permission_denied", "missing_scope"])
def test_without_the_permission_the_topic_says_it_and_how_to_give_it_is_told_once(duty: Duty, error: str) -> None:
    world = duty.slack._world
    world.channels[duty.room.id] = Channel(
        id=duty.room.id, name="ops", members=duty.room.members, topic="Ops | Runbooks: wiki"
    )
    duty.slack.fail("usergroups.users.update", error, times=1000)
    duty.handles.go_round()
    assert duty.topic == "Ops | Runbooks: wiki | On call: Ada until Tue 24 Nov 09:00 Europe/Berlin"
    duty.pass_by(3 * HOUR)
    assert duty.calls("conversations.setTopic") == 1, "nothing is written when nothing has changed"
    assert duty.conditions() == [error]
    assert "usergroups:write" in str(json.decode(duty.told[0].body))
    duty.override("bo", HOUR)
    duty.pass_by(MINUTE)
    assert duty.topic == "Ops | Runbooks: wiki | On call: Bo until Mon 23 Nov 13:00 Europe/Berlin"
    assert duty.conditions() == [error]


def test_without_the_scope_to_read_groups_it_is_the_same() -> None:
    with _duty(scopes=ALL_SCOPES - {"usergroups:read"}) as duty:
        duty.handles.go_round()
        assert duty.topic == "On call: Ada until Tue 24 Nov 09:00 Europe/Berlin"
        assert duty.conditions() == ["missing_scope"]


def test_when_the_permission_is_given_it_is_kept_again(duty: Duty) -> None:
    duty.slack.fail("usergroups.users.update", "permission_denied", times=1)
    duty.handles.go_round()
    duty.pass_by(61 * MINUTE)
    assert duty.members == (duty.ada.id,)
    duty.override("bo", HOUR)
    duty.pass_by(MINUTE)
    assert (duty.members, duty.topic[:11]) == ((duty.bo.id,), "On call: Bo"), "what the topic said is kept true"
    assert duty.conditions() == ["permission_denied", ""]


def test_a_handle_is_never_empty_and_says_so(duty: Duty) -> None:
    duty.handles.go_round()
    duty.override("cy", HOUR)
    duty.pass_by(MINUTE)
    assert duty.members == (duty.ada.id,)
    assert duty.conditions() == ["stranger"]
    assert "has no Slack account" in str(json.decode(duty.told[-1].body))
    duty.slack.assert_clean()


def test_a_handle_that_is_not_there_is_told(duty: Duty) -> None:
    duty.begin(handle="nobody-knows")
    duty.pass_by(10 * MINUTE)
    assert duty.conditions() == ["no_such_handle"]
    assert duty.topic.startswith("On call: Ada")


def test_a_slack_that_is_down_is_asked_again_and_nobody_is_told(duty: Duty) -> None:
    duty.slack.down()
    duty.handles.go_round()
    duty.slack.up()
    duty.pass_by(2 * MINUTE)
    assert duty.members == (duty.ada.id,)
    assert duty.conditions() == []


def test_a_topic_alone_is_kept_too(duty: Duty) -> None:
    duty.begin(f"topic: {duty.room.id}")
    duty.handles.go_round()
    assert duty.topic == "On call: Ada until Tue 24 Nov 09:00 Europe/Berlin"
    assert duty.members == (duty.bo.id,)
    duty.slack.archive(duty.room)
    duty.override("bo", HOUR)
    duty.pass_by(MINUTE)
    assert duty.conditions() == ["is_archived"]


def test_a_gap_is_said_and_the_last_one_stays() -> None:
    title, _ = on_call_handles._words("ops", "@ops", "nobody", topic=False)
    assert title == "Nobody is on call in ops; @ops still reaches whoever was last, since it cannot be empty"
