"""Somebody who answers as the test wants, behind the real conversation, the real socket and the fake Slack."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.slack.slack_examples import NOW, SETTING
from tests.wiring.serving import until
from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Answer, Nothing, Reply
from tocsin.conversing.wishes import Wish
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND, Instant
from tocsin.saying.forms import Form, Moments, Pick, Ticks, Words
from tocsin.saying.message import Actions, Button, Option, Paragraph, Saying
from tocsin.slack.conversation import Conversation, House
from tocsin.slack.drawing import draw
from tocsin.slack.loop import LoopThread
from tocsin.slack.people import People
from tocsin.slack.showing import Showing
from tocsin.slack.socket import SlackSocket
from tocsin.slack.transport import SlackTransport
from tocsin.testing.fake_slack import Channel, FakeSlack, Limits, Message, User


def choice(name: str, label: str) -> Option:
    return Option(label=label, value={"id": name})


FORM = Form(
    name="silence",
    title="Silence an alert, for a while",
    submit="Silence",
    fields=(
        Words(name="why", label="Why", most=100),
        Pick(name="for", label="For", options=(choice("1h", "1 hour"), choice("1d", "1 day"))),
        Moments(name="until", label="Until", optional=True),
        Ticks(name="tell", label="Tell", options=(choice("me", "me"), choice("all", "all"))),
    ),
    intro=(Paragraph("What is silenced does not ring."),),
    facts={"key": "disk"},
)


def said(text: str) -> Saying:
    return Saying(summary=text, parts=(Paragraph(text),))


def told(text: str, *, private: bool = True) -> Answer:
    return Answer(saying=said(text), private=private)


@dataclass
class Script:
    """Answers what the test says, and remembers what was asked."""

    reply: Callable[[Wish], Reply] = lambda _: Nothing()
    notice: Callable[[Noticed], Reply] = lambda _: Nothing()
    trouble: bool = False
    gate: threading.Event = field(default_factory=threading.Event)
    wishes: list[Wish] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)
    stored: list[Received] = field(default_factory=list)

    def answer(self, wish: Wish) -> Reply:
        self.wishes.append(wish)
        self.gate.wait(20)
        if self.trouble:
            raise StoreUnavailableError("the disk is gone")
        return self.reply(wish)

    def hear(self, event: Noticed) -> Reply:
        self.noticed.append(event)
        if self.trouble:
            raise StoreUnavailableError("the disk is gone")
        return self.notice(event)

    def accept(self, received: Received) -> None:
        if self.trouble:
            raise StoreUnavailableError("the disk is gone")
        self.stored.append(received)


@dataclass
class Talk:
    """The world of one test."""

    slack: FakeSlack
    script: Script
    conversation: Conversation
    loop: LoopThread
    transport: SlackTransport
    ada: User
    bo: User
    room: Channel

    def post(self, *buttons: Button, channel: Channel | None = None) -> Message:
        """A message of ours with buttons."""
        message = draw(Saying(summary="Look", parts=(Paragraph("Look"), Actions(buttons))))
        place = channel or self.room
        before = len(self.slack.messages(place))
        self.loop.run(self.transport.reply(place.id, message))
        return self.slack.wait_for(lambda: self.slack.messages(place)[before:])[0]

    def at_rest(self) -> None:
        """Wait until nobody waits for an answer."""
        until(lambda: not self.conversation.busy(), 20)

    def views(self) -> list[str]:
        return [view.content["title"]["text"] for view in self.slack.views() if view.type == "modal"]


@contextmanager
def talking(*, limits: Limits | None = None, shown: str = "") -> Iterator[Talk]:
    script = Script()
    script.gate.set()
    with FakeSlack(limits=limits) as slack:
        ada, bo = slack.add_user("ada", tz="Europe/Berlin"), slack.add_user("bo")
        room = slack.add_channel("ops", [ada, bo])
        loop = LoopThread("slack")
        now = _clock(slack)
        transport = SlackTransport(loop, slack.bot_token, now=now, setting=SETTING, base_url=slack.base_url)

        def late(incident: str, reasons: Sequence[str]) -> Saying | None:
            return said(f"{incident}: {', '.join(reasons)}") if "late" in reasons else None

        house = House(answer=script.answer, shown=lambda *_: shown, late=late, noticed=script.hear)
        people = People(transport.api, lambda: {ada.id: "ada"}, now)
        showing = Showing(transport.api, transport.reply, base_url=slack.base_url, now=now)
        conversation = Conversation(loop, house, people, showing, now=now)
        socket = SlackSocket(
            loop, slack.app_token, script.accept, now=lambda: NOW, base_url=slack.base_url, take=conversation.take
        )
        socket.start()
        slack.wait_for(lambda: slack.sockets, 20)
        try:
            yield Talk(slack, script, conversation, loop, transport, ada, bo, room)
        finally:
            script.gate.set()
            socket.close()
            conversation.close()
            transport.close()
            loop.close()


def _clock(slack: FakeSlack) -> Callable[[], Instant]:
    return lambda: int(slack._world.wall_clock() * SECOND)
