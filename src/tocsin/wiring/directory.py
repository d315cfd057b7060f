"""How receivers are reached, from the configuration; and what the console and the chats call people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.engine.ports import Way
from tocsin.executions.machine import is_task
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.ways import MENTION, PUSH
from tocsin.kernel.machine import is_teller
from tocsin.tasks.transport import CHANNEL as TASKS
from tocsin.wiring.messages import CHANNEL
from tocsin.wiring.settings import Settings


class SettingsDirectory:
    """`tocsin.engine.ports.Directory`: Slack first, then ntfy, push, e-mail, SMS and a call, as far as each is set up.

    A mention is a way only for those whose rules name it.
    """

    def __init__(self, settings: Settings, rings: Callable[[str], bool] = lambda _: False) -> None:
        """Made once; the configuration does not change while the process runs. *rings*: a responder's browsers do."""
        self._rings = rings
        self._ways = {responder(name): _ways(name, settings) for name in settings.responders}
        for name, team in settings.teams.items():
            self._ways[room(name)] = (Way("slack", team.slack),) if settings.slack and team.slack else ()

    def ways(self, receiver: str) -> Sequence[Way]:
        """See the port; a person who is not in the configuration (any more) has none."""
        if is_teller(receiver):
            return (Way(CHANNEL, receiver),)
        if is_task(receiver):
            return (Way(TASKS, receiver),)
        ways = self._ways.get(receiver, ())
        return tuple(way for way in ways if way.transport != PUSH or self._rings(way.address))


def _ways(name: str, settings: Settings) -> tuple[Way, ...]:
    person = settings.responders[name]
    rooms = [team.slack for team in settings.teams.values() if team.slack and name in team.members]
    found: list[Way] = []
    if settings.slack and person.slack:
        found.append(Way("slack", person.slack))
        if rooms and any(rule.by == MENTION for rule in person.notify):
            found.append(Way("mention", f"{rooms[0]}/{person.slack}"))
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
        """Made once, as the directory."""
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
