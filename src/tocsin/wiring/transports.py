"""Transports and chats, as far as the settings ask for them."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from tocsin.asking.knowledge import ShowsPresence, unseen
from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Concierge, Nothing, Reply
from tocsin.conversing.wishes import Speaker
from tocsin.engine.ports import Delivery, DeliveryResult, Received, Refused, Transport
from tocsin.incidents.commands import Command
from tocsin.incidents.ways import PUSH
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.posting.paging import Paging
from tocsin.saying.message import Saying
from tocsin.slack.addresses import BASE_URL
from tocsin.wiring.late_transport import LateTransport
from tocsin.wiring.living import LiveMapping
from tocsin.wiring.settings import Mail, Settings
from tocsin.wiring.settings_asking import SMART_POLICY

if TYPE_CHECKING:
    from tocsin.mail import conversation as mail_servers
    from tocsin.mail import transport as mail
    from tocsin.ntfy import transport as ntfy
    from tocsin.posting.requests import Place
    from tocsin.slack.conversation import House
    from tocsin.slack.handles import SlackHandles
    from tocsin.slack.health import SlackHealth
    from tocsin.slack.rooms import SlackRooms
    from tocsin.slack.threads import ThreadBook
    from tocsin.teams.cloud import Cloud
    from tocsin.web.bots import Receive
    from tocsin.web.chat import Take
    from tocsin.webpush import transport as webpush
    from tocsin.wiring import slack_chat, telephones
    from tocsin.wiring.browsers import BrowserBook
    from tocsin.wiring.teams import Teams
else:
    mail = later("tocsin.mail.transport")
    mail_servers = later("tocsin.mail.conversation")
    ntfy = later("tocsin.ntfy.transport")
    slack_chat = later("tocsin.wiring.slack_chat")
    telephones = later("tocsin.wiring.telephones")
    webpush = later("tocsin.webpush.transport")

Hear = Callable[[bytes, Instant, Callable[[], Awaitable[object]]], Awaitable[None]]
Verify = Callable[[Mapping[str, str], bytes, Instant], str | None]


def _nothing() -> None:
    """For what has nothing to start or stop."""


def _mute(room: str, _: Saying) -> DeliveryResult:
    return Refused(f"nothing can be said in {room}")


def _nobody(_: Concierge) -> None:
    """For chats that have no words yet."""


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as the runtime needs it. *verify* None: its interactions do not come by HTTP. *more*: its other ways.

    *receive*: takes what its service posts to `/{channel}/messages`, if it does. *attend*: who answers from now on.
    *take* hears what comes by HTTP; without it everything is stored. *settled* hears what came of a stored press, on
    the engine's thread. *busy*: somebody waits for an answer.
    *rooms* knows the channels and who is there; *say* posts into one.
    """

    channel: str
    transport: Transport
    commands: Callable[[bytes, Instant], Sequence[Command] | str]
    verify: Verify | None = None
    start: Callable[[], None] = _nothing
    stop: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing
    rest: Callable[[], None] = _nothing
    """Nothing goes on in the background until something is wanted again."""
    more: Sequence[Transport] = ()
    take: Take | None = None
    hear: Hear | None = None
    """As *take*, of what somebody else has acknowledged."""
    settled: Callable[[Delivery, Sequence[str]], None] = lambda *_: None
    busy: Callable[[], bool] = bool
    rooms: SlackRooms | None = None
    say: Callable[[str, Saying], DeliveryResult] = _mute
    publish: Callable[[Speaker, Saying], None] = lambda *_: None
    presence: ShowsPresence = unseen
    receive: Receive | None = None
    attend: Callable[[Concierge], None] = _nobody
    health: SlackHealth | None = None
    noticed: Callable[[Noticed], object] = lambda _: None
    """Hears of what happens in the chat, for *health*."""
    look: Callable[[], None] = _nothing
    """Asks the chat how it is, for *health*."""
    handles: SlackHandles | None = None
    zones: Callable[[], Mapping[str, str]] = dict
    """The time zones of people, by responder, as far as the chat shows them."""


