"""Plays the life of an alert as one sender tells of it, through the real interpreter, runner and machines.

Whatever the sender, some things must hold after every delivery, and are asserted here: never two live incidents for
one thing, nobody is paged for a repetition, and nothing that fires is outside of an incident.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Final

import msgspec

from tests.sources import bodies
from tocsin.engine.ports import Confirmation, Delivery, Handled, Job, Received
from tocsin.engine.runner import Outcome, Runner
from tocsin.engine.worker import Worker
from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.incidents.closing import HISTORY
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.ladder import PAGE, label
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Effect, teller
from tocsin.kernel.time import MINUTE, Instant
from tocsin.sources import opsgenie_requests
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.addressing import Addressing
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.machines import machines
from tocsin.wiring.messages import MessageTransport
from tocsin.wiring.opsgenie_channel import OpsgenieChannel
from tocsin.wiring.opsgenie_names import Names
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

START: Final[Instant] = bodies.NOW
ALL: Final = 1000  # More than any life has of anything.

# Long steps: who is asked next is another story.
CONFIG: Final = b"""
responders: {ada: {}, bo: {}}
teams: {ops: {members: [ada, bo]}}
policies: {default: {steps: [{ask: ada, wait: 6h}]}}
integrations: {prod: {team: ops}}
"""

# What changes nothing, or a count only.
QUIET: Final = frozenset(
    {"repeated", "handled before", "out of order", "already resolved", "nothing to resolve", "already acknowledged"}
)


class Said(msgspec.Struct, frozen=True):
    """One request of a sender: its body, its headers, and the channel that it takes."""

    body: Json | bytes
    headers: dict[str, str] = {}
    channel: str = "in"

    @property
    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else bodies.encoded(self.body)


Tell = Callable[[Instant], Said]


class Step(msgspec.Struct, frozen=True):
    """At *minute* the sender says *said*, what people call *told*. *must*: the reasons that are right."""

    minute: int
    told: str
    said: Said
    must: frozenset[str] = frozenset()


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """What one sender says of one thing: each of these is given the time of which it tells.

    *source*: the format that its readings name. *changes*: it is worse, or told in other words. *acknowledges*,
    *resolves*: None where the sender never says so. *timed*: what it says has a time of its own. *ends*: it says how
    long it holds. *once*: it carries a signed number. *more*: what happens besides. *own*: all its steps, where a life
    is not like the others'.
    """

    name: str
    source: str
    fires: Tell
    changes: Tell | None = None
    acknowledges: Tell | None = None
    resolves: Tell | None = None
    timed: bool = False
    ends: bool = False
    once: bool = False
    more: tuple[Step, ...] = ()
    own: tuple[Step, ...] = ()


def steps(life: Life) -> list[Step]:
    """All that is said in *life*, in order."""
    if life.own:
        return list(life.own)

    def step(minute: int, told: str, tell: Tell, *must: str, of: int | None = None) -> Step:
        return Step(minute, told, tell(at(minute if of is None else of)), frozenset(must))

    twice = "handled before" if life.once else "repeated"
    found = [
        step(0, "fires", life.fires, "opened"),
        step(1, "says so again", life.fires, "repeated"),
        step(2, "the same bytes twice", life.fires, twice, of=1),
    ]
    if life.changes is not None:
        found.append(step(3, "changes", life.changes, "repeated", "worsened"))
    if life.acknowledges is not None:
        found += [
            step(6, "is acknowledged there", life.acknowledges, "acknowledged at its source"),
            step(7, "says so again", life.fires, "repeated"),
        ]
    found += without_an_end(step, life) if life.resolves is None else ending(life, life.resolves, step)
    return sorted((*found, *life.more), key=lambda each: each.minute)


def ending(life: Life, resolves: Tell, step: Callable[..., Step]) -> list[Step]:
    """It resolves, what is late comes, it fires again soon and much later."""
    over = "resolved by its source"
    late = "out of order" if life.timed else "already resolved" if life.ends else "reopened"
    found = [
        step(10, "resolves", resolves, over),
        step(11, "the same bytes twice", resolves, "handled before" if life.once else "already resolved", of=10),
        step(12, "what it said at 00:04, late", life.fires, late, of=4),
        step(13, "fires again, soon", life.fires, "repeated" if late == "reopened" else "reopened"),
        step(15, "resolves", resolves, over),
        step(30, "fires again, much later", life.fires, "opened"),
        step(32, "resolves", resolves, over),
    ]
    if life.timed:
        found += [
            step(40, "resolves, before what it said at 00:39 has come", resolves, "already resolved"),
            step(41, "what it said at 00:39, late", life.fires, "out of order", of=39),
        ]
    return found


def without_an_end(step: Callable[..., Step], life: Life) -> list[Step]:
    """A person ends it, and what comes then is new."""
    return [
        step(10, "ada resolves", person, "resolved"),
        step(30, "fires again, much later", life.fires, "opened"),
        step(32, "ada resolves", person, "resolved"),
    ]


def at(minute: int) -> Instant:
    return START + minute * MINUTE


def person(_: Instant) -> Said:
    """A command of the terminal; the incident is the one that lives."""
    return Said({"verb": "resolve", "by": "ada"}, {}, "cli")


class World:
    """A memory store with everything around it that bytes become incidents by."""

    def __init__(self, store: MemoryStore) -> None:
        self.now = START
        self.store = store
        self._machine = IncidentMachine()
        self._runner = Runner(store, machines())
        settings = parse(CONFIG, {}).settings
        opsgenie = OpsgenieChannel(Addressing(routes(settings)), Names(settings))
        more = {opsgenie_requests.CHANNEL: opsgenie.interpret}
        interpreter = Interpreter(routes(settings), {}, more=more)
        self.interpret = interpreter.interpret
        self._settled: list[tuple[Delivery, str, Sequence[Outcome]]] = []
        self._worker = Worker(
            store,
            self._runner,
            interpreter.interpret,
            interpreter.poisoned,
            on_settled=lambda *found: self._settled.append(found),
        )
        self._messages = MessageTransport(store.accept, lambda: self.now)

    def deliver(self, said: Said) -> tuple[Delivery, list[str]]:
        """One request, and all that follows at once: the delivery, and the lines that tell of it."""
        body = said.raw
        if said.channel == "cli":
            [alive] = self.incidents(live_only=True)
            body = json.encode({**json.decode(body), "incident": alive})
        head = "\n".join(f"{name}: {value}" for name, value in said.headers.items()).encode()
        received = Received(received_at=self.now, channel=said.channel, key="prod", head=head, body=body)
        [name] = self.store.accept([received])
        delivery = self.store.delivery(name)
        assert delivery is not None
        return delivery, list(self._follow())

    def until(self, moment: Instant) -> Iterator[tuple[Instant, list[str]]]:
        """Let time pass: each moment at which something was due, with the lines that tell of it."""
        while (wake := self.store.next_wake()) is not None and wake <= moment:
            self.now = max(self.now, wake)
            due = self.store.due(self.now, ALL)
            assert not self._runner.tick(due, self.now)
            woken = [Outcome(name, self.store.timeline(name, 1)[-1].reason) for name in due]
            yield self.now, [*_told(woken, self._leave()), *self._follow()]
        self.now = moment

    def incidents(self, *, live_only: bool = False) -> dict[str, Incident]:
        """By name, the oldest first."""
        rows = self.store.listing("incident", live_only=live_only, limit=ALL)
        return {row.id: self._machine.decode(row.state) for row in reversed(rows)}

    def timeline(self, incident: str) -> Sequence[Handled]:
        return self.store.timeline(incident, ALL)

    def _follow(self) -> Iterator[str]:
        """Handle what waits, send what must leave, and what one machine tells another, until all is quiet."""
        while self.store.backlog(1):
            self._worker.step(self.now)
            pages = self._leave()
            for _, note, outcomes in self._settled:
                if note and not outcomes:
                    yield note
                yield from _told(outcomes, pages)
            self._settled.clear()
            self._alone()

    def _leave(self) -> dict[str, list[str]]:
        """Empty the outbox; who is paged for which incident."""
        pages: dict[str, list[str]] = {}
        pending = self.store.pending(self.now, per_receiver=ALL)
        known = self.incidents()
        for item in pending:
            if item.kind == TELL and item.receiver != teller(HISTORY):  # What is remembered is no part of a life.
                self._messages.deliver(item.receiver, [Job(item, None, None)])
            effect = Effect(receiver=item.receiver, kind=item.kind, facts=item.facts)
            if item.kind == PAGE and self._machine.wanted(known[item.aggregate], effect):
                pages.setdefault(item.aggregate, []).append(label(item.receiver))
        self.store.confirm(
            [
                Confirmation(id=each.id, aggregate=each.aggregate, receiver=each.receiver, result="delivered", at=0)
                for each in pending
            ]
        )
        return pages

    def _alone(self) -> None:
        """One thing has one live incident."""
        keys = [key for incident in self.incidents(live_only=True).values() for key in incident.alerts]
        assert len(keys) == len(set(keys)), f"two live incidents for one thing: {sorted(keys)}"


def _told(outcomes: Sequence[Outcome], pages: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What became of inputs, and who is paged for it; nobody is, when nothing has changed."""
    for outcome in outcomes:
        paged = ", ".join(sorted(pages.get(outcome.aggregate, ())))
        assert not (paged and outcome.reason in QUIET), f"{paged} paged, although {outcome.reason}"
        yield f"{outcome.aggregate or 'nobody'}: {outcome.reason}{f'; page {paged}' if paged else ''}"


