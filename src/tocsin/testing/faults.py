"""A store that fails as the world does: before or after it has done its work, with stale answers and lost races."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final

from tocsin.engine.ports import Commit, CommitResult, Store, Stored
from tocsin.errors import StoreUnavailableError

WRITES: Final = frozenset({"accept", "settle", "commit", "confirm", "postpone"})
READS: Final = frozenset({"backlog", "find", "load", "seen", "due", "pending", "receipts", "delivery"})


class CrashError(BaseException):
    """The process dies here; whatever it held in memory is gone. Nothing may catch it."""


class Faults:
    """How likely what goes wrong, for each call of the store; all zero heals it."""

    def __init__(
        self, *, crash: float = 0.0, unavailable: float = 0.0, conflict: float = 0.0, stale: float = 0.0
    ) -> None:
        """Probabilities in [0, 1]. *crash* and *unavailable* strike half before and half after the work was done."""
        self.crash = crash
        self.unavailable = unavailable
        self.conflict = conflict
        self.stale = stale

    @property
    def healed(self) -> bool:
        """Whether nothing goes wrong any more."""
        return not (self.crash or self.unavailable or self.conflict or self.stale)

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self.crash = self.unavailable = self.conflict = self.stale = 0.0


class FaultyStore:
    """Wraps a store; the same port, with trouble in it."""

    def __init__(self, inner: Store, random: Random, faults: Faults, *, loads_lag: bool = True) -> None:
        """*faults* may be changed at any time.

        *loads_lag* False: `load` is as new as the port promises to who has asked `pending` before.
        """
        self.inner = inner
        self.faults = faults
        self.stale_loads = 0
        self._loads_lag = loads_lag
        self._random = random
        self._older: dict[str, Stored] = {}
        self._due_before: Sequence[str] = ()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method of the port, in trouble."""
        work = getattr(self.inner, name)
        if name not in WRITES and name not in READS:
            return work  # type: ignore[no-any-return]

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any method of the port.
            self._strike()
            result = self._changed(name, work, args, kwargs)
            self._strike()
            return result

        return call

    def _changed(self, name: str, work: Callable[..., Any], args: Any, kwargs: Any) -> Any:  # noqa: ANN401 - as above.
        if name == "commit":
            return self._commit(*args)
        if name == "load" and self._loads_lag:
            return self._load(work(*args))
        if name == "due":
            return self._due(work(*args))
        return work(*args, **kwargs)

    def _commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        """Some lose a race that nobody else ran."""
        return [
            CommitResult.CONFLICT if self._happens(self.faults.conflict) else self.inner.commit([commit])[0]
            for commit in commits
        ]

    def _load(self, found: Mapping[str, Stored]) -> Mapping[str, Stored]:
        answer = {}
        for name, stored in found.items():
            old = self._older.get(name, stored)
            if old is not stored and self._happens(self.faults.stale):
                self.stale_loads += 1
                answer[name] = old
            else:
                answer[name] = self._older[name] = stored
        return answer

    def _due(self, found: Sequence[str]) -> Sequence[str]:
        """An index that lags says again what it has said before: too little, and what is not due any more."""
        before, self._due_before = self._due_before, found
        return before if self._happens(self.faults.stale) else found

    def _strike(self) -> None:
        if self._happens(self.faults.crash / 2):
            raise CrashError
        if self._happens(self.faults.unavailable / 2):
            message = "the disk has gone for a walk"
            raise StoreUnavailableError(message)

    def _happens(self, chance: float) -> bool:
        return bool(chance) and self._random.random() < chance
