"""A small team with a room, a schedule and a real store, to which words are said; the clock stands still."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.sqlite.service import Inline
from tocsin.conversing.replies import Answer, Ask, Reply
from tocsin.conversing.wishes import Place, Pressed, Said, Speaker
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Delivered, DeliveryResult, Handled, Job, Received, Way
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.kernel import json
from tocsin.kernel.machine import is_teller
from tocsin.kernel.time import Instant, parse_instant
from tocsin.saying.forms import Form
from tocsin.saying.message import Actions, Aside, Button, Facts, Heading, Item, Paragraph, Saying
from tocsin.saying.text import Moment, pieces
from tocsin.schedules.clock import moment_of, wall_clock
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring import rules
from tocsin.wiring.concierge import words
from tocsin.wiring.concierge.concierge import Handlers, HouseConcierge, plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.key_desk import SettingsKeyDesk
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.machines import machines
from tocsin.wiring.messages import CHANNEL, MessageTransport
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.schedules import duty_now
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.silences import Concerned, SilenceBook
from tocsin.wiring.wrong_keys import WrongKeys

START: Final[Instant] = parse_instant("2026-11-25T09:30:00Z") or 0  # A Wednesday; in Berlin it is 10:30.
ZONE: Final = "Europe/Berlin"
CONFIG: Final = """
responders: {ada: {name: Ada, slack: U0ADA}, bo: {name: Bo, slack: U0BO}, cy: {name: Cy}}
teams: {ops: {members: [ada, bo], slack: C0OPS, policy: usual}, web: {members: [cy], slack: C0WEB}}
schedules:
  ops: {layers: [{responders: [ada, bo], start: 2026-01-05 09:00, rotate: daily}], time_zone: Europe/Berlin}
