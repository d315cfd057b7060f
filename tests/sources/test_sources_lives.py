"""What becomes of a whole life, sender by sender, in files that people can review; UPDATE=1 rewrites them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest

from tests.sources import bodies
from tests.sources.known import known_sources
from tests.sources.life_rows import LIVES
from tests.sources.living import START, Life, World, at, played, steps
from tocsin.incidents.alerts import Kind
from tocsin.sources import formats, read
from tocsin.sources.reading import Hints, Reader, Reading
from tocsin.testing.memory import MemoryStore

FILES = Path(__file__).with_name("lives")

WITHOUT_A_LIFE = {
    "tocsin": "what Tocsin itself says of a delivery that nobody could read",
    "unknown": "what is no format at all: it is read as a problem",
    "webhook": "says nothing about the format; the body does",
}


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.name)
def test_a_sender_lives_as_its_file_tells(life: Life) -> None:
    told = played(life)
    path = FILES / f"{life.name}.txt"
    if os.environ.get("UPDATE"):
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("life", [life for life in LIVES if life.timed and life.resolves], ids=lambda life: life.name)
def test_whatever_the_order_what_is_over_is_over(life: Life) -> None:
    assert life.resolves is not None
    first = life.fires(at(0))
    later = [(life.changes or life.fires)(at(3)), life.resolves(at(6)), life.fires(at(8)), life.resolves(at(10))]
    for order in permutations(later):
        twice = [said for said in (first, *order) for _ in range(2)]
        with closing(MemoryStore()) as store:
            world = World(store)
            told: list[str] = []
            for minute, said in enumerate(twice, start=11):
                list(world.until(at(minute)))
                told += world.deliver(said)[1]
            asking = [each for each in world.incidents(live_only=True).values() if each.kind is Kind.ALERT]
            assert not asking, told
            assert sum("page ada" in line for line in told) <= 2, told


def test_every_file_is_a_life() -> None:
    names = [life.name for life in LIVES]
    assert sorted(names) == sorted(path.stem for path in FILES.iterdir())


def test_every_source_has_a_life() -> None:
    known = known_sources()
    assert {"cloudwatch", "uptime-kuma", "grafana", "json", "ping"} <= known, "the words are not found any more"
    lacking = known - {life.source for life in LIVES} - WITHOUT_A_LIFE.keys()
    assert not lacking, "a row in one of the tables of lives is missing"


@pytest.mark.parametrize("form", sorted(formats._BY_FORM.keys() - WITHOUT_A_LIFE))
def test_every_format_that_an_address_names_has_a_life(form: str) -> None:
    reader = formats._BY_FORM[form]
    assert any(found is not None and found.source == life.source for life, found in read_by(reader))


def test_what_a_life_says_leaves_no_problem() -> None:
    for life in LIVES:
        for step in steps(life):
            found = read(step.said.headers, step.said.raw, received_at=START)
            assert not found.problems or step.said.channel != "in", f"{life.name}, {step.told}: {found.problems}"


def read_by(reader: Reader) -> Iterator[tuple[Life, Reading | None]]:
    """What *reader* makes of the first word of every life that is told in one object."""
    for life in LIVES:
        said = life.fires(bodies.NOW)
        event = read(said.headers, said.raw, received_at=START).event
        if isinstance(event, dict) and said.channel == "in":
            yield life, reader(event, Hints(received_at=START))
