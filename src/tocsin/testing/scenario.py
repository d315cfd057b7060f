"""Scenario files: stories of incidents that people read and review, played on any runtime.

    # Acknowledged and forgotten is asked again.
    team ops: ada bo cy
    policy: ask ada 5m; ask bo 5m; everyone 15m; ack 30m

    00:00 alert disk  opened: page ada
    00:02 ack ada     acknowledged
    00:32 tick        acknowledged and forgotten: page ada

Left stands when something happens and what, right (two blanks away) what follows: the reason, and everybody who is
paged. `play` writes the right side; a scenario holds when that changes nothing. Time passes by itself: every tick that
falls due between two lines is delivered and told, so that a page which nobody has written down changes the text. A tick
that falls due in the very moment of a line comes after it.

The lines above the story, which may also stand between its lines (then they count from there):

    team NAME: RESPONDER ...
    policy: ask WHO ... DURATION [needs N] [when severity S,S | hours H,H | team H | alerts N | within DURATION ...];
        repeat N; everyone DURATION; ack DURATION; needs N    (WHO: responders, the team, schedule:NAME,
        schedule:NAME:next, round-robin:TEAM, least-disturbed:TEAM, smart:TEAM, or nobody)
    about WHO: ZONE; works WINDOW; sleeps WINDOW; answers N of N in DURATION; paged N    what is known of somebody
    on call NAME: WHO, WHO from TIME, nobody from TIME ...    who is on call in a schedule, in the whole story
    plan: alert window D; notification window D; reopen window D; severity S; kind K; auto-resolve off; hold D;
        hold what is transient; flapping on

What can happen (`#2` at the end of a line means the second incident, otherwise the newest is meant):

    alert KEY [SEVERITY] [notification] [group KEY] [from SOURCE] [occurred TIME]    also: ok, source-ack
        [expires DURATION] [silenced by WHO for DURATION]    (WHO names the silence too)
        [usually N of M in D [SEVERITY]]    the key's history: N of M times its source closed it within D
        [inhibited by MARK for DURATION | held by STORM for DURATION] [mutes MARK] [mutable MARK]
    burst N KEY ...                N alerts at once, KEY-1 to KEY-N; burst-ok: they recover
    ack WHO, note WHO TEXT, resolve WHO [TEXT], reassign WHO to WHO
    pass WHO [rung N] [because TEXT], escalate WHO [rung N]
    snooze WHO for DURATION        a negative one has passed
    unack WHO, withdraw WHO, invite WHO to WHO [because TEXT]
    amend WHO [severity SEVERITY] [tag TAG] [untag TAG] [title TEXT]
    redirect WHO [to TEAM]         to the ladder of the `policy:` line that stands above
    unreachable WHO [rung N] [once]    the page fails for good; once: another way is left
    restored                       a way to people works again
    silence WHO KEY for DURATION    a silence of WHO begins, or changes, and covers the alert KEY
    unsilence WHO [KEY by OTHER for DURATION]    it is over; the one of OTHER covers KEY instead
    inhibit MARK KEY for DURATION    what fires under MARK inhibits the alert KEY, which must be mutable by it
    over MARK                      the inhibition, or the storm, is over
    lapsed KEY expired TIME    the sender of KEY lives, and has not repeated it
    again                          what came last is delivered once more
    hint                           somebody wakes the incident, due or not
    down, up                       between them the sweep is late: no tick is delivered before `up`
    wait                           time passes
    look                           tells how the incident stands
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final, Protocol, TypeAlias, assert_never

import msgspec

from tocsin.incidents import flapping, inputs, ladder
from tocsin.incidents.alerts import Plan
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Duration, Instant
from tocsin.testing.scenario_duty import Turns, read_turns
from tocsin.testing.scenario_mutes import read_inhibition, read_muting
from tocsin.testing.scenario_people import About, read_about
from tocsin.testing.scenario_words import (
    Words,
    WordsError,
    read_alert,
    read_amendment,
    read_expiry,
    read_mute,
    read_plan,
    read_policy,
    read_time,
    read_unmuted,
    read_usual,
)

START: Final[Instant] = 1_767_571_200_000  # 2026-01-05T00:00Z, a Monday: the 00:00 of every scenario.
TICKS_MAX: Final = 1000  # Between two lines; more means that somebody is asked without a pause.

_LINE: Final = re.compile(r"(?P<at>(?:\d+d )?\d\d:\d\d(?::\d\d)?) (?P<verb>[a-z-]+)(?P<words>(?: \S+)*)(?:  .*)?")
_LEFT_MIN: Final = 22  # Columns of the left side, so that short scenarios look alike.


class ScenarioError(ValueError):
    """A scenario file cannot be read; the text names the line."""


@dataclass(frozen=True, slots=True)
class Send:
    """Inputs arrive together; *incident* is the number of the one that is meant, 0 the newest (alerts find theirs)."""

    given: tuple[inputs.Input, ...]
    incident: int = 0


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The page to *receiver* fails; *rung* None is the present one."""

    receiver: str
    rung: int | None
    final: bool
    incident: int


