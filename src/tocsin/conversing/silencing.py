"""What is to be silenced, in words: labels, words of the title, a severity; how long, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from tocsin.conversing import times
from tocsin.conversing.ears import SEVERITIES, Ears, nearest
from tocsin.conversing.requests import Silence, Unclear
from tocsin.conversing.tokens import Token, text_of, untrailed, word_set, words

_MATCHER: Final = re.compile(r"[^\s\"'{},=!~]+(?:=~|!~|!=|=).+", re.DOTALL)
_FILLERS: Final = word_set(
    "the all alert alerts alarm alarms any every about from of on notifications notification incident "
    "incidents with these those which that are is called named everything pages paging"
)
_HERE: Final = frozenset({"this", "it", "here", "that"})
_BECAUSE: Final = frozenset({"because", "since", "as", "why", "reason", "due"})
NO_TIME: Final = Unclear(why="I do not understand until when; say it like 2h, until 18:00 or until tomorrow 9:00.")
UNTIL: Final = frozenset({"until", "till", "til"})
_NUMBER: Final = re.compile(r"#?[0-9]+(?:-[0-9a-z]+)*")
_PLACED: Final = ("team:", "integration:", "severity:", "title:")


def silence(said: Sequence[Token], ears: Ears) -> Silence | Unclear:
    """The silence that *said*, the words after the command, describe."""
    said = untrailed(said)
    if not said:
        return Silence(bare=not ears.incident, here=ears.incident)
    place, time = _time(said, ears.here)
    about, rest = said[:place], said[place + (time.used if time else 0) :]
    if time is None:
        about, rest = _reason(said)
        if UNTIL & set(words(about)):
            return NO_TIME
    found = _about(about, ears)
    if isinstance(found, Unclear):
        return found
    if time is not None and time.until is not None:
        found = replace(found, start=time.start, until=time.until)
    if rest and words(rest[:1])[0] in _BECAUSE:
        rest = rest[2:] if words(rest[:2]) in {("because", "of"), ("due", "to")} else rest[1:]
    named = found.title or found.matchers or found.severity or found.team or found.which
    if not named and not ears.incident and not found.here and rest:
        # The time came first: `silence for 2h disk`.
        again = _about(rest, ears)
        return again if isinstance(again, Unclear) else replace(again, start=found.start, until=found.until)
    return replace(found, here=not named and ears.incident, why=text_of(rest))


def _time(said: Sequence[Token], here: times.Here) -> tuple[int, times.Found | None]:
    all_words = words(said)
    for place in range(len(said)):
        if said[place].quoted:
            continue
        found = times.span(all_words[place : place + 12], here)
        if found:
            return place, found
    return len(said), None


def _reason(said: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    for place, token in enumerate(said):
        if token.word in _BECAUSE and place:
            return said[:place], said[place:]
    return said, ()


def _about(said: Sequence[Token], ears: Ears) -> Silence | Unclear:
    matchers: list[str] = []
    title: list[str] = []
    facts: dict[str, object] = {}
    for token in said:
        label, sign, value = token.word.partition(":")
        if token.incident or (len(said) == 1 and _NUMBER.fullmatch(token.word)):
            facts["which"] = token.incident or token.word.lstrip("#")
        elif token.quoted:
            title.append(token.raw)
        elif sign and f"{label}:" in _PLACED and value:
            wrong = _placed(label, token, facts, ears)
            if wrong:
                return wrong
            title += [token.raw.partition(":")[2].strip('".,!?;')] if label == "title" else []
        elif _MATCHER.fullmatch(token.word):
            matchers.append(token.raw.rstrip(",;"))
        elif token.word in SEVERITIES:
            facts["severity"] = SEVERITIES[token.word]
        elif token.word and token.word not in _FILLERS | _HERE:
            title.append(token.raw.strip("().,;:!?"))
    words_ = " ".join(title)
    glob = words_ if "*" in words_ or not words_ else f"*{words_}*"
    return replace(Silence(title=glob, matchers=tuple(matchers)), **facts)


def _placed(label: str, token: Token, facts: dict[str, object], ears: Ears) -> Unclear | None:
    value = token.word.partition(":")[2]
    if label == "severity":
        if value not in SEVERITIES:
            return Unclear(why=f'"{value[:40]}" is no severity: critical, high, warning and info are.')
        facts["severity"] = SEVERITIES[value]
    elif label in {"team", "integration"}:
        known = ears.teams if label == "team" else ears.integrations
        name = next((each for each in known if each.lower() == value), "")
        if not name:
            meant = nearest(value, known)
            return Unclear(
                why=f'There is no {label} "{value[:40]}".' + (f" Did you mean {meant}?" if meant else ""),
            )
        facts[label] = name
    return None
