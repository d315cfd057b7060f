"""What people are told when a chat cannot be written to, and when it can again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.kernel.announcement import Announcement
from tocsin.slack.health import DOWN, WORKSPACE, Trouble
from tocsin.wiring.settings import Settings

_REMEDIES: Final = {
    "channel_not_found": "Invite the bot there, or give the team another room (`teams.NAME.slack`).",
    "is_archived": "Unarchive the channel, or give the team another room (`teams.NAME.slack`).",
    "is_inactive": "Give the team another room (`teams.NAME.slack`).",
    "missing_scope": "`tocsin slack manifest` prints the newest manifest; paste it into the app and install it again.",
    "not_in_channel": "Invite the bot there: /invite in that channel.",
    "restricted_action": "Somebody who manages the channel can let the app post there.",
    "restricted_action_read_only_channel": "Somebody who manages the channel can let the app post there.",
    "token_revoked": "Install the app again, and put the new token into the configuration.",
    "account_inactive": "Install the app again, and put the new token into the configuration.",
    DOWN: "Nothing needs to be done about it here; we try again all the time.",
}


def teams_of(settings: Settings, subject: str) -> Sequence[str]:
    """The teams that a trouble concerns: those of a room, those of a member, or all of them."""
    if subject == WORKSPACE:
        return tuple(settings.teams)
    whose = {name for name, person in settings.responders.items() if person.slack == subject}
    return tuple(
        name for name, team in settings.teams.items() if team.slack == subject or whose.intersection(team.members)
    )


def trouble_told(settings: Settings, trouble: Trouble, url: str) -> Announcement:
    """That it has begun."""
    what, consequences = _subject(settings, trouble.subject)
    lines = [*consequences, _REMEDIES.get(trouble.code, ""), f"Everything stands in the console: {url}/" if url else ""]
    return Announcement(f"{what}: {trouble.said}", tuple(filter(None, lines)))


def healed_told(settings: Settings, subject: str) -> Announcement:
    """That it is over."""
    if subject == WORKSPACE:
        return Announcement("Slack takes our messages again", ("Its rooms are being brought up to date.",))
    who = _person(settings, subject)
    if who:
        return Announcement(f"{who} can be paged in Slack again")
    return Announcement(f"{_room(settings, subject)} can be written to again", ("It shows how things stand now.",))


def _subject(settings: Settings, subject: str) -> tuple[str, Sequence[str]]:
    if subject == WORKSPACE:
        return "Slack takes nothing from us", (
            "Alerts are still taken and decided, and people are paged by their other ways.",
            "Who has no other way is passed over, and the next one is asked at once.",
            "What the rooms miss is shown there as soon as it works again.",
        )
    who = _person(settings, subject)
    if who:
        return f"{who} cannot be paged in Slack", (
            f"Pages to {who} take their other ways; without one the next person is asked at once.",
        )
    return f"{_room(settings, subject)} cannot be written to", (
        "Alerts are still taken, and people are still paged. You are told this once, not for each alert.",
        "What the room misses is shown there as soon as it works again.",
    )


def _person(settings: Settings, subject: str) -> str:
    return next((each.name or name for name, each in settings.responders.items() if each.slack == subject), "")


def _room(settings: Settings, subject: str) -> str:
    names = [name for name, team in settings.teams.items() if team.slack == subject]
    shown = f" ({subject})" if subject.startswith("#") else ""
    return f"The Slack room of {', '.join(names)}{shown}" if names else f"The Slack channel {subject}"
