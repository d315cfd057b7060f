"""The subject of a mail: what it is called, whether it fires or is over, how bad it is, and what it has in common.

Senders write their state in few ways, and only these count, since the same words stand in sentences ("the backup is OK
again", "OK, who rebooted db-1?"):

- in brackets at the beginning or the end: `[RESOLVED] ...`, `[FIRING:2] ...`, `[Recovered on {host:a}] ...`, `... [OK]`
- as the first word, before a colon, a dash or a bar: `OK: "api-5xx" in EU (Ireland)`, `UP | a`, `Resolved in 5m: ...`
- as the first word in capitals before "alert": `RECOVERY Service Alert: ...`, `UP alert: ...`
- in capitals after "is" or an arrow, at the end or before a colon: `disk is OK`, `Monitor is UP: a`, `WARN -> OK`

The first three count before the last. Where both a fire and its end are told (`[FIRING:1, RESOLVED:3]`), it fires: a
page too many beats one too few.

The *identity* is what mails about the same trouble have in common: the subject without reply marks, without the words
of states and severities (in the places above, or in capitals anywhere), without what changes from one mail to the next
(dates, times, percentages, amounts with a unit, numbers after < and >), in lower case. Every other number stays:
`db-1` and `db-2`, and orders 4711 and 4712, are different troubles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.sources import bounds

SUBJECT_MAX: Final = 1000  # Characters that are looked at; a mail program shows a tenth of it.
TAG_MAX: Final = 60  # Characters in brackets that can be a mark; more is a sentence.

_OVER: Final = (
    "resolved ok closed up recovered recovery normal success successful succeeded healthy green cleared clear restored "
    "solved"
)
_FIRES: Final = "firing problem down alerting triggered failed failure outage insufficient_data nodata unreachable"
_TELLS: Final = "down failed failure outage unreachable"  # Of those above: without the word the title says too little.
_OPENS: Final = "alarm alert incident open opened new started unknown"  # Said of the end as well.
_TAKEN: Final = "ack acknowledged acknowledgement"
_CRITICAL: Final = "critical crit fatal emergency emerg disaster blocker p0 p1 sev0 sev1 sev-0 sev-1"
_HIGH: Final = "high error err major severe urgent p2 sev2 sev-2"
_WARNING: Final = "warning warn medium moderate minor average p3 sev3 sev-3"
_INFO: Final = "info information informational low notice debug p4 p5 sev4 sev5 sev-4 sev-5"
_CLEAR: Final = "critical fatal emergency disaster warning"  # Also in the middle of a sentence.
_AMOUNTS: Final = "high low"  # HIGH pressure and LOW pressure are two troubles.

_RESOLVED: Final = frozenset(_OVER.split())
_FIRING: Final = frozenset(_FIRES.split())
_TELLING: Final = frozenset(_TELLS.split())
_ACKNOWLEDGED: Final = frozenset(_TAKEN.split())
_UNMISTAKABLE: Final = frozenset(_CLEAR.split())
_DECIDING: Final = _RESOLVED | _FIRING | _ACKNOWLEDGED
_STATES: Final = _DECIDING | frozenset(_OPENS.split())
_SEVERITIES: Final[dict[str, Severity]] = {
    **dict.fromkeys(_CRITICAL.split(), Severity.CRITICAL),
    **dict.fromkeys(_HIGH.split(), Severity.HIGH),
    **dict.fromkeys(_WARNING.split(), Severity.WARNING),
    **dict.fromkeys(_INFO.split(), Severity.INFO),
}
_MARKS: Final = _STATES | _SEVERITIES.keys()
_ANYWHERE: Final = _MARKS - frozenset(_AMOUNTS.split())

_REPLY: Final = re.compile(r"(?:re|fwd?|aw|wg|sv|vs|antw|tr|rv|res|enc)(?:\[\d+\]|\(\d+\))?\s*:\s*", re.IGNORECASE)
_ORNAMENT: Final = re.compile(r"[^\w\[({<\"'“„«]+")
_BRACKET: Final = re.compile(rf"\[([^\[\]]{{1,{TAG_MAX}}})\]\s*|\(([A-Za-z_]{{2,20}})\)\s*(?=\S)")
_LAST_BRACKET: Final = re.compile(r"\s*[\[(]([A-Za-z_]{2,20})[\])][\s*!.]*$")
_MARK: Final = re.compile(r"\s*([A-Za-z_]+(?:-?[0-5])?)\s*(?::\s*\d+\s*)?(?=$|[:|!]|\s(?:on|in|for)\s|\s?-)(?::\s*)?")
_FIRST: Final = re.compile(
    r"([A-Za-z_]+(?:-?[0-5])?)(?:\s+(?:in|after)\s+\d[^:]{0,40})?(?:\s*[:|!\u2013\u2014]|\s+-+(?=\s)|\s*$)\s*"
)
_BEFORE_ALERT: Final = re.compile(
    r"([A-Z]{2,20})(?=\s+(?:(?:host|service)\s+)?(?:alert|notification|event)\b)", re.IGNORECASE
)
_AFTER_IS: Final = re.compile(r"(?:\bis\s+(?:now\s+|back\s+)?|(?:->|=>|→|➔)\s*)([A-Z]{2,20})[\s*!.]*(?:$|:)")
_CAPITALS: Final = re.compile(r"(?<![\w.-])([A-Z][A-Z_]+)(?![\w.-])")
_LEVEL: Final = re.compile(r"(?<![\w.-])(p[0-5]|sev-?[0-5])(?![\w.-])", re.IGNORECASE)
_NO_DATA: Final = re.compile(r"no data", re.IGNORECASE)
_WORD: Final = re.compile(r"[a-z]+")

_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_UNIT: Final = r"%|percent\b|(?:milli)?sec(?:ond)?s?\b|min(?:ute)?s?\b|hours?\b|days?\b|ms\b|[kmgtp]i?b(?:/s|ps)?\b"
_CHANGING: Final = re.compile(
    "|".join(
        (
            r"(?<![\w.-])\d{4}-\d\d-\d\d(?:[t ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(?:z| ?[+-]\d\d:?\d\d)?(?!\w)",
            r"(?<![\w.-])\d{1,4}([./])\d{1,2}\1\d{4}(?![\w.])|(?<![\w.-])\d{4}/\d\d/\d\d(?!\w)",
            rf"(?<![\w.-])\d{{1,2}}\.? {_MONTH},? \d{{4}}(?!\w)|(?<!\w){_MONTH} \d{{1,2}},? \d{{4}}(?!\w)",
            r"(?<![\w.:-])\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?[ap]m)?(?: (?:utc|gmt|cet|cest))?(?![\w:])",
            rf"(?<![\w.-])-?\d+(?:[.,]\d+)?(?: ?(?:{_UNIT})|[smhd]\b)",
            r"(?<=[<>])=? ?-?\d+(?:[.,]\d+)?(?![\w.])",
        )
    )
)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a subject says. *severity* None: nothing. *tags*: what stood in brackets before it and is no state."""

    title: str
    status: AlertStatus
    severity: Severity | None
    identity: str
    tags: tuple[str, ...] = ()


