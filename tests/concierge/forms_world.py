"""A house on a real SQLite file with its engine, without threads, on a clock that the test moves; and people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tocsin.conversing.replies import Answer, Ask, Corrections, Home, Nothing, Reply
from tocsin.conversing.wishes import Filled, Place, Pressed, Speaker
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Delivered, Delivery, DeliveryResult, Handled, Job, Received, Transport, Way
from tocsin.engine.runner import Outcome, Runner
from tocsin.engine.worker import Interpretation, Worker
from tocsin.incidents.ladder import PAGE
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE, Announcement, announcement
from tocsin.kernel.json import Json
from tocsin.kernel.machine import is_teller
from tocsin.kernel.time import Duration, Instant
from tocsin.saying.forms import Form, Pick, Ticks, Words
from tocsin.saying.message import Actions, Button
from tocsin.saying.text import Moment, pieces
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.simulator import Inline
from tocsin.wiring import news, raising
from tocsin.wiring.concierge import forms
from tocsin.wiring.concierge.concierge import Handlers, HouseConcierge, plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.key_desk import SettingsKeyDesk
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.machines import machines
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.schedules import duty
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.silences import Concerned, SilenceBook
from tocsin.wiring.wrong_keys import WrongKeys

MONDAY: Instant = 1_767_614_400_000  # 2026-01-05T12:00Z
URL = "https://bell.example"
ROOM = "C0000OPS"
CONFIG = f"""
responders: {{ada: {{name: Ada}}, bo: {{name: Bo, time_zone: America/New_York}}, cy: {{name: Cy}}}}
teams:
  ops: {{members: [ada, bo], slack: {ROOM}}}
  web: {{members: [cy]}}
schedules:
  primary: {{layers: [{{responders: [ada, bo], start: 2026-01-05 08:00, rotate: daily}}]}}
  backup: {{layers: [{{responders: [cy, ada], start: 2026-01-05 08:00, rotate: weekly}}]}}
