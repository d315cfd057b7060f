"""The engine's thread: works off the backlog, wakes what is due, keeps the outbox moving, and sleeps between."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

from tocsin.engine.dispatcher import Dispatcher
from tocsin.engine.pace import Pace
from tocsin.engine.ports import Store
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND, Duration, Instant

DUE_MAX: Final = 200  # Ticks of one batch.
SWEEP_EVERY: Final[Duration] = SECOND // 4  # Hints are hints: what another process wrote is found within this time.
TROUBLE_PAUSE: Final[Duration] = SECOND

log = logging.getLogger(__name__)


class Engine:
    """One thread around runner, sweeper and dispatcher."""

    def __init__(
        self,
        store: Store,
        worker: Worker,
        runner: Runner,
        dispatcher: Dispatcher,
        clock: Callable[[], Instant],
        *,
        accepted: Callable[[], int] = lambda: 0,
        answers: Callable[[Instant], int] = lambda _: 0,
    ) -> None:
        """Give it its parts; `start` begins.

        *accepted* counts the deliveries taken in so far: while they pour in, we rest. *answers* handles what effects
        that are under way were answered, and says how many; it may raise StoreUnavailableError.
        """
        self._store = store
        self._worker = worker
        self._runner = runner
        self._dispatcher = dispatcher
        self._clock = clock
        self._accepted = accepted
        self._answers = answers
        self._pace = Pace()
        self._hint = threading.Event()
        self._touched: set[str] = set()
        self._touched_lock = threading.Lock()
        self._next_sweep: Instant = 0
        self._ended = threading.Event()
        self._troubled = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the present step."""
        self._ended.set()
        self._hint.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Something may be waiting: a hint from any thread."""
        self._hint.set()

    def touch(self, receivers: Iterable[str]) -> None:
        """Something may wait for these receivers: a hint from any thread."""
        with self._touched_lock:
            self._touched.update(receivers)
        self._hint.set()

    def step(self) -> bool:
        """One round; whether there may be more to do at once. Raises StoreUnavailableError."""
        now = self._clock()
        handled = self._answers(now) + self._worker.step(now, self._pace.bite)
        sweep = now >= self._next_sweep
        due = 0
        if sweep:
            names = self._store.due(now, DUE_MAX)
            broken = self._runner.tick(names, now) if names else ()
            due = len(names) - len(broken)
            self._dispatcher.step(now)
            if broken:  # They stay due: a sweep at their next wake would be one at once, for ever.
                self._next_sweep = now + TROUBLE_PAUSE
            elif due < DUE_MAX:
                self._next_sweep = self._wake_time(now)
        with self._touched_lock:
            touched, self._touched = self._touched, set()
        if touched or self._dispatcher.waits_since(now):
            self._dispatcher.step(now, touched)
        return bool(handled or due)

    def _wake_time(self, now: Instant) -> Instant:
        candidates = (self._store.next_wake(), self._store.next_attempt(now))
        return min([now + SWEEP_EVERY, *(max(instant, now + 1) for instant in candidates if instant is not None)])

    def _run(self) -> None:
        while not self._ended.is_set():
            self._hint.clear()
            began = time.monotonic()
            try:
                more = self.step()
                if self._troubled:
                    self._troubled = False
                    log.warning("the store works again")
            except StoreUnavailableError as problem:
                if not self._troubled:
                    log.error("the store cannot work", extra={"problem": problem.message})  # noqa: TRY400
                self._troubled = True
                self._ended.wait(TROUBLE_PAUSE / SECOND)  # Hints do not shorten it: they may pour in.
                continue
            except Exception:
                log.exception("the engine stumbled; it goes on")
                self._ended.wait(TROUBLE_PAUSE / SECOND)
                continue
            rest = self._pace.rest(self._accepted(), began, time.monotonic())
            if rest:
                time.sleep(rest)
            elif not more:
                until = min(self._next_sweep, self._dispatcher.next_start() or self._next_sweep)
                self._hint.wait(max(until - self._clock(), 0) / SECOND)