@dataclass(frozen=True, slots=True)
class Again:
    """The last inputs are delivered once more, under the same ids."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Ticks are delivered from now on, or not."""

    up: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""


@dataclass(frozen=True, slots=True)
class Look:
    """Tell how the incident stands."""

    incident: int


Act: TypeAlias = Send | Unreachable | Again | Sweep | Wait | Look


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story: *at* ms after its beginning; *left* is its text. A tick that was told has no text."""

    at: Duration
    left: str
    act: Act


@dataclass(frozen=True, slots=True)
class Scenario:
    """A file as read; lines that are no part of the story stay as text. *duties*: who is on call, by schedule.

    *people*: what is known of them. *teams*: their members.
    """

    lines: tuple[Line | str, ...]
    duties: Mapping[str, Turns] = field(default_factory=dict)
    people: Mapping[str, About] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """An input on its way to *incident* (a runtime's own name for it; empty: an alert, which finds its own)."""

    id: str
    input: inputs.Input
    incident: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """What an input led to: the incident that took it (empty: none), and the reason."""

    incident: str
    reason: str


class Runtime(Protocol):
    """What can play a scenario: it keeps incidents, and sends pages to people that it can be asked for."""

    def handle(self, given: Sequence[Given], now: Instant) -> Sequence[Happened]:
        """Deliver *given* together; what became of each, in order."""
        ...

    def tick(self, now: Instant) -> Sequence[Happened]:
        """Sweep: a Tick for each incident that is due."""
        ...

    def next_wake(self) -> Instant | None:
        """When the next Tick is due."""
        ...

    def pages(self, now: Instant) -> Sequence[tuple[str, str]]:
        """The pages (incident, receiver) that people got since it was asked last."""
        ...

    def state(self, incident: str) -> Incident | None:
        """An incident's newest state."""
        ...


def parse(text: str) -> Scenario:
    """Read a scenario file. Raises ScenarioError."""
    reader = _Reader()
    lines: list[Line | str] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            lines.append(reader.read(line.rstrip()))
        except WordsError as problem:
            message = f"line {number}: {problem}: {line.strip()!r}"
            raise ScenarioError(message) from None
    return Scenario(tuple(lines), reader.duties, reader.people, reader.teams)


def play(scenario: Scenario, runtime: Runtime) -> str:
    """The text of *scenario* with what follows on the right side, as *runtime* lets it happen. Raises ScenarioError."""
    player = _Player(runtime)
    rows: list[tuple[str, str] | str] = []
    for line in scenario.lines:
        if isinstance(line, str):
            rows.append(line)
            continue
        rows += player.pass_time(line)
        if line.left:
            rows.append((line.left, player.act(line.act, START + line.at)))
    width = max(_LEFT_MIN, *(len(row[0]) for row in rows if isinstance(row, tuple)), 0) + 2
    texts = [row if isinstance(row, str) else f"{row[0]:{width}}{row[1]}".rstrip() for row in rows]
    return "\n".join(texts) + "\n"


@dataclass(slots=True)
class _Reader:
    """What the lines so far have set up."""

    team: str = ""
    members: tuple[str, ...] = ()
    policy: str = ""
    plan: str = ""
    sofar: Duration = 0
    duties: dict[str, Turns] = field(default_factory=dict)
    people: dict[str, About] = field(default_factory=dict)
    teams: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def read(self, line: str) -> Line | str:
        if not line or line.startswith("#"):
            return line
        head, colon, rest = line.partition(":")
        if colon and head.startswith("team "):
            self.team, self.members = head.removeprefix("team ").strip(), tuple(rest.split())
            self.teams[self.team] = self.members
            return line
        if colon and head.startswith("about "):
            self.people[head.removeprefix("about ").strip()] = read_about(rest)
            return line
        if colon and head.startswith("on call "):
            self.duties[head.removeprefix("on call ").strip()] = read_turns(rest, START)
            return line
        if colon and head in {"policy", "plan"}:
            setattr(self, head, rest.strip())
            self._plan()
            return line
        return self._story(line)

    def _plan(self) -> Plan:
        if not self.team:
            raise WordsError("a team must stand above")
        return read_plan(self.plan, self.team, read_policy(self.policy, self.team, self.members))

    def _story(self, line: str) -> Line:
        found = _LINE.fullmatch(line)
        if found is None:
            raise WordsError("neither a setting nor a line of the story")
        at = read_time(found["at"])
        if at < self.sofar:
            raise WordsError("time runs backwards")
        self.sofar = at
        verb = found["verb"]
        words = Words(found["words"].split())
        act = self._act(verb, words, START + at)
        words.end()
        return Line(at, "" if verb == "tick" else f"{found['at']} {verb}{found['words']}", act)

    def _act(self, verb: str, words: Words, now: Instant) -> Act:
        match verb:
            case "alert" | "ok" | "source-ack":
                alert = read_expiry(words, read_alert(verb, words, START), now)
                history = read_usual(words, alert, now)
                return Send((read_muting(words, inputs.AlertReceived(alert, self._plan(), history=history), now),))
            case "burst" | "burst-ok":
                number, first = words.number(), read_alert("ok" if verb == "burst-ok" else "alert", words, START)
                keys = [f"{first.dedup_key}-{n}" for n in range(1, number + 1)]
                alerts = [msgspec.structs.replace(first, dedup_key=key, title=key) for key in keys]
                return Send(tuple(inputs.AlertReceived(alert, self._plan()) for alert in alerts))
            case "unreachable":
                incident = words.incident()
                who, rung = self._receiver(words.take("whom the page was for")), words.option_number("rung")
                return Unreachable(who, rung, not words.flag("once"), incident)
            case "again":
                return Again()
            case "down" | "up":
                return Sweep(verb == "up")
            case "wait" | "tick":
                return Wait()
            case "look":
                return Look(words.incident())
            case "invite" | "redirect":
                return self._others(verb, words)
            case _:
                return _command(verb, words, now)

    def _others(self, verb: str, words: Words) -> Send:
        incident, by = words.incident(), words.take("who")
        if verb == "redirect":
            plan = msgspec.structs.replace(self._plan(), team=words.option("to", ""))
            return Send((inputs.Redirected(by=by, plan=plan),), incident)
        receiver = self._receiver(words.option("to"))
        return Send((inputs.Invited(by=by, receivers=(receiver,), why=words.text("because")),), incident)

    def _receiver(self, name: str) -> str:
        return ladder.room(name) if name == self.team else ladder.responder(name)


def _command(verb: str, words: Words, now: Instant) -> Send:
    incident = words.incident()
    if verb in {"hint", "restored"}:
        return Send((Tick() if verb == "hint" else inputs.Restored(),), incident)
    by = words.take("who")
    given: inputs.Input
    match verb:
        case "ack":
            given = inputs.Acknowledged(by=by)
        case "pass":
            given = inputs.Passed(by=by, rung=words.option_number("rung"), why=words.text("because"))
        case "escalate":
            given = inputs.Escalated(by=by, rung=words.option_number("rung"))
        case "reassign":
            given = inputs.Reassigned(by=by, to=words.option("to"))
        case "snooze":
            given = inputs.Snoozed(by=by, until=now + words.duration("for"))
        case "resolve":
            given = inputs.Resolved(by=by, note=words.text())
        case "note":
            given = inputs.Noted(by=by, text=words.text())
        case "unack":
            given = inputs.Unacknowledged(by)
        case "withdraw":
            given = inputs.Withdrawn(by)
        case "amend":
            given = read_amendment(by, words)
        case _:
            given = _told(verb, by, words, now)
    return Send((given,), incident)


def _told(verb: str, by: str, words: Words, now: Instant) -> inputs.Input:
    """What another machine tells."""
    match verb:
        case "silence":
            return inputs.Muted(dedup_key=words.take("a key"), mute=read_mute(words, by, now))
        case "unsilence" | "over":
            return read_unmuted(words, by, now)
        case "inhibit":
            return read_inhibition(words, by, now)
        case "lapsed":
            return inputs.Lapsed(dedup_key=by, expires_at=START + read_time(words.option("expired")))
        case _:
            raise WordsError(f"nothing is called {verb!r}")


@dataclass(slots=True)
class _Player:
    """A runtime, and what the player must remember of it."""

    runtime: Runtime
    up: bool = True
    now: Instant = START
    sent: int = 0
    last: tuple[Given, ...] = ()
    incidents: list[str] = field(default_factory=list)

    def pass_time(self, line: Line) -> list[tuple[str, str]]:
        """Deliver the ticks that are due before *line*, or by then if it is there for the time only."""
        last = START + line.at - (0 if isinstance(line.act, Wait) else 1)
        rows: list[tuple[str, str]] = []
        for _ in range(TICKS_MAX):
            wake_at = self.runtime.next_wake()
            if wake_at is None or wake_at > last or not self.up:
                return rows
            self.now = max(self.now, wake_at)
            rows += self._tick(self.now)
        message = f"more than {TICKS_MAX} ticks before {line.left or 'a tick'!r}"
        raise ScenarioError(message)

    def act(self, act: Act, now: Instant) -> str:
        """Let it happen; what follows, as text."""
        self.now = now
        match act:
            case Send():
                self._number(tuple(Given("", given, self._name(given, act.incident)) for given in act.given))
                return self._tell(self.runtime.handle(self.last, now), now)
            case Unreachable():
                incident = self._incident(act.incident)
                state = self.runtime.state(incident)
                rung = act.rung if act.rung is not None else (state.rung if state else 0)
                failed = inputs.PageFailed(receiver=act.receiver, rung=rung, error="no such user", final=act.final)
                self._number((Given("", failed, incident),))
                return self._tell(self.runtime.handle(self.last, now), now)
            case Again():
                return self._tell(self.runtime.handle(self.last, now), now)
            case Sweep():
                self.up = act.up
                return ""
            case Look():
                state = self.runtime.state(self._incident(act.incident))
                return _describe(state) if state else "no such incident"
            case Wait():
                return ""
        assert_never(act)

    def _tick(self, now: Instant) -> list[tuple[str, str]]:
        happened = self.runtime.tick(now)
        pages = self.runtime.pages(now)
        return [(f"{_clock(now - START)} tick", self._sentence(each, pages)) for each in happened]

    def _number(self, given: tuple[Given, ...]) -> None:
        self.last = tuple(replace(each, id=f"given/{self.sent + n}") for n, each in enumerate(given))
        self.sent += len(given)

    def _name(self, given: inputs.Input, number: int) -> str:
        return "" if isinstance(given, inputs.AlertReceived) else self._incident(number)

    def _incident(self, number: int) -> str:
        known = self.incidents[number - 1 : number or None]
        return known[0] if known else "none"

    def _tell(self, happened: Sequence[Happened], now: Instant) -> str:
        pages = self.runtime.pages(now)
        told = []
        for _, group in groupby(happened, lambda each: (each.incident, each.reason)):
            same = list(group)
            times = f"{len(same)} times " if len(same) > 1 else ""
            told.append(times + self._sentence(same[0], pages))
            pages = [page for page in pages if page[0] != same[0].incident]
        return "; ".join(told)

    def _sentence(self, happened: Happened, pages: Sequence[tuple[str, str]]) -> str:
        """`opened #2: page ada, bo`; the number only where there are several."""
        if happened.incident and happened.incident not in self.incidents:
            self.incidents.append(happened.incident)
        several = happened.incident and len(self.incidents) > 1
        number = f" #{self.incidents.index(happened.incident) + 1}" if several else ""
        paged = sorted(ladder.label(receiver) for incident, receiver in pages if incident == happened.incident)
        return f"{happened.reason}{number}{': page ' if paged else ''}{', '.join(paged)}"


def _describe(state: Incident) -> str:
    def names(receivers: Sequence[str]) -> str:
        return " ".join(map(ladder.label, receivers))

    parts = (
        f"{state.status} {state.severity} {state.kind}, rung {state.rung}",
        names(state.asked) and f"asked {names(state.asked)}",
        names(state.passed) and f"passed {names(state.passed)}",
        names(state.unreached) and f"unreached {names(state.unreached)}",
        state.assignee and f"assigned to {state.assignee}",
        state.acknowledged_by and f"acknowledged by {state.acknowledged_by}",
        state.resolved_by and f"resolved by {state.resolved_by}",
        state.withdrawn and "withdrawn",
        state.silenced and "silenced",
        state.held and "held",
        flapping.worst(state) is not None and "flapping",
        f"{state.firing} of {len(state.alerts)} firing, {state.count} received",
        f"next {_clock(state.wake_at - START)}" if state.wake_at is not None else "nothing is due",
        f"looks {_clock(state.look_at - START)}" if state.look_at is not None else "",
        f"calms {_clock(state.calm_at - START)}" if state.calm_at is not None else "",
    )
    return "; ".join(part for part in parts if part)


def _clock(passed: Duration) -> str:
    """`00:05`, `7d 00:05`, `00:00:30`: as scenarios write it."""
    days, rest = divmod(passed, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds = f":{rest // SECOND:02}" if rest else ""
    return f"{f'{days}d ' if days else ''}{hours:02}:{minutes:02}{seconds}"
