"""Whether the stack keeps up: queue, functions and table on virtual time, with the limits that AWS documents.

The model is that of `tocsin.dynamo` and `tocsin.lambdas`: a batch is accepted in one transaction, each of its incidents
is loaded and committed at the version that was loaded, a lost race is decided again (eight times at most, then it is
left to the sweep), what is throttled or conflicts is tried again with growing pauses. Lambda's pollers gather for a
window, and it adds executions while messages wait. docs/scale.md says what is assumed.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from bench.dynamo_limits import GET_MS, PUT_MS, TABLE_WRITES, TRANSACTION_MS, Table
from bench.figures import Figure, Result, number, percentile
from tocsin.stack import demand

SEED: Final = 1
SECONDS: Final = 30.0
AGE_MAX: Final = 10.0  # Seconds that an alert may wait in the queue: the bound that is asked for.
INPUTS_MAX: Final = 80  # Of one commit: they fit a transaction of 100 actions.

KEPT_UP: Final = 0.85  # Of what arrived within half a minute: the rest is under way.

RACES_MAX: Final = 8  # As `tocsin.engine.runner`.
TRIES_MAX: Final = 10  # As `tocsin.dynamo.requests`.
PAUSE_FIRST: Final = 0.025
PAUSE_MAX: Final = 1.0
THREADS: Final = 8
SHARDS: Final = 16  # As `tocsin.dynamo.schema`.
MOVES: Final = 0.5  # Of the commits: those that move the next wake-up.
STATE_KB: Final = 3
LOG_BYTES: Final = 60  # Of one input in a commit's log.
STARTS: Final = 300 / 60  # Executions that Lambda adds a second while messages of a queue wait.

Steps = Generator[float, None, None]


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What comes in, and what it meets. *writes*: the table's quota of units a second."""

    rate: float
    keys: int
    concurrency: int
    writes: float = TABLE_WRITES
    batch: int = 80
    window: float = demand.WINDOW_SECONDS
    seconds: float = SECONDS


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What happened. Ages in seconds: in the queue, and until it was committed. *units*: written a second."""

    handled: int
    arrived: int
    age_max: float
    age_late: float
    done_p50: float
    done_p99: float
    commits: int
    races: int
    throttled: int
    left: int
    units: float
    busiest: int

    @property
    def bounded(self) -> bool:
        """Whether the queue kept up: nothing waited too long, and nearly all that arrived is done."""
        return self.age_max < AGE_MAX and self.handled > KEPT_UP * self.arrived


class World:
    """One run."""

    def __init__(self, load_: Load, seed: int = SEED) -> None:
        """Nothing has happened yet."""
        self.load = load_
        self.chance = random.Random(seed)
        self.table = Table(self.chance, writes=load_.writes, shards=SHARDS)
        self.now = 0.0
        self._events: list[tuple[float, int, Steps]] = []
        self._number = 0
        self._taken = 0
        self._versions: Counter[int] = Counter()
        self._busy: dict[int, float] = {}
        self._workers = 0
        self._working = 0
        self.busiest = 0
        self.ages: list[float] = []
        self.late: list[float] = []
        self.done: list[float] = []
        self.commits = self.races = self.left = 0

    def run(self) -> Outcome:
        """Until the end of the load."""
        self._start(self._scaling())
        for _ in range(min(demand.POLLERS, self.load.concurrency)):
            self._begin_worker()
        while self._events and self._events[0][0] <= self.load.seconds:
            self.now, _, steps = heapq.heappop(self._events)
            self._go(steps)
        return Outcome(
            handled=len(self.done),
            arrived=int(self.load.rate * self.load.seconds),
            age_max=max(self.ages, default=self.load.seconds),
            age_late=max(self.late, default=self.load.seconds),
            done_p50=percentile(self.done, 0.5) if self.done else self.load.seconds,
            done_p99=percentile(self.done, 0.99) if self.done else self.load.seconds,
            commits=self.commits,
            races=self.races,
            throttled=self.table.throttled,
            left=self.left,
            units=self.table.written / self.load.seconds,
            busiest=self.busiest,
        )

    # ── Virtual time ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _start(self, steps: Steps, after: float = 0.0) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + after, self._number, steps))

    def _go(self, steps: Steps) -> None:
        after = next(steps, None)
        if after is not None:
            self._start(steps, after)

    # ── Lambda and the queue ─────────────────────────────────────────────────────────────────────────────────────────
    def _begin_worker(self) -> None:
        self._workers += 1
        self._start(self._worker(), self.chance.random() * self.load.window)

    def _scaling(self) -> Steps:
        """While messages wait, there are more workers each second."""
        while True:
            yield 1.0
            if self._waiting() > self.load.batch:
                for _ in range(min(round(STARTS), self.load.concurrency - self._workers)):
                    self._begin_worker()

    def _waiting(self) -> int:
        return int(self.load.rate * self.now) - self._taken

    def _worker(self) -> Steps:
        while True:
            began = self.now
            while self._waiting() < self.load.batch and self.now - began < self.load.window:
                yield self.load.window / 10
            found = self._receive()
            if not found:
                yield self.load.window / 10
                continue
            self._working += 1
            self.busiest = max(self.busiest, self._working)
            yield from self._handle(found)
            self._working -= 1

    def _receive(self) -> list[float]:
        """When the messages that are taken now arrived."""
        count = min(self.load.batch, self._waiting())
        found = [(self._taken + place) / self.load.rate for place in range(count)]
        self._taken += count
        if found:
            self.ages.append(self.now - found[0])
            if self.now > self.load.seconds / 2:
                self.late.append(self.now - found[0])
        return found

    # ── A batch ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _handle(self, found: list[float]) -> Steps:
        yield from self._patient(lambda: self.table.spread(self.now, demand.BATCH.writes), PUT_MS)
        yield self.table.latency(GET_MS)
        yield len(found) * demand.ALERT.seconds
        groups: dict[int, list[float]] = {}
        for arrived in found:
            groups.setdefault(self.chance.randrange(self.load.keys), []).append(arrived)
        waiting = deque(groups.items())
        lanes = min(THREADS, len(waiting))
        finished: list[int] = []
        for _ in range(lanes):
            self._start(self._lane(waiting, finished))
        while len(finished) < lanes:
            yield 0.005
        yield self.table.latency(PUT_MS)

    def _lane(self, waiting: deque[tuple[int, list[float]]], finished: list[int]) -> Steps:
        while waiting:
            key, arrived = waiting.popleft()
            for start in range(0, len(arrived), INPUTS_MAX):
                yield from self._commit(key, arrived[start : start + INPUTS_MAX])
        finished.append(1)

    def _commit(self, key: int, arrived: list[float]) -> Steps:
        for _ in range(RACES_MAX):
            version = self._versions[key]
            yield self.table.latency(GET_MS)
            begun = None
            for pause in self._pauses():
                begun = self._write(key, version, len(arrived))
                if begun is not None:
                    break
                yield self.table.latency(TRANSACTION_MS) + pause
            if begun is None:
                break
            took, won = begun
            yield took
            if won:
                self._versions[key] += 1
                self.commits += 1
                self.done += [self.now - each for each in arrived]
                return
            self.races += 1
        self.left += len(arrived)

    def _write(self, key: int, version: int, inputs: int) -> tuple[float, bool] | None:
        """Begin a transaction: how long it takes, and whether it will be done; None if it must be tried again."""
        log = -(-inputs * LOG_BYTES // 1024)
        units = 2 * STATE_KB + 2 * log + 2
        if not self.table.hot(self.now, key, units) or not self.table.spread(self.now, 2.0 * inputs):
            return None
        if self.chance.random() < MOVES and not self.table.wake(self.now, key, 2.0):
            return None
        if self._busy.get(key, 0.0) > self.now:
            return None  # Another transaction is under way at the same item.
        took, won = self.table.latency(TRANSACTION_MS), self._versions[key] == version
        if won:
            self._busy[key] = self.now + took
        return took, won

    def _patient(self, write: Callable[[], bool], kind: tuple[float, float]) -> Steps:
        for pause in self._pauses():
            yield self.table.latency(kind)
            if write():
                return
            yield pause

    def _pauses(self) -> Iterator[float]:
        """With full jitter."""
        for attempt in range(TRIES_MAX):
            yield self.chance.random() * min(PAUSE_MAX, PAUSE_FIRST * 2**attempt)


# ── What is told ─────────────────────────────────────────────────────────────────────────────────────────────────────
RUNS: Final = (
    ("1,000 alerts a second on one key", "as it is deployed", Load(rate=1000, keys=1, concurrency=20), True),
    ("2,000 alerts a second on 1,000 keys", "as it is deployed", Load(rate=2000, keys=1000, concurrency=20), True),
    (
        "10,000 alerts a second on 1,000 keys",
        "InboxConcurrency 100, InboxBatch 400, a table quota of 300,000",
        Load(rate=10_000, keys=1000, concurrency=100, batch=400, writes=300_000.0),
        True,
    ),
    ("10,000 alerts a second on 1,000 keys", "as it is deployed", Load(rate=10_000, keys=1000, concurrency=20), False),
    ("2,000 alerts a second on one key", "as it is deployed", Load(rate=2000, keys=1, concurrency=20), None),
    (
        "2,000 alerts a second on one key",
        "InboxConcurrency 100",
        Load(rate=2000, keys=1, concurrency=100),
        None,
    ),
)
"""Name, settings, load, and whether the queue must keep up (None: whatever happens is told)."""


@cache
def outcome(load_: Load) -> Outcome:
    """What happens; it is always the same."""
    return World(load_).run()


HEADS: Final = (
    "seconds in the queue: most",
    "in the second half",
    "until decided: p50",
    "p99",
    "keeps up",
    "write units a second",
    "lost races",
    "left to the sweep",
)


def measure(folder: Path, quick: bool) -> Result:  # noqa: ARG001, FBT001 - as all subjects are called.
    """The figures; they need no quicker way."""
    figures = []
    for name, settings, load_, must in RUNS:
        found = outcome(load_)
        figures.append(
            Figure(
                name=f"{name}; {settings}: seconds in the queue (most; second half), until decided (p50, p99)",
                tocsin=ages(found),
                target=f"at most {AGE_MAX:.0f}" if must else "",
                met=found.bounded if must else None,
            )
        )
    return Result(name="scale", figures=tuple(figures), notes=(f"Simulated: {SECONDS:.0f} s each, from a standstill.",))


def ages(found: Outcome) -> str:
    """Of the queue, and until it was decided."""
    return f"{found.age_max:.1f}; {found.age_late:.1f}; {found.done_p50:.1f}; {found.done_p99:.1f}"


def simulated() -> str:
    """The table of docs/scale.md."""
    lines = [
        f"| load | settings | {' | '.join(HEADS)} |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, settings, load_, _ in RUNS:
        found = outcome(load_)
        cells = [name, settings, *ages(found).split("; "), "yes" if found.bounded else "no"]
        cells += [number(found.units), number(found.races), number(found.left)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of AWS, of an account in us-east-1, before it is raised. *of*: what uses it, by alerts a second."""

    name: str
    limit: float
    of: Callable[[float], float]
    source: str
    raised: str = "Service Quotas"


