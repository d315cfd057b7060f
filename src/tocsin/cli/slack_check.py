"""`tocsin slack check`: whether Slack lets us do what we are meant to do, and what to do where it does not."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from tocsin.cli.access import open_store, public_url, read_settings
from tocsin.cli.printing import plain, say, say_json
from tocsin.errors import TocsinError
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.checking import Finding, Grade, Wanted, check
from tocsin.wiring.concierge.rooms import is_public
from tocsin.wiring.settings import Settings

SLACK_API = "TOCSIN_SLACK_API"  # As `tocsin serve` has it, for tests.
_MARKS = {Grade.GOOD: "✓", Grade.WEAK: "!", Grade.BAD: "✗"}


def run(given: argparse.Namespace) -> int:
    """Look at everything; 1 if something stands in the way of alerts, else 0."""
    settings = read_settings(given.config, given.db)
    if settings.slack is None:
        message = (
            "no Slack app is configured: name its tokens in the configuration (`slack`), or, without a file, in "
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN"
        )
        raise TocsinError("slack-missing", message)
    app_token = settings.slack.app_token
    found = check(
        settings.slack.bot_token.reveal(),
        app_token.reveal() if app_token else "",
        _wanted(given, settings),
        base_url=os.environ.get(SLACK_API, BASE_URL),
    )
    if given.json:
        say_json(
            [
                {"about": each.about, "grade": each.grade.value, "found": each.found, "remedy": each.remedy}
                for each in found
            ]
        )
    else:
        say(_told(found))
    return 1 if any(each.grade is Grade.BAD for each in found) else 0


def _wanted(given: argparse.Namespace, settings: Settings) -> Wanted:
    assert settings.slack is not None
    return Wanted(
        rooms={name: team.slack for name, team in settings.teams.items() if team.slack},
        people={name: person.slack for name, person in settings.responders.items() if person.slack},
        by_http=settings.slack.signing_secret is not None,
        url=_public_url(given, settings),
    )


def _public_url(given: argparse.Namespace, settings: Settings) -> str:
    """Where others reach the server, if they do."""
    url = (settings.server.url or "").rstrip("/")
    if not url and given.db.exists():
        with open_store(given.db) as store:
            url = public_url(settings, store)
    return url if is_public(url) else ""


def _told(found: Sequence[Finding]) -> str:
    lines: list[str] = []
    for each in found:
        lines.append(f"{_MARKS[each.grade]} {plain(each.about)}: {plain(each.found)}\n")
        if each.remedy:
            lines.append(f"    {plain(each.remedy)}\n")
    missing = sum(each.grade is not Grade.GOOD for each in found)
    many = "1 thing" if missing == 1 else f"{missing} things"
    return "".join(lines) + (f"\n{many} to put right.\n" if missing else "\nAll is well.\n")