class _Marks(msgspec.Struct):
    """What is found on the way."""

    states: list[str] = []
    severities: list[Severity] = []
    tags: list[str] = []
    rests: list[str] = []  # What stood in brackets beside a state.
    telling: list[str] = []

    def note(self, word: str) -> None:
        if word in _STATES:
            self.states.append(word)
        if word in _SEVERITIES:
            self.severities.append(_SEVERITIES[word])


def read(subject: str) -> Subject:
    """What *subject* says. Total."""
    marks = _Marks()
    whole = bounds.line(subject, SUBJECT_MAX)
    shown = _before_last_bracket(_after_brackets(whole, marks), marks)
    rest = _after_first_word(shown, marks)
    if not _DECIDING.intersection(marks.states):  # `[RESOLVED] shop is DOWN`: what is over is that it is down.
        marks.states += [found[1].lower() for found in _AFTER_IS.finditer(rest)]
    return Subject(
        title=" ".join([*marks.telling, shown.strip(" *|"), *marks.rests]) if shown.strip(" *|") else whole,
        status=_status(marks.states),
        severity=_severity(marks.severities, rest),
        identity=_identity(" ".join([*marks.tags, *marks.rests, rest])),
        tags=tuple(marks.tags),
    )


def _after_brackets(text: str, marks: _Marks) -> str:
    """*text* without the reply marks and brackets that it begins with."""
    while True:
        text = _ORNAMENT.sub("", text, count=1) if _ORNAMENT.match(text) else text
        reply = _REPLY.match(text)
        if reply:
            text = text[reply.end() :]
            continue
        bracket = _BRACKET.match(text)
        content = (bracket[1] or bracket[2]) if bracket else ""
        if bracket is None or (bracket[2] and bracket[2].lower() not in _MARKS):
            return text
        _note_bracket(content, marks)
        text = text[bracket.end() :]


