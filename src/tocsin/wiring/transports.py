"""Transports and chats, as far as the settings ask for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from tocsin.asking.knowledge import ShowsPresence, unseen
from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Concierge, Nothing, Reply
from tocsin.conversing.wishes import Speaker
from tocsin.engine.ports import Delivery, DeliveryResult, Received, Refused, Transport
from tocsin.incidents.commands import Command
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.mail.conversation import Server
from tocsin.mail.transport import MailTransport
from tocsin.ntfy.transport import NtfyTransport
from tocsin.posting.paging import Paging
from tocsin.posting.requests import Place
from tocsin.saying.incident import Setting
from tocsin.saying.message import Saying
from tocsin.slack import signature
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.budget import Allowance
from tocsin.slack.conversation import House
from tocsin.slack.drawing import draw
from tocsin.slack.gallery import Pictures
from tocsin.slack.handles import SlackHandles
from tocsin.slack.health import SlackHealth
from tocsin.slack.interactions import NoCommand, commands
from tocsin.slack.loop import LoopThread
from tocsin.slack.mention import MentionTransport
from tocsin.slack.presence import SlackPresence
from tocsin.slack.rooms import SlackRooms
from tocsin.slack.socket import SlackSocket
from tocsin.slack.threads import ThreadBook
from tocsin.slack.transport import SlackTransport
from tocsin.slack.watch import SlackWatch, noticed
from tocsin.teams.cloud import Cloud
from tocsin.web.bots import Receive
from tocsin.web.chat import Take
from tocsin.webpush.transport import WebPushTransport
from tocsin.wiring.browsers import BrowserBook
from tocsin.wiring.graphs import graphs
from tocsin.wiring.living import LiveMapping, LiveSettings
from tocsin.wiring.settings import Mail, Settings
from tocsin.wiring.settings_asking import SMART_POLICY
from tocsin.wiring.slack_talk import conversation
from tocsin.wiring.telephones import telephones

if TYPE_CHECKING:
    from tocsin.wiring.teams import Teams

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
        found.append(_slack(settings, url, clock, accept, slack_api=slack_api, house=house, threads=threads))
    if settings.microsoft_teams:
        from tocsin.wiring.teams import Teams  # noqa: PLC0415 - with it comes what checks tokens; most need none.

        found.append(_teams(Teams(settings, url, clock, accept, threads=threads, cloud=cloud)))
    return found


def _picture(facts: Json) -> bytes | None:
    """A chart, drawn."""
    from tocsin.charts.drawing import picture  # noqa: PLC0415 - a tenth of a second, and only digests have charts.

    return picture(facts)


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
    names = _names(settings)
    found: list[Transport] = []
    if any(person.ntfy for person in settings.responders.values()):
        found.append(NtfyTransport(now=clock, names=names, url=url))
    if settings.mail:
        found.append(MailTransport(_mail_server(settings.mail), settings.mail.sender, now=clock, names=names, url=url))
    paging = Paging(now=clock, names=names, url=url)
    if browsers:
        found.append(WebPushTransport(browsers, browsers.vapid, paging, now=clock))
    return [*found, *telephones(settings, paging, clock, twilio)]


def _mail_server(mail: Mail) -> Server:
    host, _, port = mail.smtp.rpartition(":")
    return Server(
        host=host.strip("[]"),
        port=int(port),
        tls=mail.tls,
        username=mail.username or "",
        password=mail.password.reveal() if mail.password else "",
    )


def _names(settings: Settings) -> Mapping[str, str]:
    return LiveMapping(settings, lambda now: {name: each.name or name for name, each in now.responders.items()})


def _looked_after(settings: Settings) -> dict[str, str]:
    """The Slack member ids of those who may be chosen."""
    if not uses_smart(settings):
        return {}
    return {name: person.slack for name, person in settings.responders.items() if person.slack}


def _slack(
    settings: Settings,
    url: str,
    clock: Callable[[], Instant],
    accept: Callable[[Received], None],
    *,
    slack_api: str,
    house: House | None,
    threads: ThreadBook | None,
) -> Chat:
    assert settings.slack is not None
    loop = LoopThread("slack")
    responders = LiveMapping(
        settings, lambda now: {person.slack: name for name, person in now.responders.items() if person.slack}
    )
    zones = LiveMapping(
        settings, lambda now: {name: each.time_zone for name, each in now.responders.items() if each.time_zone}
    )
    health = SlackHealth(clock)
    transport = SlackTransport(
        loop,
        settings.slack.bot_token.reveal(),
        now=clock,
        setting=Setting(
            names=_names(settings),
            incident_url=lambda name: f"{url}/incidents/{name}",
            console_url=url,
            accounts=settings.accounts,
        ),
        base_url=slack_api,
        threads=threads,
        pictures=Pictures(charts=_picture, graphs=graphs(settings)),
        health=health,
        allowance=Allowance(messages=settings.slack.messages_per_minute, changes=settings.slack.changes_per_minute),
    )
    app_token, secret = settings.slack.app_token, settings.slack.signing_secret
    rooms = SlackRooms(loop, settings.slack.bot_token.reveal(), base_url=slack_api)
    talk = (
        conversation(loop, transport, settings=settings, house=house, clock=clock, base_url=slack_api)
        if house
        else None
    )
    take = talk.take if talk else None
    sockets = (
        SlackSocket(loop, app_token.reveal(), accept, now=clock, base_url=slack_api, take=take) if app_token else None
    )

    presence = SlackPresence(
        loop,
        settings.slack.bot_token.reveal(),
        LiveMapping(settings, _looked_after),
        now=clock,
        base_url=slack_api,
    )
    watch = SlackWatch(
        loop,
        settings.slack.bot_token.reveal(),
        health,
        lambda: [team.slack for team in settings.teams.values() if team.slack],
        people=lambda: list(responders),
        base_url=slack_api,
    )

    def read(body: bytes, received_at: Instant) -> Sequence[Command] | str:
        found = commands(body, received_at=received_at, responders=responders, zones=zones)
        return found.why if isinstance(found, NoCommand) else found

    def start() -> None:
        if sockets:
            sockets.start()
        presence.start(waits=isinstance(settings, LiveSettings))

    def stop() -> None:
        if sockets:
            sockets.close()
        if talk:
            talk.close()

    def close() -> None:
        presence.close()
        rooms.close()
        transport.close()
        loop.close()

    def say(room: str, saying: Saying) -> DeliveryResult:
        message = draw(saying)
        return transport.say(room, message.text, message.blocks)

    return Chat(
        channel="slack",
        transport=transport,
        commands=read,
        verify=signature.verify(secret.reveal(), since=clock()) if secret else None,
        start=start,
        stop=stop,
        close=close,
        rest=loop.rest,
        take=take,
        hear=talk.take_late if talk else None,
        settled=talk.settled if talk else lambda *_: None,
        busy=lambda: transport.busy() or (talk is not None and talk.busy()),
        publish=talk.publish if talk else lambda *_: None,
        more=(MentionTransport(transport, Paging(now=clock, names=_names(settings), url=url)),),
        presence=presence.shown,
        rooms=rooms,
        say=say,
        health=health,
        look=watch.look,
        noticed=partial(noticed, health),
        zones=lambda: {responders[user]: zone for user, zone in dict(watch.zones).items() if user in responders},
        handles=SlackHandles(loop, settings.slack.bot_token.reveal(), base_url=slack_api),
    )


def _teams(teams: Teams) -> Chat:
    return Chat(
        channel="teams",
        transport=teams.transport,
        commands=teams.commands,
        close=teams.close,
        receive=teams.receive,
        attend=teams.attend,
    )


def uses_smart(settings: Settings) -> bool:
    """Whether any policy that is there chooses; otherwise nobody need be looked after."""
    named = {team.policy for team in settings.teams.values()} | {route.policy for route in settings.routes}
    targets = (target for policy in settings.policies.values() for step in policy.steps for target in step.ask)
    return SMART_POLICY in named or any(target.partition(":")[0] == SMART_POLICY for target in targets)