def played(life: Life) -> str:
    """The life as a text for people. What must hold for every sender is asserted on the way."""
    lines = [*preface(life), ""]
    with closing(MemoryStore()) as store:
        world = World(store)
        for step in steps(life):
            for moment, happened in world.until(at(step.minute)):
                lines += shown(clock(moment), "time passes", happened)
            delivery, happened = world.deliver(step.said)
            lines += shown(clock(world.now), step.told, happened)
            reasons = [told.partition(": ")[2].partition(";")[0] for told in happened]
            assert not step.must or step.must.intersection(reasons), f"{life.name}, {step.told}: {happened}"
            lines += [f"      < {sent}" for sent in checked(life, world, delivery)]
            touched = {told.partition(": ")[0] for told in happened}
            found = world.incidents().items()
            lines += [f"      = {state(name, incident)}" for name, incident in found if name in touched]
        for name, incident in world.incidents().items():
            lines += ["", f"== {state(name, incident)}"]
            lines += [f"{clock(line.at)} {line.story}" for line in world.timeline(name) if line.story]
    return "\n".join(lines) + "\n"


def checked(life: Life, world: World, delivery: Delivery) -> Iterator[str]:
    """The alerts that were sent by *delivery*; nothing of it was lost, and it is what the table says of it."""
    for item in world.interpret(delivery).inputs:
        if not isinstance(item.given, AlertReceived):
            continue
        alert: Alert = item.given.alert
        assert alert.source == life.source, f"{life.name}: read as {alert.source}"
        assert (alert.occurred_at is not None) == life.timed, f"{life.name}: a time of its own? {alert.occurred_at}"
        if alert.status is AlertStatus.FIRING:
            holders = [each for each in world.incidents().values() if alert.dedup_key in each.alerts]
            assert holders, f"{life.name}: {alert.title} is in no incident"
        yield f"{alert.status} {alert.severity}: {alert.title}"


