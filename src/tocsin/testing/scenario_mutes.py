"""The words of a scenario's lines about who mutes whom: silences, inhibitions, storms."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.incidents.inputs import AlertReceived, Muted
from tocsin.incidents.marks import Marks
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.kernel.time import Instant
from tocsin.testing.scenario_words import Words, read_mute

_KINDS = {"silenced": MuteKind.SILENCE, "inhibited": MuteKind.INHIBITION, "held": MuteKind.STORM}


def read_muting(words: Words, given: AlertReceived, now: Instant) -> AlertReceived:
    """*given*, with what follows about its muting, and about the muting of others. Raises WordsError."""
    mute: Mute | None = None
    mutable: tuple[str, ...] = ()
    for word, kind in _KINDS.items():
        if words.flag(word):
            mute = _of_kind(read_mute(words, words.option("by"), now), kind)
            mutable = (mute.silence,) if kind is MuteKind.INHIBITION else ()
    mutes = words.option("mutes", "")
    mutable += tuple(filter(None, (words.option("mutable", ""),)))
    marks = Marks((mutes,) if mutes else (), mutable) if mutes or mutable else None
    return replace(given, mute=mute, marks=marks)


def read_inhibition(words: Words, mark: str, now: Instant) -> Muted:
    """An alert under *mark* fires, and inhibits the one of the next word. Raises WordsError."""
    key = words.take("a key")
    return Muted(dedup_key=key, mute=_of_kind(read_mute(words, mark, now), MuteKind.INHIBITION))


def _of_kind(mute: Mute, kind: MuteKind) -> Mute:
    return Mute(silence=mute.silence, by=mute.by, until=mute.until, kind=kind)
