"""What each scope of the Slack app is for, and what does not work without it.

Source: https://docs.slack.dev/reference/scopes, and the page of each method for the scopes that it needs.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Use(msgspec.Struct, frozen=True):
    """*why*: what it is for. *without*: what does not work then. *vital*: nothing works then."""

    why: str
    without: str
    vital: bool = False


USES: Final = {
    "chat:write": Use("writes messages, and keeps them true", "nobody is told anything", vital=True),
    "im:write": Use("opens the direct message in which somebody is asked", "nobody is asked in Slack", vital=True),
    "users:read": Use(
        "knows who is in a channel: names, time zones, who is a bot, who seems to be there",
        "inviting the bot makes no team, and whom to ask is chosen without a hint",
        vital=True,
    ),
    "channels:read": Use(
        "sees the public channels it is in, who is there, and who comes and goes",
        "inviting the bot to a public channel makes no team",
        vital=True,
    ),
    "groups:read": Use("sees the private channels it is in", "inviting the bot to a private channel makes no team"),
    "dnd:read": Use("sees who does not want to be disturbed", "people are asked although they have Slack keep quiet"),
    "commands": Use("the command /tocsin, and shortcuts", "there is no /tocsin, and no shortcut"),
    "app_mentions:read": Use("hears when it is mentioned", "mentioning the bot is not answered"),
    "im:history": Use("hears what is written to it in a direct message", "words in a direct message are not answered"),
    "usergroups:read": Use("finds the group that is kept equal to who is on call", "the on-call group is not kept"),
    "usergroups:write": Use("keeps a group equal to who is on call", "the channel's topic says who is on call instead"),
    "channels:manage": Use("writes who is on call into the topic", "the topic of public channels stays as it is"),
    "groups:write": Use("writes it into the topic of private channels", "the topic of private channels stays as it is"),
    "files:write": Use("shows charts and metrics as images", "charts and metrics are told in words"),
    "users:read.email": Use("e-mail addresses, for pages by e-mail", "people of rooms are not paged by e-mail"),
}
"""By scope, whichever manifest asks for them."""

UNKNOWN: Final = Use("asked for by the manifest", "what it is for does not work")