def _note_bracket(content: str, marks: _Marks) -> None:
    """One or more marks with their counts; or a tag."""
    rests = list(_unmarked(content, marks))
    if len(rests) == 1 and rests[0] == content:
        marks.tags.append(bounds.line(content, TAG_MAX))
    else:
        marks.rests += [rest for rest in rests if rest]


def _unmarked(content: str, marks: _Marks) -> Iterator[str]:
    for piece in _NO_DATA.sub("nodata", content).split(","):
        found = _MARK.match(piece)
        if found and found[1].lower() in _MARKS:
            marks.note(found[1].lower())
            marks.telling += [f"{found[1]}:"] if found[1].lower() in _TELLING else []
            yield piece[found.end() :].strip(" -|!")
        else:
            yield piece


def _after_first_word(text: str, marks: _Marks) -> str:
    """*text* without the state that it begins with, and without a severity that follows (`OK - CRITICAL: ...`)."""
    for _ in range(2):
        found = _FIRST.match(text)
        if found is None or found[1].lower() not in _MARKS:
            break
        marks.note(found[1].lower())
        text = text[found.end() :]
    found = _BEFORE_ALERT.match(text)
    if found and found[1].isupper():
        marks.note(found[1].lower())
    return text


def _before_last_bracket(text: str, marks: _Marks) -> str:
    found = _LAST_BRACKET.search(text[-TAG_MAX:])
    if found is None or found[1].lower() not in _MARKS:
        return text
    marks.note(found[1].lower())
    return text[: len(text) - min(len(text), TAG_MAX) + found.start()]


def _status(states: list[str]) -> AlertStatus:
    told = set(states)
    if told & _FIRING:
        return AlertStatus.FIRING
    if told & _RESOLVED:
        return AlertStatus.RESOLVED
    return AlertStatus.ACKNOWLEDGED if told & _ACKNOWLEDGED else AlertStatus.FIRING


def _severity(marked: list[Severity], rest: str) -> Severity | None:
    """The first that is marked; else the worst of the words in capitals, the levels like P1, and the clear words."""
    if marked:
        return marked[0]
    capitals = [_SEVERITIES.get(found[1].lower()) for found in _CAPITALS.finditer(rest)]
    levels = [_SEVERITIES[found[1].lower()] for found in _LEVEL.finditer(rest)]
    words = [_SEVERITIES[word] for word in _WORD.findall(rest.lower()) if word in _UNMISTAKABLE]
    told = [found for found in [*capitals, *levels, *words] if found not in (None, Severity.INFO)]
    if told:
        return max(filter(None, told), key=lambda found: found.weight)
    return levels[0] if levels else None


def _identity(text: str) -> str:
    bare = _CAPITALS.sub(lambda found: " " if found[1].lower() in _ANYWHERE else found[0], text)
    same = _CHANGING.sub("#", _LEVEL.sub(" ", bare).lower())
    return " ".join(filter(None, (word.strip("*|:;,.!-\u2013\u2014>→➔=") for word in same.split())))
