"""Who may change what by words, forms and buttons: the configuration's people anything, the others what is theirs.

A room makes responders of its members, so that it can ask them; that gives them a say in their own team only. Who is in
a team's room may act on what is the team's there. Looking is free, and so is raising an incident.
"""

from __future__ import annotations

from typing import Final

from tocsin.conversing.wishes import Place, Speaker
from tocsin.incidents.silences import Silence
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import room_team
from tocsin.wiring.room_records import read_rooms, team_of
from tocsin.wiring.settings import Settings

NOT_YOURS: Final = (
    "That is another team's, so I cannot do it for you here. Its members can, and so can whoever is in its room."
)


def may_act(desk: Desk, by: Speaker, place: Place, team: str) -> bool:
    """Whether *by* may act at *place* on what is of *team*; empty: of all teams. Blocks on the store."""
    if desk.is_configured(by.responder):
        return True
    if not team:
        return False
    found = desk.settings().teams.get(team)
    return found is not None and (by.responder in found.members or team_at(desk, place) == team)


def may_have_key(desk: Desk, by: Speaker, team: str) -> bool:
    """Whether *by* may see how alerts are sent to *team*, and make a new key."""
    found = desk.settings().teams.get(team)
    return desk.is_configured(by.responder) or (found is not None and by.responder in found.members)


def team_at(desk: Desk, place: Place) -> str:
    """The team whose room *place* is, also where the configuration knows the room by its name only; or empty."""
    settings = desk.settings()
    if place.direct or not place.channel:
        return ""
    known = room_team(settings, place)
    room = None if known else read_rooms(desk.store).get(place.channel)
    return team_of(settings, room) if room is not None else known


def own_team(desk: Desk, by: Speaker, place: Place) -> str:
    """The team whose matters are meant by somebody who may not act on those of all: the room's, or their own."""
    return team_at(desk, place) or next(
        (name for name, team in desk.settings().teams.items() if by.responder in team.members), ""
    )


def team_of_silence(settings: Settings, silence: Silence) -> str:
    """The team whose alerts *silence* is about; empty: those of several."""
    return silence.team or team_of_integration(settings, silence.integration)


def team_of_integration(settings: Settings, integration: str) -> str:
    """Whose alerts come by *integration*; empty where that is not one team's."""
    found = settings.integrations.get(integration) if integration else None
    return (found.team or settings.first_team) if found else ""
