"""Silences in the life of an incident: each alert knows the silence that covers it; when all have one, nobody is asked.

Acknowledged is acknowledged, and a snooze has its own end; both remember the silence for the time when they would ask.
Who escalates or reassigns what is silenced wants somebody asked: the silence is overruled, for this incident.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.incidents import ladder
from tocsin.incidents.alerts import AlertStatus, Kind
from tocsin.incidents.inputs import Muted, Unmuted
from tocsin.incidents.reasons import Reason
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import AlertLine, Incident, Status
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Decision, Effect, teller
from tocsin.kernel.time import Instant

OVERRULED_MAX: Final = 20  # Silences that are remembered as overruled; the oldest is forgotten, and may mute again.

_Decision = Decision[Incident]


def begun(state: Incident, given: Muted, now: Instant) -> _Decision:
    """A silence covers one of the alerts, if that was not known."""
    line, mute = state.alerts.get(given.dedup_key), given.mute
    if line is None or not state.live or line.status is AlertStatus.RESOLVED or mute_of(state, mute, now) is None:
        return Decision(state, Reason.NOT_SILENCED)
    known = line.mute
    if known == mute or (known is not None and known.silence != mute.silence and known.until >= mute.until):
        return Decision(state, Reason.NOT_SILENCED)
    after = replace(state, alerts={**state.alerts, given.dedup_key: replace(line, mute=mute)})
    return _settled(state, after, now, Reason.SILENCE_BEGUN, f"{line.title}: a silence begins")


def ended(state: Incident, given: Unmuted, now: Instant) -> _Decision:
    """A silence covers nothing any more; where it did, the ladder begins."""
    lines = {key: line for key, line in state.alerts.items() if line.mute and line.mute.silence == given.silence}
    if not lines or not state.live:
        return Decision(state, Reason.NOT_SILENCED)
    instead = {given.dedup_key: given.instead}
    freed = {key: replace(line, mute=instead.get(key)) for key, line in lines.items()}
    after = replace(state, alerts={**state.alerts, **freed})
    return _settled(state, after, now, Reason.SILENCE_ENDED, "the silence was ended")


def resettled(state: Incident, after: Incident, now: Instant) -> _Decision | None:
    """An alert of *state* has fired, and led to *after*: what follows if that begins or ends its muting."""
    mute = ladder.hushed(after, now)
    if mute is None:
        story = "fires, and no silence covers it"
        return ladder.first_rung(after, now, Reason.UNSILENCED, story) if state.silenced else None
    if state.status is Status.TRIGGERED or state.held or (state.silenced and mute.until != state.snoozed_until):
        return ladder.hush(after, mute, now, Reason.SILENCED, "fires again")
    return None


def over(state: Incident, now: Instant) -> _Decision:
    """The time of a silence has come."""
    kept = {key: _forgotten(line, now) for key, line in state.alerts.items()}
    after = replace(state, alerts=kept)
    if mute := ladder.hushed(after, now):
        return ladder.hush(after, mute, now, Reason.SILENCE_OVER, "one of the silences is over")
    return ladder.first_rung(after, now, Reason.SILENCE_OVER, "the silence is over")


def mute_of(state: Incident | None, mute: Mute | None, now: Instant) -> Mute | None:
    """*mute*, unless it is over, or a person has overruled it in *state*."""
    if mute is None or mute.until <= now or (state is not None and mute.silence in state.overruled):
        return None
    return mute


def overruled(state: Incident) -> Incident:
    """The incident, freed from its silences by a person who wants somebody asked."""
    broken = tuple(dict.fromkeys(line.mute.silence for line in state.alerts.values() if line.mute))
    if not broken:
        return state
    kept = tuple(dict.fromkeys((*state.overruled, *broken)))[-OVERRULED_MAX:]
    freed = {key: replace(line, mute=None) for key, line in state.alerts.items()}
    return replace(state, alerts=freed, overruled=kept)


def told(decision: _Decision, before: AlertLine | None, dedup_key: str) -> _Decision:
    """*decision*, which has taken an alert in; the silence that mutes it now hears of it.

    It answers if it is over meanwhile: what the alert was told of it may be a moment old.
    """
    line = decision.state.alerts.get(dedup_key) if decision.state else None
    if line is None or line.mute is None or (before is not None and before.mute == line.mute):
        return decision
    facts: dict[str, Json] = {
        "what": "muting",
        "silence": line.mute.silence,
        "dedup_key": dedup_key,
        "until": line.mute.until,
    }
    effect = Effect(receiver=teller("silence"), kind=TELL, facts=facts)
    return replace(decision, effects=(*decision.effects, effect))


def _settled(state: Incident, after: Incident, now: Instant, reason: Reason, story: str) -> _Decision:
    """The silences of *after* are others than those of *state*: whether somebody must be asked, or nobody any more."""
    mute = ladder.hushed(after, now)
    asks = state.status is Status.TRIGGERED and state.kind is Kind.ALERT
    if mute is not None and (asks or state.silenced or state.held):
        return ladder.hush(after, mute, now, reason, story)
    if mute is None and state.silenced:
        return ladder.first_rung(after, now, reason, story)
    return Decision(after, reason, ladder.show(after), story)


def _forgotten(line: AlertLine, now: Instant) -> AlertLine:
    return replace(line, mute=None) if line.mute is not None and line.mute.until <= now else line
