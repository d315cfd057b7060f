"""What the tests of the console begin with: one server for a file, and a world of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.console_world import Stage, Visitor, World, staged


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def world(stage: Stage) -> World:
    return stage.play(World())


@pytest.fixture
def ada(stage: Stage, world: World) -> Visitor:
    return _entered(stage, world, "ada")


@pytest.fixture
def bob(stage: Stage, world: World) -> Visitor:
    return _entered(stage, world, "bob")


def _entered(stage: Stage, world: World, name: str) -> Visitor:
    visitor = Visitor(stage.port)
    visitor.enter(world.link(name))
    return visitor
