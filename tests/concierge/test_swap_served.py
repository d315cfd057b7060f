"""A swap in a whole server: whom it asks reads it in Slack, answers by its buttons, and the asker hears that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wiring.serving import serving
from tocsin.kernel.time import DAY, Instant
from tocsin.testing.fake_slack import FakeSlack, Limits, Message, User
from tocsin.wiring.outside import Outside

MONDAY: Instant = 1_767_614_400_000  # 2026-01-05T12:00Z


@pytest.mark.parametrize(
    ("verb", "title"), [("decline", "Bo cannot take your shift"), ("accept", "Bo takes your shift")]
)
def test_a_swap_is_asked_and_answered_in_slack(tmp_path: Path, verb: str, title: str) -> None:
    with FakeSlack(limits=Limits.unlimited()) as slack:
        ada, bo = slack.add_user("ada"), slack.add_user("bo")
        config = (
            f"responders: {{ada: {{name: Ada, slack: {ada.id}}}, bo: {{name: Bo, slack: {bo.id}}}}}\n"
            "teams: {ops: {members: [ada, bo]}}\n"
            "schedules: {ops: {layers: [{responders: [ada, bo], start: 2026-01-05 08:00, rotate: daily}]}}\n"
            f'slack: {{bot_token: "{slack.bot_token}", app_token: "{slack.app_token}"}}\n'
        )
        outside = Outside(clock=lambda: MONDAY, slack_api=slack.base_url)
        with serving(tmp_path / "tocsin.db", config, outside) as (runtime, _):
            slack.wait_for(lambda: slack.sockets)
            book = runtime._desk.oncall
            book.ask(schedule="ops", by="ada", start=MONDAY, until=MONDAY + DAY, to="bo", comment="<!here> a wedding")
            asked = first(slack, bo)
            assert "Ada asks you to take a shift" in str(asked.blocks)
            assert "&lt;!here&gt; a wedding" in str(asked.blocks)
            slack.click(asked, f"tocsin:swap:{verb}", bo)
            assert title in str(first(slack, ada).blocks)
            assert [(swap.accepted, swap.to) for swap in book.swaps()] == ([(True, "bo")] if verb == "accept" else [])
        slack.assert_clean()


def first(slack: FakeSlack, who: User) -> Message:
    """The first message to *who*."""
    channel = slack.direct_channel(who)
    slack.wait_for(lambda: slack.messages(channel), 30)
    return slack.messages(channel)[0]
