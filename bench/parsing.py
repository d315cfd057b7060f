"""What reading costs: alerts a second on one core, format by format, beside the bare `json.loads` of the same bytes."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from bench.figures import Figure, Result, number, paired_ratio, spread
from tests.sources import bodies
from tests.sources.life_rows import LIVES
from tests.sources.living import Said
from tocsin.incidents.alerts import Alert
from tocsin.kernel import json as our_json
from tocsin.sources import Reading, opsgenie, opsgenie_requests, pings, prometheus, read

ROUNDS: Final = 7
SECONDS: Final = 0.02  # Of processor time for one format in one round.
BATCH: Final = 100

_JSON: Final = {"content-type": "application/json"}


class Sample(msgspec.Struct, frozen=True):
    """A body as its sender writes it, with *alerts* in it, and its *reader*. *structured*: it is JSON."""

    name: str
    reader: Callable[[], object]
    body: bytes
    alerts: int
    structured: bool


def measure(_: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds, seconds = (3, SECONDS / 10) if quick else (ROUNDS, SECONDS)
    found = [(sample, *measured(sample, rounds, seconds)) for sample in samples()]
    notes = [
        f"Medians of {rounds} rounds of {seconds * 1000:.0f} ms of one core's time for each format.",
        "In brackets the range; the ratio is the median of the ratios of neighbours.",
    ]
    return Result(
        name="parsing",
        figures=tuple(figure(*each) for each in found),
        notes=tuple(notes),
        peer="`json.loads` alone",
    )


def figure(sample: Sample, ours: list[float], theirs: list[float]) -> Figure:
    """The line of one format."""
    if not theirs:
        return Figure(name=sample.name, tocsin=spread(ours))
    ratio = number(paired_ratio(ours, theirs), 2)
    return Figure(name=sample.name, tocsin=spread(ours), other=spread(theirs), ratio=ratio)


def measured(sample: Sample, rounds: int, seconds: float) -> tuple[list[float], list[float]]:
    """Alerts a second of ours, round by round, and of `json.loads`, each right after the other."""

    def theirs() -> object:
        return json.loads(sample.body)

    gc.collect()
    ways = (sample.reader, theirs) if sample.structured else (sample.reader,)
    counts = [calls(way, seconds) for way in ways]
    rates: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for way, count, found in zip(ways, counts, rates, strict=False):
            found.append(count * sample.alerts / spent(way, count))
    return rates


def calls(way: Callable[[], object], seconds: float) -> int:
    """How often *way* can be called in *seconds*, roughly."""
    count = 1
    while (cost := spent(way, count)) < seconds / 8:
        count *= 2
    return max(1, round(count * seconds / cost))


def spent(way: Callable[[], object], count: int) -> float:
    """The seconds of processor time that *count* calls take: what others do meanwhile does not count."""
    gc.disable()
    try:
        began = time.process_time()
        for _ in range(count):
            way()
        return max(time.process_time() - began, 1e-9)
    finally:
        gc.enable()


def samples() -> Iterator[Sample]:
    """The first word of every life in the tests, and a hundred alerts in one body where a format has batches."""
    said = {life.name: life.fires(bodies.NOW) for life in LIVES}
    for name, one in said.items():
        match one.channel:
            case "in":
                yield sample(name, one)
            case opsgenie_requests.CHANNEL:
                yield Sample(name, partial(opsgenie_alert, one), one.raw, 1, structured=True)
            case "ping":
                reader = partial(pings.read, one.headers["x-tocsin-path"], "", one.raw)
                yield Sample(name, reader, one.raw, 1, structured=False)
            case _:
                yield Sample(name, partial(alertmanager_alerts, one), one.raw, 1, structured=True)
    for name, one in batches():
        yield sample(f"{name}, {BATCH} in one body", one)


def batches() -> Iterator[tuple[str, Said]]:
    """Those formats that have them."""
    names = [f"db-{place}:9100" for place in range(BATCH)]
    yield "alertmanager", Said(bodies.group(*map(bodies.member, names)), _JSON)
    members = [{**bodies.grafana_member(), "fingerprint": name} for name in names]
    yield "grafana", Said(bodies.grafana_group(*members), _JSON)
    yield "prometheus", Said([bodies.posted(name) for name in names], _JSON)
    events = [bodies.cloud_event(subject=name, id=name) for name in names]
    yield "cloudevents", Said(events, {"content-type": "application/cloudevents-batch+json"})
    yield "json", Said([{"title": "Disk full", "host": name, "severity": "warning"} for name in names], _JSON)


def opsgenie_alert(said: Said) -> Alert:
    """What Opsgenie's API reads."""
    asked = opsgenie_requests.asked(said.headers[opsgenie_requests.METHOD], "", said.raw)
    assert isinstance(asked, opsgenie_requests.Write), asked
    return opsgenie.alert(asked.body, asked.target.name)


def alertmanager_alerts(said: Said) -> Reading:
    """What Alertmanager's API reads."""
    return prometheus.posted(our_json.decode(said.raw), bodies.NOW)


def sample(name: str, said: Said) -> Sample:
    """What was *said*, with the number of the alerts in it."""
    reader = partial(read, said.headers, said.raw, received_at=bodies.NOW)
    found = reader()
    assert found.alerts, name
    assert not found.problems, name
    return Sample(name, reader, said.raw, len(found.alerts), said.raw[:1] in b"{[" and bool(said.raw))