integrations: {{shop: {{team: web}}}}
slack: {{bot_token: test-secret, signing_secret: test-secret}}
"""


class House:
    """One runtime, and what it has said to whom."""

    def __init__(self, db: Path, config: str = CONFIG) -> None:
        self.now = MONDAY
        self.slow = False  # Whether the engine rests while somebody waits for what comes of a form.
        self.pages: list[str] = []
        self.told: list[tuple[str, Announcement]] = []
        self.settings = parse(config.encode(), {}).settings
        self.store = SqliteStore(db)
        self.machine = IncidentMachine()
        self._silences = SilenceBook(self.store)
        self._outcomes: dict[str, Sequence[Handled]] = {}
        interpreter = Interpreter(
            routes(self.settings),
            {},
            more=news.channels(lambda: self.settings, URL),
            mute=self._silences.mute,
        )
        interpreter.learn(raising.channels(interpreter.addressing, lambda: self.settings))
        self._runner = Runner(
            self.store,
            machines(),
            on_commit=self._silences.committed,
            renew=lambda: machines(duty(self.settings, self.store)),
        )
        self._worker = Worker(
            self.store, self._runner, interpreter.interpret, _poisoned, on_settled=self._settled
        )  # fmt: skip
        transports: list[Transport] = [
            MessageTransport(self.accept, lambda: self.now, Concerned(self.store, self._silences)),
            _Chat(self),
        ]
        self._dispatcher = Dispatcher(
            self.store, machines(), transports, self, executor=Inline(), clock=lambda: self.now, chance=lambda: 0.5,
            report=lambda _: None,
        )  # fmt: skip
        self.desk = self._desk()
        self.concierge = HouseConcierge(
            Handlers(
                said=lambda _: plain_answer("words"),
                pressed=forms.pressed(self.desk),
                filled=forms.filled(self.desk),
                opened=lambda _: Home(plain_answer("home").saying),
            )
        )

    def _desk(self) -> Desk:
        ring = KeyRing(self.settings, self.store, lambda: self.now)
        wrong = WrongKeys(self.store, lambda: self.now, ring.former)
        return Desk(
            settings=lambda: self.settings,
            store=self.store,
            clock=lambda: self.now,
            url=URL,
            do=self.do,
            oncall=SettingsOnCallDesk(self.settings, self.store, lambda: self.now, URL, self.accept),
            keys=SettingsKeyDesk(
                settings=self.settings,
                records=self.store,
                ring=ring,
                wrong_keys=wrong,
                clock=lambda: self.now,
                url=URL,
            ),
            figures=Reckoner(self.settings, self.store),
            noise=StoreNoiseDesk(self.settings, self.store, lambda: self.now),
        )

    def close(self) -> None:
        self.store.close()

    # ── The engine ───────────────────────────────────────────────────────────────────────────────────────────────────
    def accept(self, received: Sequence[Received]) -> None:
        self.store.accept(received)

    def do(self, received: Received) -> Sequence[Handled]:
        [name] = self.store.accept([received])
        if self.slow:
            return ()
        self.rest()
        return self._outcomes.pop(name)

    def rest(self) -> None:
        """Work until there is nothing to do."""
        for _ in range(200):
            worked = self._worker.step(self.now, 100_000)
            due = self.store.due(self.now, 1000)
            if due:
                self._runner.tick(due, self.now)
            self._dispatcher.step(self.now)
            if not worked and not due and not self.store.pending(self.now, per_receiver=1):
                return
        raise AssertionError

    def wait(self, duration: Duration) -> None:
        self.now += duration
        self.rest()

    def ways(self, receiver: str) -> Sequence[Way]:
        return (Way("machine", receiver),) if is_teller(receiver) else (Way("chat", receiver),)

    def _settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        reasons = [outcome.reason for outcome in outcomes] or [note]
        self._outcomes[delivery.id] = [Handled("", self.now, reason, "") for reason in reasons]

    # ── Alerts and incidents ─────────────────────────────────────────────────────────────────────────────────────────
    def opened(self, title: str, **more: Json) -> str:
        """An alert comes; the incident's name."""
        self.send_alert(title, **more)
        return self.named(title)

    def send_alert(self, title: str, **more: Json) -> None:
        body: Json = {"title": title, "dedup_key": title, "status": "firing", "severity": "high", **more}
        self.accept([Received(received_at=self.now, channel="in", key="default", head=b"", body=json.encode(body))])
        self.rest()

    def press_verb(self, verb: str, name: str, by: str) -> None:
        """One of the buttons that need no form."""
        command = {"verb": verb, "incident": name, "by": by}
        self.do(Received(received_at=self.now, channel="console", key="", head=b"", body=json.encode(command)))

    def named(self, title: str) -> str:
        return next(name for name, state in self.incidents() if state.face.title == title)

    def incident(self, name: str) -> Incident:
        return dict(self.incidents())[name]

    def incidents(self) -> list[tuple[str, Incident]]:
        rows = self.store.listing(self.machine.name, live_only=False, limit=1000)
        return [(row.id, self.machine.decode(row.state)) for row in rows]

    def story(self, name: str) -> list[str]:
        return [line.story for line in self.store.timeline(name, 100) if line.story]

    # ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def press(
        self, by: str, verb: str, *, zone: str = "", channel: str = ROOM, direct: bool = False, **value: Json
    ) -> Reply:
        place = Place(channel=channel, direct=direct)
        return self.concierge.answer(Pressed(by=_speaker(by, zone), place=place, verb=verb, value=value, at=self.now))

    def form(self, by: str, verb: str, *, zone: str = "", channel: str = ROOM, **value: Json) -> Form:
        """A press that is answered by a form, which is as forms must be."""
        reply = self.press(by, verb, zone=zone, channel=channel, **value)
        assert isinstance(reply, Ask), reply
        check(reply.form)
        return reply.form

    def send(self, by: str, form: Form, **values: object) -> Reply:
        """*form* with *values*, in the room of ops; what is not among them stays as it was shown."""
        return self.send_from(Place(channel=ROOM), by, form, **values)

    def send_from(self, place: Place, by: str, form: Form, **values: object) -> Reply:
        """The same, from anywhere."""
        shown = {field.name: field.initial for field in form.fields}
        found: Mapping[str, Any] = {name: value or None for name, value in (shown | values).items()}
        return self.concierge.answer(
            Filled(
                by=_speaker(by),
                place=place,
                form=form.name,
                values=found,
                facts=form.facts,
                at=self.now,
            )
        )