policies: {usual: {steps: [{ask: ada, wait: 5m}, {ask: bo, wait: 5m}], ack_timeout: 4h}}
integrations: {prod: {team: ops}, site: {team: web}}
"""
URL: Final = "https://bell.example"


class World:
    """Everything of the server but the network."""

    def __init__(self, folder: Path, config: str = CONFIG) -> None:
        self.now = START
        self.settings = parse(config.encode(), {}).settings
        self.store = SqliteStore(folder / "tocsin.db")
        self.late = False
        self.forms: dict[str, Pressed] = {}
        book = SilenceBook(self.store)
        desk = rules.RuleDesk(self.settings, {})
        known = machines(duty_now(self.settings, self.store), rules=desk)
        self.runner = Runner(self.store, known, on_commit=book.committed)
        interpreter = Interpreter(routes(self.settings), {}, mute=book.mute)
        rules.join(desk, interpreter)
        self.worker = Worker(self.store, self.runner, interpreter.interpret, interpreter.poisoned)
        self.dispatcher = Dispatcher(
            self.store,
            known,
            [MessageTransport(self.store.accept, lambda: self.now, Concerned(self.store, book)), _Phone()],
            self,
            executor=Inline(),
            clock=lambda: self.now,
            chance=lambda: 0.5,
            report=lambda _: None,
        )
        ring = KeyRing(self.settings, self.store, lambda: self.now)
        self.desk = Desk(
            settings=lambda: self.settings,
            store=self.store,
            clock=lambda: self.now,
            url=URL,
            do=self.do,
            oncall=SettingsOnCallDesk(self.settings, self.store, lambda: self.now, URL),
            keys=SettingsKeyDesk(
                settings=self.settings,
                records=self.store,
                ring=ring,
                wrong_keys=WrongKeys(self.store, lambda: self.now, ring.former),
                clock=lambda: self.now,
                url=URL,
            ),
            figures=Reckoner(self.settings, self.store),
            noise=StoreNoiseDesk(self.settings, self.store, lambda: self.now),
        )
        self.with_forms({})

    def with_forms(self, names: dict[str, str]) -> None:
        """Have the buttons *names* open forms with these titles."""

        def opening(pressed: Pressed) -> Reply:
            self.forms[pressed.verb] = pressed
            return Ask(Form(name=pressed.verb, title=names[pressed.verb], submit="Do it", fields=()))

        forms = dict.fromkeys(names, opening)
        self.concierge = HouseConcierge(
            Handlers(
                said=words.said(self.desk, forms),
                pressed=words.pressed(self.desk, forms),
                filled={},
                opened=lambda _: plain_answer("home"),
            )
        )

    def alert(self, title: str, severity: str = "high", key: str = "prod", status: str = "firing", **more: str) -> None:
        """One alert, and all that follows from it."""
        document = {"title": title, "dedup_key": title, "severity": severity, "status": status, **more}
        self.do(Received(received_at=self.now, channel="in", key=key, head=b"", body=json.encode(document)))

    def do(self, received: Received) -> Sequence[Handled]:
        """`Desk.do`: store it, work, and tell what came of it; with *late*, nothing yet."""
        [delivery] = self.store.accept([received])
        if self.late:
            return ()
        self.rest()
        names = [f"{delivery}/{number}" for number in (0, 1)]
        aggregates = self.store.seen(names)
        return [
            line
            for name in names
            if name in aggregates
            for line in self.store.timeline(aggregates[name], 100)
            if line.input_id == name
        ]

    def rest(self) -> None:
        """Work until there is nothing to do."""
        for _ in range(100):
            worked = self.worker.step(self.now, 1000)
            due = self.store.due(self.now, 100)
            if due:
                self.runner.tick(due, self.now)
            self.dispatcher.step(self.now)
            if not worked and not due and not self.store.pending(self.now, per_receiver=1):
                return
        raise AssertionError

    def ways(self, receiver: str) -> Sequence[Way]:
        """`tocsin.engine.ports.Directory`."""
        return (Way(CHANNEL if is_teller(receiver) else "phone", receiver),)

    def speaker(self, who: str) -> Speaker:
        zone = "" if who.startswith("slack:") else ZONE
        return Speaker(chat="slack", user=f"U0{who.upper()}", responder=who, zone=zone, name=who.title())

    def reply(
        self, text: str, who: str = "ada", channel: str = "C0OPS", incident: str = "", *, direct: bool = False
    ) -> Reply:
        """What is answered."""
        place = Place(channel=channel, incident=incident, direct=direct)
        return self.concierge.answer(Said(by=self.speaker(who), place=place, text=text, at=self.now))

    def answer(self, text: str, who: str = "ada", channel: str = "C0OPS", incident: str = "") -> Answer:
        found = self.reply(text, who, channel, incident)
        assert isinstance(found, Answer), found
        return found

    def say(self, text: str, who: str = "ada", channel: str = "C0OPS", incident: str = "") -> str:
        """What is answered, as people read it; what others see as well begins with `*`."""
        return drawn(self.answer(text, who, channel, incident))

    def press(self, answer: Answer, label: str, who: str = "ada", channel: str = "C0OPS") -> Reply:
        """Press the first button of *answer* that is called so."""
        button = next(each for each in buttons(answer.saying) if each.label == label)
        place = Place(channel=channel)
        return self.concierge.answer(
            Pressed(by=self.speaker(who), place=place, verb=button.verb, value=button.value, at=self.now)
        )


class _Phone:
    """Takes every page."""

    name = "phone"

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        del address
        return [Delivered() for _ in jobs]


def buttons(saying: Saying) -> list[Button]:
    """All that can be pressed."""
    found = [part.action for part in saying.parts if isinstance(part, Item)]
    found += [each for part in saying.parts if isinstance(part, Actions) for each in part.actions]
    return [each for each in found if isinstance(each, Button)]


def drawn(answer: Answer) -> str:
    """An answer as lines; buttons in brackets."""
    lines = [] if answer.private else ["*"]
    for part in answer.saying.parts:
        match part:
            case Heading(text) | Paragraph(text):
                lines.append(plain(text))
            case Item(text, action):
                lines.append(f"- {plain(text)}" + (f" [{action.label}]" if action else ""))
            case Facts(pairs):
                lines += [f"{name}: {plain(value)}" for name, value in pairs]
            case Aside(texts):
                lines.append(" · ".join(map(plain, texts)))
            case Actions(actions):
                lines.append(" ".join(f"[{each.label}]" for each in actions if isinstance(each, Button)))
            case _:
                raise AssertionError(part)
    return "\n".join(lines)


def plain(text: str) -> str:
    """Neutral text as people in Berlin read it."""
    return "".join(_at(piece.at) if isinstance(piece, Moment) else piece.text for piece in pieces(text))


def _at(at: Instant) -> str:
    return f"{moment_of(wall_clock(ZONE, at, at).shown(at)):%a %H:%M}"
