"""Watches what the server does, from outside: the timelines in its store, and the pages that arrive in Slack."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.demo.team import Team
from tocsin.engine.ports import Handled, Store
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import SECOND, Instant
from tocsin.slack.mrkdwn import CHANNEL_MENTION
from tocsin.testing.fake_slack import FakeSlack

INCIDENTS_MAX: Final = 200  # More than the story has, and than anybody rings by hand.
TIMELINE_MAX: Final = 1000

# What the timeline does not tell, and the terminal should.
_UNTOLD: Final[Mapping[str, str]] = {
    Reason.REPEATED: "fires again; merged, nobody is paged",
    Reason.NOTIFICATION_OVER: "over by itself",
}


class News(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the server did with an incident."""

    at: Instant
    incident: str
    text: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A message that asked somebody. *to*: a person or the room; *incidents*: which it stood for."""

    at: Instant
    to: str
    incidents: tuple[str, ...]


class Watcher:
    """Remembers what it has seen. One thread."""

    def __init__(self, store: Store, slack: FakeSlack, team: Team) -> None:
        """Nothing was seen yet."""
        self.incidents: dict[str, Incident] = {}
        self.timelines: dict[str, Sequence[Handled]] = {}
        self.pages: list[Page] = []
        self._store = store
        self._slack = slack
        self._team = team
        self._machine = IncidentMachine()
        self._versions: dict[str, int] = {}
        self._calls = 0

    def look(self) -> tuple[Sequence[News], Sequence[Page]]:
        """What is new since the last time, oldest first. Raises StoreUnavailableError."""
        pages = list(self._new_pages())
        self.pages += pages
        return sorted(self._news(), key=lambda news: news.at), pages

    def called(self, incident: str) -> str:
        """The title of an incident."""
        found = self.incidents.get(incident)
        return found.face.title if found else "?"

    def named(self, title: str) -> str:
        """The newest incident whose title contains *title*; empty if there is none."""
        found = [name for name, state in self.incidents.items() if title in state.face.title]
        return max(found, key=lambda name: self.incidents[name].opened_at, default="")

    def _news(self) -> Iterator[News]:
        for found in self._store.listing(self._machine.name, live_only=False, limit=INCIDENTS_MAX):
            if self._versions.get(found.id) == found.version:
                continue
            self._versions[found.id] = found.version
            self.incidents[found.id] = self._machine.decode(found.state)
            timeline = self._store.timeline(found.id, TIMELINE_MAX)
            fresh = timeline[len(self.timelines.get(found.id, ())) :]
            self.timelines[found.id] = timeline
            for line in fresh:
                text = line.story or _UNTOLD.get(line.reason, "")
                if text:
                    yield News(at=line.at, incident=found.id, text=text)

    def _new_pages(self) -> Iterator[Page]:
        calls = self._slack.calls
        fresh, self._calls = calls[self._calls :], len(calls)
        for call in fresh:
            if call.method != "chat.postMessage" or call.error is not None:
                continue
            channel = self._slack.channel(call.payload["channel"])
            # In a direct message everything that is posted asks; what only informs changes a message that is there.
            if channel.direct or call.payload["text"].startswith(CHANNEL_MENTION):
                found = tuple(dict.fromkeys(_incidents(call.payload.get("blocks") or ())))
                yield Page(at=round(call.at * SECOND), to=self._team.called(channel), incidents=found)


def _incidents(blocks: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The incidents that the buttons of a message stand for."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory") or {}):
            with contextlib.suppress(json.JsonError, KeyError, TypeError):
                yield json.decode(element["value"])["i"]
