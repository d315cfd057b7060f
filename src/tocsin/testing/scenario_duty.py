"""Who is on call in a scenario: `on call ops: ada, bo from 00:07, nobody from 00:20`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from tocsin.incidents.duty import OnDuty
from tocsin.incidents.ladder import responder
from tocsin.incidents.policy import ALL, NEXT, SCHEDULE
from tocsin.kernel.time import Instant
from tocsin.testing.scenario_words import Words, read_time

Turns: TypeAlias = tuple[tuple[Instant, str], ...]  # From when on who is on call (empty: nobody).


def read_turns(text: str, start: Instant) -> Turns:
    """The turns of an `on call` line; its times count from *start*. Raises WordsError."""
    found = []
    for part in text.split(","):
        words = Words(part.split())
        who = words.take("who is on call")
        found.append((start + read_time(words.option("from", "00:00")), "" if who == "nobody" else who))
        words.end()
    return tuple(found)


def on_duty(duties: Mapping[str, Turns]) -> OnDuty:
    """Whom the schedules of a scenario stand for."""

    def found(target: str, now: Instant) -> tuple[str, ...]:
        name = target.removeprefix(SCHEDULE)
        which = next((suffix for suffix in (NEXT, ALL) if name.endswith(suffix)), "")
        turns = duties.get(name.removesuffix(which), ())
        begun = [who for start, who in turns if start <= now]
        current = begun[-1] if begun else ""
        if which == ALL:
            return tuple(dict.fromkeys(responder(who) for _, who in turns if who))
        following = (who for start, who in turns if start > now and who not in {"", current})
        who = next(following, "") if which == NEXT else current
        return (responder(who),) if who else ()

    return found
