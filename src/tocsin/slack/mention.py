"""Pages as an @mention in the room of a team, for people who like that better than a direct message.

It stands beside the room's own message about the incident, which has the buttons, and is not changed later.
"""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.engine.ports import DeliveryResult, Job
from tocsin.posting.paging import Message, Paging
from tocsin.slack.mrkdwn import escape, link
from tocsin.slack.transport import SlackTransport

HEADLINE_MAX = 400  # Characters as sent.


class MentionTransport:
    """A `Transport`. Addresses are a room and a member, `C012AB3CD/U012AB3CD`."""

    name = "mention"

    def __init__(self, slack: SlackTransport, paging: Paging) -> None:
        """*slack* posts; *paging* makes the messages."""
        self._slack = slack
        self._paging = paging

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port."""
        room, _, member = address.partition("/")

        def send(message: Message) -> DeliveryResult:
            told = message.told
            text = f"<@{member}> {escape(told.headline, HEADLINE_MAX)} · {link(told.link, 'answer')}"
            return self._slack.say(room, text)

        return self._paging.deliver("a mention", jobs, send)
