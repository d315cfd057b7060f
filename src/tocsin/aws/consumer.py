"""Takes the messages of one queue in: stored, then and only then deleted.

    receive ── hidden for 30 s ──► store ──► delete
       ▲                             │ the store is down: kept hidden, stored as soon as it works again
       └── nothing was lost: whatever dies here, a message that was not deleted is seen again by itself

A message that is seen again counts once, since its number names its inputs (`tocsin.engine.ports.ONCE`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from tocsin.aws.messages import HIDDEN_SECONDS, Message, QueueError
from tocsin.aws.outage import Outage
from tocsin.engine import backoff
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant

PAUSE_MAX: Final[Duration] = MINUTE  # Between two attempts at a queue that does not answer.
STORE_PAUSE_MAX: Final[Duration] = 5 * SECOND  # Between two attempts to store what is at hand.
EXTEND_EVERY: Final[Duration] = HIDDEN_SECONDS * SECOND // 3
LOOK_EVERY: Final[Duration] = 10 * MINUTE  # For a dead-letter queue: somebody may have given it one.
FINISH_SECONDS: Final = 2.0  # For what is being stored and deleted when we end.
KNOWN_MAX: Final = 10_000  # Messages that are stored and could not be deleted yet.

log = logging.getLogger(__name__)


class Queue(Protocol):
    """A queue; each call may raise QueueError."""

    def receive(self) -> Sequence[Message]:
        """Wait for messages, some seconds; they are hidden from others for HIDDEN_SECONDS."""
        ...

    def delete(self, messages: Sequence[Message]) -> Mapping[str, str]:
        """Delete; by the id of those that are not deleted, why."""
        ...

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        """Keep them from others for so long from now."""
        ...

    def dead_letters(self) -> str:
        """The ARN of its dead-letter queue, or empty."""
        ...


class Consumer:
    """One thread on one queue. `stop` returns when nothing is half done; it does not wait for the end of a poll."""

    def __init__(
        self,
        name: str,
        connect: Callable[[], Queue],
        store: Callable[[Sequence[Message]], None],
        *,
        reading: Outage,
        emptying: Outage,
        clock: Callable[[], Instant],
        chance: Callable[[], float],
        found: Callable[[str], None] | None = None,
    ) -> None:
        """*store* stores durably, or raises StoreUnavailableError.

        *found* hears the ARN of its dead-letter queue, now and then; None: nobody looks for it.
        """
        self._name = name
        self._connect = connect
        self._store = store
        self._reading = reading
        self._emptying = emptying
        self._clock = clock
        self._chance = chance
        self._found = found
        self._queue: Queue | None = None
        self._attempts = 0
        self._look_at: Instant = 0
        self._look_problem = ""
        self._known: dict[str, None] = {}
        self._ended = threading.Event()
        self._idle = threading.Event()  # Set while nothing is at hand: then we may end.
        self._thread = threading.Thread(target=self._run, name=f"sqs-{name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Take in nothing more. What a poll on its way still brings is given back."""
        self._ended.set()

    def stop(self, seconds: float = FINISH_SECONDS) -> None:
        """End, and wait so long for what is at hand."""
        self.end()
        if self._thread.is_alive() and not self._idle.wait(seconds):
            log.warning("messages at hand are left to the queue, which shows them again", extra={"queue": self._name})

    def step(self) -> None:
        """One round: a poll, and what it brings. Raises QueueError."""
        if self._queue is None:
            self._queue = self._connect()
        self._look(self._queue)
        messages = self._queue.receive()
        # First this, then the question whether we have ended: `stop` sets and asks the other way round.
        self._idle.clear()
        if self._ended.is_set():
            self._give_back(self._queue, messages)
            return
        self._reading.worked()
        self._attempts = 0
        if messages and self._keep(self._queue, messages):
            self._delete(self._queue, messages)

    def _run(self) -> None:
        while not self._ended.is_set():
            pause: Duration = 0
            self._idle.set()
            try:
                self.step()
            except QueueError as problem:
                self._idle.clear()
                if not self._ended.is_set():
                    self._reading.failed(problem)
                pause = self._pause(PAUSE_MAX)
            except Exception:
                log.exception("a queue's reader stumbled; it goes on", extra={"queue": self._name})
                pause = self._pause(PAUSE_MAX)
            self._idle.set()
            self._ended.wait(pause / SECOND)
        self._idle.set()

    def _keep(self, queue: Queue, messages: Sequence[Message]) -> bool:
        """Store what is new; while the store cannot, keep it hidden, so that no try counts against it there."""
        fresh = [each for each in messages if each.id not in self._known]
        attempts, extend_at = 0, self._clock() + EXTEND_EVERY
        while fresh:
            try:
                self._store(fresh)
                break
            except StoreUnavailableError as problem:
                attempts += 1
                if attempts == 1:
                    log.warning(
                        "messages wait in a queue: the store cannot write",
                        extra={"queue": self._name, "problem": problem.message},
                    )
            if self._ended.wait(min(backoff.delay(attempts, self._chance()), STORE_PAUSE_MAX) / SECOND):
                self._give_back(queue, messages)
                return False
            if self._clock() >= extend_at:
                extend_at = self._clock() + EXTEND_EVERY
                self._hide(queue, messages, HIDDEN_SECONDS)
        self._known |= dict.fromkeys(each.id for each in fresh)
        return True

    def _delete(self, queue: Queue, messages: Sequence[Message]) -> None:
        try:
            failed = queue.delete(messages)
        except QueueError as problem:
            failed = {each.id: problem.code for each in messages}
        for each in messages:
            if each.id not in failed:
                self._known.pop(each.id, None)
        while len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]
        if failed:
            self._emptying.failed(QueueError(next(iter(failed.values()))))
        else:
            self._emptying.worked()

    def _give_back(self, queue: Queue, messages: Sequence[Message]) -> None:
        if messages:
            self._hide(queue, messages, 0)

    def _hide(self, queue: Queue, messages: Sequence[Message], seconds: int) -> None:
        """Should it fail, they are seen again a little sooner, or a little later."""
        try:
            queue.hide(messages, seconds)
        except QueueError as problem:
            log.info("the visibility of messages was not changed", extra={"queue": self._name, "problem": problem.code})

    def _look(self, queue: Queue) -> None:
        if self._found is None or self._clock() < self._look_at:
            return
        self._look_at = self._clock() + LOOK_EVERY
        try:
            arn = queue.dead_letters()
        except QueueError as problem:
            if problem.code != self._look_problem:
                log.warning(
                    "whether a queue has a dead-letter queue is not known; `dead_letters` can name it",
                    extra={"queue": self._name, "problem": problem.code},
                )
            self._look_problem = problem.code
            return
        if arn:
            self._found(arn)

    def _pause(self, most: Duration) -> Duration:
        self._attempts += 1
        return min(backoff.delay(self._attempts, self._chance()), most)
