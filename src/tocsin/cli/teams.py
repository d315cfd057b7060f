"""`tocsin teams manifest`: the app package for Microsoft Teams."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from tocsin.cli.feed_words import Commands
from tocsin.cli.printing import say
from tocsin.errors import TocsinError

FILE: Final = "tocsin-teams.zip"


def add_teams(commands: Commands) -> None:
    """`tocsin teams`."""
    teams = commands.add(
        "teams",
        "teams.teams",
        "Microsoft Teams: make the app package that is uploaded there",
        example="manifest --url https://tocsin.example.com",
        config=True,
    )
    teams.add_argument("action", choices=("manifest",), help="what to do")
    teams.add_argument("--name", default="Tocsin", metavar="NAME", help="what the app is called (default: Tocsin)")
    teams.add_argument("--app-id", default="", metavar="GUID", help="the bot's client ID (default: the file's)")
    teams.add_argument("--url", default="", help="the public https address (default: the file's server.url)")
    teams.add_argument("--out", type=Path, default=Path(FILE), metavar="FILE", help=f"where to (default: {FILE})")


def teams(given: argparse.Namespace) -> int:
    """`tocsin teams`."""
    from tocsin.cli.access import read_settings
    from tocsin.teams.app import package

    settings = read_settings(given.config)
    app_id = given.app_id or (settings.microsoft_teams.app_id if settings.microsoft_teams else "")
    if not app_id:
        raise TocsinError("teams-app-id-missing", "say which bot: --app-id GUID, or `microsoft_teams` in the file")
    url = given.url or settings.server.url or ""
    given.out.write_bytes(package(given.name, app_id, url))
    say(f"{given.out}: upload it in Teams (Apps, Manage your apps, Upload an app), or in its admin centre\n")
    return 0
