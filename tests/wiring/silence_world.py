"""A small team with silences, as the server runs them, on a clock that stories move; files tell the stories.

    # A silence is over, and what still fires asks.
    2026-01-05 12:00 silence ada 2h service=db    made s1
    2026-01-05 12:10 alert disk service=db        opened
    2026-01-05 13:45 tick                         tell ada: The silence of service=db (by ada, until ...

Times are by the clocks of Berlin; in the hour that is repeated, by the first of the two. Left stands what happens,
right (two blanks away) what came of it, and what people hear. Ticks that fall due between two lines are told if people
hear of them, or a silence comes or goes.

    silence WHO DURATION MATCHER ...    weekly WHO WINDOW MATCHER ...    maintenance WHO DURATION | WINDOW
    extend ID DURATION                  expire ID [for good]             alert KEY [name=value ...], ok KEY
    escalate KEY, ack KEY               look ID                          wait
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from typing import Final

from tests.sqlite.service import Inline
from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Received, Way
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.incidents import silence_making as making
from tocsin.incidents.ladder import label, responder, room
from tocsin.incidents.silence_lists import muted, phase
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.incidents.silences import Order
from tocsin.kernel import json
from tocsin.kernel.machine import is_teller
from tocsin.kernel.time import DAY, Instant, parse_duration
from tocsin.schedules.clock import moment_of, wall_clock
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.machines import machines
from tocsin.wiring.maintenance import planned
from tocsin.wiring.messages import CHANNEL, MessageTransport
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes
from tocsin.wiring.settings_schedules import parse_wall
from tocsin.wiring.silences import Concerned, SilenceBook

ZONE: Final = "Europe/Berlin"
CONFIG: Final = """
responders: {ada: , bo: }
teams: {ops: {members: [ada, bo]}, web: {members: [bo]}}
policies: {default: {steps: [{ask: ada, wait: 7d}], ack_timeout: 30d}}
integrations: {prod: {team: ops}, site: {team: web}}
"""

_LINE: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) (\S+(?: \S+)*)(?:  .*)?")
_WINDOW: Final = re.compile(r"[a-z]{3}.* \d\d:\d\d-\d\d:\d\d")
_MACHINE: Final = SilenceMachine()


class Chat:
    """The way to everybody: what is said is kept."""

    name = "chat"

    def __init__(self) -> None:
        self.said: list[str] = []

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        for job in jobs:
            facts = job.outgoing.facts
            if job.outgoing.kind == "page":
                self.said.append(f"page {label(address)}: {job.state.face.title}")  # type: ignore[attr-defined]
            elif job.outgoing.kind == "announce":
                self.said.append(f"tell {label(address)}: {' | '.join((facts['title'], *facts['lines']))}")
        return [Delivered()] * len(jobs)


class World:
    """Everything of the server but the network."""

    def __init__(self, now: Instant, config: str = CONFIG, store: MemoryStore | None = None) -> None:
        self.now = now
        self.store = store or MemoryStore()
        self.settings = parse(config.encode(), {}).settings
        self.chat = Chat()
        self.unreached: set[str] = set()
        self.book = SilenceBook(self.store)
        known = machines()
        interpreter = Interpreter(routes(self.settings), {}, mute=self.book.mute)
        self.runner = Runner(self.store, known, on_commit=self.book.committed)
        self.worker = Worker(self.store, self.runner, interpreter.interpret, interpreter.poisoned)
        concerned = Concerned(self.store, self.book, lambda receiver: receiver not in self.unreached)
        self.dispatcher = Dispatcher(
            self.store,
            known,
            [MessageTransport(self.store.accept, lambda: self.now, concerned), self.chat],
            self,
            executor=Inline(),
            clock=lambda: self.now,
            chance=lambda: 0.5,
            report=lambda _: None,
        )

    def ways(self, receiver: str) -> Sequence[Way]:
        return (Way(CHANNEL if is_teller(receiver) else "chat", receiver),)

    def send(self, channel: str, body: object, key: str = "") -> str:
        raw = json.encode(body)
        [name] = self.store.accept([Received(received_at=self.now, channel=channel, key=key, head=b"", body=raw)])
        self.settle()
        return name

    def order(self, order: Order) -> str:
        return self.send("silence", order)

    def plan(self) -> None:
        """What the server does when it starts."""
        self.store.accept(planned(self.settings, self.store, self.now))
        self.settle()

    def settle(self) -> None:
        """Until nothing is left to do at this moment."""
        for _ in range(50):
            self.worker.step(self.now)
            self.dispatcher.step(self.now)
            if not self.store.backlog(1) and not self.store.pending(self.now, per_receiver=1):
                return
        raise AssertionError("it goes round and round")

    def heard(self) -> list[str]:
        said, self.chat.said = self.chat.said, []
        return said

    def wake(self, until: Instant) -> list[tuple[Instant, list[str]]]:
        """Let time pass; the moments in which something was to be told."""
        told = []
        while (at := self.store.next_wake()) is not None and at <= until:
            self.now = max(self.now, at)
            due = self.store.due(self.now, 1000)
            self.runner.tick(due, self.now)
            notes = [
                f"{name} {line.story}"
                for name in due
                if self.store.load([name])[name].machine == _MACHINE.name
                for line in self.store.timeline(name, 1)
                if line.story
            ]
            self.settle()
            if notes or self.chat.said:
                told.append((self.now, notes + self.heard()))
        self.now = max(self.now, until)
        return told

    def silence(self, name: str) -> Silencing:
        return _MACHINE.decode(self.store.load([name])[name].state)


class Story:
    """Plays the lines of a file."""

    def __init__(self) -> None:
        self.world = World(0)
        self.silences = 0
        self.keys: dict[str, str] = {}

    def play(self, text: str) -> str:
        rows: list[tuple[str, str] | str] = []
        for line in text.splitlines():
            found = _LINE.fullmatch(line.rstrip())
            if found is None:
                rows.append(line)
                continue
            if found[2] == "tick":
                continue
            at = instant(found[1])
            rows += [(f"{shown(then)} tick", "; ".join(said)) for then, said in self.world.wake(at)]
            words = found[2].split("  ")[0]
            rows.append((f"{found[1]} {words}", self.act(shlex.split(words))))
        width = max((len(row[0]) for row in rows if isinstance(row, tuple)), default=0) + 2
        return "\n".join(row if isinstance(row, str) else f"{row[0]:{width}}{row[1]}".rstrip() for row in rows) + "\n"

    def act(self, words: Sequence[str]) -> str:
        world, [verb, *rest] = self.world, words
        if verb == "look":
            return self.look(rest[0])
        acts: dict[str, Callable[[list[str]], str]] = {
            "silence": self.make,
            "weekly": self.make,
            "maintenance": lambda given: self.make(given, maintenance=True),
            "extend": self.extend,
            "expire": self.expire,
            "alert": lambda given: self.alert(given, "firing"),
            "ok": lambda given: self.alert(given, "resolved"),
            "escalate": lambda given: self.command("escalate", given),
            "ack": lambda given: self.command("acknowledge", given),
            "wait": lambda _: "",
        }
        return "; ".join(filter(None, (acts[verb](rest), *world.heard())))

    def make(self, given: list[str], *, maintenance: bool = False) -> str:
        by, length, *matchers = given
        self.silences += 1
        every = (length,) if _WINDOW.fullmatch(length) else ()
        wish = making.Wish(
            id=f"s{self.silences}",
            by=by,
            why="a reason",
            starts_at=self.world.now,
            ends_at=None if every else self.world.now + (parse_duration(length) or 0),
            matchers=tuple(matchers),
            team="ops" if maintenance else "",
            every=every,
            zone=ZONE if every else "",
            tell=(room("ops"),) if maintenance else (responder(by),),
            maintenance=maintenance,
        )
        self.world.order(Order(make=making.silence(wish, self.world.now)))
        return f"made {wish.id}"

    def extend(self, given: list[str]) -> str:
        before = self.world.silence(given[0]).silence
        until = before.ends_at + (parse_duration(given[1]) or 0)
        self.world.order(Order(make=making.extended(before, until, "bo", self.world.now)))
        return f"until {shown(until)}"

    def expire(self, given: list[str]) -> str:
        name = self.world.order(Order(end=given[0], for_good=given[1:] == ["for", "good"]))
        return next(line.reason for line in self.world.store.timeline(given[0], 10) if line.input_id == f"{name}/1")

    def alert(self, given: list[str], status: str) -> str:
        key, *labels = given
        named = dict(each.split("=") for each in labels)
        body: dict[str, object] = {
            "title": key,
            "dedup_key": key,
            "status": status,
            "severity": named.pop("severity", "high"),
        }
        body["labels"] = named
        self.world.send("in", body, "prod")
        found = self.world.store.find([f"prod/d/{key}"])
        self.keys[key] = found.get(f"prod/d/{key}", "")
        return self.world.store.timeline(self.keys[key], 1)[0].reason if self.keys[key] else "nothing"

    def command(self, verb: str, given: list[str]) -> str:
        self.world.send("console", {"verb": verb, "incident": self.keys[given[0]], "by": "bo"})
        return self.world.store.timeline(self.keys[given[0]], 1)[0].reason

    def look(self, name: str) -> str:
        state, silence = self.world.silence(name), self.world.silence(name).silence
        under = [each.title for each in muted(self.world.store).get(name, ())]
        stands = phase(state, self.world.now).value
        span = f"{shown(silence.starts_at)} to {shown(silence.ends_at)}"
        return f"{stands}, {span}, {state.count} held back, mutes {', '.join(under) or 'nothing'}"


def instant(text: str) -> Instant:
    wall = parse_wall(text)
    assert wall is not None, text
    return wall_clock(ZONE, wall - DAY, wall + DAY).first(wall)


def shown(at: Instant) -> str:
    return f"{moment_of(wall_clock(ZONE, at, at).shown(at)):%Y-%m-%d %H:%M}"
