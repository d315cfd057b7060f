"""Silences in the life of an incident: each alert knows the silence that covers it; when all have one, nobody is asked.

Acknowledged is acknowledged, and a snooze has its own end; both remember the silence for the time when they would ask.
Who escalates or reassigns what is silenced wants somebody asked: the silence is overruled, for this incident.

An inhibition and a storm mute in the same way, each for a bounded time. When that is over while the alert still fires,
they are overruled too, so that nothing is muted for ever by causes that follow each other. A storm holds only what
begins in it, or joins that: who was asked before it stays asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from tocsin.incidents import flapping, ladder
from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.incidents.inputs import AlertReceived, Muted, Unmuted
from tocsin.incidents.marks import MUTED_BY, is_storm
from tocsin.incidents.reasons import Reason
from tocsin.incidents.silences import Mute, MuteKind
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
    if is_storm(line.marks) or mute in {known, line.beside}:
        return Decision(state, Reason.NOT_SILENCED)
    if known is not None and known.silence != mute.silence and known.until >= mute.until:
        if known.kind is MuteKind.SILENCE or mute.kind is not MuteKind.SILENCE:
            return Decision(state, Reason.NOT_SILENCED)
        after = replace(state, alerts={**state.alerts, given.dedup_key: replace(line, beside=mute)})
        return Decision(after, Reason.SILENCE_BEGUN, ladder.show(after), f"{line.title}: a silence begins as well")
    if mute.kind is MuteKind.INHIBITION:
        mutable = line.marks.mutable if line.marks is not None else ()
        if state.severity is Severity.CRITICAL and line.severity is not Severity.CRITICAL:
            mutable = ()
        if _same(known, mute) or mute.silence not in mutable:
            return Decision(state, Reason.NOT_SILENCED)
        both = replace(line, mute=mute, beside=beside(line, mute, now))
        after = replace(state, alerts={**state.alerts, given.dedup_key: both})
        return _settled(state, after, now, Reason.INHIBITED, f"{line.title}: {mute.by} inhibits it")
    after = replace(state, alerts={**state.alerts, given.dedup_key: replace(line, mute=mute, beside=None)})
    return _settled(state, after, now, Reason.SILENCE_BEGUN, f"{line.title}: a silence begins")


def ended(state: Incident, given: Unmuted, now: Instant) -> _Decision:
    """A silence covers nothing any more; where it did, the ladder begins."""
    lines = {key: line for key, line in state.alerts.items() if _covers(line.mute, given)}
    besides = {key: replace(line, beside=None) for key, line in state.alerts.items() if _covers(line.beside, given)}
    if not (lines or besides) or not state.live:
        return Decision(state, Reason.NOT_SILENCED)
    state = replace(state, alerts={**state.alerts, **besides})
    if not lines:
        return Decision(state, Reason.SILENCE_ENDED, ladder.show(state), "the silence was ended")
    instead = {**given.others, **({given.dedup_key: given.instead} if given.instead else {})}
    freed = {key: _without(line, mute_of(state, instead.get(key), now), now) for key, line in lines.items()}
    after = replace(state, alerts={**state.alerts, **freed})
    reason, story = _ENDED[next(line.mute.kind for line in lines.values() if line.mute)]
    return _settled(state, after, now, reason, story)


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
    mutes = [line.mute for line in state.alerts.values() if line.mute is not None and line.mute.until <= now]
    bounds = [mute.silence for mute in mutes if mute.kind is not MuteKind.SILENCE]
    after = replace(state, alerts=kept, overruled=_remembered(state, bounds))
    reason = Reason.MUTED_ENOUGH if bounds else Reason.SILENCE_OVER
    if mute := ladder.hushed(after, now):
        return ladder.hush(after, mute, now, reason, "one of the silences is over")
    return _asked(after, now, reason, "muted long enough" if bounds else "the silence is over")


def mute_for(state: Incident | None, given: AlertReceived, now: Instant) -> Mute | None:
    """What mutes the alert that was *given*, now that *state* (None: a new incident) takes it in."""
    mute = mute_of(state, given.mute, now)
    severity = given.plan.severity or given.alert.severity
    if mute is not None and mute.kind is MuteKind.STORM and severity is Severity.CRITICAL:
        return None  # Emergencies pass.
    if mute is None or state is None or mute.kind is MuteKind.SILENCE:
        return mute
    if state.severity is Severity.CRITICAL and (severity is not Severity.CRITICAL or mute.kind is MuteKind.STORM):
        return None  # It was an emergency before: what is told of it now takes nothing back.
    line = state.alerts.get(given.alert.dedup_key)
    if line is not None and _same(line.mute, mute):
        return mute_of(state, line.mute, now)  # It has its end already: repetitions and other causes do not move it.
    if mute.kind is MuteKind.INHIBITION:
        return mute
    begins = not state.live or state.kind is Kind.NOTIFICATION
    return mute if begins or any(_same(each.mute, mute) for each in state.alerts.values()) else None


def mute_of(state: Incident | None, mute: Mute | None, now: Instant) -> Mute | None:
    """*mute*, unless it is over, or a person has overruled it in *state*."""
    if mute is None or mute.until <= now or (state is not None and mute.silence in state.overruled):
        return None
    return mute


def beside(line: AlertLine | None, mute: Mute | None, now: Instant) -> Mute | None:
    """The silence of a person that covers *line* as well, now that the machine's *mute* does."""
    if line is None or mute is None or mute.kind is MuteKind.SILENCE:
        return None
    silences = [each for each in (line.mute, line.beside) if each is not None and each.kind is MuteKind.SILENCE]
    return next((each for each in silences if each.until > now), None)


