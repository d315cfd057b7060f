"""The app package: what an administrator uploads to Teams to install Tocsin. A zip of a manifest and two icons.

Source: https://learn.microsoft.com/microsoft-365/extensibility/schema (version 1.17): short names have at most 30
characters, short descriptions 80, a command's title 32 and its description 128; the colour icon is 192 pixels wide, the
outline icon 32, white on nothing.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any, Final

from PIL import Image, ImageDraw

from tocsin.errors import TocsinError
from tocsin.teams.connector import is_guid

VERSION: Final = "1.17"
NAME_MAX: Final = 30
COMMANDS: Final = (
    ("status", "What is going on, and who is on it."),
    ("who is on call?", "Who is on call now, and who is next."),
    ("mine", "The incidents that are yours."),
    ("help", "Everything that I understand."),
)
COLOUR: Final = "#8b1a1a"

_COLOUR_SIZE: Final = 192
_OUTLINE_SIZE: Final = 32
_FINER: Final = 4  # Drawn larger and made smaller, so that edges are smooth.
_STAMP: Final = (2026, 1, 1, 0, 0, 0)  # The same package for the same words.


def manifest(name: str, app_id: str, url: str) -> dict[str, Any]:
    """The manifest of an app called *name*; *url* is where people find out about it (https).

    Raises TocsinError when one of them cannot be used.
    """
    if not 0 < len(name) <= NAME_MAX:
        raise TocsinError("teams-name-invalid", f"the app's name {name!r} must have 1 to {NAME_MAX} characters")
    if not is_guid(app_id):
        raise TocsinError("teams-app-id-invalid", f"the app ID {app_id!r} is no GUID; it is the bot's client ID")
    if not url.startswith("https://"):
        there = f", not {url!r}" if url else ""
        raise TocsinError(
            "teams-url-invalid", f"Teams needs a public https address (--url, or server.url in the file){there}"
        )
    return {
        "$schema": f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json",
        "manifestVersion": VERSION,
        "version": "1.0.0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"tocsin:{app_id.lower()}")),
        "developer": {"name": name, "websiteUrl": url, "privacyUrl": url, "termsOfUseUrl": url},
        "name": {"short": name, "full": f"{name}: an alarm bell for teams"},
        "description": {
            "short": "Brings alerts to the one right person, and keeps everybody informed.",
            "full": "Shows each incident as one card that stays true, asks one person first, in a chat of their own, "
            "and answers when it is asked who is on call.",
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": COLOUR,
        "bots": [
            {
                "botId": app_id,
                "scopes": ["personal", "team"],
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [
                    {
                        "scopes": ["personal", "team"],
                        "commands": [{"title": title, "description": text} for title, text in COMMANDS],
                    }
                ],
            }
        ],
        "validDomains": [],
    }


def package(name: str, app_id: str, url: str) -> bytes:
    """The zip. Raises TocsinError, as `manifest` does."""
    files = {
        "manifest.json": json.dumps(manifest(name, app_id, url), indent=2).encode() + b"\n",
        "color.png": icon(_COLOUR_SIZE, COLOUR),
        "outline.png": icon(_OUTLINE_SIZE, ""),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for called, content in files.items():
            made.writestr(zipfile.ZipInfo(called, _STAMP), content)
    return held.getvalue()


def icon(size: int, ground: str) -> bytes:
    """A white bell, *size* pixels wide, on *ground* (a colour, or nothing), as PNG."""
    side = size * _FINER
    picture = Image.new("RGBA", (side, side), ground or (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    white = "#ffffff"

    def scaled(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * side / 32, y * side / 32) for x, y in points]

    pen.pieslice(scaled((9, 6), (23, 20)), 180, 360, fill=white)
    pen.polygon(scaled((9, 13), (23, 13), (24, 21), (26, 24), (6, 24), (8, 21)), fill=white)
    pen.ellipse(scaled((14.5, 4), (17.5, 7)), fill=white)
    pen.ellipse(scaled((13.5, 23), (18.5, 28)), fill=white)
    held = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(held, "PNG")
    return held.getvalue()
