"""Who seems to be there: seen gently in the background, and never more than a hint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wiring.serving import until
from tocsin.choosing.situation import Presence
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Duration, Instant
from tocsin.slack.api import Api
from tocsin.slack.loop import LoopThread
from tocsin.slack.presence import FRESH, REFUSED, ROUND, TIMEOUT, TROUBLE, SlackPresence, is_quiet
from tocsin.testing.fake_slack import FakeSlack, Limits
from tocsin.wiring.clock import SystemClock


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack(limits=Limits.unlimited()) as fake:
        yield fake


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread("slack")
    yield thread
    thread.close()


class Watch:
    """Presence of three people, one look at a time."""

    def __init__(self, slack: FakeSlack, loop: LoopThread, **people: str) -> None:
        self.slack, self.loop = slack, loop
        self.now: Instant = SystemClock()()  # The fake lives by the clock on the wall.
        self.presence = SlackPresence(
            loop, slack.bot_token, people, now=lambda: self.now, base_url=slack.base_url, pause=0
        )

    def look(self) -> Duration:
        async def once() -> Duration:
            api = Api(self.slack.bot_token, base_url=self.slack.base_url, timeout=TIMEOUT)
            try:
                return await self.presence.look(api)
            finally:
                await api.close()

        return self.loop.run(once())

    def shown(self, name: str) -> Presence:
        return self.presence.shown(name, self.now)


def test_each_is_shown_as_slack_shows_them(slack: FakeSlack, loop: LoopThread) -> None:
    ada = slack.add_user("ada")
    bo = slack.add_user("bo", presence="away")
    cy = slack.add_user("cy", dnd=True)
    watch = Watch(slack, loop, ada=ada.id, bo=bo.id, cy=cy.id)
    assert watch.shown("ada") is Presence.UNKNOWN
    assert watch.look() == ROUND
    assert [watch.shown(name) for name in ("ada", "bo", "cy", "di")] == [
        Presence.ACTIVE, Presence.AWAY, Presence.DO_NOT_DISTURB, Presence.UNKNOWN,
    ]  # fmt: skip
    seen = watch.presence.seen("ada")
    assert seen is not None
    assert seen.at == watch.now
    slack.assert_clean()


def test_what_was_seen_long_ago_says_nothing(slack: FakeSlack, loop: LoopThread) -> None:
    watch = Watch(slack, loop, ada=slack.add_user("ada").id)
    watch.look()
    watch.now += FRESH
    assert watch.shown("ada") is Presence.ACTIVE
    watch.now += 1
    assert watch.shown("ada") is Presence.UNKNOWN


def test_somebody_who_is_not_there_hides_nobody_else(slack: FakeSlack, loop: LoopThread) -> None:
    watch = Watch(slack, loop, ghost="U0GHOST", ada=slack.add_user("ada").id)
    assert watch.look() == ROUND
    assert (watch.shown("ghost"), watch.shown("ada")) == (Presence.UNKNOWN, Presence.ACTIVE)


def test_a_refusal_is_left_alone_for_an_hour(slack: FakeSlack, loop: LoopThread) -> None:
    watch = Watch(slack, loop, ada=slack.add_user("ada").id)
    slack.revoke()
    assert watch.look() == REFUSED
    assert watch.shown("ada") is Presence.UNKNOWN


def test_trouble_is_waited_for(slack: FakeSlack, loop: LoopThread) -> None:
    watch = Watch(slack, loop, ada=slack.add_user("ada").id)
    watch.look()
    slack.fail("users.getPresence", "internal_error")
    assert watch.look() == TROUBLE
    assert watch.shown("ada") is Presence.UNKNOWN
    slack.rate_limit("dnd.teamInfo", 300)
    assert watch.look() == 5 * MINUTE


def test_it_goes_round_until_it_is_closed(slack: FakeSlack, loop: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.slack.presence.ROUND", 1)
    ada = slack.add_user("ada")
    watch = Watch(slack, loop, ada=ada.id)
    watch.presence.start()
    until(lambda: watch.shown("ada") is Presence.ACTIVE)
    slack.change_user(ada, presence="away")
    until(lambda: watch.shown("ada") is Presence.AWAY)
    watch.presence.close()
    nobody = Watch(slack, loop)
    nobody.presence.start()
    nobody.presence.close()


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"dnd_enabled": True},
        {"dnd_enabled": True, "next_dnd_start_ts": "1", "next_dnd_end_ts": 2},
        {"dnd_enabled": True, "next_dnd_start_ts": 0, "next_dnd_end_ts": 1},
    ],
)
def test_an_odd_answer_is_no_do_not_disturb(state: Json) -> None:
    assert not is_quiet(state, 1000)


def test_a_time_of_do_not_disturb_has_an_end() -> None:
    state: Json = {"dnd_enabled": True, "next_dnd_start_ts": 1, "next_dnd_end_ts": 2}
    assert [is_quiet(state, now) for now in (999, 1000, 1999, 2000)] == [False, True, True, False]
