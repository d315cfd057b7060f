"""What runs leave beside their states, and what goes with them: tokens that nobody answered, jobs, old definitions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from tocsin.engine.ports import Store
from tocsin.executions.machine import ExecutionMachine
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.wiring.tasks import ACTIVITY, JOB, TOKEN
from tocsin.wiring.workflows import DEFINITION

PAGE: Final = 200


class _Kept(msgspec.Struct):
    definition: str


_DECODER: Final = msgspec.json.Decoder(_Kept)


def forget(store: Store, used: Collection[str]) -> int:
    """Forget what belongs to no run any more; how much. *used*: definitions that new runs begin with.

    Raises StoreUnavailableError.
    """
    forgotten = 0
    for kind in (TOKEN, JOB, ACTIVITY):
        found = {name: _run(document) for name, document in store.records(kind).items()}
        there = _there(store, set(found.values()))
        gone = [name for name, run in found.items() if run not in there]
        forgotten += sum(store.take_record(kind, name) is not None for name in gone)
    old = {name for name in store.records(DEFINITION) if name not in used}
    for name in _unused(store, old):
        forgotten += store.take_record(DEFINITION, name) is not None
    return forgotten


def _run(document: Json) -> str:
    return str(document.get("run")) if isinstance(document, Mapping) else ""


def _there(store: Store, runs: Iterable[str]) -> set[str]:
    names = sorted(runs)
    return {name for start in range(0, len(names), PAGE) for name in store.load(names[start : start + PAGE])}


def _unused(store: Store, old: set[str]) -> set[str]:
    """Those of *old* that no run keeps; runs are read page by page, and only as long as one is in doubt."""
    before: tuple[Instant, str] | None = None
    while old:
        page = store.listing(ExecutionMachine.name, live_only=False, limit=PAGE, before=before)
        old = old - {_DECODER.decode(row.state).definition for row in page}
        if len(page) < PAGE:
            break
        last = ExecutionMachine().decode(page[-1].state)
        before = last.execution.started_at, page[-1].id
    return old
