"""The heartbeat machine: a dead man's switch.

Somebody promises to come every so often. As long as they do, nothing happens; silence is an alert:

    new, up ──silence: every──► late ──silence: grace──► missed
       ▲                          │                        │
       └────────────pinged────────┴────────────────────────┘

The first ping creates the heartbeat. *Late* is announced and asks nobody; *missed* asks, and so does work that tells of
its own failure, or that began and did not end within the grace. A ping resolves what silence has raised. A deadline
counts from the last ping, or from now when the heartbeat is made, changed or enabled: what was asked for a moment ago
cannot have been missed.

A *watched* sender promises nothing: an idle Prometheus says nothing for days. But what it does not repeat is over only
if it lives, and so the incidents ask here: who was heard of after the alert had expired, lives; who was not, may have
fallen silent as a whole, and then that is the alert, and nothing is resolved. When it comes back it needs some time to
tell of everything again; until then it is not believed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.heartbeats.inputs import Configured, Deleted, Expired, Input, Pinged, Switched, Terms
from tocsin.heartbeats.ping import Ping, PingKind
from tocsin.heartbeats.reasons import Reason
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Decision, Effect, Standing, Tick, teller
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Duration, Instant

EVERY: Final[Duration] = DAY  # Of a heartbeat that a ping has created without saying how often it will come.
GRACE: Final[Duration] = HOUR  # The same, for the grace.
SILENCE: Final[Duration] = 2 * MINUTE  # A watched sender that is this late has missed two rounds of its own.
SETTLED: Final[Duration] = 5 * MINUTE  # After a restart rules wait for data: what still fires is not told at once.
EVERY_MIN: Final[Duration] = 10 * SECOND  # Shorter promises are broken by the network alone.
TEXT_MAX: Final = 2000  # Characters of what a ping says.


class Status(StrEnum):
    """Where a heartbeat stands."""

    NEW = "new"
    UP = "up"
    LATE = "late"
    MISSED = "missed"
    FAILED = "failed"
    DISABLED = "disabled"
    DELETED = "deleted"


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The state. *since*: from when silence counts; a watched one has spoken since then.

    *started_at*: work began then and has not ended. *watched*: it promises nothing, and *every* means
    nothing. *terms* has all that was ever set.
    """

    integration: str
    name: str
    status: Status
    every: Duration
    grace: Duration
    terms: Terms
    created_at: Instant
    since: Instant
    wake_at: Instant | None
    watched: bool = False
    last_ping_at: Instant | None = None
    started_at: Instant | None = None
    text: str = ""

    @property
    def live(self) -> bool:
        """It is still there."""
        return self.status is not Status.DELETED

    @property
    def alarmed(self) -> bool:
        """It has an alert that somebody may be asked about."""
        return self.status in {Status.LATE, Status.MISSED, Status.FAILED}


_Decision = Decision[Heartbeat]
_DECODER: Final = msgspec.json.Decoder(Heartbeat)


