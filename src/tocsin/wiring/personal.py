"""How people want to be paged, as they have said themselves in a chat or in the console: it goes before the file.

Kept as records, and in memory, since every page asks. What a person has said holds until they take it back ("as the
file says"); what they have not said the file says, as before. Who changed what, and when, stays in the record.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Records
from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Severity
from tocsin.incidents.ways import QUIET_WAYS
from tocsin.kernel import json
from tocsin.kernel.time import Duration, Instant, format_duration
from tocsin.schedules.clock import is_zone
from tocsin.wiring.settings import Responder, Settings
from tocsin.wiring.settings_kinds import Kind, Many, entries
from tocsin.wiring.settings_problems import shown, unknown
from tocsin.wiring.settings_scalars import Wrong, scalar
from tocsin.wiring.settings_ways import NotifyRule
from tocsin.wiring.settings_ways_advice import obstacles

KIND: Final = "personal"  # The kind of records.
CHANGES_MAX: Final = 20  # That are kept of one person: who asks is seldom interested in more.
WINDOWS_MAX: Final = 20
RULES_MAX: Final = 20

_RULE: Final = re.compile(r"(?P<by>\S+)(?: after (?P<after>.+?))?(?: for (?P<only>.+))?")

LOUDEST: Final = Severity.CRITICAL


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody has said how a person is paged."""

    at: Instant
    by: str
    what: str


