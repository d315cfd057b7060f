"""The words of a scenario's lines, read one by one."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus, Gate, Kind, Plan, Remedied, Severity
from tocsin.incidents.inputs import Amended, Unmuted
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.occurrences import Closer, Occurrence
from tocsin.incidents.policy import Condition, Policy, Step, stands_for_others
from tocsin.incidents.silences import Mute
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Duration, Instant, parse_duration

STATUSES: Final = {
    "alert": AlertStatus.FIRING,
    "ok": AlertStatus.RESOLVED,
    "source-ack": AlertStatus.ACKNOWLEDGED,
}


class WordsError(ValueError):
    """The words make no sense; the text says which."""


class Words:
    """What is left of a line."""

    def __init__(self, words: list[str]) -> None:
        """*words* in their order."""
        self._words = words

    def take(self, what: str) -> str:
        """The next word; *what* it must say is told when it is missing. Raises WordsError."""
        if not self._words:
            raise WordsError(f"{what} is missing")
        return self._words.pop(0)

    def number(self) -> int:
        """The next word, a number. Raises WordsError."""
        return _whole(self.take("a number"))

    def incident(self) -> int:
        """The number of the incident at the end of the line (`#2`), or 0."""
        return _whole(self._words.pop()[1:]) if self._words and self._words[-1].startswith("#") else 0

    def flag(self, word: str) -> bool:
        """Whether *word* comes next; it is taken then."""
        return bool(self._words) and self._words[0] == word and bool(self._words.pop(0))

    def option(self, name: str, default: str | None = None) -> str:
        """The word after *name*, if that comes next; else *default*. Raises WordsError when there is none."""
        if self.flag(name):
            return self.take(f"what follows {name!r}")
        if default is None:
            raise WordsError(f"{name!r} is missing")
        return default

    def option_number(self, name: str) -> int | None:
        """The number after *name*, if that comes next. Raises WordsError."""
        found = self.option(name, "")
        return _whole(found) if found else None

    def duration(self, name: str) -> Duration:
        """The duration after *name*, which must come next; a minus before it counts backwards. Raises WordsError."""
        return _signed(self.option(name))

    def text(self, after: str = "") -> str:
        """All that is left; with *after*, if that comes next."""
        if after and not self.flag(after):
            return ""
        words = " ".join(self._words)
        self._words.clear()
        return words

    def rest(self) -> str:
        """The next word, or nothing."""
        return self._words.pop(0) if self._words else ""

    def end(self) -> None:
        """Raises WordsError if a word is left."""
        if self._words:
            raise WordsError(f"nobody understands {self._words[0]!r} here")


def read_alert(verb: str, words: Words, start: Instant) -> Alert:
    """The alert of a line; its times count from *start*. Raises WordsError."""
    key = words.take("a key")
    severity = next((severity for severity in Severity if words.flag(severity)), Severity.HIGH)
    kind = Kind.NOTIFICATION if words.flag("notification") else Kind.ALERT
    group = words.option("group", "")
    source = words.option("from", "probe")
    occurred = words.option("occurred", "")
    return Alert(
        status=STATUSES[verb],
        title=key,
        dedup_key=key,
        group_key=group,
        source=source,
        severity=severity,
        kind=kind,
        occurred_at=start + read_time(occurred) if occurred else None,
    )


def read_amendment(by: str, words: Words) -> Amended:
    """The words of an `amend` line. Raises WordsError."""
    severity = words.option("severity", "")
    if severity and severity not in set(Severity):
        raise WordsError(f"{severity!r} is no severity")
    tag, untag = words.option("tag", ""), words.option("untag", "")
    return Amended(
        by=by,
        severity=Severity(severity) if severity else None,
        add_tags=(tag,) if tag else (),
        remove_tags=(untag,) if untag else (),
        title=words.text("title") or None,
    )


def read_expiry(words: Words, alert: Alert, now: Instant) -> Alert:
    """*alert*, with what follows `expires`. Raises WordsError."""
    found = words.option("expires", "")
    return msgspec.structs.replace(alert, expires_at=now + _signed(found), sender="prom") if found else alert


def read_mute(words: Words, who: str, now: Instant) -> Mute:
    """The silence of *who*, until what follows `for`. Raises WordsError."""
    return Mute(silence=who, by=who, until=now + words.duration("for"))


def read_usual(words: Words, alert: Alert, now: Instant) -> tuple[Occurrence, ...]:
    """The history of *alert*'s key, with what follows `usually`. Raises WordsError."""
    if not words.flag("usually"):
        return ()
    recovered, of = words.number(), _whole(words.option("of"))
    within = words.duration("in")
    severity = next((severity for severity in Severity if words.flag(severity)), alert.severity)
    return tuple(
        Occurrence(
            incident=f"before/{number}",
            closed_by=Closer.SOURCE if number < recovered else Closer.HUMAN,
            duration=within,
            severity=severity,
            closed_at=now - (of - number) * DAY,
        )
        for number in range(of)
    )