def preface(life: Life) -> list[str]:
    """What must be known of the sender to understand its life."""
    told = [f"# Read as {life.source}. After each delivery: < what was sent, = what its incident is then."]
    if life.own:
        return told
    told += ["# It carries a signed number: the same message twice counts once."] if life.once else []
    if life.resolves is None:
        told += ["# It never says that something is over: a person does."]
    elif life.timed:
        told += ["# It tells when things happened: what comes late changes nothing."]
    elif life.ends:
        told += ["# It tells how long it holds: what comes later than that is over."]
    else:
        told += ["# It tells no time of its own: what comes late is taken for new, and re-opens."]
    return told


def shown(when: str, told: str, happened: Sequence[str]) -> list[str]:
    first, *rest = [f"{when} {told:<52}" + (happened[0] if happened else "nothing follows"), *happened[1:]]
    return [first.rstrip(), *(f"{'':<{len(when) + 53}}{line}" for line in rest)]


def state(name: str, incident: Incident) -> str:
    count = f"{incident.firing} of {len(incident.alerts)} firing, {incident.count} received"
    return f"{name}: {incident.status} {incident.severity} {incident.kind}, {count}: {incident.face.title}"


def clock(moment: Instant) -> str:
    minutes = (moment - START) // MINUTE
    return f"{minutes // 60:02}:{minutes % 60:02}"