class HeartbeatMachine:
    """See the module's essay."""

    name = "heartbeat"

    def decide(self, state: Heartbeat | None, given: Input, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        if state is None or not state.live:
            return _begin(given, now)
        match given:
            case Pinged():
                return _pinged(state, given, now)
            case Configured():
                return _configured(state, given, now)
            case Switched(enabled):
                return _switched(state, now, enabled=enabled)
            case Deleted():
                after = replace(state, status=Status.DELETED, wake_at=None)
                return Decision(after, Reason.DELETED, _well(state), "deleted")
            case Expired():
                return _expired(state, given, now)
            case Tick():
                return _tick(state, now)
        assert_never(given)

    def answers(self, state: Heartbeat, given: Input, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """A heartbeat takes whatever is meant for it; one that was deleted begins anew."""
        return True

    def wanted(self, state: Heartbeat, effect: Effect) -> bool:  # noqa: ARG002 - the protocol's.
        """What others must know stays true."""
        return True

    def standing(self, state: Heartbeat) -> Standing:
        """Law 12: who has promised to come owes the moment at which silence is noticed."""
        owes = not state.watched and state.status in {Status.NEW, Status.UP, Status.LATE}
        return Standing(wake_at=state.wake_at, live=state.live, owes=owes, rank=state.created_at)

    def encode(self, state: Heartbeat) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Heartbeat:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def _begin(given: Input, now: Instant) -> _Decision:
    match given:
        case Pinged():
            ping = given.ping
            fresh = _fresh(given.integration, ping.name, ping.every or EVERY, _grace(ping), now)
            if given.watched:
                fresh = _watched(fresh)
            found = _pinged(fresh, given, now)
            return found if found.reason is Reason.FAILED else replace(found, reason=Reason.CREATED)
        case Configured():
            every = given.terms.every or EVERY
            fresh = _fresh(given.integration, given.name, every, given.terms.grace or 0, now)
            after = _termed(fresh, given.terms, now)
            if given.enabled is False:
                after = replace(after, status=Status.DISABLED, wake_at=None)
            return Decision(after, Reason.CREATED, (), "created")
        case Expired(name=name) if name:
            return _expired(_watched(_fresh(given.integration, name, EVERY, 0, now)), given, now)
        case _:
            return Decision(None, Reason.UNKNOWN)


def _watched(fresh: Heartbeat) -> Heartbeat:
    return replace(fresh, watched=True, wake_at=None)


def _fresh(integration: str, name: str, every: Duration, grace: Duration, now: Instant) -> Heartbeat:
    return Heartbeat(
        integration=integration,
        name=name,
        status=Status.NEW,
        every=max(every, EVERY_MIN),
        grace=grace,
        terms=Terms(),
        created_at=now,
        since=now,
        wake_at=now + max(every, EVERY_MIN),
    )


def _grace(ping: Ping) -> Duration:
    """Who says how often they come, and not how late, is late when they are."""
    if ping.grace is not None:
        return ping.grace
    return GRACE if ping.every is None else 0


def _pinged(state: Heartbeat, given: Pinged, now: Instant) -> _Decision:
    ping = given.ping
    state = replace(state, text=ping.text[:TEXT_MAX] or state.text)
    if ping.every is not None:
        state = replace(state, every=max(ping.every, EVERY_MIN))
    if ping.grace is not None:
        state = replace(state, grace=ping.grace)
    if state.status is Status.DISABLED:
        return Decision(replace(state, last_ping_at=now), Reason.IDLE)
    match ping.kind:
        case PingKind.SUCCESS:
            return _heard(state, given, now) if state.watched else _alive(state, now)
        case PingKind.START:
            after = _due(replace(state, last_ping_at=now, started_at=now))
            return Decision(after, Reason.STARTED)
        case PingKind.FAIL:
            after = replace(state, status=Status.FAILED, last_ping_at=now, since=now, started_at=None)
            return Decision(_due(after), Reason.FAILED, (_tell(after, "failed"),), "told of its failure")
        case PingKind.LOG:
            return Decision(state, Reason.LOGGED)
    assert_never(ping.kind)


def _heard(state: Heartbeat, given: Pinged, now: Instant) -> _Decision:
    """A watched sender speaks; *since* is when it came back after it had fallen silent."""
    at = min(now, now if given.at is None else given.at)
    after = replace(state, status=Status.UP, last_ping_at=max(at, state.last_ping_at or 0))
    if state.alarmed:
        return Decision(replace(after, since=at), Reason.RECOVERED, _well(state), "speaks again")
    return Decision(after, Reason.PINGED)


def _alive(state: Heartbeat, now: Instant) -> _Decision:
    after = _due(replace(state, status=Status.UP, last_ping_at=now, since=now, started_at=None))
    if state.alarmed:
        return Decision(after, Reason.RECOVERED, _well(state), "came again")
    return Decision(after, Reason.PINGED)


def _configured(state: Heartbeat, given: Configured, now: Instant) -> _Decision:
    after = _termed(state, given.terms, now)
    if given.enabled is not None and given.enabled is (state.status is Status.DISABLED):
        return _switched(after, now, enabled=given.enabled)
    if (after.every, after.grace, after.terms) == (state.every, state.grace, state.terms):
        return Decision(state, Reason.UNCHANGED)
    return Decision(after, Reason.CONFIGURED, (), "its terms were changed")


def _termed(state: Heartbeat, terms: Terms, now: Instant) -> Heartbeat:
    """The heartbeat with the terms that are set; one that is not alarmed gets its time anew."""
    known = msgspec.structs.asdict(state.terms)
    given = {name: value for name, value in msgspec.structs.asdict(terms).items() if value is not None}
    after = replace(
        state,
        every=max(terms.every or state.every, EVERY_MIN),
        grace=state.grace if terms.grace is None else terms.grace,
        terms=Terms(**{**known, **given}),
    )
    if (after.every, after.grace) == (state.every, state.grace) or after.status not in {Status.NEW, Status.UP}:
        return after
    return _due(replace(after, since=now))


def _switched(state: Heartbeat, now: Instant, *, enabled: bool) -> _Decision:
    if enabled is not (state.status is Status.DISABLED):
        return Decision(state, Reason.UNCHANGED)
    if enabled:
        after = _due(replace(state, status=Status.NEW, since=now))
        return Decision(after, Reason.ENABLED, (), "enabled")
    after = replace(state, status=Status.DISABLED, wake_at=None, started_at=None)
    return Decision(after, Reason.DISABLED, _well(state), "disabled")


def _expired(state: Heartbeat, given: Expired, now: Instant) -> _Decision:
    last = state.last_ping_at
    if last is not None and last > given.expires_at:
        returned = state.watched and state.since > given.expires_at
        if not returned or last >= state.since + SETTLED:
            facts = {"incident": given.incident, "dedup_key": given.dedup_key, "expires_at": given.expires_at}
            effect = Effect(receiver=teller("incident"), kind=TELL, facts={"what": "lapsed", **facts})
            return Decision(state, Reason.SENDER_LIVES, (effect,))
        if now <= last + SETTLED:
            return Decision(state, Reason.NOT_YET)
    if state.status is Status.DISABLED:
        return Decision(state, Reason.IDLE)
    if now <= given.expires_at + SILENCE:
        return Decision(state, Reason.NOT_YET)
    if not state.watched or state.status is Status.MISSED:
        return Decision(state, Reason.SENDER_SILENT)
    after = replace(state, status=Status.MISSED)
    return Decision(after, Reason.SENDER_SILENT, (_tell(after, "silent"),), "fell silent while its alerts fire")


def _tick(state: Heartbeat, now: Instant) -> _Decision:
    if state.wake_at is None or state.wake_at > now:
        return Decision(state, Reason.NOT_DUE)
    if state.started_at is not None and state.started_at + state.grace <= now:
        after = _due(replace(state, status=Status.FAILED, started_at=None, since=now))
        return Decision(after, Reason.FAILED, (_tell(after, "unfinished"),), "began, and did not end in time")
    if state.status is not Status.LATE and now < state.since + state.every + state.grace:
        after = replace(state, status=Status.LATE, wake_at=state.since + state.every + state.grace)
        return Decision(after, Reason.LATE, (_tell(after, "late"),), "is late")
    after = replace(state, status=Status.MISSED, wake_at=None)
    return Decision(after, Reason.MISSED, (_tell(after, "missed"),), "was missed")


def _due(state: Heartbeat) -> Heartbeat:
    """*state* with the moment at which silence is noticed next."""
    if state.watched:
        return replace(state, wake_at=None)
    moments = [state.since + state.every + (state.grace if state.status is Status.LATE else 0)]
    if state.started_at is not None:
        moments.append(state.started_at + state.grace)
    return replace(state, wake_at=min(moments))


def _tell(state: Heartbeat, condition: str) -> Effect:
    """The words from which others make an alert."""
    facts: dict[str, Json] = {
        "what": "heartbeat",
        "condition": condition,
        "integration": state.integration,
        "name": state.name,
        "every": state.every,
        "grace": state.grace,
        "last_ping_at": state.last_ping_at,
        "text": state.text,
        "description": state.terms.description or "",
        "message": state.terms.message or "",
        "severity": state.terms.severity or "",
        "tags": state.terms.tags or (),
    }
    return Effect(receiver=teller("incident"), kind=TELL, facts=facts)


def _well(state: Heartbeat) -> tuple[Effect, ...]:
    """Resolve what silence has raised, if it has."""
    return (_tell(state, "well"),) if state.alarmed else ()
