"""Remedies as people say them: `hold 3m`, `notification`, `threshold 3 in 10m`, `silence 7d`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from tocsin.kernel.time import Instant, format_duration, parse_duration, parse_instant
from tocsin.noise.proposals import Proposal
from tocsin.noise.remedies import Measure, Remedy

_TRIED: Final = {
    Measure.HOLD: "say how long, like `hold 3m`",
    Measure.NOTIFICATION: "a notification takes no more words",
    Measure.THRESHOLD: "say how often and in what time, like `threshold 3 in 10m`",
    Measure.SILENCE: "say how long or until when, like `silence 7d`",
}


def read(words: Sequence[str], *, by: str, now: Instant, why: str = "", until: Instant | None = None) -> Remedy | str:
    """The remedy that *words* name, or what is wrong with them; *until* is its end, if it has one of its own."""
    name, *rest = words or [""]
    measure = next((each for each in Measure if each == name), None)
    if measure is None:
        return f"there is no remedy {name!r}; there are {', '.join(Measure)}"
    made = Remedy(measure=measure, by=by, at=now, why=why, until=until)
    match measure, rest:
        case Measure.HOLD, [length] if (hold := parse_duration(length)) is not None:
            return replace(made, hold=hold)
        case Measure.NOTIFICATION, []:
            return made
        case Measure.THRESHOLD, [count, "in", length] if (
            _is_count(count) and (within := parse_duration(length)) is not None
        ):
            return replace(made, count=int(count), within=within)
        case Measure.SILENCE, [text] if (end := _end(text, now)) is not None:
            return replace(made, until=end)
        case _:
            return _TRIED[measure]


def said(proposal: Proposal) -> str:
    """The words of a proposal, which `read` understands."""
    match proposal.measure:
        case Measure.HOLD:
            return f"{proposal.measure} {_word(proposal.hold)}"
        case Measure.THRESHOLD:
            return f"{proposal.measure} {proposal.count} in {_word(proposal.within)}"
        case _:
            return proposal.measure.value


def _end(text: str, now: Instant) -> Instant | None:
    length = parse_duration(text)
    return parse_instant(text) if length is None else now + length


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < len("10000")


def _word(length: int) -> str:
    return format_duration(length).replace(" ", "")
