"""A row of the table of AWS: one type of event, as data; `telling` reads every event by its row.

Places are written as `places` describes; titles, pages and threads are its templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace


class Meaning(Enum):
    """What an outcome means: somebody must act, it is nice to know, or what was wrong is over."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    NEWS = "news"
    OVER = "over"


ALARMING: Final = frozenset({Meaning.CRITICAL, Meaning.HIGH, Meaning.WARNING})


class Sign(msgspec.Struct, frozen=True):
    """What one outcome means.

    *told*: what is over is also told as a notification: it was a run that somebody waits for, not a state. *change*:
    this has altered what runs, and is context for what breaks afterwards. *said*: the outcome in words of people, where
    its own word does not do. *thread*: the matter that it belongs to, where a row has several; what is over resolves
    its own matter only. *key*: as that of a row, where this outcome is about something else. *zero*: a place of
    numbers; if all that stand there are 0 the sign is *else_*.
    """

    meaning: Meaning
    told: bool = False
    change: bool = False
    said: str = ""
    thread: str = ""
    key: tuple[str, ...] = ()
    zero: str = ""
    else_: Meaning = Meaning.NEWS


CRITICAL: Final = Sign(Meaning.CRITICAL)
HIGH: Final = Sign(Meaning.HIGH)
WARNING: Final = Sign(Meaning.WARNING)
NEWS: Final = Sign(Meaning.NEWS)
SHIPS: Final = Sign(Meaning.NEWS, change=True)
OVER: Final = Sign(Meaning.OVER)
DONE: Final = Sign(Meaning.OVER, told=True)
SHIPPED: Final = Sign(Meaning.OVER, told=True, change=True)

Signs: TypeAlias = Mapping[str, Sign]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One type of event.

    *types*: the detail types that it reads; a body without an envelope has one of ours. *service*: as people call it.
    *source*: as EventBridge calls it. *title*: template. *key*: what tells the thing from others of its kind, and never
    how it went or which run it was; empty: the event's resources. *thread*: template; the detail type if empty.
    *group*: template; what breaks together (a pipeline, its stage and its action) is one incident. *everywhere*: AWS
    sends one matter from several regions, so that the region is no part of the key.

    *outcome*: places that say how it went; the first with a word of *signs* decides, the worst one if several stand
    there. *phrases*: what a part of the text at *judged* means, where no outcome says it; the first that is found
    counts. *otherwise*: what all other outcomes mean; None: their words decide, with those at *judged*. *severity*: the
    place of a grade, a word or a number from 0 to 10. *counts*: the place of numbers by severity. *failed*: a place
    that says something only if it has not happened at all.

    *texts*: more of it, for the description. *page*: template, behind the console's host; behind that of no region if
    it begins with a slash. *links*: addresses in the event itself. *quiet*: names of the detail that are no labels.

    *what*: template: what it is about or has changed; the first of *key* if empty. *by*: who did it. *run*: the run, so
    that its start and its end are one change. *harmless*: the place of a truth: if it is true, nothing has changed.
    """

    types: tuple[str, ...]
    service: str
    source: str
    title: str
    key: tuple[str, ...] = ()
    thread: str = ""
    group: str = ""
    everywhere: bool = False
    outcome: tuple[str, ...] = ()
    signs: Signs = {}
    phrases: Signs = {}
    otherwise: Sign | None = None
    judged: tuple[str, ...] = ()
    severity: str = ""
    counts: str = ""
    failed: str = ""
    texts: tuple[str, ...] = ()
    page: str = ""
    links: tuple[tuple[str, str], ...] = ()
    quiet: tuple[str, ...] = ()
    what: str = ""
    by: str = ""
    run: str = ""
    harmless: str = ""

    @property
    def means(self) -> Iterator[Sign]:
        """Every sign that it knows."""
        yield from self.signs.values()
        yield from self.phrases.values()
        if self.otherwise is not None:
            yield self.otherwise

    @property
    def alarms(self) -> bool:
        """Whether any of its events may be an alert."""
        judges = self.otherwise is None and not self.signs
        return judges or any(sign.meaning in ALARMING for sign in self.means)


def in_thread(thread: str, signs: Signs) -> dict[str, Sign]:
    """*signs*, all of them about one matter."""
    return {word: replace(sign, thread=thread) for word, sign in signs.items()}


def said(sign: Sign, words: str) -> Sign:
    """*sign*, its outcome told in *words*."""
    return replace(sign, said=words)


def each(words: str, sign: Sign) -> dict[str, Sign]:
    """The same *sign* for each of some *words*, which stand between bars."""
    return dict.fromkeys(words.split("|"), sign)