class _Chat:
    """Whoever is told anything."""

    name = "chat"

    def __init__(self, house: House) -> None:
        self._house = house

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        for job in jobs:
            if job.outgoing.kind == PAGE:
                self._house.pages.append(address)
            elif job.outgoing.kind == ANNOUNCE:
                self._house.told.append((address, announcement(job.outgoing.facts)))
        return [Delivered()] * len(jobs)


def _poisoned(delivery: Delivery, error: str) -> Interpretation:
    raise AssertionError(delivery, error)


def _speaker(by: str, zone: str = "") -> Speaker:
    return Speaker(chat="slack", user=f"U-{by}", responder=by, zone=zone)


# ── What was answered ────────────────────────────────────────────────────────────────────────────────────────────────
def read(reply: Reply, write: Callable[[Instant], str] = lambda at: f"<{at}>") -> str:
    """The sentence of an answer, without its marks."""
    assert isinstance(reply, Answer), reply
    found = pieces(reply.saying.summary)
    return "".join(write(piece.at) if isinstance(piece, Moment) else piece.text for piece in found)


def public(reply: Reply) -> str:
    """The same, of an answer that the room sees."""
    assert isinstance(reply, Answer), reply
    assert not reply.private
    return read(reply)


def private(reply: Reply) -> str:
    """The same, of an answer that only one person sees."""
    assert isinstance(reply, Answer), reply
    assert reply.private
    return read(reply)


def wrong(reply: Reply) -> Mapping[str, str]:
    """What a form is corrected in."""
    assert isinstance(reply, Corrections), reply
    for sentence in reply.errors.values():
        assert sentence.endswith((".", "?")), sentence
        assert sentence[0].isupper(), sentence
    return reply.errors


def buttons(reply: Reply) -> list[Button]:
    assert isinstance(reply, Answer | Nothing), reply
    parts = reply.saying.parts if isinstance(reply, Answer) else ()
    found = [action for part in parts if isinstance(part, Actions) for action in part.actions]
    return [each for each in found if isinstance(each, Button)]


def options(form: Form, name: str) -> dict[str, str]:
    """Ids and labels of a choice."""
    [field] = [field for field in form.fields if field.name == name]
    assert isinstance(field, Pick | Ticks)
    return {str(option.value["id"]): option.label for option in field.options}


def check(form: Form) -> None:
    """What every chat demands of a form."""
    assert 0 < len(form.title) <= 24
    assert 0 < len(form.submit) <= 24
    assert len({field.name for field in form.fields}) == len(form.fields) > 0
    assert len(json.encode(form.facts)) <= 2500
    for field in form.fields:
        assert 0 < len(field.label) <= 75
        assert len(field.hint) <= 150
        if isinstance(field, Words):
            assert len(field.initial) <= field.most <= 3000
        if isinstance(field, Pick | Ticks):
            ids = [str(option.value["id"]) for option in field.options]
            assert 0 < len(ids) == len(set(ids)) <= 100
            assert all(0 < len(each) <= 120 for each in ids)
            assert all(0 < len(option.label) <= 75 for option in field.options)
            chosen = field.initial if isinstance(field, Ticks) else filter(None, (field.initial,))
            assert set(chosen) <= set(ids)
