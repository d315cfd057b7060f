"""What is known of people in a scenario: `about ada: Europe/Berlin; works 09:00-17:00; answers 9 of 10 in 2m`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from tocsin.asking.knowledge import Knowledge, Person
from tocsin.asking.ledger import Memory
from tocsin.choosing.history import History, Observation
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate
from tocsin.incidents.policy import SCHEDULE
from tocsin.kernel.time import HOUR, Instant, parse_duration
from tocsin.schedules.clock import is_zone
from tocsin.schedules.windows import parse_window
from tocsin.testing.scenario_words import WordsError

SEVERITY: Final = "high"  # Of the incidents of which their answers are known.


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in one line: a week, how many pages were answered of how many, each in *soon* ms, and of today."""

    person: Person = Person()
    answers: int = 0
    pages: int = 0
    soon: int = 0
    today: int = 0


def read_about(text: str) -> About:
    """The parts of an `about` line. Raises WordsError."""
    found = About()
    for part in filter(None, (part.strip() for part in text.split(";"))):
        match part.split():
            case [zone] if is_zone(zone):
                person = msgspec.structs.replace(found.person, zone=zone)
                found = msgspec.structs.replace(found, person=person)
            case [("works" | "sleeps") as what, *words] if windows := parse_window(" ".join(words)):
                person = msgspec.structs.replace(found.person, **{what: windows})
                found = msgspec.structs.replace(found, person=person)
            case ["answers", answers, "of", pages, "in", soon] if (
                answers.isdecimal() and pages.isdecimal() and (ms := parse_duration(soon))
            ):
                found = msgspec.structs.replace(found, answers=int(answers), pages=int(pages), soon=ms)
            case ["paged", today] if today.isdecimal():
                found = msgspec.structs.replace(found, today=int(today))
            case _:
                raise WordsError(f"nobody can be told about with {part!r}")
    return found


def knowledge(people: Mapping[str, About], teams: Mapping[str, tuple[str, ...]], schedules: Iterable[str]) -> Knowledge:
    """What the file says, as the configuration would; all *schedules* are those of each team."""
    return Knowledge(
        people={name: about.person for name, about in people.items()},
        teams=dict(teams),
        on_call=dict.fromkeys(teams, tuple(f"{SCHEDULE}{name}" for name in schedules)),
    )


def memory(people: Mapping[str, About], start: Instant) -> Memory:
    """What was learned before the story: answers at all hours, and pages a moment before *start*."""
    history = History()
    for name, about in people.items():
        for number in range(about.pages):
            answered = number < about.answers
            for hours in HourClass:
                seen = Observation(
                    candidate=Candidate(name=name, hours=hours),
                    severity=SEVERITY,
                    waited=about.soon if answered else HOUR,
                    answered=answered,
                    at=start - HOUR,
                )
                history = history.learned(seen)
    return Memory(history=history, asked={name: (start - HOUR,) * about.today for name, about in people.items()})
