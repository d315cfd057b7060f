"""The functions of the stack as a runtime for scenarios: messages of the queue in, the table's stream out, timers.

What decides, stores and sends is what runs at AWS: the inbox function's batch, the runtime behind it, the outbox
function on what the stream really told, and the dispatcher. Only the ends are the scenario's: what a message means, and
who hears of a page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3  # type: ignore[import-untyped]

from tocsin import patterns
from tocsin.aws.calls import Service
from tocsin.dynamo import schema
from tocsin.dynamo.requests import load
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Delivered, Delivery, DeliveryResult, Job, Outgoing, Wake, Way
from tocsin.engine.runner import Addressed, Outcome
from tocsin.engine.worker import Interpretation, Worker
from tocsin.incidents.ladder import PAGE
from tocsin.kernel.time import Instant
from tocsin.lambdas import inbox, outbox
from tocsin.testing.scenario import START, Given, Happened, Scenario
from tocsin.testing.scenario_runtime import StoreRuntime, addressed
from tocsin.wiring.outside import Outside
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.serverless_process import TIMER_ARN, Process
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

CHANNEL = "scenario"
SETTINGS: Settings = parse(b"", {}).settings
FILTERS = [patterns.compile(json.dumps(each)) for each in (schema.EFFECT_PATTERN, schema.WAKE_PATTERN)]
"""Those of the stack's event source mapping."""


