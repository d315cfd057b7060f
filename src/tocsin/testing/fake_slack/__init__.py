"""A strict fake of Slack, for tests, demonstrations and benchmarks.

    with FakeSlack() as slack:
        ada = slack.add_user("ada", tz="Europe/London")
        alerts = slack.add_channel("alerts", [ada])
        client = slack_sdk.WebClient(slack.bot_token, base_url=slack.base_url)
        client.chat_postMessage(channel=alerts.id, text="Disk is full", blocks=[...])
        message = slack.wait_for(lambda: slack.messages(alerts))[0]
        slack.click(message, "acknowledge", ada)
        slack.assert_clean()

It speaks the Web API, Socket Mode, signed HTTP requests and response URLs, and refuses what Slack refuses: too many
messages, malformed blocks, old triggers, wrong tokens. What would have gone wrong is in ``slack.errors``. Trouble is
made on request: ``slack.fail``, ``rate_limit``, ``lose_answer``, ``delay``, ``down``.

What it does not do: it keeps no search, files or history methods, knows one workspace and one application, does not
look inside legacy attachments but for their blocks, and does not retry events over HTTP by itself (``slack.replay``).
"""

from tocsin.testing.fake_slack.fake import FakeSlack
from tocsin.testing.fake_slack.limits import Limits
from tocsin.testing.fake_slack.records import (
    Acknowledgement,
    Call,
    Channel,
    Message,
    Refusal,
    User,
    Usergroup,
    View,
)

__all__ = [
    "Acknowledgement",
    "Call",
    "Channel",
    "FakeSlack",
    "Limits",
    "Message",
    "Refusal",
    "User",
    "Usergroup",
    "View",
]
