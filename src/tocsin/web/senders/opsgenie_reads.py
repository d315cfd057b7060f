"""What Opsgenie's API reads: the alerts and heartbeats of one integration, from the store. Everything here blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

from tocsin.engine.ports import Handled, Store
from tocsin.heartbeats.machine import Heartbeat, HeartbeatMachine
from tocsin.incidents.ladder import label, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.json import Json
from tocsin.sources import opsgenie_documents as documents
from tocsin.sources import opsgenie_query, opsgenie_requests
from tocsin.sources.opsgenie_requests import CHANNEL, METHOD, PATH, Read, Target, Write

SCAN_MAX: Final = 1000  # Newest incidents that one list looks at, and as many of those that are open.
TIMELINE_MAX: Final = 500  # Newest lines of a timeline that are looked at.
HEARTBEATS_MAX: Final = 1000

Key = Callable[[str, str], str]
Item = TypeVar("Item")


class _Glance(msgspec.Struct, frozen=True):
    """As much of a state as tells whose it is."""

    integration: str = ""
    withdrawn: bool = False
    watched: bool = False


_GLANCE: Final = msgspec.json.Decoder(_Glance)


class Page(msgspec.Struct, frozen=True):
    """A part of a list, and how long the list is."""

    data: Sequence[Json]
    found: int


class Books:
    """Reads what belongs to an integration, and nothing else."""

    def __init__(self, store: Store, incident_key: Key, heartbeat_key: Key) -> None:
        """The keys are those by which *store* knows an alert by its alias, and a heartbeat by its name."""
        self._store = store
        self._incident_key = incident_key
        self._heartbeat_key = heartbeat_key
        self._incidents = IncidentMachine()
        self._heartbeats = HeartbeatMachine()

    def alert(self, integration: str, target: Target) -> tuple[str, Incident] | None:
        """The alert that is meant, with its id; None when there is none that *integration* may see."""
        name = target.name
        if target.by_alias:
            key = self._incident_key(integration, target.name)
            name = self._store.find([key]).get(key, "")
        stored = self._store.load([name]).get(name) if name else None
        if stored is None or stored.machine != self._incidents.name:
            return None
        incident = self._incidents.decode(stored.state)
        return (name, incident) if incident.integration == integration and not incident.withdrawn else None

    def alerts(self, integration: str, read: Read) -> Page:
        """The alerts that a query finds, in the order it wants. Raises QueryError."""
        test = opsgenie_query.parse(read.query)
        known = [(name, state, documents.facts(name, state)) for name, state in self._own(integration)]
        found = [item for item in known if test(item[2])]
        order = documents.sorting(read.sort)
        found.sort(key=lambda item: order(item[2]), reverse=read.descending)
        return Page([documents.summary(name, state) for name, state, _ in _part(found, read)], len(found))

    def count(self, integration: str, query: str) -> int:
        """How many alerts a query finds. Raises QueryError."""
        test = opsgenie_query.parse(query)
        return sum(test(documents.facts(name, state)) for name, state in self._own(integration))

    def notes(self, name: str, read: Read) -> Page:
        """What people wrote about an alert."""
        lines = [line for line in self._timeline(name, read) if line.reason == Reason.NOTED]
        told = [(line, *documents.note(line.story)) for line in lines]
        rows = [
            {"note": text, "owner": who, "createdAt": documents.moment(line.at), "offset": str(place)}
            for place, (line, who, text) in enumerate(told)
        ]
        return Page(_part(rows, read), len(rows))

    def logs(self, name: str, read: Read) -> Page:
        """The timeline of an alert."""
        rows = [
            {
                "log": line.story,
                "type": "system",
                "owner": "System",
                "createdAt": documents.moment(line.at),
                "offset": str(place),
            }
            for place, line in enumerate(self._timeline(name, read))
        ]
        return Page(_part(rows, read), len(rows))

    def recipients(self, incident: Incident) -> Sequence[Json]:
        """Who was ever asked, and what came of it."""
        people = [label(each) for each in incident.paged if each == responder(label(each))]
        at = documents.moment(incident.changed_at)
        return [
            {
                "user": {"id": who, "username": who},
                "state": _state(incident, who),
                "method": "",
                "createdAt": documents.moment(incident.opened_at),
                "updatedAt": at,
            }
            for who in people
        ]

    def request(self, integration: str, delivery_id: str) -> dict[str, Json] | None:
        """The status of a request; None while it waits, or when it is no longer known."""
        delivery = self._store.delivery(delivery_id)
        if delivery is None or (delivery.channel, delivery.key) != (CHANNEL, integration):
            return None
        path = (delivery.header(PATH) or "").removeprefix(opsgenie_requests.ALERTS)
        asked = opsgenie_requests.asked(delivery.header(METHOD) or "", path, delivery.body)
        if not isinstance(asked, Write) or not self.settled(delivery_id):
            return None
        found = {
            "success": False,
            "action": asked.action.value,
            "processedAt": documents.moment(delivery.received_at),
            "integrationId": integration,
            "isSuccess": False,
            "status": documents.UNKNOWN_ALERT,
            "alertId": "",
            "alias": "",
        }
        first = f"{delivery.occurrence}/0"
        name = self._store.seen([first]).get(first, "")
        stored = self._store.load([name]).get(name) if name else None
        if stored is None:
            return found
        line = self._handled(name, first)
        success, status = documents.status(asked.action, line.reason, line.story) if line else (True, "Processed")
        at = line.at if line else delivery.received_at
        alias = self._incidents.decode(stored.state).face.dedup_key
        done = {"success": success, "isSuccess": success, "status": status, "alertId": name, "alias": alias}
        return {**found, **done, "processedAt": documents.moment(at)}

    def settled(self, delivery_id: str) -> bool:
        """Whether a delivery has been handled."""
        rows = self._store.deliveries(1, before=str(int(delivery_id) + 1))
        return bool(rows) and rows[0].id == delivery_id and bool(rows[0].outcome)

    def heartbeat(self, integration: str, name: str) -> Heartbeat | None:
        """A heartbeat that was not deleted."""
        key = self._heartbeat_key(integration, name)
        found = self._store.find([key]).get(key, "")
        stored = self._store.load([found]).get(found) if found else None
        beat = self._heartbeats.decode(stored.state) if stored else None
        return beat if beat is not None and beat.live else None

    def heartbeats(self, integration: str) -> Sequence[Heartbeat]:
        """All heartbeats of an integration, by name; senders that are merely watched are none."""
        rows = self._store.listing(self._heartbeats.name, live_only=True, limit=HEARTBEATS_MAX)
        glances = [(row, _GLANCE.decode(row.state)) for row in rows]
        found = [
            self._heartbeats.decode(row.state)
            for row, seen in glances
            if seen.integration == integration and not seen.watched
        ]
        return sorted(found, key=lambda beat: beat.name)

    def _own(self, integration: str) -> list[tuple[str, Incident]]:
        rows = {
            row.id: row
            for live in (True, False)
            for row in self._store.listing(self._incidents.name, live_only=live, limit=SCAN_MAX)
        }
        glances = [(row, _GLANCE.decode(row.state)) for row in rows.values()]
        return [
            (row.id, self._incidents.decode(row.state))
            for row, seen in glances
            if seen.integration == integration and not seen.withdrawn
        ]

    def _timeline(self, name: str, read: Read) -> Sequence[Handled]:
        lines = [line for line in self._store.timeline(name, TIMELINE_MAX) if line.story]
        return lines[::-1] if read.descending else lines

    def _handled(self, name: str, input_id: str) -> Handled | None:
        lines = reversed(self._store.timeline(name, TIMELINE_MAX))
        return next((line for line in lines if line.input_id == input_id), None)


def _part(rows: Sequence[Item], read: Read) -> Sequence[Item]:
    return rows[read.offset : read.offset + read.limit]


def _state(incident: Incident, who: str) -> str:
    if incident.resolved_by == who or (incident.status is not Status.TRIGGERED and incident.assignee == who):
        return "action"
    return "active" if responder(who) in incident.asked and incident.live else "notactive"
