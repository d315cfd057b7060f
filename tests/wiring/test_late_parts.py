"""What is loaded later goes by names that stand elsewhere: they are the same."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from tests.sources.test_sources_table import HINTS
from tocsin.engine.ports import Delivered, DeliveryResult, Job
from tocsin.kernel import later
from tocsin.kernel.machine import Machine
from tocsin.sources import detection, email, formats, opsgenie_requests
from tocsin.sources.reading import Reading
from tocsin.wiring import machines, transports, understanding
from tocsin.wiring.late_transport import LateTransport


def test_each_machine_has_the_name_that_it_goes_by() -> None:
    for machine in machines.machines():
        if isinstance(machine, machines._Later):
            made = machine._make()
            assert made.name == machine.name


def test_a_machine_is_made_when_it_is_first_asked() -> None:
    made: list[object] = []

    def counted() -> Machine[Any, Any]:
        made.append(make())
        return make()

    (rule,) = (each for each in machines.machines() if each.name == "rule")
    assert isinstance(rule, machines._Later)
    make = rule._make
    rule._make = counted
    assert rule.name == "rule"
    assert not made
    assert rule.wanted(None, None) in {True, False}
    assert rule.wanted(None, None) in {True, False}
    assert len(made) == 1


def test_every_reader_of_the_tables_is_there() -> None:
    rows = [*formats._BY_FORM.values(), *(row for _, row in formats._BY_HEADER), *(row for _, row in formats._BY_NAMES)]
    for reader in rows:
        with suppress(KeyError):  # It is not one of its own.
            found = reader({"title": 5}, HINTS)
            assert found is None or isinstance(found, Reading)


def test_constants_of_what_is_loaded_later_are_the_same() -> None:
    assert detection.MAIL_MEDIA_TYPE == email.MEDIA_TYPE
    assert understanding.OPSGENIE == opsgenie_requests.CHANNEL


def test_every_module_that_is_named_is_there() -> None:
    for name in (*later._KNOWN, *transports.WAYS):
        if name.startswith("tocsin."):
            importlib.import_module(name)


@pytest.mark.parametrize("name", ["teams", "slack_chat"])
def test_the_ways_of_the_settings_are_loaded(name: str) -> None:
    assert f"tocsin.wiring.{name}" in transports.WAYS


class Way:
    name = "way"

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        del address
        return [Delivered()] * len(jobs)


def test_a_way_is_made_by_its_first_message() -> None:
    made: list[Way] = []

    def make() -> Way:
        made.append(Way())
        return made[-1]

    way = LateTransport("way", make)
    assert (way.name, made) == ("way", [])
    assert way.deliver("a", []) == way.deliver("b", []) == []
    assert len(made) == 1
