"""Whether Slack lets us do what we are meant to do: tokens, scopes, Socket Mode, channels and people.

Sources: https://docs.slack.dev/reference/methods/auth.test (whose answer's header `X-OAuth-Scopes` names the scopes of
a token), apps.connections.open, users.conversations, conversations.info, users.info. Nothing here tells a token.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Final

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api
from tocsin.slack.loop import LoopThread
from tocsin.slack.manifest import scopes as of_manifest
from tocsin.slack.rooms import Channel, SlackRooms
from tocsin.slack.scopes import UNKNOWN, USES

TIMEOUT: Final[Duration] = 10 * SECOND
NAMED_MAX: Final = 10  # Channels that are told by name.

_INSTALL: Final = "Add it in the app's settings (OAuth & Permissions), and install the app again."


class Grade(Enum):
    """How it is."""

    GOOD = "good"
    WEAK = "weak"
    """Something does not work; alerts do."""
    BAD = "bad"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: *about* it, what *was found*, and what to do where it is not good."""

    about: str
    grade: Grade
    found: str
    remedy: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration names: rooms by team, Slack member ids by responder. *by_http*: with a signing secret."""

    rooms: Mapping[str, str]
    people: Mapping[str, str]
    by_http: bool = False
    url: str = ""
    """Where Slack reaches us by HTTP, if others can."""


def check(
    bot_token: str, app_token: str, wanted: Wanted, *, base_url: str = BASE_URL, scopes: Sequence[str] | None = None
) -> list[Finding]:
    """Everything, in the order in which it should be put right. Blocks; raises nothing for what Slack answers."""
    loop = LoopThread("slack-check")
    slack = SlackRooms(loop, bot_token, base_url=base_url)
    try:
        found, granted = loop.run(_token(bot_token, base_url))
        knows_us = found[0].grade is Grade.GOOD
        if granted is not None:
            found += _scopes(granted, of_manifest() if scopes is None else scopes)
        found += _arrival(app_token, wanted, loop.run(_socket(app_token, base_url)) if app_token else None)
        if knows_us:
            found += _places(slack, wanted)
    finally:
        slack.close()
        loop.close()
    return found


async def _token(token: str, base_url: str) -> tuple[list[Finding], frozenset[str] | None]:
    """Whose token it is, and its scopes; None where that cannot be told."""
    api = Api(token, base_url=base_url, timeout=TIMEOUT)
    try:
        answer = await api.call("auth.test")
        scopes = await api.scopes()
    finally:
        await api.close()
    if isinstance(answer, Failure):
        remedy = "The bot token stands in the app's settings, under OAuth & Permissions (xoxb-...)."
        return [Finding(about="bot token", grade=Grade.BAD, found=_no(answer), remedy=remedy)], None
    who = f"it is @{_text(answer, 'user')} in the workspace {_text(answer, 'team')}"
    found = [Finding(about="bot token", grade=Grade.GOOD, found=who)]
    if scopes is None:
        found.append(Finding(about="scopes", grade=Grade.WEAK, found="Slack does not tell them"))
    return found, None if scopes is None else frozenset(scopes)


def _scopes(granted: frozenset[str], wanted: Collection[str]) -> list[Finding]:
    found: list[Finding] = []
    for scope in sorted({*wanted, *(name for name, use in USES.items() if use.vital)}):
        use = USES.get(scope, UNKNOWN)
        if scope in granted:
            found.append(Finding(about=scope, grade=Grade.GOOD, found=use.why))
        else:
            grade = Grade.BAD if use.vital else Grade.WEAK
            missing = f"it is missing, so {use.without}"
            found.append(Finding(about=scope, grade=grade, found=missing, remedy=_INSTALL))
    return sorted(found, key=lambda each: each.grade is Grade.GOOD)


async def _socket(token: str, base_url: str) -> Failure | None:
    """Why no connection can be opened, or nothing. None is opened."""
    api = Api(token, base_url=base_url, timeout=TIMEOUT)
    try:
        answer = await api.call("apps.connections.open")
    finally:
        await api.close()
    return answer if isinstance(answer, Failure) else None


def _arrival(app_token: str, wanted: Wanted, refused: Failure | None) -> list[Finding]:
    """Whether presses, commands and events get here."""
    if app_token and refused is None:
        found = "Socket Mode works: presses, commands and events arrive, without a public address"
        return [Finding(about="app token", grade=Grade.GOOD, found=found)]
    if refused is not None:
        remedy = "The app-level token (xapp-...) needs the scope connections:write, and the app Socket Mode."
        return [Finding(about="app token", grade=Grade.BAD, found=_no(refused), remedy=remedy)]
    if not wanted.by_http:
        remedy = "Set an app-level token (Socket Mode), or a signing secret (HTTP)."
        return [Finding(about="app token", grade=Grade.BAD, found="no press, command or event arrives", remedy=remedy)]
    if wanted.url:
        found = f"presses, commands and events come by HTTP, to {wanted.url}/slack/..."
        return [Finding(about="signing secret", grade=Grade.GOOD, found=found)]
    found = "presses, commands and events come by HTTP, but Slack cannot reach this server's address"
    remedy = "Put it behind a public https address and name that (server.url), or use Socket Mode."
    return [Finding(about="signing secret", grade=Grade.BAD, found=found, remedy=remedy)]


def _places(slack: SlackRooms, wanted: Wanted) -> list[Finding]:
    listed = slack.channels()
    if isinstance(listed, Failure):
        return [Finding(about="channels", grade=Grade.BAD, found=_no(listed))]
    there = [channel for channel in listed if channel.there]
    found = [_presence(there)]
    for team, room in wanted.rooms.items():
        found.append(_room(slack, team, room, there))
    people = slack.people(tuple(wanted.people.values()))
    if isinstance(people, Failure):
        return [*found, Finding(about="people", grade=Grade.BAD, found=_no(people))]
    for name, user in wanted.people.items():
        person = people.get(user)
        if person is None:
            trouble = f"Slack knows no member {user}"
        elif person.deleted:
            trouble = f"the account of {user} has ended"
        else:
            trouble = f"{user} is a bot, which cannot be asked" if person.bot else ""
        if trouble:
            remedy = "Correct responders.NAME.slack in the configuration."
            found.append(Finding(about=f"responder {name}", grade=Grade.BAD, found=trouble, remedy=remedy))
    return found


def _presence(there: Sequence[Channel]) -> Finding:
    names = [f"#{channel.name}" for channel in there]
    if not names:
        remedy = "Invite it: /invite and its name, in a channel. That makes a team."
        return Finding(about="channels", grade=Grade.WEAK, found="the bot is in none", remedy=remedy)
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return Finding(about="channels", grade=Grade.GOOD, found=f"the bot is in {', '.join(names[:NAMED_MAX])}{more}")


def _room(slack: SlackRooms, team: str, room: str, there: Sequence[Channel]) -> Finding:
    """Whether the bot is in the *room* of *team*."""
    about = f"room of team {team}"
    known = next((channel for channel in there if room in {channel.id, f"#{channel.name}"}), None)
    if known is not None:
        return Finding(about=about, grade=Grade.GOOD, found=f"the bot is in #{known.name}")
    if not room.startswith("#"):
        seen = slack.channel(room)
        if isinstance(seen, Failure):
            return Finding(about=about, grade=Grade.BAD, found=_no(seen))
        if seen.name:
            why = f"#{seen.name} is there, but the bot is not in it, or it is archived"
            return Finding(about=about, grade=Grade.BAD, found=why, remedy="Invite it: /invite and its name.")
    remedy = "Correct teams.NAME.slack in the configuration, or invite the bot there."
    return Finding(about=about, grade=Grade.BAD, found=f"the bot sees no channel {room}", remedy=remedy)


def _no(failure: Failure) -> str:
    return failure.result.error


def _text(answer: Mapping[str, Json], key: str) -> str:
    return str(answer.get(key) or "?")
