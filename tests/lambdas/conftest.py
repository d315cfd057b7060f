"""The world of each test, and its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lambdas.world import World
from tocsin.lambdas import processes
from tocsin.testing.fake_slack import FakeSlack


@pytest.fixture
def world() -> Iterator[World]:
    with FakeSlack() as slack:
        made = World(slack)
        yield made
        made.life.left = None
        made.running.forget()
        processes.use(None)
