"""Slack, put together: the ways out, the conversation, and what is known of rooms and people there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from tocsin.engine.ports import DeliveryResult, Received
from tocsin.incidents.commands import Command
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.posting.paging import Paging
from tocsin.saying.incident import Setting
from tocsin.saying.message import Saying
from tocsin.slack import signature
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
from tocsin.wiring.graphs import graphs
from tocsin.wiring.living import LiveMapping, LiveSettings
from tocsin.wiring.settings import Settings
from tocsin.wiring.slack_talk import conversation
from tocsin.wiring.transports import Chat, display_names, uses_smart


def slack(
    settings: Settings,
    url: str,
    clock: Callable[[], Instant],
    accept: Callable[[Received], None],
    *,
    slack_api: str,
    house: House | None,
    threads: ThreadBook | None,
) -> Chat:
    """The chat, if *settings* have the section; the arguments are those of `tocsin.wiring.transports.connect`."""
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
            names=display_names(settings),
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
        more=(MentionTransport(transport, Paging(now=clock, names=display_names(settings), url=url)),),
        presence=presence.shown,
        rooms=rooms,
        say=say,
        health=health,
        look=watch.look,
        noticed=partial(noticed, health),
        zones=lambda: {responders[user]: zone for user, zone in dict(watch.zones).items() if user in responders},
        handles=SlackHandles(loop, settings.slack.bot_token.reveal(), base_url=slack_api),
    )


def _picture(facts: Json) -> bytes | None:
    """A chart, drawn."""
    from tocsin.charts.drawing import picture  # noqa: PLC0415 - a tenth of a second, and only digests have charts.

    return picture(facts)


def _looked_after(settings: Settings) -> dict[str, str]:
    """The Slack member ids of those who may be chosen."""
    if not uses_smart(settings):
        return {}
    return {name: person.slack for name, person in settings.responders.items() if person.slack}
