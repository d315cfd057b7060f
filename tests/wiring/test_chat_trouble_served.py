"""A served runtime whose Slack is in trouble: told in the console, at `/readyz` and in the metrics, and ready."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tests.web.console_world import Visitor
from tests.wiring.serving import ask, serving, until
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.outside import Outside


def test_trouble_is_told_wherever_people_look_and_we_are_ready_all_the_same(tmp_path: Path) -> None:
    with FakeSlack() as slack:
        ada = slack.add_user("ada")
        room = slack.add_channel("ops", [ada])
        config = f"""
responders: {{ada: {{slack: {ada.id}}}}}
teams: {{ops: {{members: [ada], slack: {room.id}}}}}
schedules: {{ops: {{handle: "@ops", layers: [{{responders: [ada], start: 2026-01-05}}]}}}}
slack: {{bot_token: "{slack.bot_token}", signing_secret: test-secret}}
"""
        group = slack.add_usergroup("ops", [slack.add_user("bo")])
        slack.archive(room)
        with serving(tmp_path / "t.db", config, Outside(slack_api=slack.base_url)) as (runtime, ready):
            until(lambda: b"slack: is_archived (1); the console says where" in ask(f"{ready.url}/readyz")[1])
            status, body, _ = ask(f"{ready.url}/readyz")
            assert (status, body.splitlines()[0]) == (200, b"ok")
            assert b"ops" not in body, "who needs no key is told no names"
            assert b'tocsin_chat_troubles{chat="slack",why="is_archived"} 1.0' in ask(f"{ready.url}/metrics")[1]
            address = urlsplit(runtime.signin_url())
            browser = Visitor(address.port or 0)
            browser.enter(address.path)
            assert "The Slack room of ops cannot be written to: the Slack channel is archived" in browser.get("/").text
            until(lambda: slack.messages(slack.direct_channel(ada)))
            told = slack.messages(slack.direct_channel(ada))[0]
            assert "cannot be written to: the Slack channel is archived" in told.text
            until(lambda: slack.usergroup(group).users == (ada.id,))
        slack.assert_clean()
