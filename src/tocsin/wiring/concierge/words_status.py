"""How it stands, the figures, and what can be said, in answer to words."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from typing import Final

from tocsin.conversing.replies import Answer
from tocsin.conversing.requests import Help, Stats, Status
from tocsin.conversing.usage import COMMANDS, usage
from tocsin.conversing.wishes import Said
from tocsin.digests.figures import Times
from tocsin.incidents import ladder
from tocsin.incidents.alerts import Kind, Severity
from tocsin.kernel.time import DAY, format_duration
from tocsin.saying.message import Facts, Item, Paragraph, Tone
from tocsin.saying.text import bold, code, moment
from tocsin.schedules.timeline import on_call
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.words_lists import glances, more_than
from tocsin.wiring.concierge.words_room import says, schedules_here, schedules_of, tell
from tocsin.wiring.concierge.words_room import telling as telling_of
from tocsin.wiring.watch import trouble

NOISY_MAX: Final = 3
COUNTING: Final = threading.BoundedSemaphore()  # Years of figures take seconds, and others want answers meanwhile.

_CODE: Final = re.compile(r"`([^`]+)`")
TRIED: Final = frozenset({"status", "open", "alerts", "missed", "mine", "oncall", "stats", "key"})


def status(desk: Desk, wish: Said, request: Status) -> Answer:
    """How many are open, who is on them, who is on call, and whether Tocsin itself is well."""
    told = telling_of(desk)
    seen = list(glances(desk, live_only=True))
    live = [glance for _, glance in seen if glance.kind is Kind.ALERT and request.team in {"", glance.plan.team}]
    by = [(severity, sum(glance.severity is severity for glance in live)) for severity in Severity]
    waiting = sum(glance.waits for glance in live)
    who = dict.fromkeys(ladder.responder(glance.assignee) for glance in live if glance.assignee)
    wrong = trouble(desk.store.health(desk.clock()), desk.clock())
    counts = ", ".join(f"{number} {severity.value}" for severity, number in by if number)
    heading = f"{more_than(seen)}{len(live)} open: {counts}." if live else "Nothing is open."
    heading = heading[:1].upper() + heading[1:]
    names = schedules_of(desk, request.team) if request.team else schedules_here(desk, wish.place, wish.by)
    facts = (
        ("Waiting for an answer", f"{waiting}" if waiting else "none"),
        ("On them", told.receivers(list(who)) if who else "nobody" if live else ""),
        ("On call", "; ".join(_on_duty(desk, wish, names))),
        ("Tocsin itself", f"not well: {wrong}" if wrong else "all is well"),
    )
    worst = next((severity for severity, number in by if number), None)
    tone = Tone.CRITICAL if wrong else Tone(worst.value) if worst else Tone.GOOD
    return tell(
        heading,
        Facts(tuple(fact for fact in facts if fact[1])),
        actions=[says("What is open?", "open")] if live else [],
        tone=tone,
    )


def stats(desk: Desk, wish: Said, request: Stats) -> Answer:
    """The figures of a time."""
    since = wish.at - 7 * DAY if request.since is None else request.since
    until = request.until or wish.at + 1
    if not COUNTING.acquire(blocking=False):
        return tell("I am counting for somebody else; ask again in a moment.")
    try:
        found = desk.figures.figures(since, until, request.team)
    finally:
        COUNTING.release()
    told = telling_of(desk)
    span = f"since {moment(since)}" if request.until is None else f"from {moment(since)} to {moment(until)}"
    team = f" of {told.write(request.team, 60)}" if request.team else ""
    heading = f"{found.alerts} alerts became {found.incidents} incidents{team} {span}; {found.missed} were missed."
    pages = found.pages
    facts = (
        ("People were asked", f"{pages.total} times, {pages.sleep} of them in their sleep, {pages.off} in free time"),
        ("Answered after", _times(found.to_acknowledge)),
        ("Over after", _times(found.to_resolve)),
        ("Closed", f"{found.closed}, {found.auto_closed} of them by themselves"),
        ("Loudest", "; ".join(f"{told.write(key.title, 80)} ({key.pages.total})" for key in found.keys[:NOISY_MAX])),
        ("Thanks to", told.receivers([ladder.responder(each.name) for each in found.thanks]) if found.thanks else ""),
    )
    return tell(heading, Facts(tuple(fact for fact in facts if fact[1])))


def help_(request: Help) -> Answer:
    """What can be said."""
    one = usage(request.topic) if request.topic else None
    if one is not None:
        others = ", ".join(code(line) for line in one.more)
        also = f"\nAlso: {others}" if others else ""
        heads = ", ".join(code(head) for head in one.heads)
        return tell(
            f"{code(one.usage)}: {_marked(one.does)}.{also}\nIt begins with {heads}.",
            actions=[says(one.usage, one.usage)] if one.name in TRIED else [],
        )
    lines = [Item(f"{code(each.usage)}: {_marked(each.does)}") for each in COMMANDS]
    return tell(
        "This can be said here, after a slash command or when you mention me; plain words will do, too:",
        *lines,
        Paragraph(f"In the thread of an incident {code('ack')}, {code('resolve')} and the like mean that one."),
    )


def _marked(text: str) -> str:
    """*text*, with what stands in backquotes as something to type."""
    return _CODE.sub(lambda found: code(found[1]), text)


def _on_duty(desk: Desk, wish: Said, names: Sequence[str]) -> Iterator[str]:
    known = desk.oncall.schedules()
    told = telling_of(desk)
    for name in names:
        if name in known:
            who = on_call(known[name], wish.at).who
            yield f"{told.person(who) if who else bold('nobody')} ({told.write(name, 60)})"


def _times(found: Times) -> str:
    if found.median is None or found.mean is None:
        return ""
    return f"half within {format_duration(found.median)}, on average {format_duration(found.mean)}"
