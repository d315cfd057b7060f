"""The keys of Microsoft Teams: the app, its people and its channels."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tocsin.wiring.settings_kinds import Key, Secret, Text

_GUID: Final = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

TEAMS_USER: Final = Text(
    most=200,
    shape=rf"{_GUID}|29:[A-Za-z0-9_-]{{10,190}}",
    what="an object ID of Microsoft Entra ID (a GUID), or a Teams user ID like 29:1abc...",
)
TEAMS_CHANNEL: Final = Text(
    most=200,
    shape=r"19:[A-Za-z0-9_-]+@thread\.(tacv2|skype)",
    what='a channel ID of Teams like "19:...@thread.tacv2" (in quotes; it stands in the link to the channel)',
)


class MicrosoftTeams(msgspec.Struct, frozen=True, kw_only=True):
    """The bot in Microsoft Teams."""

    app_id: Annotated[str, Key(Text(shape=_GUID, what="a GUID"), "Application (client) ID of the bot.")]
    app_password: Annotated[Secret, Key(Text(), "Its client secret.", secret=True)]
    tenant: Annotated[str, Key(Text(shape=_GUID, what="a GUID"), "Directory (tenant) ID; others are refused.")]
