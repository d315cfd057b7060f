"""Why you: the sentence that every page carries."""

from __future__ import annotations

from typing import Final

from tocsin.choosing.history import CLASSES, STRANGER, History
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate, Presence, Situation

TOLD_MIN: Final = 3  # Pages: of fewer no share is told.

_HOURS: Final = {
    HourClass.WORKING: "it is working time for you",
    HourClass.OFF: "you are off work, but awake",
    HourClass.SLEEP: "",
}
_HABIT: Final = {
    HourClass.WORKING: "at work",
    HourClass.OFF: "off work",
    HourClass.SLEEP: "at night",
}


def why_you(candidate: Candidate, situation: Situation, history: History) -> str:
    """The reasons for asking *candidate* now, the strongest first."""
    others = [each for each in situation.candidates if each.name != candidate.name]
    reasons = [
        _asked(situation),
        "you are on call" if candidate.on_call else "",
        _hours(candidate, others),
        "you seem to be active" if candidate.presence is Presence.ACTIVE else "",
        _habit(candidate, history),
        "you have solved this before" if candidate.solved else "",
    ]
    return f"You are asked since {_joined([reason for reason in reasons if reason])}."


def why_ladder(position: int) -> str:
    """When the plain ladder is walked."""
    if position:
        return "You are asked since the one before you has not answered, and you are next on the ladder."
    return "You are asked since you are the first in line; nothing is known yet that speaks for another."


def why_everyone(situation: Situation) -> str:
    """When the time is over that single people may take."""
    if not situation.asked:
        return "You are asked since everyone is: it is time for the whole team."
    return "You are asked since everyone is: nobody has answered in time."


def _asked(situation: Situation) -> str:
    names = tuple(dict.fromkeys(page.name for page in situation.asked))
    if not names:
        return ""
    return f"{names[0]} has not answered" if len(names) == 1 else f"{len(names)} others have not answered"


def _hours(candidate: Candidate, others: list[Candidate]) -> str:
    if candidate.hours is HourClass.SLEEP:
        asleep = all(other.hours is HourClass.SLEEP for other in others)
        return "it is night for everyone" if asleep else "those who are awake are less likely to answer soon"
    return _HOURS[candidate.hours]


def _habit(candidate: Candidate, history: History) -> str:
    """What their answers at such hours were, in whole numbers, and when half of them had come."""
    told = history.people.get(candidate.name, STRANGER).told[CLASSES.index(candidate.hours)]
    pages, answers = round(told.expected), round(told.seen)
    if pages < TOLD_MIN:
        return "little is known of you yet" if not pages else ""
    if not answers:
        return ""  # That speaks for nobody.
    return f"you answered {answers} of {pages} pages {_HABIT[candidate.hours]}"


def _joined(reasons: list[str]) -> str:
    return reasons[0] if len(reasons) == 1 else f"{', '.join(reasons[:-1])} and {reasons[-1]}"
