"""Microsoft Teams, put together from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.conversing.replies import Concierge
from tocsin.engine.ports import Received
from tocsin.incidents.commands import Command
from tocsin.kernel.time import Instant
from tocsin.saying.incident import Setting
from tocsin.saying.message import Paragraph, Saying
from tocsin.teams.activities import commands
from tocsin.teams.bot import Bot, Met
from tocsin.teams.cloud import Cloud
from tocsin.teams.connector import Connector, is_guid
from tocsin.teams.keys import SigningKeys
from tocsin.teams.pace import Pace
from tocsin.teams.threads import Threads
from tocsin.teams.transport import TeamsTransport
from tocsin.teams.verification import Verification
from tocsin.web.bots import Heard
from tocsin.wiring.settings import Settings


class Teams:
    """The bot, its transport, and what reads its stored activities."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        clock: Callable[[], Instant],
        accept: Callable[[Received], None],
        *,
        threads: Threads | None = None,
        cloud: Cloud | None = None,
    ) -> None:
        """*url* is the console's, without a slash at its end; *threads*: what threads tell, if there are any.

        *cloud* None: Microsoft's public one.
        """
        keys = settings.microsoft_teams
        assert keys is not None
        cloud = cloud or Cloud()
        connector = Connector(cloud, keys.tenant, keys.app_id, keys.app_password.reveal(), now=clock)
        self._responders = responders(settings)
        self._zones = {name: person.time_zone for name, person in settings.responders.items() if person.time_zone}
        names = {name: person.name or name for name, person in settings.responders.items()}
        self.transport = TeamsTransport(
            connector,
            now=clock,
            setting=Setting(names=names, incident_url=lambda name: f"{url}/incidents/{name}", console_url=url),
            tenant=keys.tenant,
            pace=Pace(),
            threads=threads,
        )
        self._bot = Bot(
            Verification(cloud, SigningKeys(cloud, now=clock), app_id=keys.app_id, tenant=keys.tenant),
            connector,
            self.transport,
            accept=accept,
            now=clock,
            responders=self._responders,
            welcome=welcome,
        )

    def receive(self, headers: Mapping[str, str], body: bytes) -> Heard:
        """One request of the Bot Connector; see `tocsin.web.bots`."""
        answered = self._bot.receive(headers, body)
        return Heard(status=answered.status, body=answered.body, refused=answered.refused)

    def commands(self, body: bytes, received_at: Instant) -> Sequence[Command] | str:
        """The commands in a stored activity, or why there are none."""
        return commands(body, received_at=received_at, responders=self._responders, zones=self._zones)

    def attend(self, concierge: Concierge) -> None:
        """From now on *concierge* answers words, forms and the other buttons."""
        self._bot.attend(concierge)

    def busy(self) -> bool:
        """Whether somebody waits for an answer. Any thread."""
        return self._bot.busy()

    def close(self) -> None:
        """Finish what is being answered."""
        self._bot.close()


def responders(settings: Settings) -> Mapping[str, str]:
    """Responder ids by ids in Teams; those of the directory in lower case."""
    return {
        person.teams.lower() if is_guid(person.teams) else person.teams: name
        for name, person in settings.responders.items()
        if person.teams
    }


def welcome(met: Met) -> Saying | None:
    """What is said where we were added."""
    if not met.added:
        return None
    text = (
        "Hello, this is Tocsin. I page you here when an alert asks for you. Write `help` to see what I can do."
        if met.personal
        else "Hello, this is Tocsin. Put this channel's ID into tocsin.yaml as the room of a team, and I show its "
        f'incidents here:\nteams_channel: "{met.channel}"'
    )
    return Saying(summary=text, parts=(Paragraph(text),))
