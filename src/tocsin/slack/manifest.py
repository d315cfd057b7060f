"""The app manifest: what an administrator pastes into Slack to install Tocsin.

Source: https://docs.slack.dev/reference/app-manifest.
"""

from __future__ import annotations

from typing import Any, Final

from tocsin.errors import TocsinError

# Each scope has its use; nothing here reads what people write.
SCOPES: Final = (
    "channels:read",  # The public channels it was invited to, and who is there: they become teams.
    "chat:write",  # Messages in channels the bot was invited to, and their updates.
    "dnd:read",  # Who does not want to be disturbed now: a hint when it is chosen whom to ask.
    "groups:read",  # The same for private channels.
    "im:write",  # Opens the direct message in which somebody is paged.
    "users:read",  # Who seems to be active: another such hint.
)
NAME_MAX: Final = 35  # Characters of an app's name.


def manifest(name: str, *, socket_mode: bool = True, url: str = "") -> dict[str, Any]:
    """The manifest of an app called *name*. Without Socket Mode, *url* is where Slack sends interactions (https).

    Raises TocsinError when the name or the url cannot be used.
    """
    if not 0 < len(name) <= NAME_MAX:
        raise TocsinError("slack-name-invalid", f"the app's name {name!r} must have 1 to {NAME_MAX} characters")
    if not socket_mode and not url.startswith("https://"):
        raise TocsinError("slack-url-invalid", f"without Socket Mode Slack needs a public https address, not {url!r}")
    interactivity: dict[str, Any] = {"is_enabled": True}
    return {
        "display_information": {
            "name": name,
            "description": "Brings alerts to the one right person, and keeps everybody informed.",
            "background_color": "#8b1a1a",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": name, "always_online": True},
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": interactivity if socket_mode else interactivity | {"request_url": url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }
