"""The app manifest: what an administrator pastes into Slack to install Tocsin.

Sources: https://docs.slack.dev/reference/app-manifest, https://docs.slack.dev/reference/scopes and the page of each
event. Slack takes it as YAML or JSON; in YAML the reason of each scope stands beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import yaml

from tocsin.errors import TocsinError
from tocsin.slack.payloads import ON_MESSAGE

# Each scope has its use. Of what people write the bot reads what is said to it: in a mention, or alone with it.
SCOPES: Final[Mapping[str, str]] = {
    "app_mentions:read": "What is said to the bot where it is mentioned.",
    "channels:read": "The public channels that it was invited to, and who is there.",
    "chat:write": "Messages in channels that it was invited to, and their updates.",
    "commands": "/tocsin, and the shortcuts that raise an incident.",
    "dnd:read": "Who does not want to be disturbed now: a hint when it is chosen whom to ask.",
    "groups:read": "The private channels that it was invited to, and who is there.",
    "im:history": "What is said to it in a direct message.",
    "im:write": "Opens the direct message in which somebody is paged.",
    "users:read": "Names, time zones, who seems to be active, and who was deactivated.",
}
EXTRAS: Final[Mapping[str, Mapping[str, str]]] = {
    "group": {
        "usergroups:read": "Finds the user group of who is on call.",
        "usergroups:write": "Keeps that user group equal to who is on call.",
    },
    "topic": {
        "channels:manage": "Says in the topic of a public channel who is on call.",
        "groups:write": "The same in a private channel.",
    },
    "pictures": {"files:write": "Brings charts and graphs as images."},
}
"""What can be done without, by name: scopes and their uses."""
EVENTS: Final = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.im",
    "tokens_revoked",
    "user_change",
)
COMMAND: Final = "/tocsin"
NAME_MAX: Final = 35  # Characters of an app's name.

_SHORTCUTS: Final = (
    ("Raise an incident", "global", "raise", "Asks the one right person for help."),
    ("Make this an incident", "message", ON_MESSAGE, "Raises an incident from this message."),
)


def manifest(name: str, *, socket_mode: bool = True, url: str = "", without: Collection[str] = ()) -> dict[str, Any]:
    """The manifest of an app called *name*. Without Socket Mode, *url* is the server's public address (https).

    *without*: names of EXTRAS. Raises TocsinError when the name or the url cannot be used.
    """
    if not 0 < len(name) <= NAME_MAX:
        raise TocsinError("slack-name-invalid", f"the app's name {name!r} must have 1 to {NAME_MAX} characters")
    if not socket_mode and not url.startswith("https://"):
        raise TocsinError("slack-url-invalid", f"without Socket Mode Slack needs a public https address, not {url!r}")

    def where(key: str, route: str) -> dict[str, str]:
        return {} if socket_mode else {key: f"{url.rstrip('/')}/slack/{route}"}

    return {
        "display_information": {
            "name": name,
            "description": "Brings alerts to the one right person, and keeps everybody informed.",
            "background_color": "#8b1a1a",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": name, "always_online": True},
            "shortcuts": [
                {"name": title, "type": kind, "callback_id": callback, "description": text}
                for title, kind, callback, text in _SHORTCUTS
            ],
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": "Incidents, who is on call, silences: ask for help to see it all.",
                    "usage_hint": "status | oncall | silence | help",
                    "should_escape": True,
                }
                | where("url", "commands")
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(scopes(without))}},
        "settings": {
            "event_subscriptions": where("request_url", "events") | {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True} | where("request_url", "interactions"),
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }


def scopes(without: Collection[str] = ()) -> dict[str, str]:
    """All scopes with their uses, but those of the extras that are named in *without*."""
    found = dict(SCOPES)
    for name, extra in EXTRAS.items():
        if name not in without:
            found |= extra
    return found


def in_yaml(made: Mapping[str, Any]) -> str:
    """A manifest as YAML, with the use of each scope behind it."""
    uses = scopes()
    lines = yaml.safe_dump(dict(made), sort_keys=False, allow_unicode=True, width=200).splitlines()
    return "\n".join(_explained(line, uses) for line in lines) + "\n"


def _explained(line: str, uses: Mapping[str, str]) -> str:
    use = uses.get(line.strip().removeprefix("- "))
    return f"{line}  # {use}" if use else line
