"""Where words are said, and by whom: what the grammar must know, and whose room it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.conversing.ears import Ears
from tocsin.conversing.replies import Answer
from tocsin.conversing.sentences import STOP
from tocsin.conversing.times import Here
from tocsin.conversing.wishes import Place, Said, Speaker
from tocsin.incidents.telling import Telling, one_line
from tocsin.kernel.json import Json
from tocsin.saying.message import Action, Actions, Button, Paragraph, Part, Saying, Tone
from tocsin.saying.text import code, link, moment
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import room_team, zone_of
from tocsin.wiring.knowing import team_schedules
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_reader import SCHEDULE_PREFIX

SAY: Final = "say"  # The verb of a button that says its text, as if it had been typed.
LABEL_MAX: Final = 70  # Characters of a button: Slack takes 75.
TITLE_MAX: Final = 120
TEXT_MAX: Final = 1500  # Characters that a button carries: Slack takes 2000, in JSON.

NOT_KNOWN: Final = (
    "I do not know yet who you are, so I cannot do that for you. Whoever keeps the configuration can add you: "
    f"{code('responders')} in tocsin.yaml, with your ID in this chat."
)


def ears(desk: Desk, wish: Said) -> Ears:
    """What the grammar must know of *wish*."""
    settings = desk.settings()
    return Ears(
        here=Here(now=wish.at, zone=zone_of(desk, wish.by)),
        incident=bool(wish.place.incident),
        me=wish.by.responder,
        people=_people(settings),
        teams=tuple(settings.teams),
        schedules=tuple(settings.schedules),
        integrations=tuple(settings.integrations),
    )


def _people(settings: Settings) -> dict[str, str]:
    """Responders by what they are called: id, name, id in the chat; and by a part of the name that only one has."""
    people: dict[str, str] = {}
    parts: dict[str, list[str]] = {}
    for name, person in settings.responders.items():
        for part in (person.name or "").lower().split():
            parts.setdefault(part, []).append(name)
        people |= {called.lower(): name for called in (name, person.name, person.slack, person.teams) if called}
    only = {part: names[0] for part, names in parts.items() if len(names) == 1 and part not in STOP}
    return {**only, **people}


def is_known(desk: Desk, by: Speaker) -> bool:
    """Whether the configuration knows who speaks; whoever has only joined a room is not known by that."""
    return desk.is_configured(by.responder)


def team_here(desk: Desk, place: Place, by: Speaker) -> str:
    """The team that is meant when none is named: that of the room, the speaker's own, or the first."""
    settings = desk.settings()
    own = next((name for name, team in settings.teams.items() if by.responder in team.members), "")
    return room_team(settings, place) or own or settings.first_team


def schedules_here(desk: Desk, place: Place, by: Speaker) -> Sequence[str]:
    """The schedules that are meant when none is named: those of the team here, or all."""
    settings = desk.settings()
    found = schedules_of(desk, team_here(desk, place, by)) if settings.teams else []
    return found or list(settings.schedules)


def schedules_of(desk: Desk, team: str) -> Sequence[str]:
    """The schedules of *team*."""
    return [target.removeprefix(SCHEDULE_PREFIX) for target in team_schedules(desk.settings(), team)]


def telling(desk: Desk) -> Telling:
    """Writes sentences in neutral text."""
    return Telling(desk.names(), moment, one_line)


def incident_link(desk: Desk, name: str, title: str) -> str:
    """*title*, foreign text, leading to the incident *name*."""
    return link(f"{desk.url}/incidents/{name}" if desk.url else "", one_line(title, TITLE_MAX) or "(no title)")


def says(label: str, text: str, *, style: str = "", sure: str = "") -> Button:
    """A button that says *text*."""
    return Button(verb=SAY, label=one_line(label, LABEL_MAX) or "?", value=said_value(text), style=style, sure=sure)


def said_value(text: str) -> dict[str, Json]:
    """What such a button carries."""
    return {
        "text": text if len(text) <= TEXT_MAX else f"{text[: TEXT_MAX - 1]}…"
    }  # Whoever reads it sees that it was cut.


def tell(
    text: str, *more: Part, actions: Sequence[Action] = (), private: bool = True, tone: Tone = Tone.PLAIN
) -> Answer:
    """A paragraph of neutral text, then *more*, then what can be done."""
    parts = (Paragraph(text), *more, *((Actions(tuple(actions)),) if actions else ()))
    return Answer(saying=Saying(summary=text, parts=parts, tone=tone), private=private)
