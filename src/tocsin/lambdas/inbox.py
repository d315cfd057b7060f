"""The inbox function: takes a batch of the queue, has all of it stored, and handles it in one go for each aggregate.

Died before it was stored: no message is deleted, and all come again. Died after: they come again as well, are stored a
second time under the same number, and count once. What fails is told message by message, so that only that comes again.
What nobody can read never fails: it is stored, and becomes an alert of its own.

Tasks of Step Functions call it too, as the functions that workflows find here: `tocsin-ask`, `tocsin-announce`.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, assert_never

from msgspec.structs import replace

from tocsin.aws.calls import AwsError
from tocsin.engine.ports import Delivery, Received
from tocsin.engine.runner import Outcome
from tocsin.lambdas import messages
from tocsin.lambdas.entering import Again, Entering
from tocsin.lambdas.processes import handling
from tocsin.wiring.serverless import TROUBLES, Thinking
from tocsin.wiring.serverless_process import Process

TALKED: Final = frozenset({"slack"})  # Channels whose people say more than verbs.

log = logging.getLogger(__name__)


def take(running: Process, records: Sequence[Mapping[str, Any]]) -> set[str]:
    """Handle *records*; the ids of those that must come again."""
    try:
        thinking = running.thinking()
    except TROUBLES as problem:
        log.error("nothing can be handled now", extra={"problem": str(problem)})  # noqa: TRY400 - a known trouble.
        return {str(each.get("messageId")) for each in records}
    return _Batch(running, thinking).take(records)


class _Batch:
    """One invocation."""

    def __init__(self, running: Process, thinking: Thinking) -> None:
        self._running = running
        self._thinking = thinking
        self._failed: set[str] = set()
        self._settled: set[str] = set()
        self._came: list[tuple[str, Received]] = []
        self._due: dict[str, list[str]] = {}
        self._stored: dict[str, str] = {}

    def take(self, records: Sequence[Mapping[str, Any]]) -> set[str]:
        entering = self._running.part("entering", lambda: Entering(self._running, self._thinking))
        for record in records:
            name = str(record.get("messageId"))
            try:
                self._sort(name, messages.read(record, self._thinking.clock()), entering)
            except (*TROUBLES, AwsError) as problem:
                self._fail([name], problem)
        entering.keep()
        with self._thinking.hearing(self._on_settled):
            self._handle()
        return self._failed

    def _sort(self, name: str, message: messages.Message, entering: Entering) -> None:
        match message:
            case messages.Due(aggregate):
                self._due.setdefault(aggregate, []).append(name)
            case messages.Stored(delivery):
                found = self._thinking.store.delivery(delivery)
                if found is not None:
                    self._stored[found.id] = name
                    self._thinking.add([found])
            case messages.Ask(question, token, execution):
                self._running.asking().ask(question, token, execution)
            case messages.Own(received):
                if received.channel in TALKED:
                    self._running.talk().hear(received)
                else:
                    self._came.append((name, received))
            case messages.FromTopic(received, topic):
                self._came.append((name, replace(received, key=entering.integration(topic))))
            case messages.FromGateway():
                admitted = entering.admit(message)
                if isinstance(admitted, Again):
                    self._failed.add(name)
                elif admitted is not None:
                    self._came.append((name, admitted))
            case _:
                assert_never(message)

    def _handle(self) -> None:
        if self._came:
            try:
                ids = self._thinking.accept([received for _, received in self._came])
            except TROUBLES as problem:
                self._fail((name for name, _ in self._came), problem)
                return
            self._stored |= {found: name for found, (name, _) in zip(ids, self._came, strict=True)}
        try:
            self._thinking.drain()
        except TROUBLES as problem:
            self._fail((name for found, name in self._stored.items() if found not in self._settled), problem)
        try:
            self._tick()
        except TROUBLES as problem:
            self._fail((name for names in self._due.values() for name in names), problem)

    def _tick(self) -> None:
        broken = self._thinking.tick(list(self._due)) if self._due else ()
        if broken:  # They stay due, and the sweep says so.
            log.error("aggregates cannot be woken", extra={"aggregates": list(broken)})
        self._thinking.drain()

    def _fail(self, names: Iterable[str], problem: Exception) -> None:
        failed = set(names) - self._failed
        self._failed |= failed
        if failed:
            log.warning("messages come again", extra={"messages": len(failed), "problem": str(problem)})

    def _on_settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        del note, outcomes
        self._settled.add(delivery.id)


def call(running: Process, event: Any) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
    """What a task of Step Functions is answered that calls one of our functions.

    A question that cannot be asked now is put into the queue, since its task may not try again. What else fails is
    raised under the name by which the workflow catches it: Lambda tells the name of the exception's class.
    """
    asking = importlib.import_module("tocsin.wiring.serverless_asking")
    thinking = running.thinking()
    wanted = asking.called(event)
    try:
        answer = running.asking().call(wanted)
    except asking.Failure as failure:
        raise type(failure.error, (Exception,), {})(failure.cause) from None
    except (*TROUBLES, AwsError):
        if wanted.function != asking.ASK:
            raise
        running.hand_over({"ask": wanted.payload, "token": wanted.payload["token"], "execution": wanted.execution})
        return {}
    thinking.drain_if_possible()
    return answer


def _take(running: Process, event: Any) -> Any:  # noqa: ANN401 - JSON of AWS, both ways.
    if "function" in event:
        return call(running, event)
    failed = take(running, event.get("Records", ()))
    return {"batchItemFailures": [{"itemIdentifier": name} for name in sorted(failed)]}


handler = handling(_take)
