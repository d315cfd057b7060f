"""Where scenarios are played: in memory, on SQLite, and by the functions of the stack on a table of ministack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.aws.cloud import logged_in, ministack
from tests.dynamo.tables import Tables
from tests.serverless.functions import Functions, FunctionsRuntime
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.memory import MemoryStore
from tocsin.testing.scenario import Runtime, Scenario
from tocsin.testing.scenario_runtime import StoreRuntime

Stage = Callable[[Scenario], AbstractContextManager[Runtime]]
"""An empty stage for a scenario."""


@contextmanager
def memory(scenario: Scenario) -> Iterator[Runtime]:
    yield StoreRuntime(MemoryStore(), scenario.duties, scenario)


def sqlite(folder: Path) -> Stage:
    numbers = count()

    @contextmanager
    def play(scenario: Scenario) -> Iterator[Runtime]:
        store = SqliteStore(folder / f"{next(numbers)}.db")
        try:
            yield StoreRuntime(store, scenario.duties, scenario)
        finally:
            store.close()

    return play


@contextmanager
def aws(log: Path) -> Iterator[Stage]:
    """Ministack, while the context lasts."""
    pytest.importorskip("ministack", reason="the functions are played on ministack")
    with ministack(log) as url, logged_in(url):
        tables, functions = Tables(), Functions()

        @contextmanager
        def play(scenario: Scenario) -> Iterator[Runtime]:
            store = tables.store(threads=0)  # One request after the other: both ends share two processors.
            try:
                runtime = FunctionsRuntime(functions, store, scenario)
                yield runtime
                runtime.check()
            finally:
                store.close()

        yield play