def read_unmuted(words: Words, who: str, now: Instant) -> Unmuted:
    """The end of the silence of *who*. Raises WordsError."""
    key = words.rest()
    instead = read_mute(words, words.option("by"), now) if key else None
    return Unmuted(silence=who, dedup_key=key, instead=instead)


def read_policy(text: str, team: str, members: tuple[str, ...]) -> Policy:
    """The policy of a `policy:` line. Raises WordsError."""
    steps: list[Step] = []
    given: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, *words = part.split()
        match name, words:
            case "ask", [_, _, *_]:
                steps.append(_step(Words(words), team))
            case "needs", [number]:
                given["acknowledgements"] = _whole(number)
            case "repeat", [number]:
                given["repeat"] = _whole(number)
            case "everyone", [delay]:
                given["everyone_delay"] = _duration(delay)
            case "ack", [delay]:
                given["ack_timeout"] = _duration(delay)
            case _:
                raise WordsError(f"no policy has {part!r}")
    everyone = tuple(responder(name) for name in members)
    return Policy(name="scenario", steps=tuple(steps), everyone=everyone, **given)


def _step(words: Words, team: str) -> Step:
    """What follows `ask`. Raises WordsError."""
    targets: list[str] = []
    word = words.take("whom to ask")
    while parse_duration(word) is None:
        targets += [_target(word, team)] if word != "nobody" else []
        word = words.take("how long to wait")
    needs = words.option_number("needs") or 0
    step = Step(tuple(targets), _duration(word), _condition(words) if words.flag("when") else None, needs)
    words.end()
    return step


def _condition(words: Words) -> Condition:
    return Condition(
        severities=tuple(filter(None, words.option("severity", "").split(","))),
        hours=tuple(filter(None, words.option("hours", "").split(","))),
        team=words.option("team", ""),
        alerts=words.option_number("alerts") or 0,
        within=_duration(words.option("within", "0s")),
    )


def read_plan(text: str, team: str, policy: Policy) -> Plan:
    """The plan of a `plan:` line. Raises WordsError."""
    windows: dict[str, Duration] = {}
    flags: dict[str, bool] = {}
    severity: Severity | None = None
    kind: Kind | None = None
    auto_resolve = True
    gate: Gate | None = None
    remedy: Remedied | None = None
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match part.split():
            case [("alert" | "notification" | "reopen") as name, "window", duration]:
                windows[f"{name}_window"] = _duration(duration)
            case ["hold", duration]:
                windows["hold"] = _duration(duration)
            case ["hold", "what", "is", "transient"]:
                flags["transient_hold"] = True
            case ["flapping", ("on" | "off") as word]:
                flags["flapping"] = word == "on"
            case ["severity", word] if word in set(Severity):
                severity = Severity(word)
            case ["kind", word] if word in set(Kind):
                kind = Kind(word)
            case ["auto-resolve", "off"]:
                auto_resolve = False
            case ["gate", count, "in", duration]:
                gate = Gate(_whole(count), _duration(duration))
            case ["remedy", *words] if words:
                remedy = Remedied("key", " ".join(words))
            case _:
                raise WordsError(f"no plan has {part!r}")
    plan = Plan(
        team=team,
        policy=policy,
        severity=severity,
        kind=kind,
        auto_resolve=auto_resolve,
        gate=gate,
        remedy=remedy,
    )
    return msgspec.structs.replace(plan, **windows, **flags)


def read_time(text: str) -> Duration:
    """Milliseconds of `00:05`, `00:00:30` or `7d 00:05`, where a hyphen may stand for the blank. Raises WordsError."""
    days, _, clock = text.replace("-", " ").rpartition(" ")
    sizes = (HOUR, MINUTE, SECOND)
    parts = clock.split(":")
    if not 1 < len(parts) <= len(sizes):
        raise WordsError(f"{text!r} is no time")
    return _whole(days.removesuffix("d") or "0") * DAY + sum(
        _whole(part) * size for part, size in zip(parts, sizes, strict=False)
    )


def _target(word: str, team: str) -> str:
    if stands_for_others(word):
        return word
    return room(team) if word == team else responder(word)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise WordsError(f"{text!r} is no number")
    return int(text)


def _signed(text: str) -> Duration:
    return -_duration(text[1:]) if text.startswith("-") else _duration(text)


def _duration(text: str) -> Duration:
    found = parse_duration(text)
    if found is None:
        raise WordsError(f"{text!r} is no duration")
    return found
