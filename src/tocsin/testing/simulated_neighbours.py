"""The machines beside the incidents, in a simulated world: silences and senders that answer at random, all they may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

import msgspec

from tocsin.engine.ports import ONCE, Delivered, DeliveryResult, Job, Outgoing, Postponed, Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.closing import CLOSED
from tocsin.incidents.inputs import Lapsed, Muted, Unmuted
from tocsin.incidents.marks import Marks
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.testing.faults import CrashError, Faults

CHANNEL: Final = "machine"
INHIBITION: Final = "inhibit/rule/1"
STORM: Final = "storm/ops/1"
SILENCES: Final = {
    "s": MuteKind.SILENCE,
    "t": MuteKind.SILENCE,
    INHIBITION: MuteKind.INHIBITION,
    STORM: MuteKind.STORM,
}

Told = Lapsed | Muted | Unmuted

_KINDS: Final[dict[str, type[Told]]] = {kind.__name__: kind for kind in (Lapsed, Muted, Unmuted)}


def some_mute(random: Random, now: Instant) -> Mute:
    """A silence, an inhibition or a storm that is over, soon over, or not so soon."""
    name = random.choice((*SILENCES, STORM))
    return Mute(silence=name, by=name, until=now + random.choice((-1, MINUTE, HOUR)), kind=SILENCES[name])


def marks_of(key: str) -> Marks:
    """One alert inhibits the others."""
    return Marks(mutes=(INHIBITION,)) if key == "disk" else Marks(mutable=(INHIBITION,))


def some_word(random: Random, dedup_key: str, now: Instant, known: Mute | None) -> Told:
    """What a silence may say at any time of an alert that *known* mutes."""
    if random.random() < (0.2 if known else 0.6):  # more begin than are ended early, and what is known ends.
        return Muted(dedup_key=dedup_key, mute=some_mute(random, now))
    instead = some_mute(random, now) if random.random() < 0.3 else None  # noqa: PLR2004
    name = known.silence if known is not None else random.choice(list(SILENCES))
    return Unmuted(silence=name, dedup_key=dedup_key, instead=instead)


def written(incident: str, told: Told, now: Instant, once: str = "") -> Received:
    """The delivery that carries *told* to *incident*."""
    body = json.encode({"incident": incident, "kind": type(told).__name__, "told": told})
    head = f"{ONCE}: {once}".encode() if once else b""
    return Received(received_at=now, channel=CHANNEL, key="default", head=head, body=body)


def read(document: dict[str, Any]) -> tuple[str, Told]:
    """The incident, and what it is told."""
    return document["incident"], msgspec.convert(document["told"], _KINDS[document["kind"]])


class Neighbours:
    """`tocsin.engine.ports.Transport` to them. They answer or not, and die like everybody."""

    name = CHANNEL

    def __init__(
        self, random: Random, faults: Faults, accept: Callable[[Received], object], clock: Callable[[], Instant]
    ) -> None:
        """*accept* stores what they say; when *faults* are healed they say nothing more."""
        self._random = random
        self._faults = faults
        self._accept = accept
        self._clock = clock

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:  # noqa: ARG002 - the port's.
        """See the port."""
        return [self._one(job.outgoing) for job in jobs]

    def _one(self, outgoing: Outgoing) -> DeliveryResult:
        try:
            if not self._faults.healed:
                self._hear(outgoing)
        except StoreUnavailableError as problem:
            return Postponed(problem.message, counts=False)
        return Delivered()

    def _hear(self, outgoing: Outgoing) -> None:
        if outgoing.facts["what"] == CLOSED:
            return  # A history only listens.
        now, roll = self._clock(), self._random.random()
        if roll < 0.5:  # noqa: PLR2004 - half of the questions are answered.
            facts = outgoing.facts
            told: Told = Unmuted(silence=facts.get("silence", ""))
            if facts["what"] == "expired":
                told = Lapsed(dedup_key=facts["dedup_key"], expires_at=facts["expires_at"])
            self._accept(written(outgoing.aggregate, told, now, outgoing.id))
        if roll < 0.02:  # noqa: PLR2004
            raise CrashError
