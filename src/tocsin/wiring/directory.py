"""How receivers are reached, from the configuration; and what the console and the chats call people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tocsin.engine.ports import Way
from tocsin.executions.receivers import is_task
from tocsin.incidents.ladder import label, responder, room
from tocsin.incidents.ways import MENTION, PUSH
from tocsin.kernel.machine import is_teller
from tocsin.tasks.channel import CHANNEL as TASKS
from tocsin.wiring.living import Derived
from tocsin.wiring.messages import CHANNEL
from tocsin.wiring.personal import Personal
from tocsin.wiring.settings import Settings


class SettingsDirectory:
    """`tocsin.engine.ports.Directory`: Slack first, then Teams, ntfy, push, mail, SMS and a call, if each is set up.

    A mention is a way only for those whose rules name it.
    """

    def __init__(
        self,
        settings: Settings,
        rings: Callable[[str], bool] = lambda _: False,
        personal: Callable[[str], Personal | None] = lambda _: None,
    ) -> None:
        """*rings*: a responder's browsers do. *personal*: what a responder has said beside the file."""
        self._rings = rings
        self._personal = personal
        self._mentioned = Derived(settings, _mentioned)
        self._ways = Derived(settings, _all_ways)

    def ways(self, receiver: str) -> Sequence[Way]:
        """See the port; a person who is not in the configuration (any more) has none."""
        if is_teller(receiver):
            return (Way(CHANNEL, receiver),)
        if is_task(receiver):
            return (Way(TASKS, receiver),)
        ways = self._ways().get(receiver, ())
        return tuple(way for way in ways if way.transport not in _ASKED or self._has(receiver, way))

    def _has(self, receiver: str, way: Way) -> bool:
        """Whether a way is there that not everybody has."""
        if way.transport == PUSH:
            return self._rings(way.address)
        said = self._personal(label(receiver))
        if said is None or said.notify is None:
            return receiver in self._mentioned()
        return any(rule.by == MENTION for rule in said.notify)


_ASKED: Final = frozenset({PUSH, MENTION})


def _mentioned(settings: Settings) -> set[str]:
    """Those who want to be mentioned in their room."""
    people = settings.responders.items()
    return {responder(name) for name, person in people if any(rule.by == MENTION for rule in person.notify)}


def _all_ways(settings: Settings) -> dict[str, tuple[Way, ...]]:
    """The ways to all receivers."""
    found = {responder(name): _ways(name, settings) for name in settings.responders}
    for name, team in settings.teams.items():
        slack = (Way("slack", team.slack),) if settings.slack and team.slack else ()
        teams = team.teams_channel if settings.microsoft_teams else None
        found[room(name)] = (*slack, Way("teams", teams)) if teams else slack
    return found


def _ways(name: str, settings: Settings) -> tuple[Way, ...]:
    person = settings.responders[name]
    rooms = [team.slack for team in settings.teams.values() if team.slack and name in team.members]
    found: list[Way] = []
    if settings.slack and person.slack:
        found.append(Way("slack", person.slack))
        if rooms:
            found.append(Way("mention", f"{rooms[0]}/{person.slack}"))
    if settings.microsoft_teams and person.teams:
        found.append(Way("teams", person.teams))
    if person.ntfy:
        found.append(Way("ntfy", person.ntfy.reveal()))
    found.append(Way(PUSH, name))
    if settings.mail and person.email:
        found.append(Way("mail", person.email))
    if person.phone:
        carriers = {
            "twilio-sms": settings.twilio,
            "sns": settings.sns,
            "twilio-voice": settings.twilio,
            "connect": settings.connect,
        }
        found += [Way(transport, person.phone) for transport, carrier in carriers.items() if carrier]
    return tuple(found)


class SettingsRoster:
    """`tocsin.web.ports.Roster`."""

    def __init__(self, settings: Settings) -> None:
        """*settings* as they are whenever it is asked."""
        self._settings = settings

    def responders(self) -> Mapping[str, str]:
        """See the port."""
        return {name: person.name or name for name, person in self._settings.responders.items()}

    def teams(self) -> Mapping[str, Sequence[str]]:
        """See the port."""
        return {name: team.members for name, team in self._settings.teams.items()}

    def integrations(self) -> Mapping[str, str]:
        """See the port."""
        return {name: found.team for name, found in self._settings.integrations.items()}
