"""Transports and chats, as far as the settings ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tocsin.asking.knowledge import ShowsPresence, unseen
from tocsin.engine.ports import Received, Transport
from tocsin.incidents.commands import Command
from tocsin.kernel.time import Instant
from tocsin.mail.conversation import Server
from tocsin.mail.transport import MailTransport
from tocsin.ntfy.transport import NtfyTransport
from tocsin.posting.paging import Paging
from tocsin.posting.requests import Place
from tocsin.slack import signature
from tocsin.slack.api import BASE_URL
from tocsin.slack.blocks import Setting
from tocsin.slack.budget import Allowance
from tocsin.slack.handles import SlackHandles
from tocsin.slack.health import SlackHealth
from tocsin.slack.interactions import NoCommand, commands
from tocsin.slack.loop import LoopThread
from tocsin.slack.mention import MentionTransport
from tocsin.slack.presence import SlackPresence
from tocsin.slack.socket import SlackSocket
from tocsin.slack.transport import SlackTransport
from tocsin.slack.watch import SlackWatch
from tocsin.webpush.transport import WebPushTransport
from tocsin.wiring.browsers import BrowserBook
from tocsin.wiring.settings import Mail, Settings
from tocsin.wiring.settings_asking import SMART_POLICY
from tocsin.wiring.telephones import telephones

Verify = Callable[[Mapping[str, str], bytes, Instant], str | None]


def _nothing() -> None:
    """For what has nothing to start or stop."""


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A chat as the runtime needs it. *verify* None: its interactions do not come by HTTP. *more*: its other ways."""

    channel: str
    transport: Transport
    commands: Callable[[bytes, Instant], Sequence[Command] | str]
    verify: Verify | None = None
    start: Callable[[], None] = _nothing
    stop: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing
    more: Sequence[Transport] = ()
    presence: ShowsPresence = unseen
    health: SlackHealth | None = None
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
) -> Sequence[Chat]:
    """The chats that *settings* name. *accept* stores what they send, durably, or raises. *slack_api* is for tests."""
    return [_slack(settings, url, clock, accept, slack_api)] if settings.slack else []


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
    return {name: person.name or name for name, person in settings.responders.items()}


def _slack(
    settings: Settings, url: str, clock: Callable[[], Instant], accept: Callable[[Received], None], slack_api: str
) -> Chat:
    assert settings.slack is not None
    loop = LoopThread("slack")
    responders = {person.slack: name for name, person in settings.responders.items() if person.slack}
    health = SlackHealth(clock)
    transport = SlackTransport(
        loop,
        settings.slack.bot_token.reveal(),
        now=clock,
        setting=Setting(names=_names(settings), incident_url=lambda name: f"{url}/incidents/{name}", console_url=url),
        base_url=slack_api,
        health=health,
        allowance=Allowance(messages=settings.slack.messages_per_minute, changes=settings.slack.changes_per_minute),
    )
    app_token, secret = settings.slack.app_token, settings.slack.signing_secret
    sockets = SlackSocket(loop, app_token.reveal(), accept, now=clock, base_url=slack_api) if app_token else None

    presence = SlackPresence(
        loop,
        settings.slack.bot_token.reveal(),
        {name: person.slack for name, person in settings.responders.items() if person.slack},
        now=clock,
        base_url=slack_api,
    )
    chooses = uses_smart(settings)
    rooms = [team.slack for team in settings.teams.values() if team.slack]
    watch = SlackWatch(
        loop, settings.slack.bot_token.reveal(), health, lambda: rooms, people=lambda: responders, base_url=slack_api
    )

    def read(body: bytes, received_at: Instant) -> Sequence[Command] | str:
        found = commands(body, received_at=received_at, responders=responders)
        return found.why if isinstance(found, NoCommand) else found

    def start() -> None:
        if sockets:
            sockets.start()
        if chooses:
            presence.start()

    def close() -> None:
        presence.close()
        transport.close()
        loop.close()

    return Chat(
        channel="slack",
        transport=transport,
        commands=read,
        verify=signature.verify(secret.reveal()) if secret else None,
        start=start,
        stop=sockets.close if sockets else _nothing,
        close=close,
        more=(MentionTransport(transport, Paging(now=clock, names=_names(settings), url=url)),),
        presence=presence.shown,
        health=health,
        look=watch.look,
        zones=lambda: {responders[user]: zone for user, zone in dict(watch.zones).items()},
        handles=SlackHandles(loop, settings.slack.bot_token.reveal(), base_url=slack_api),
    )


def uses_smart(settings: Settings) -> bool:
    """Whether any policy that is there chooses; otherwise nobody need be looked after."""
    named = {team.policy for team in settings.teams.values()} | {route.policy for route in settings.routes}
    targets = (target for policy in settings.policies.values() for step in policy.steps for target in step.ask)
    return SMART_POLICY in named or any(target.partition(":")[0] == SMART_POLICY for target in targets)