def connect(
    settings: Settings,
    url: str,
    clock: Callable[[], Instant],
    accept: Callable[[Received], None],
    *,
    slack_api: str = BASE_URL,
    house: House | None = None,
    threads: ThreadBook | None = None,
    cloud: Cloud | None = None,
) -> Sequence[Chat]:
    """The chats that *settings* name. *accept* stores what they send, durably, or raises.

    *house* answers people; without it everything that they do is stored, and only the verbs of incidents are read.
    *threads*: what the threads below messages tell; without it there are none.
    *slack_api* and *cloud* (Microsoft's) are for tests.
    """
    found: list[Chat] = []
    if settings.slack:
        found.append(slack_chat.slack(settings, url, clock, accept, slack_api=slack_api, house=house, threads=threads))
    if settings.microsoft_teams:
        from tocsin.wiring.teams import Teams  # noqa: PLC0415 - with it comes what checks tokens; most need none.

        found.append(_teams(Teams(settings, url, clock, accept, threads=threads, cloud=cloud)))
    return found


def heard(chats: Sequence[Chat]) -> Sequence[Callable[[Noticed], Reply]]:
    """Who keeps the health of *chats* hears of what happens there, and answers nothing."""

    def hear(event: Noticed) -> Reply:
        for chat in chats:
            if chat.channel == event.chat:
                chat.noticed(event)
        return Nothing()

    return [hear]


def published(chats: Sequence[Chat]) -> Callable[[Speaker, Saying], None]:
    """Shows somebody the bot's own page, in the chat where they look at it."""

    def publish(by: Speaker, saying: Saying) -> None:
        for chat in chats:
            if chat.channel == by.chat:
                chat.publish(by, saying)

    return publish


def transports(
    settings: Settings,
    url: str,
    clock: Callable[[], Instant],
    *,
    browsers: BrowserBook | None = None,
    twilio: Place | None = None,
) -> Sequence[Transport]:
    """The ways that only go out, as far as *settings* name them; *url* is the console's, without a slash at its end.

    *browsers* are those that ring; *twilio* is for tests. Raises TocsinError if the SDK of AWS is needed, and missing.
    """
    names = display_names(settings)
    found: list[Transport] = []
    if any(person.ntfy for person in settings.responders.values()):
        found.append(ntfy.NtfyTransport(now=clock, names=names, url=url))
    if settings.mail:
        found.append(
            mail.MailTransport(_mail_server(settings.mail), settings.mail.sender, now=clock, names=names, url=url)
        )
    paging = Paging(now=clock, names=names, url=url)
    if browsers:
        found.append(LateTransport(PUSH, lambda: webpush.WebPushTransport(browsers, browsers.vapid, paging, now=clock)))
    return [*found, *_telephones(settings, paging, clock, twilio)]


def _mail_server(wanted: Mail) -> mail_servers.Server:
    host, _, port = wanted.smtp.rpartition(":")
    return mail_servers.Server(
        host=host.strip("[]"),
        port=int(port),
        tls=wanted.tls,
        username=wanted.username or "",
        password=wanted.password.reveal() if wanted.password else "",
    )


def _telephones(
    settings: Settings, paging: Paging, clock: Callable[[], Instant], twilio: Place | None
) -> Sequence[Transport]:
    if settings.twilio or settings.sns or settings.connect:
        return telephones.telephones(settings, paging, clock, twilio)
    return ()


def display_names(settings: Settings) -> Mapping[str, str]:
    """What people are called, by responder, as the settings are now."""
    return LiveMapping(settings, lambda now: {name: each.name or name for name, each in now.responders.items()})


def _teams(teams: Teams) -> Chat:
    return Chat(
        channel="teams",
        transport=teams.transport,
        commands=teams.commands,
        close=teams.close,
        receive=teams.receive,
        attend=teams.attend,
        busy=teams.busy,
    )


def uses_smart(settings: Settings) -> bool:
    """Whether any policy that is there chooses; otherwise nobody need be looked after."""
    named = {team.policy for team in settings.teams.values()} | {route.policy for route in settings.routes}
    targets = (target for policy in settings.policies.values() for step in policy.steps for target in step.ask)
    return SMART_POLICY in named or any(target.partition(":")[0] == SMART_POLICY for target in targets)


WAYS: Final[Mapping[str, Callable[[Settings], object]]] = {
    "tocsin.wiring.slack_chat": lambda settings: settings.slack,
    "tocsin.wiring.teams": lambda settings: settings.microsoft_teams,
    "tocsin.mail.transport": lambda settings: settings.mail,
    "tocsin.ntfy.transport": lambda settings: any(person.ntfy for person in settings.responders.values()),
    "tocsin.wiring.telephones": lambda settings: settings.twilio or settings.sns or settings.connect,
}
"""The modules of ways, each with whether settings name it."""


def load(settings: Settings) -> None:
    """Load what the ways of *settings* need, so that the first page does not wait for it."""
    for module, wanted in WAYS.items():
        if wanted(settings):
            importlib.import_module(module)
