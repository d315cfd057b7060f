"""The queues that the settings name, each with its dead-letter queue: who reads them, and who hears of trouble."""

from __future__ import annotations

import importlib
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tocsin.aws.addresses import Address, dead_letters, is_named, parse
from tocsin.aws.consumer import FINISH_SECONDS, Consumer, Queue
from tocsin.aws.messages import Message, QueueError, delivery
from tocsin.aws.outage import Outage, Tell
from tocsin.engine.ports import Received, Records
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_instant
from tocsin.wiring.addressing import SELF
from tocsin.wiring.settings import Settings

Connect = Callable[[Address, str | None], Queue]

_RECORD: Final = "queue-trouble"  # Of each alert that we have sent of a queue, so that the next process ends it.

log = logging.getLogger(__name__)


def installed() -> Connect:
    """What opens queues. Raises TocsinError if the SDK of AWS is not there."""
    try:
        found: Connect = importlib.import_module("tocsin.aws.queue").connect
    except ModuleNotFoundError as problem:
        raise TocsinError(
            "aws-missing", 'tocsin[aws] is not installed, and a queue is configured: pip install "tocsin[aws]"'
        ) from problem
    return found


class Queues:
    """All the readers of queues."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], Instant],
        accept: Callable[..., None],
        records: Records,
        *,
        connect: Connect | None = None,
    ) -> None:
        """*accept* stores deliveries, all or none, durably, or raises StoreUnavailableError.

        Raises TocsinError if there are queues and the SDK of AWS is not installed.
        """
        self._clock = clock
        self._accept = accept
        self._records = records
        self._roles: dict[str, str | None] = {}
        self._sources: dict[Address, str] = {}
        self._consumers: dict[str, Consumer] = {}
        self._ended = False
        self._lock = threading.Lock()
        configured = [(name, each) for name, found in settings.integrations.items() for each in found.queues]
        self._connect = connect or (installed() if configured else _nowhere)
        for name, each in configured:
            address = parse(each.url)
            assert address is not None, "the settings were checked"
            self._sources[address] = name
            self._roles[each.url] = each.role
            self._consumers[each.url] = self._reader(address, look=each.dead_letters is None)
        for _, each in configured:
            if each.dead_letters is not None and each.dead_letters not in self._consumers:
                letters = parse(each.dead_letters)
                assert letters is not None, "the settings were checked"
                self._consumers[letters.url] = self._consumer(letters, of=parse(each.url))

    def start(self) -> None:
        """Begin to read."""
        for consumer in list(self._consumers.values()):
            consumer.start()

    def stop(self) -> None:
        """Take in nothing more, and finish what is at hand; polls on their way are left alone."""
        with self._lock:
            self._ended = True
            consumers = list(self._consumers.values())
        for consumer in consumers:
            consumer.end()
        deadline = time.monotonic() + FINISH_SECONDS
        for consumer in consumers:
            consumer.stop(max(deadline - time.monotonic(), 0.0))

    def _reader(self, address: Address, *, look: bool) -> Consumer:
        return self._consumer(address, found=(lambda arn: self._found(address, arn)) if look else None)

    def _found(self, source: Address, arn: str) -> None:
        """A queue has this dead-letter queue: it is read too, unless it is already, as that of another may be."""
        address = dead_letters(source, arn)
        if address is None:
            log.warning("a dead-letter queue is elsewhere, and is not read", extra={"queue": source.name, "arn": arn})
            return
        with self._lock:
            if self._ended or address.url in self._consumers:
                return
            consumer = self._consumers[address.url] = self._consumer(address, of=source)
        log.info("the dead-letter queue of a queue is read too", extra={"queue": source.name, "found": address.name})
        consumer.start()

    def _consumer(
        self, address: Address, *, of: Address | None = None, found: Callable[[str], None] | None = None
    ) -> Consumer:
        """The reader of *address*; *of*: the queue whose dead letters lie there."""
        role = self._roles[(of or address).url]
        return Consumer(
            address.name,
            lambda: self._connect(address, role),
            lambda messages: self._store(address, of, messages),
            reading=self._outage(address, "read", minor=of is not None),
            emptying=self._outage(address, "emptied", minor=of is not None),
            clock=self._clock,
            chance=random.random,
            found=found,
        )

    def _store(self, address: Address, of: Address | None, messages: Sequence[Message]) -> None:
        now = self._clock()
        self._accept(*(self._delivery(address, of, each, now) for each in messages))

    def _delivery(self, address: Address, of: Address | None, found: Message, now: Instant) -> Received:
        """One dead-letter queue may be that of many queues: the message itself knows whose it is."""
        source = next((each for each in self._sources if found.origin and is_named(each, found.origin)), of or address)
        return delivery(
            found,
            queue=address.name,
            origin=source.name if source != address else "",
            integration=self._sources[source],
            now=now,
        )

    def _outage(self, address: Address, deed: str, *, minor: bool) -> Outage:
        return Outage(address.name, deed, self._clock, self._teller(address, deed, minor=minor))

    def _teller(self, address: Address, deed: str, *, minor: bool) -> Tell:
        name = f"{deed}/{address.url}"

        def tell(problem: QueueError | None, since: Instant) -> None:
            """The alert comes before its record: told twice it merges, told never it would be lost."""
            told = self._records.record(_RECORD, name) is not None
            if told is (problem is not None):
                return
            self._accept(queue_report(address, deed, problem, since, self._clock(), minor=minor))
            if problem is not None:
                self._records.put_record(_RECORD, name, {"since": since})
            else:
                self._records.take_record(_RECORD, name)

        return tell


def queue_report(
    address: Address, deed: str, problem: QueueError | None, since: Instant, now: Instant, *, minor: bool = False
) -> Received:
    """The alert that a queue cannot be *deed* (`read`, `emptied`) since then; None: that it can again.

    *minor*: only what others failed to take lies there.
    """
    body: Mapping[str, json.Json] = {
        "title": f"queue {address.name} {_title(deed, problem)}",
        "description": _description(address, deed, problem, since),
        "status": "firing" if problem else "resolved",
        "severity": "warning" if minor else "high",
        "dedup_key": f"queue/{deed}/{address.url}",
        "account": address.account,
        "region": address.region,
        "resource": address.url,
    }
    return Received(received_at=now, channel="in", key=SELF, head=b"", body=json.encode(body))


def _title(deed: str, problem: QueueError | None) -> str:
    return f"cannot be {deed}: {problem.code}" if problem else f"can be {deed} again"


def _description(address: Address, deed: str, problem: QueueError | None, since: Instant) -> str:
    if problem is None:
        return f"{address.url} works again."
    what = (
        "What senders put there does not come here; the queue keeps it for its retention, and we go on trying."
        if deed == "read"
        else "What was taken from there is stored here, and stays there too: nothing is lost, nor counted twice."
    )
    return " ".join(filter(None, (f"{address.url}: {problem.meaning}", what, f"Since {format_instant(since)}.")))


def _nowhere(address: Address, role: str | None) -> Queue:
    raise AssertionError(f"no queue is configured, yet {address.url} ({role}) is read")