def units(rate: float, batch: float = 400) -> float:
    """Write units a second."""
    size = demand.batch(rate, int(batch))
    mix = demand.MIX
    each = demand.ALERT.writes + demand.COMMIT.writes * mix.commits + demand.EFFECT.writes * mix.effects
    return rate * (each + demand.WAKE.writes * mix.wakes + demand.BATCH.writes / size)


def executions(rate: float) -> float:
    """Functions at work at once."""
    mix = demand.MIX
    size = demand.batch(rate, 400)
    inbox = demand.ALERT.seconds + demand.BATCH.seconds / size + demand.COMMIT.seconds * mix.commits / THREADS
    return rate * (inbox + demand.EFFECT.seconds * mix.effects + demand.WAKE.seconds * mix.wakes)


QUOTAS: Final = (
    Quota(
        name="HTTP API: requests a second",
        limit=10_000,
        of=lambda rate: rate,
        source="API Gateway, Quotas: account-level throttling",
    ),
    Quota(
        name="SQS standard queue: messages a second",
        limit=float("inf"),
        of=lambda rate: rate * (1 + demand.MIX.wakes),
        source="SQS Developer Guide: nearly unlimited for standard queues",
        raised="not needed",
    ),
    Quota(
        name="Lambda: executions at once",
        limit=1000,
        of=executions,
        source="Lambda, Quotas: concurrent executions",
    ),
    Quota(
        name="DynamoDB: write units of a table a second",
        limit=TABLE_WRITES,
        of=units,
        source="DynamoDB, Quotas: on-demand throughput of a table",
    ),
    Quota(
        name="Step Functions: StartExecution a second",
        limit=300,
        of=lambda rate: rate * demand.MIX.wakes,
        source="Step Functions, Quotas: 300 in us-east-1, 150 elsewhere",
        raised="Service Quotas, not to this; wake-ups beyond it come with the sweep",
    ),
)


def on_paper() -> str:
    """The table of docs/scale.md up to a million alerts a minute."""
    rates = (1000.0, 10_000.0, 1e6 / 60)
    heads = " | ".join(f"{number(rate)} alerts/s" for rate in rates)
    lines = [
        f"| limit of an account | before it is raised | {heads} | raised by | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in QUOTAS:
        limit = "none" if each.limit == float("inf") else number(each.limit)
        needed = ((number(each.of(rate)), each.of(rate) > each.limit) for rate in rates)
        cells = [f"**{words}**" if beyond else words for words, beyond in needed]
        lines.append(f"| {each.name} | {limit} | {' | '.join(cells)} | {each.raised} | {each.source} |")
    return "\n".join(lines)
