"""The simulated team: three people and a room in a fake Slack, and the configuration that knows them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tocsin.testing.fake_slack import Channel, FakeSlack, User
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import load

PEOPLE: Final = ("ada", "bo", "cy")
ROOM: Final = "shop-alerts"
SENDERS: Final = ("default", "aws", "prometheus", "pagerduty")
KEY_BYTES: Final = 13

_FILE: Final = Path(__file__).with_name("team.yaml")


class Team:
    """Who is there."""

    def __init__(self, slack: FakeSlack) -> None:
        """Let them join *slack*."""
        self.people: Mapping[str, User] = {name: slack.add_user(name) for name in PEOPLE}
        self.room: Channel = slack.add_channel(ROOM, self.people.values())
        self.keys: Mapping[str, str] = {name: secrets.token_hex(KEY_BYTES) for name in SENDERS}
        self.settings: Settings = load(
            _FILE,
            {
                **{name.upper(): person.id for name, person in self.people.items()},
                **{f"KEY_{name.upper()}": key for name, key in self.keys.items()},
                "ROOM": self.room.id,
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
            },
        )

    def called(self, channel: Channel) -> str:
        """Whom a conversation reaches: a person, or the room."""
        if not channel.direct:
            return f"#{channel.name}"
        return next(name for name, person in self.people.items() if person.id in channel.members)
