"""Rooms: the channels that the bot was invited to, as they are stored, and what they add to the settings of the file.

A room is a team of its channel's members with an integration of its own. What the file says goes before: a person whom
it knows by their Slack member id is that responder, and a channel that it gives to a team is that team's room.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Records
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.routing.plans import CROWD_MIN, OWN
from tocsin.wiring.settings import DEFAULT, EVERYONE, Responder, Settings, Team
from tocsin.wiring.settings_asking import SMART_POLICY
from tocsin.wiring.settings_integrations import Integration
from tocsin.wiring.settings_kinds import NAME

ROOM: Final = "room"  # The kind of a room's record; its name is the channel's id.
GUEST: Final = "room-guest"  # Of a person's; its name is their Slack member id.

_LIKE_OWN: Final = re.compile(r"slack-[ucwg][a-z0-9]{8,}")  # As `_own` makes them: nobody chooses to be somebody else.
_STRANGE: Final = re.compile(r"[^a-z0-9._-]+")
_Record = TypeVar("_Record", "Room", "Guest")


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, by its id. *team* and *integration*: what they are called, for good; *members*: Slack member ids.

    *welcomed_at*: since when the people there know what this is, and their key. *left_at*: since when the bot is not
    there, or the channel is archived. *named*: the name by which the file means it (`#ops`), however it is called
    since; empty if by none, None if an older version did not look.
    """

    channel: str
    name: str
    team: str
    integration: str
    made_at: Instant
    members: tuple[str, ...] = ()
    welcomed_at: Instant | None = None
    left_at: Instant | None = None
    named: str | None = None


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a room, by their Slack member id. *responder*: what they are called here, for good.

    Neither bots are asked, nor those whose account has ended (*deleted*) or who belong to another organisation.
    """

    user: str
    responder: str
    name: str = ""
    zone: str = ""
    email: str = ""
    bot: bool = False
    deleted: bool = False
    outside: bool = False

    @property
    def may_be_asked(self) -> bool:
        """Whether they are somebody of ours, and there."""
        return not self.bot and not self.deleted and not self.outside


def read_rooms(records: Records) -> dict[str, Room]:
    """All rooms by channel, the oldest first. Raises StoreUnavailableError."""
    found = _read(records.records(ROOM), Room)
    return dict(sorted(found.items(), key=lambda item: (item[1].made_at, item[0])))


def read_guests(records: Records) -> dict[str, Guest]:
    """All people of rooms by Slack member id. Raises StoreUnavailableError."""
    return _read(records.records(GUEST), Guest)


def with_rooms(file: Settings, records: Records) -> Settings:
    """*file* with all that rooms add to it, for a command that runs once. Raises StoreUnavailableError."""
    return joined(file, read_rooms(records), read_guests(records))


def joined(file: Settings, rooms: Mapping[str, Room], guests: Mapping[str, Guest]) -> Settings:
    """*file*, which is complete, with all that *rooms* add to it. Pure."""
    if not rooms:
        return file
    called = names_of(file, guests)
    responders = dict(file.responders)
    for user, name in called.items():
        if name not in responders and not guests[user].bot and not guests[user].outside:
            responders[name] = _responder(guests[user], name)
    teams: dict[str, Team] = {}
    integrations: dict[str, Integration] = {}
    # What the names of the file mean; where the bot is, comes last and counts.
    channels = {
        f"#{room.name}" if room.named is None else room.named: room.channel
        for room in sorted(rooms.values(), key=lambda each: each.left_at is None)
    }
    for room in rooms.values():
        team = team_of(file, room)
        if team not in file.teams:
            known = ((called[user], guests[user]) for user in room.members if user in called)
            asked = dict.fromkeys(name for name, guest in known if guest.may_be_asked)
            teams[team] = _team(file, room, tuple(asked))
        if room.integration not in file.integrations:
            integrations[room.integration] = Integration(team=team)
    known_teams = {
        name: replace(team, slack=channels[team.slack]) if team.slack in channels else team
        for name, team in file.teams.items()
    }
    first = next(iter(teams), "")
    nobody = file.first_team if _reaches_nobody(file) and first else ""
    return replace(
        file,
        responders=responders,
        # What belongs to nobody goes to the oldest room, where there is no team that could have it.
        teams={**teams, **known_teams} if nobody else {**known_teams, **teams},
        integrations={
            **{
                name: replace(each, team=first) if nobody and each.team == nobody else each
                for name, each in file.integrations.items()
            },
            **integrations,
        },
    )


def with_left(settings: Settings, rooms: Mapping[str, Room]) -> Settings:
    """*settings*, in which teams also have the rooms that the bot has left: whom that concerns."""
    left = {room.team: room.channel for room in rooms.values() if room.left_at is not None}
    teams = {
        name: replace(team, slack=left[name]) if team.slack is None and name in left else team
        for name, team in settings.teams.items()
    }
    return replace(settings, teams=teams) if left else settings


def team_of(file: Settings, room: Room) -> str:
    """The name of the team that *room* belongs to: the file's, if it has one for this channel."""
    for name, team in file.teams.items():
        if team.slack and team.slack in {room.channel, f"#{room.name}" if room.named is None else room.named}:
            return name
    return _own(room.channel) if room.team in file.teams else room.team


