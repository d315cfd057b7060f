"""A whole server that learns whom to ask: two people, Slack, a team with `policy: smart`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.wiring.serving import ask, serving, until
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, SECOND, Instant
from tocsin.testing.fake_slack import FakeSlack, Limits, Message, User
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.knowing import RECORD
from tocsin.wiring.outside import Outside, Ready

MONDAY_NOON: Instant = 1_767_614_400_000  # 2026-01-05T12:00Z


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = MONDAY_NOON

    def __call__(self) -> Instant:
        return self.now


class Story:
    """Alerts come, and Bo always answers within a minute; Ada never does."""

    def __init__(self, slack: FakeSlack, runtime: Embedded, ready: Ready, clock: Clock) -> None:
        self.slack, self.runtime, self.url, self.clock = slack, runtime, ready.ingest_url, clock

    def opened(self, title: str) -> Incident:
        body = json.encode({"title": title, "dedup_key": title})
        assert ask(self.url, body, {"content-type": "application/json"})[0] == 202
        self.until(lambda: self.find(title) is not None)
        return self.incident(title)

    def later(self, title: str, minutes: int) -> Incident:
        """Time passes until somebody else is asked."""
        rung = self.incident(title).rung
        self.clock.now += minutes * MINUTE
        self.runtime.wake()
        self.until(lambda: self.incident(title).rung > rung)
        return self.incident(title)

    def acknowledged(self, title: str, who: User) -> None:
        """*who* presses the button of the page."""
        self.clock.now += 40 * SECOND
        self.slack.click(self.page(title, who), "tocsin:acknowledge", who)
        self.until(lambda: self.incident(title).status is Status.ACKNOWLEDGED)
        self.slack.wait_for(lambda: "tocsin:resolve" in self.page(title, who).action_ids)
        self.slack.click(self.page(title, who), "tocsin:resolve", who)
        self.until(lambda: self.incident(title).status is Status.RESOLVED)

    def page(self, title: str, who: User) -> Message:
        channel = self.slack.direct_channel(who)

        def found() -> list[Message]:
            return [message for message in self.slack.messages(channel) if title in str(message.blocks)]

        self.slack.wait_for(found)
        return found()[-1]

    def incident(self, title: str) -> Incident:
        found = self.find(title)
        assert found is not None
        return found

    def find(self, title: str) -> Incident | None:
        machine = IncidentMachine()
        rows = self.runtime.store.listing(machine.name, live_only=False, limit=100)
        return next((state for row in rows if (state := machine.decode(row.state)).face.title == title), None)

    def until(self, condition: Callable[[], object]) -> None:
        until(condition, 10)


def test_who_answers_is_asked_and_told_why(tmp_path: Path) -> None:
    clock = Clock()
    with FakeSlack(limits=Limits.unlimited()) as slack:
        ada, bo = slack.add_user("ada"), slack.add_user("bo")
        config = (
            f"responders: {{ada: {{slack: {ada.id}}}, bo: {{slack: {bo.id}}}}}\n"
            "teams: {ops: {members: [ada, bo], policy: smart}}\n"
            f'slack: {{bot_token: "{slack.bot_token}", app_token: "{slack.app_token}"}}\n'
        )
        outside = Outside(clock=clock, slack_api=slack.base_url)
        with serving(tmp_path / "tocsin.db", config, outside) as (runtime, ready):
            slack.wait_for(lambda: slack.sockets)
            story = Story(slack, runtime, ready, clock)
            first, page = [], ""
            for number in range(10):
                title = f"disk-{number}-is-full"
                [asked] = story.opened(title).asked
                first.append(asked)
                if asked == "responder:ada":
                    assert story.later(title, 8).asked != ("responder:ada",)
                page = str(story.page(title, bo).blocks)
                story.acknowledged(title, bo)
                clock.now += 10 * MINUTE
            assert "responder:ada" in first[:8], "without knowledge each begins in turn"
            assert first[-2:] == ["responder:bo"] * 2, "what was learned counts"
            assert "it is working time for you" in page
            assert "pages at work" in page
        with serving(tmp_path / "tocsin.db", config, outside) as (runtime, ready):
            assert runtime.store.record(*RECORD), "it outlives a restart"
            assert ask(f"{ready.url}/healthz")[0] == 200
        slack.assert_clean()
