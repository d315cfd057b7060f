"""How receivers are reached, from the configuration; and what the console and the chats call people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tocsin.engine.ports import Way
from tocsin.incidents.ladder import responder, room
from tocsin.kernel.machine import is_teller
from tocsin.wiring.messages import CHANNEL
from tocsin.wiring.settings import Settings


class SettingsDirectory:
    """`tocsin.engine.ports.Directory`: Slack first, then ntfy, then e-mail, as far as each is set up."""

    def __init__(self, settings: Settings) -> None:
        """Made once; the configuration does not change while the process runs."""
        self._ways: dict[str, tuple[Way, ...]] = {}
        for name, person in settings.responders.items():
            ways = []
            if settings.slack and person.slack:
                ways.append(Way("slack", person.slack))
            if person.ntfy:
                ways.append(Way("ntfy", person.ntfy.reveal()))
            if settings.mail and person.email:
                ways.append(Way("mail", person.email))
            self._ways[responder(name)] = tuple(ways)
        for name, team in settings.teams.items():
            self._ways[room(name)] = (Way("slack", team.slack),) if settings.slack and team.slack else ()

    def ways(self, receiver: str) -> Sequence[Way]:
        """See the port; a person who is not in the configuration (any more) has none."""
        if is_teller(receiver):
            return (Way(CHANNEL, receiver),)
        return self._ways.get(receiver, ())


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
