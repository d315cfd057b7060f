"""The reckoning: what was sent is looked for in the database; whoever was asked in vain shows in the timelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from tocsin.demo.deliveries import Delivery
from tocsin.demo.terminal import Terminal, Tone
from tocsin.demo.watcher import Page
from tocsin.engine.ports import Delivery as Stored
from tocsin.engine.ports import Handled, Store
from tocsin.incidents.alerts import Kind
from tocsin.incidents.commands import Command
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.kernel.time import Duration, Instant, format_duration
from tocsin.slack.interactions import NoCommand, commands
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import routes

ROWS: Final = 500  # Deliveries of one bite.

# After these nobody may be asked until something happens that asks again.
_SETTLED: Final = frozenset(
    {
        Reason.ACKNOWLEDGED,
        Reason.TAKEN_OVER,
        Reason.SNOOZED,
        Reason.RESOLVED,
        Reason.SOURCE_RESOLVED,
        Reason.SOURCE_ACKNOWLEDGED,
    }
)
_ASKING: Final = frozenset(
    {
        Reason.OPENED,
        Reason.REOPENED,
        Reason.BECAME_ALERT,
        Reason.PASSED,
        Reason.ESCALATED,
        Reason.REASSIGNED,
        Reason.NOBODY_REACHED,
        Reason.STEP_EXPIRED,
        Reason.ACK_EXPIRED,
        Reason.SNOOZE_OVER,
    }
)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one performance. *lost*: what was accepted and is in no incident, in words."""

    deliveries: int
    alerts: int
    incidents: int
    notifications: int
    lost: tuple[str, ...]
    presses: int
    unheard: int
    pages: Mapping[str, int]
    vain: int
    answered: Mapping[str, int]
    resolved: Mapping[str, int]
    times: tuple[Duration, ...]
    trouble: str

    @property
    def good(self) -> bool:
        """Whether nothing was lost, and the invariant held."""
        return not (self.lost or self.unheard or self.trouble)


def reckon(
    db: Path,
    settings: Settings,
    sent: Sequence[Delivery],
    presses: int,
    *,
    pages: Sequence[Page],
    incidents: Mapping[str, Incident],
    timelines: Mapping[str, Sequence[Handled]],
    trouble: str,
) -> Summary:
    """The figures; what was stored is read from the file, as by another process. Raises StoreUnavailableError."""
    store = SqliteStore(db)
    try:
        search = _Search(store, settings)
        lost, owners = search.alerts(sent)
        heard = search.presses()
    finally:
        store.close()
    alerts = {name: state for name, state in incidents.items() if state.kind is Kind.ALERT}
    acknowledged = {
        name: line
        for name in alerts
        for line in reversed(timelines[name])
        if line.reason in {Reason.ACKNOWLEDGED, Reason.SOURCE_ACKNOWLEDGED}
    }
    return Summary(
        deliveries=len(sent),
        alerts=sum(each.alerts for each in sent),
        incidents=len(owners),
        notifications=len(incidents) - len(alerts),
        lost=tuple(lost),
        presses=presses,
        unheard=presses - heard,
        pages=Counter(page.to for page in pages),
        vain=sum(_is_vain(page, timelines) for page in pages),
        answered=Counter(state.acknowledged_by for state in alerts.values() if state.acknowledged_by),
        resolved=Counter(state.resolved_by for state in alerts.values() if not state.live),
        times=tuple(sorted(line.at - alerts[name].opened_at for name, line in acknowledged.items())),
        trouble=trouble,
    )