def overruled(state: Incident) -> Incident:
    """The incident, freed from its silences by a person who wants somebody asked."""
    broken = [mute.silence for line in state.alerts.values() for mute in (line.mute, line.beside) if mute]
    if not broken:
        return state
    freed = {key: replace(line, mute=None, beside=None) for key, line in state.alerts.items()}
    return replace(state, alerts=freed, overruled=_remembered(state, broken))


def urgent(state: Incident) -> Incident:
    """The incident; if it has become critical, only what a person has silenced stays muted."""
    if state.severity is not Severity.CRITICAL:
        return state
    muted = [line.mute for line in state.alerts.values() if line.mute is not None]
    free = {key: _freed(line) for key, line in state.alerts.items()}
    return replace(
        state,
        alerts=free,
        overruled=_remembered(state, [mute.silence for mute in muted if mute.kind is not MuteKind.SILENCE]),
    )


def told(decision: _Decision, before: AlertLine | None, dedup_key: str) -> _Decision:
    """*decision*, which has taken an alert in; the silence that mutes it now hears of it.

    It answers if it is over meanwhile: what the alert was told of it may be a moment old.
    """
    line = decision.state.alerts.get(dedup_key) if decision.state else None
    if line is None or line.mute is None or (before is not None and before.mute == line.mute):
        return decision
    if line.mute.kind is MuteKind.INHIBITION:
        asked: dict[str, Json] = {"what": MUTED_BY, "silence": line.mute.silence}
        return replace(
            decision, effects=(*decision.effects, Effect(receiver=teller("incident"), kind=TELL, facts=asked))
        )
    if line.mute.kind is MuteKind.STORM:
        return decision  # Its end is near in any case.
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
        return _asked(after, now, reason, story)
    return Decision(after, reason, ladder.show(after), story)


def _asked(after: Incident, now: Instant, reason: Reason, story: str) -> _Decision:
    """Nothing mutes it any more: it is asked about, unless it flaps and has recovered; then nobody ever heard of it."""
    if not flapping.quiet(after):
        return ladder.first_rung(after, now, reason, story)
    over = ladder.resolved(after, now)
    return Decision(over, reason, ladder.refresh(over), f"{story}, and nothing fires")


def _forgotten(line: AlertLine, now: Instant) -> AlertLine:
    return _without(line, None, now) if line.mute is not None and line.mute.until <= now else line


def _without(line: AlertLine, instead: Mute | None, now: Instant) -> AlertLine:
    """*line*, whose mute is over; *instead* or the silence beside it goes on."""
    also = beside(replace(line, mute=None), instead, now)
    return replace(line, mute=instead or beside(line, line.mute, now), beside=also)


def _covers(mute: Mute | None, given: Unmuted) -> bool:
    return mute is not None and mute.silence == given.silence


def _same(known: Mute | None, mute: Mute) -> bool:
    return known is not None and known.silence == mute.silence


def _freed(line: AlertLine) -> AlertLine:
    """*line* without what machines mute it by, now or later."""
    mute = line.mute if line.mute is not None and line.mute.kind is MuteKind.SILENCE else line.beside
    return replace(
        line, mute=mute, beside=None, marks=replace(line.marks, mutable=()) if line.marks is not None else None
    )


def _remembered(state: Incident, broken: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*state.overruled, *broken)))[-OVERRULED_MAX:]


_ENDED: Final = {
    MuteKind.SILENCE: (Reason.SILENCE_ENDED, "the silence was ended"),
    MuteKind.INHIBITION: (Reason.INHIBITION_OVER, "what inhibited it is over"),
    MuteKind.STORM: (Reason.STORM_OVER, "the storm is over"),
}
