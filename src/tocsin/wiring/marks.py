"""Who mutes whom at present: the marks of all live incidents, as they were last committed.

A source that begins or ends is a single effect of its incident; a lane looks here whom it concerns, and stores one
delivery for each. What an alert is told when it comes in was true a moment ago: so what is inhibited asks here as well.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from tocsin.engine.ports import Job
from tocsin.incidents.alerts import Kind
from tocsin.incidents.inhibition import Inhibition, rule_of
from tocsin.incidents.marks import MUTED_BY, Marks, storm_of
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.wiring.glimpses import Glimpse, Line, Sight


class _Source(msgspec.Struct, frozen=True):
    opened_at: Instant
    title: str


class _Row(msgspec.Struct, frozen=True):
    """An alert of a live incident: *by* is what mutes it, if that is no person; *mutes* and *waits* are its marks."""

    dedup_key: str
    by: str
    mutes: tuple[str, ...]
    waits: tuple[str, ...]


_K = TypeVar("_K")
_V = TypeVar("_V")
_Place: TypeAlias = tuple[str, str]  # An incident, and the dedup key of one of its alerts.


class MarkBook:
    """Written by the engine's thread, read by any."""

    def __init__(self, rules: Sequence[Inhibition]) -> None:
        """*rules* make the marks; those that none of them has made mute nobody any more."""
        self._rules: Mapping[str, Inhibition] = {rule.name: rule for rule in rules}
        self._lock = threading.Lock()
        self._sources: defaultdict[str, dict[str, _Source]] = defaultdict(dict)
        self._waiting: defaultdict[str, dict[_Place, str]] = defaultdict(dict)  # With the mark that mutes it now.
        self._muted: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._known: dict[str, list[_Row]] = {}  # Of incidents that have anything to do with it.

    def seen(self, sights: Iterable[Sight]) -> None:
        """These incidents are so now."""
        with self._lock:
            for sight in sights:
                self._forget(sight.name)
                if sight.incident.live:
                    self._learn(sight.name, sight.incident)

    def active(self, mark: str) -> Mute | None:
        """What whoever waits for *mark* is muted by now: of its sources the one that mutes longest."""
        with self._lock:
            return self._active(mark)

    def mute(self, marks: Iterable[str]) -> Mute | None:
        """What mutes an alert that waits for *marks*: the one that lasts longest."""
        with self._lock:
            found = [mute for mark in marks if (mute := self._active(mark))]
        return max(found, key=lambda mute: mute.until, default=None)

    def concerned(self, job: Job, now: Instant) -> Iterator[dict[str, Json]]:  # noqa: ARG002 - as for silences.
        """The messages that follow from what an incident tells or asks, each to one incident."""
        if job.outgoing.facts["what"] == MUTED_BY:
            mark = str(job.outgoing.facts["silence"])
            if self.active(mark) is None:
                yield self._unmuted(job.outgoing.aggregate, mark)
            return
        assert isinstance(job.state, Incident)
        marks = dict.fromkeys(mark for line in job.state.alerts.values() if line.marks for mark in line.marks.mutes)
        yield from self._begun(marks)
        yield from self._over(mark for mark in marks if storm_of(mark))

    def stale(self) -> Iterator[dict[str, Json]]:
        """The messages to all that are muted by what is not there any more, after a restart."""
        with self._lock:
            marks = list(self._muted)
        yield from self._over(marks)

    def _begun(self, marks: Iterable[str]) -> Iterator[dict[str, Json]]:
        for mark in marks:
            with self._lock:
                mute = self._active(mark)
                places = [place for place, by in self._waiting.get(mark, {}).items() if by != mark]
            for number, (incident, dedup_key) in enumerate(places if mute else ()):
                yield {
                    "what": "muted",
                    "incident": incident,
                    "dedup_key": dedup_key,
                    "mute": msgspec.to_builtins(mute),
                    "part": f"{mark}/{number}",
                }

    def _over(self, storms: Iterable[str]) -> Iterator[dict[str, Json]]:
        """All that is muted by what has no source; of the storms only these: what they hold may be very much."""
        with self._lock:
            marks = {mark: None for mark, muted in self._muted.items() if muted and rule_of(mark) in self._rules}
            marks |= dict.fromkeys(storms)
            over = [mark for mark in marks if not self._present(mark)]
            places = [(incident, mark) for mark in over for incident in self._muted.get(mark, ())]
        for incident, mark in places:
            yield self._unmuted(incident, mark)

    def _unmuted(self, incident: str, mark: str) -> dict[str, Json]:
        """The end of a muting; its alerts may wait for other marks."""
        others: dict[str, Json] = {}
        with self._lock:
            for row in self._known.get(incident, ()):
                found = [mute for other in row.waits if other != mark and (mute := self._active(other))]
                if row.by == mark and found:
                    others[row.dedup_key] = msgspec.to_builtins(max(found, key=lambda mute: mute.until))
        return {
            "what": "unmuted",
            "incident": incident,
            "silence": mark,
            "dedup_key": "",
            "instead": None,
            "others": others,
            "part": mark,
        }

    def _present(self, mark: str) -> bool:
        sources = self._sources.get(mark)
        return bool(sources) and (rule_of(mark) in self._rules or storm_of(mark) is not None)

    def _active(self, mark: str) -> Mute | None:
        rule, sources = self._rules.get(rule_of(mark)), self._sources.get(mark)
        if rule is None or not sources:
            return None
        newest = max(sources.values(), key=lambda source: source.opened_at)
        return rule.mute(mark, newest.title, newest.opened_at)

    def _learn(self, name: str, incident: Glimpse) -> None:
        rows = [row for key, line in incident.alerts.items() if (row := _row(key, line, incident.kind))]
        if rows:
            self._known[name] = rows
        for row in rows:
            if row.by:
                self._muted[row.by][name] = None
            for mark in row.mutes:
                self._sources[mark][name] = _Source(incident.opened_at, incident.alerts[row.dedup_key].title)
            for mark in row.waits:
                self._waiting[mark][name, row.dedup_key] = row.by

    def _forget(self, name: str) -> None:
        for row in self._known.pop(name, ()):
            _drop(self._muted, row.by, name)
            for mark in row.mutes:
                _drop(self._sources, mark, name)
            for mark in row.waits:
                _drop(self._waiting, mark, (name, row.dedup_key))


def _row(dedup_key: str, line: Line, kind: Kind) -> _Row | None:
    """What must be known of an alert; None: nothing. In a storm there are very many, so the marks are shared."""
    by = sys.intern(line.mute.silence) if line.mute and line.mute.kind is not MuteKind.SILENCE else ""
    marks = line.marks if line.marks is not None and line.fires else Marks()
    mutes = marks.mutes if kind is Kind.ALERT else ()
    return _Row(dedup_key, by, mutes, marks.mutable) if by or mutes or marks.mutable else None


def _drop(index: defaultdict[str, dict[_K, _V]], mark: str, key: _K) -> None:
    found = index.get(mark)
    if found is not None:
        found.pop(key, None)
        if not found:
            del index[mark]