def naming(file: Settings, rooms: Mapping[str, Room], room: Room) -> str:
    """The name by which *file* means *room*: the one by which it was found first, or that which it has now; or empty.

    A name means one channel, as long as the bot is there: who is called so later is another one.
    """
    names = {team.slack for team in file.teams.values() if team.slack and team.slack.startswith("#")}
    others = {other.named for other in rooms.values() if other.channel != room.channel and other.left_at is None}
    known = room.named if room.named in names else f"#{room.name}"
    return known if known in names - others else ""


def names_of(file: Settings, guests: Mapping[str, Guest]) -> dict[str, str]:
    """What people of rooms are called, by Slack member id: as the file calls them, or as they were called first."""
    known = {person.slack: name for name, person in file.responders.items() if person.slack}
    return {
        user: known.get(user) or (_own(user) if guest.responder in file.responders else guest.responder)
        for user, guest in guests.items()
    }


def free_name(wanted: str, address: str, taken: Collection[str]) -> str:
    """A name for whom Slack calls *wanted*: that, if it can be one and is free; otherwise one made of the *address*."""
    name = _STRANGE.sub("-", wanted.lower()).strip("-._")[:40].rstrip("-._")
    whole = _STRANGE.search(wanted.lower()) is None
    if whole and not _LIKE_OWN.fullmatch(name) and NAME.fullmatch(name) and name not in OWN and name not in taken:
        return name
    return _own(address)


def zone_of(name: str) -> str:
    """*name*, if it is a time zone that is known here."""
    try:
        return ZoneInfo(name).key if name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def _own(address: str) -> str:
    """A name that nobody else has."""
    return f"slack-{address.lower()}"


def _responder(guest: Guest, name: str) -> Responder:
    return Responder(
        name=guest.name or name, slack=guest.user, time_zone=zone_of(guest.zone), email=guest.email or None
    )


def _team(file: Settings, room: Room, members: tuple[str, ...]) -> Team:
    """The team of *room*. Smart asks one person; of a crowd it would know too little, so that turns are as good."""
    if room.left_at is not None:  # Nobody reads there: people are asked alone, and not hundreds of them.
        return Team(members=members[: CROWD_MIN - 1], policy=_policy(file))
    return Team(members=members, slack=room.channel, policy=None if len(members) >= CROWD_MIN else _policy(file))


def _policy(file: Settings) -> str | None:
    return None if DEFAULT in file.policies else SMART_POLICY


def _reaches_nobody(file: Settings) -> bool:
    """Whether the file has no team but the one that is always there, without anybody in it."""
    team = file.teams.get(EVERYONE)
    return len(file.teams) == 1 and team is not None and not team.members and team.slack is None


def _read(documents: Mapping[str, Json], kind: type[_Record]) -> dict[str, _Record]:
    """Those of *documents* that are of this version, or can be read as if they were."""
    found: dict[str, _Record] = {}
    for name, document in documents.items():
        try:
            found[name] = msgspec.convert(document, kind)
        except msgspec.ValidationError:
            continue
    return found


def stored(record: Room | Guest) -> Json:
    """As a record is kept."""
    found: Json = msgspec.to_builtins(record)
    return found