class FunctionsRuntime(StoreRuntime):
    """Implements `tocsin.testing.scenario.Runtime`."""

    def __init__(self, functions: Functions, store: DynamoStore, scenario: Scenario) -> None:
        """*store* is new."""
        super().__init__(store, scenario.duties, scenario)
        self.store = store
        self.now: Instant = START
        self.machines = (self._machine,)
        self.runner = self._runner
        self.worker = Worker(store, self._runner, self._meaning, self._poisoned, on_settled=self._settled)
        self._functions = functions
        self._table = store._requests.table
        self._stream = heard(self._table)
        self._given: dict[str, Addressed] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._sent = 0
        self._timers: dict[str, Instant] = {}
        self._started: set[str] = set()
        self._told: list[tuple[str, str]] = []
        functions.play(self)

    def _meaning(self, delivery: Delivery) -> Interpretation:
        return Interpretation((self._given[delivery.body.decode()],))

    def _poisoned(self, delivery: Delivery, why: str) -> Interpretation:
        raise AssertionError((delivery, why))

    def _settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        del note
        (self._outcomes[delivery.body.decode()],) = outcomes

    # What the player asks

    def handle(self, given: Sequence[Given], now: Instant) -> Sequence[Happened]:
        """See the protocol: one batch of the queue."""
        self.now = now
        self._outcomes = {}
        for each in given:
            self._given[each.id] = addressed(each)
        self._batch([{"received": _received(each.id, now)} for each in given])
        return [Happened(self._outcomes[each.id].aggregate, self._outcomes[each.id].reason) for each in given]

    def tick(self, now: Instant) -> Sequence[Happened]:
        """See the protocol: the timers that are over tell the queue."""
        self.now = now
        names = [name for name, at in sorted(self._timers.items(), key=lambda timer: timer[1]) if at <= now]
        due = self._really_due(names, now)
        self._batch([{"due": name, "version": 0} for name in names])
        for name in names:
            if self._timers[name] <= now:
                del self._timers[name]
        return [Happened(name, self.store.timeline(name, 1)[0].reason) for name in due]

    def next_wake(self) -> Instant | None:
        """See the protocol: the first timer that nothing has overtaken."""
        for name, at in sorted(self._timers.items(), key=lambda timer: timer[1]):
            if self._wakes_at(name) == at:
                return at
            del self._timers[name]
        return None

    def pages(self, now: Instant) -> Sequence[tuple[str, str]]:
        """See the protocol: what the outbox function has sent."""
        self.now = now
        told, self._told = self._told, []
        return told

    def check(self) -> None:
        """What hints have told is what the table says: nothing waits that nobody waits for."""
        pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        items = [load(each) for page in pages for each in page["Items"]]
        assert not [each for each in items if "lane" in each], "Effects have not left."
        assert not [each for each in items if each["pk"].startswith("W")], "Deliveries wait."
        wakes = [each["wake_at"] for each in items if "wake_shard" in each]
        assert min(wakes, default=None) == self.next_wake(), "The timers are not those of the states."

    # The account

    def call(self, service: Service, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """`tocsin.aws.calls.Calls`: only timers are started."""
        assert (service.name, action) == ("states", "StartExecution"), action
        assert given["name"] not in self._started, "A version of an aggregate has one timer."
        self._started.add(given["name"])
        return {}

    def wakes(self, wake: Wake) -> None:
        """The stream told of a wake-up."""
        self._timers[wake.aggregate] = wake.at

    def deliver(self, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """People get what the dispatcher hands over."""
        self._told += [(job.outgoing.aggregate, job.outgoing.receiver) for job in jobs if job.outgoing.kind == PAGE]
        return [Delivered() for _ in jobs]

    def _batch(self, messages: Sequence[Mapping[str, Any]]) -> None:
        self._sent += 1
        numbered = [
            {"messageId": f"message-{self._sent}-{place}", "body": json.dumps(message)}
            for place, message in enumerate(messages)
        ]
        assert inbox.take(self._functions, numbered) == set()
        while records := next(self._stream):
            assert outbox.take(self._functions, [each for each in records if any(one.matches(each) for one in FILTERS)])

    def _really_due(self, names: Sequence[str], now: Instant) -> Sequence[str]:
        return [name for name in names if (at := self._wakes_at(name)) is not None and at <= now]

    def _wakes_at(self, name: str) -> Instant | None:
        state = self.state(name)
        return self._machine.standing(state).wake_at if state is not None else None


class Functions(Process):
    """The process of a function: it lives on from scenario to scenario, as AWS keeps one; the clock is theirs."""

    def __init__(self) -> None:
        self.scene: FunctionsRuntime
        super().__init__(
            SETTINGS,
            _Store(self),
            self,
            environ={TIMER_ARN: "arn:aws:states:eu-west-1:111122223333:stateMachine:timer"},
            stream=self,
            outside=Outside(clock=lambda: self.scene.now),
        )

    def play(self, scene: FunctionsRuntime) -> None:
        """From now on *scene*'s: what messages mean, who is on call, who hears of what."""
        self.scene = scene
        if self._thinking is None:
            self._thinking = Thinking(SETTINGS, self.store, "https://tocsin.example.com", self.clock)
        self._thinking.machines = scene.machines
        self._thinking.runner = scene.runner
        self._thinking._worker = scene.worker
        self._thinking.directory = _Everybody()  # type: ignore[assignment]
        self.reach()._transports = [_People(scene)]

    def thinking(self) -> Thinking:
        """See the base; it is not made anew, since what a scenario's responders have taught is in memory."""
        assert self._thinking is not None
        return self._thinking

    def call(self, service: Service, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """`tocsin.aws.calls.Calls`."""
        return self.scene.call(service, action, given)

    def told(self, record: Mapping[str, Any]) -> Outgoing | Wake | None:
        """`Stream`; the scenario hears of wake-ups, too."""
        found = self.scene.store.told(record)
        if isinstance(found, Wake):
            self.scene.wakes(found)
        return found

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """`Stream`."""
        return self.scene.store.still(outgoing)


class _Store:
    """That of the scenario which is being played."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the port.
        return getattr(self._functions.scene.store, name)


class _Everybody:
    def ways(self, receiver: str) -> Sequence[Way]:
        return (Way(CHANNEL, receiver),)


class _People:
    """Everybody hears everything."""

    name = CHANNEL

    def __init__(self, scene: FunctionsRuntime) -> None:
        self._scene = scene

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        del address
        return self._scene.deliver(jobs)


def heard(table: str) -> Iterator[Sequence[dict[str, Any]]]:
    """What the stream of *table* has told since it was asked last, as an event source mapping asks it."""
    client = boto3.client("dynamodbstreams")
    (stream,) = client.list_streams(TableName=table)["Streams"]
    (shard,) = client.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    iterator = client.get_shard_iterator(
        StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while True:
        answer = client.get_records(ShardIterator=iterator)
        iterator = answer["NextShardIterator"]
        yield answer["Records"]


def _received(name: str, now: Instant) -> dict[str, Any]:
    return {"at": now, "channel": CHANNEL, "key": "", "head": "", "body": base64.b64encode(name.encode()).decode()}
