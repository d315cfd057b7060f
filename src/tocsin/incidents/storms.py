"""Storms: so much begins at once that one summary helps more than all the pages.

A storm is an ordinary incident, opened by an alert of our own (`begun`), so that paging, buttons and console are those
of every incident. What begins while it lasts is muted under its mark (module `marks`), for a bounded time. Critical
alerts pass, and what was asked about before stays asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.grouping import stack
from tocsin.incidents.inputs import Amended
from tocsin.incidents.marks import storm_mark, storm_of
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.state import Incident
from tocsin.kernel.time import MINUTE, Duration, Instant, format_duration, format_instant

SOURCE: Final = "storm"
BY: Final = "tocsin"  # Who renews the summary.
TOP: Final = 5
PERCENTILE: Final = 0.95
_SERVICES: Final = ("service", "job", "app", "cluster", "namespace")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """When a storm begins: more than *more_than* new incidents within *window*, and *times* as many as usual.

    *at_most*: how long it lasts at most.
    """

    more_than: int = 10
    times: int = 6
    window: Duration = 5 * MINUTE
    at_most: Duration = 30 * MINUTE


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a storm. *top*: the commonest of what is named, with how many incidents; *change*: a recent one.

    *sudden*: how many incidents began within the window before it. *held*: how many began in it, *alerts*: how many
    alerts they have received.
    """

    team: str
    began_at: Instant
    until: Instant
    sudden: int = 0
    held: int = 0
    alerts: int = 0
    top: tuple[tuple[str, int], ...] = ()
    change: str = ""


def threshold(limits: Limits, past: Sequence[int]) -> int:
    """More new incidents within a window than these are a storm; *past*: how many there were in the windows before."""
    usual = sorted(past)[max(0, math.ceil(PERCENTILE * len(past)) - 1)] if past else 0
    return max(limits.more_than, limits.times * usual)


def mute(team: str, began_at: Instant, limits: Limits) -> Mute:
    """What an alert remembers that the storm of *team* holds."""
    until = began_at + limits.at_most
    return Mute(silence=storm_mark(team, began_at), by="the storm", until=until, kind=MuteKind.STORM)


def features(alert: Alert) -> tuple[str, ...]:
    """By what the incidents of a storm are counted."""
    service = next((alert.labels[name] for name in _SERVICES if alert.labels.get(name)), "")
    named = {
        "alert": alert.title,
        "service": service,
        "account": alert.account,
        "region": alert.region,
        "resource": alert.resource,
        "stack": stack(alert),
    }
    return tuple(f"{name} {value[:100]}" for name, value in named.items() if value)


def top(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The commonest of what at least two incidents share."""
    shared = ((name, count) for name, count in counts.items() if count > 1)
    return tuple(sorted(shared, key=lambda each: (-each[1], each[0]))[:TOP])


def begun(summary: Summary) -> Alert:
    """The alert that stands for a storm."""
    return Alert(
        status=AlertStatus.FIRING,
        title=title(summary),
        description=description(summary),
        dedup_key=storm_mark(summary.team, summary.began_at),
        source=SOURCE,
        severity=Severity.HIGH,
        labels={"team": summary.team},
    )


def over(summary: Summary) -> Alert:
    """The end of the alert that stands for a storm."""
    return msgspec.structs.replace(begun(summary), status=AlertStatus.RESOLVED)


def stands_for(state: Incident) -> str:
    """The mark of the storm that *state* stands for; empty if it stands for none."""
    marks = (mark for line in state.alerts.values() if line.marks for mark in line.marks.mutes)
    return next((mark for mark in marks if storm_of(mark)), "")


def is_held(state: Incident, mark: str) -> bool:
    """Whether the storm of *mark* holds *state*, and nobody has taken it."""
    return state.silenced and any(line.mute and line.mute.silence == mark for line in state.alerts.values())


def renewed(summary: Summary) -> Amended:
    """The summary as it is now."""
    return Amended(by=BY, title=title(summary), description=description(summary))


def reported(summary: Summary, now: Instant) -> Amended:
    """The report at the end of a storm."""
    tops = f", most of them: {_tops(summary.top[:2])}" if summary.top else ""
    lasted = format_duration(max(0, now - summary.began_at) // 1000 * 1000)
    return Amended(
        by=BY,
        title=f"Storm over: {_counted(summary)}{tops}",
        description=_text(
            f"The storm lasted {lasted}. {_counted(summary)} began in it and were held.",
            _shared(summary),
            _changed(summary),
            "Nothing was dropped: what still fires, and nobody has taken, asks now.",
        ),
    )


def title(summary: Summary) -> str:
    """One line, which grows true with every renewal."""
    if not summary.held:
        return f"Storm in team {summary.team}: {summary.sudden} new incidents at once"
    return f"Storm in team {summary.team}: {_counted(summary)} held so far"


def description(summary: Summary) -> str:
    """What somebody who is woken by it must know."""
    return _text(
        f"Far more begins than usual since {_clock(summary.began_at)}. What begins now is listed and asks nobody for "
        f"itself; critical alerts ask at once. When the storm is over, at {_clock(summary.until)} at the latest, "
        "whatever still fires asks. Acknowledging this acknowledges nothing else.",
        _shared(summary),
        _changed(summary),
    )


def _shared(summary: Summary) -> str:
    return f"Most of them: {_tops(summary.top)}." if summary.top else ""


def _changed(summary: Summary) -> str:
    return f"Changed shortly before: {summary.change}." if summary.change else ""


def _tops(found: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({count})" for name, count in found)


def _counted(summary: Summary) -> str:
    alerts, held = summary.alerts, summary.held
    return f"{alerts} alert{'' if alerts == 1 else 's'} in {held} incident{'' if held == 1 else 's'}"


def _clock(instant: Instant) -> str:
    return f"{format_instant(instant)[11:16]} UTC"


def _text(*parts: str) -> str:
    return "\n".join(filter(None, parts))