def tell(summary: Summary, terminal: Terminal) -> None:
    """Print the figures."""
    terminal.fact(
        "Alerts in", f"{summary.alerts}, in {summary.deliveries} deliveries; merged into {summary.incidents} incidents"
    )
    if summary.lost:
        terminal.fact("Lost", f"{len(summary.lost)}: {'; '.join(summary.lost)}", Tone.BAD)
    else:
        terminal.fact("Lost", "0", Tone.GOOD)
        terminal.fact("", "each was found again in the database, in an incident", Tone.SOFT)
    vain = "none in vain" if not summary.vain else f"{summary.vain} in vain"
    to = f" ({_counted(summary.pages)})" if summary.pages else ""
    terminal.fact("Pages sent", f"{sum(summary.pages.values())}{to}; {vain}")
    if summary.notifications:
        terminal.fact("Only shown", f"{summary.notifications} (a notification: nobody must act, so nobody is paged)")
    acted = "all acted on" if not summary.unheard else f"{summary.unheard} NOT acted on"
    terminal.fact("Buttons pressed", f"{summary.presses}, {acted}")
    terminal.fact("Answered by", _counted(summary.answered) or "nobody")
    terminal.fact(
        "Resolved by", _counted({name or "their source": n for name, n in summary.resolved.items()}) or "nobody"
    )
    if summary.times:
        middle, worst = format_duration(round(median(summary.times))), format_duration(summary.times[-1])
        terminal.fact("Time to acknowledge", f"median {middle}, worst {worst}, in the story's time")
    if summary.trouble:
        terminal.fact("Invariant", f"broken: {summary.trouble}", Tone.BAD)
    else:
        terminal.fact("Invariant", "held: every open incident had a due next action", Tone.GOOD)


class _Search:
    """Looks in a store for what was sent."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        # What the server makes of a delivery, the ids of its inputs included, depends on nothing but the delivery.
        self._interpreter = Interpreter(routes(settings), {"slack": _read_press})

    def alerts(self, sent: Sequence[Delivery]) -> tuple[list[str], set[str]]:
        """What is in no incident, in words; and the incidents that took the others.

        The sender's bytes are the proof: a delivery counts as stored when exactly these stand in the database.
        """
        by_body: dict[bytes, list[Stored]] = {}
        for stored in self._stored("in"):
            by_body.setdefault(stored.body, []).append(stored)
        lost: list[str] = []
        owners: set[str] = set()
        for each in sent:
            found = by_body.get(each.body)
            if not found:
                lost.append(f"a delivery of {each.sender}, which is not in the database")
                continue
            taken = self._takers(found.pop())
            missing = each.alerts - len(taken)
            if missing > 0:
                lost.append(f"{missing} of {each.alerts} alerts of {each.sender}, in no incident")
            owners.update(taken)
        return lost, owners

    def presses(self) -> int:
        """How many interactions of Slack an incident took."""
        return sum(len(self._takers(stored)) for stored in self._stored("slack"))

    def _takers(self, stored: Stored) -> list[str]:
        """For each input in a delivery that an incident has handled, that incident."""
        inputs = [item.input_id for item in self._interpreter.interpret(stored).inputs]
        seen = self._store.seen(inputs)
        known = self._store.load(seen.values())
        return [seen[item] for item in inputs if seen.get(item) in known]

    def _stored(self, channel: str) -> Iterator[Stored]:
        """All stored deliveries of a channel, newest first."""
        before = ""
        while rows := self._store.deliveries(ROWS, before):
            for row in rows:
                found = self._store.delivery(row.id) if row.channel == channel else None
                if found is not None:
                    yield found
            before = rows[-1].id


def _read_press(body: bytes, received_at: Instant) -> Sequence[Command] | str:
    found = commands(body, received_at=received_at, responders={})
    return found.why if isinstance(found, NoCommand) else found


def _is_vain(page: Page, timelines: Mapping[str, Sequence[Handled]]) -> bool:
    """Whether all that a page asked for was answered before it arrived."""
    return bool(page.incidents) and all(_was_settled(timelines.get(name, ()), page) for name in page.incidents)


def _was_settled(timeline: Sequence[Handled], page: Page) -> bool:
    settled = False
    for line in timeline:
        if line.reason in _SETTLED and line.at < page.at:
            settled = True
        elif line.reason in _ASKING and line.at <= page.at:
            settled = False
    return settled


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
