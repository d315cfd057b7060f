"""Where Microsoft is: who gives tokens, who signs activities, and which machines a bot may write to.

Sources: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication for the
first two; https://learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/send-proactive-messages for the
global address of the public cloud, under which a bot may write before anybody has written to it.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from tocsin.posting.requests import Place

ISSUER: Final = "https://api.botframework.com"
SCOPE: Final = "https://api.botframework.com/.default"
CHANNEL: Final = "msteams"  # What Microsoft calls Teams among the channels of bots.
URL_MAX: Final = 500  # Characters; real addresses have less than a hundred.

_HTTPS: Final = 443


class Cloud(msgspec.Struct, frozen=True, kw_only=True):
    """Microsoft's public cloud, or what stands for it in a test.

    *services*: hosts of service addresses; one that begins with a dot stands for all below it. *local*: addresses
    without TLS, with a port, are taken too, which is for tests.
    """

    login: str = "https://login.microsoftonline.com"
    metadata: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    service: str = "https://smba.trafficmanager.net/teams/"
    services: tuple[str, ...] = (".botframework.com", "smba.trafficmanager.net", ".teams.microsoft.com")
    local: bool = False

    def trusts(self, url: str) -> bool:
        """Whether *url* is a service address of Microsoft: what we know of people, and our token, may go there.

        Not every `*.trafficmanager.net`: anybody can have a name there.
        """
        if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            return False
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        host = parts.hostname or ""
        if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
            return False
        secure = parts.scheme == "https" and port in {None, _HTTPS}
        if not secure and not (self.local and parts.scheme == "http"):
            return False
        return any(host.endswith(name) if name.startswith(".") else host == name for name in self.services)


def place(url: str, path: str = "") -> Place:
    """Where *path* below *url* is; *url* is one of ours, or trusted."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    full = f"{parts.path.rstrip('/')}{path}" or "/"
    return Place(parts.hostname or "", parts.port or (_HTTPS if secure else 80), full, secure=secure)