class Personal(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has said; None: nothing, so that the file counts.

    *time_zone*: by whose clocks they have meant their quiet hours, where the file does not say where they live.
    """

    notify: tuple[NotifyRule, ...] | None = None
    quiet_hours: tuple[str, ...] | None = None
    quiet_except: tuple[str, ...] | None = None
    time_zone: str = ""
    changes: tuple[Change, ...] = ()

    @property
    def says_anything(self) -> bool:
        """Whether it goes before the file in anything."""
        return self.notify is not None or self.quiet_hours is not None or self.quiet_except is not None

    def over(self, person: Responder) -> Responder:
        """*person* of the file as they want it."""
        return replace(
            person,
            notify=person.notify if self.notify is None else self.notify,
            quiet_hours=person.quiet_hours if self.quiet_hours is None else self.quiet_hours,
            quiet_except=person.quiet_except if self.quiet_except is None else self.quiet_except,
            time_zone=person.time_zone or self.time_zone,
        )


class PersonalBook:
    """Reads and writes the records; any thread. What writes raises StoreUnavailableError, and TocsinError as told.

    Of everything in the store only this writes records of KIND, so that memory and store never differ.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        records: Records,
        clock: Callable[[], Instant],
        changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        """*settings* gives them as they are now; *changed* hears whose record was written.

        Raises StoreUnavailableError.
        """
        self._changed = changed
        self._settings = settings
        self._records = records
        self._clock = clock
        self._lock = threading.Lock()
        self._kept = dict(_load(records))

    def of(self, responder: str) -> Personal | None:
        """What *responder* has said; None: nothing that counts. Never blocks on the store."""
        found = self._kept.get(responder)
        return found if found is not None and found.says_anything else None

    def person(self, responder: str) -> Responder:
        """How *responder* is paged now: as they have said, else as the file says."""
        settled = self._settings().responders.get(responder, Responder())
        found = self.of(responder)
        return found.over(settled) if found else settled

    def changes(self, responder: str) -> Sequence[Change]:
        """Who has said what for *responder*, the newest last."""
        found = self._kept.get(responder)
        return found.changes if found else ()

    def set_quiet(
        self, responder: str, windows: Sequence[str], unless: Sequence[str], by: str, zone: str = ""
    ) -> Responder:
        """Quiet hours: *windows* as in the file, and the severities that make a noise nevertheless.

        *zone*: where they seem to live, for those of whom the file does not say it; what is none does not count. No
        windows: never quiet, whatever the file says. TocsinError: `personal-invalid`, `responder-unknown`.
        """
        hours = _many("quiet_hours", windows, WINDOWS_MAX)
        loud = _many("quiet_except", unless, len(Severity))
        said = f"quiet hours: {', '.join(hours) or 'none'}"
        if hours:
            said += f"; {' and '.join(loud) or 'nothing'} makes a noise in them"
        known = zone if is_zone(zone) else ""
        return self._put(responder, by, said, quiet_hours=hours, quiet_except=loud, time_zone=known)

    def set_rules(self, responder: str, rules: Sequence[NotifyRule], by: str) -> Responder:
        """Notification rules as in the file; none: by the first of their ways that works, as without rules.

        TocsinError: `personal-invalid`, `responder-unknown`.
        """
        if len(rules) > RULES_MAX:
            raise _invalid(f"{len(rules)} rules are too many; at most {RULES_MAX}")
        for rule in rules:
            _valid("by", rule.by)
            for word in rule.severity:
                _valid("severity", word)
        said = "; ".join(rule_words(rule) for rule in rules) or "none"
        return self._put(responder, by, f"notification rules: {said}", notify=tuple(rules))

    def reset(self, responder: str, by: str) -> Responder:
        """From now on it is as the file says. TocsinError: `responder-unknown`."""
        back = {"notify": None, "quiet_hours": None, "quiet_except": None, "time_zone": ""}
        return self._put(responder, by, "as the file says", **back)

    def _put(self, responder: str, by: str, said: str, **changed: object) -> Responder:
        settled = self._settings().responders
        if responder not in settled:
            raise unknown("responder", responder, settled)
        with self._lock:
            before = self._kept.get(responder, Personal())
            change = Change(at=self._clock(), by=by, what=said)
            after = replace(before, **changed, changes=(*before.changes, change)[-CHANGES_MAX:])
            self._records.put_record(KIND, responder, json.decode(json.encode(after)))
            self._kept[responder] = after
        self._changed(responder)
        return self.person(responder)


def read_windows(text: str) -> tuple[str, ...]:
    """The windows that somebody has written, one a line or between semicolons, as the file would have them.

    TocsinError `personal-invalid` names the one that is none.
    """
    parts = (" ".join(part.lower().split()) for line in text.splitlines() for part in line.split(";"))
    return _many("quiet_hours", [_tidy(part) for part in parts if part], WINDOWS_MAX)


def read_delay(text: str) -> Duration:
    """How long after the first way, as somebody has written it: `5m`, or a number of minutes. TocsinError as above."""
    written = text.strip().lower().replace(" ", "")
    found = _valid("after", f"{written}m" if written.isdecimal() else written or "0s")
    assert isinstance(found, int), "a duration"
    return found


def read_rules(text: str) -> tuple[NotifyRule, ...]:
    """The rules that somebody has written, one a line, as `rule_words` writes them. TocsinError as above."""
    lines = [" ".join(part.lower().split()) for line in text.splitlines() for part in line.split(";")]
    return tuple(_rule(line) for line in lines if line)


def _rule(line: str) -> NotifyRule:
    found = _RULE.fullmatch(line)
    if found is None:
        raise _invalid(f"{shown(line)} is no rule like `slack`, `sms after 5m` or `voice after 10m for critical, high`")
    by, after, only = found["by"], found["after"] or "", found["only"] or ""
    words = tuple(word for word in re.split(r",? and | or |, ?| ", only) if word)
    _valid("by", by)
    for word in words:
        _valid("severity", word)
    return NotifyRule(by=by, after=read_delay(after), severity=words)


def rule_words(rule: NotifyRule) -> str:
    """`sms after 5m for critical and high`."""
    later = f" after {format_duration(rule.after)}" if rule.after else ""
    only = f" for {' and '.join(rule.severity)}" if rule.severity else ""
    return f"{rule.by}{later}{only}"


def warnings(name: str, person: Responder, settings: Settings) -> Iterator[str]:
    """What is legal and yet dangerous in how *person* is paged: ways that lead nowhere, and nothing that wakes them."""
    missing = obstacles(name, person, settings)
    for rule in person.notify:
        if missing[rule.by]:
            yield f"You are not reached by {rule.by}: {missing[rule.by]}."
    if _sleeps_through(person, missing):
        yield (
            f"Nothing would wake you for {LOUDEST.value} pages: none of your rules for them makes a noise. "
            "Add push, sms or voice, or let somebody else take your nights."
        )
    if person.quiet_hours and LOUDEST.value not in person.quiet_except:
        yield f"In your quiet hours {LOUDEST.value} pages make no noise either."


def _sleeps_through(person: Responder, missing: Mapping[str, str]) -> bool:
    """Whether no way that rings is meant for the worst. Without rules the first way that works counts: nobody chose."""
    meant = [rule.by for rule in person.notify if not rule.severity or LOUDEST.value in rule.severity]
    return bool(person.notify) and all(by in QUIET_WAYS or missing[by] for by in meant)


def _many(key: str, texts: Sequence[str], most: int) -> tuple[str, ...]:
    if len(texts) > most:
        raise _invalid(f"{len(texts)} are too many; at most {most}")
    for text in texts:
        _valid(key, text)
    return tuple(dict.fromkeys(texts))


def _valid(key: str, text: str) -> object:
    """The value that *text* means under *key*, by the same table of keys as the file's. Raises TocsinError."""
    found = scalar(_kind(key), text)
    if isinstance(found, Wrong):
        near = f"; did you mean {found.nearest}?" if found.nearest else ""
        raise _invalid(f"{shown(text)} {found.message}{near}")
    return found


def _kind(key: str) -> Kind:
    table = entries(Responder) | entries(NotifyRule)
    kind = table[key].key.kind
    return kind.of if isinstance(kind, Many) else kind


def _tidy(text: str) -> str:
    """`22:00 - 7:00` as the file has it: `22:00-07:00`."""
    joined = re.sub(r" ?- ?", "-", text.replace("\N{EN DASH}", "-")).replace(", ", ",")
    return " ".join("-".join(_clock(part) for part in word.split("-")) for word in joined.split(" "))


def _clock(part: str) -> str:
    """`7:00` as `07:00`, `22` as it is."""
    hours, colon, minutes = part.partition(":")
    return f"{hours:0>2}:{minutes}" if colon and hours.isdecimal() else part


def _invalid(message: str) -> TocsinError:
    return TocsinError("personal-invalid", message)


def _load(records: Records) -> Iterator[tuple[str, Personal]]:
    for name, document in records.records(KIND).items():
        try:
            yield name, msgspec.convert(document, Personal)
        except msgspec.ValidationError:  # Of another version than ours: the file counts.
            continue
