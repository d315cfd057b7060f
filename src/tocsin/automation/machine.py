"""The rule machine: when it fires, what is done about it, given what of it still runs.

    an event, a webhook, a word ──┐
    its timetable (wake_at) ──────┴─► fired ──► started, restarted, queued, already running, dry run, alert raised
                                                   │
               tried again ◄── run ended: failed ──┘

A rule is knowledge (`Rules`), its book is the state. So a rule that has changed in the file is another from the next
decision on, and only its timetable must be told (`Configured`), since a time in the future stands in the book.

Its timetable fires once for all that an outage has missed, under the first instant that was missed; the next time
counts from now. A timetable that has changed counts from now, too: what the old one has missed is not made up for.

What it starts leaves through the outbox, named after the rule, the instant and a number that only grows: a run begins
once, however often that is said. A run tells of its end, as it would tell a run that waits for it.

A run that failed is redriven, at most *retries* times: it goes on with the states that failed, so that what is done is
not done twice. One that somebody stopped is not. What failed for good is kept in a list.
"""

from __future__ import annotations

import hashlib
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.automation.book import TEXT_MAX, Book, Dead, Live, Note, Waiting
from tocsin.automation.inputs import Configured, Ended, Fired, Input, Removed
from tocsin.automation.reasons import RuleReason as Reason
from tocsin.automation.rule import Mode, Rule, Rules
from tocsin.expressions.metering import Failed
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Decision, Effect, Standing, Tick, teller
from tocsin.kernel.time import HOUR, MINUTE, Duration, Instant, format_instant
from tocsin.timetables import Timetable

START: Final = "rule-start"  # What effects tell.
STOP: Final = "rule-stop"
REDRIVE: Final = "rule-redrive"
ALERT: Final = "rule-alert"
TROUBLE: Final = "rule-trouble"

SCHEDULE: Final = "schedule"
QUEUE_MAX: Final = 100  # Firings that wait: more are a storm, which a person must see.
QUEUE_BYTES_MAX: Final = 1 << 20  # Of their inputs: they are written with every decision.
RETRY_FIRST: Final[Duration] = MINUTE
RETRY_LAST: Final[Duration] = HOUR
NAME_MAX: Final = 50  # Characters of a rule's name in those of its runs: AWS takes 80 in all.

_PREFIX: Final = "rule-"
_DECODER: Final = msgspec.json.Decoder(Book)
_Decision = Decision[Book]


def aggregate(rule: str) -> str:
    """The id of the book of *rule*."""
    return _PREFIX + rule


class RuleMachine:
    """See the module's essay."""

    name = "rule"

    def __init__(self, rules: Rules = lambda _: None) -> None:
        """*rules*: the rule of a name as it is now, or None."""
        self._rules = rules

    def decide(self, state: Book | None, given: Input, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        name = state.rule if state is not None else getattr(given, "rule", "")
        rule = self._rules(name)
        if isinstance(given, Configured):
            return _configured(state, rule, now)
        if state is None:
            if rule is None or not isinstance(given, Fired):
                return Decision(None, Reason.UNKNOWN)
            return _fired(_begin(rule, now), given, rule, now)
        match given:
            case Removed():
                return Decision(replace(state, listed=False, due=None, queue=()), Reason.REMOVED, (), "removed")
            case Ended():
                return _ended(state, given, rule, now)
            case Tick():
                return _tick(state, rule, now)
            case Fired():
                if rule is None:
                    return Decision(state, Reason.UNKNOWN)
                return _fired(state, given, rule, now)
        assert_never(given)

    def answers(self, state: Book, given: Input, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """A rule takes whatever is meant for it."""
        return True

    def wanted(self, state: Book, effect: Effect) -> bool:  # noqa: ARG002 - the protocol's.
        """What was decided is done."""
        return True

    def standing(self, state: Book) -> Standing:
        """A rule owes nothing to people."""
        live = state.listed or bool(state.live)
        return Standing(wake_at=state.wake_at, live=live, owes=False, rank=state.created_at)

    def encode(self, state: Book) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Book:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


# ── The configuration ────────────────────────────────────────────────────────────────────────────────────────────────
def _configured(state: Book | None, rule: Rule | None, now: Instant) -> _Decision:
    if rule is None:
        return Decision(state, Reason.UNKNOWN)
    if state is None:
        return Decision(_begin(rule, now), Reason.BEGUN, (), "begins")
    if state.listed and state.timetable == told(rule.timetable):
        return Decision(state, Reason.UNCHANGED)
    return Decision(_timed(replace(state, listed=True), rule, now), Reason.CHANGED, (), "timetable changed")


def _begin(rule: Rule, now: Instant) -> Book:
    return _timed(Book(rule=rule.name, seed=rule.seed, created_at=now), rule, now)


def _timed(book: Book, rule: Rule, now: Instant) -> Book:
    book = replace(book, timetable=told(rule.timetable), anchored=now)
    return replace(book, due=next_due(book, rule, now))


def told(timetable: Timetable | None) -> str:
    """What a timetable says, to see whether it has changed; a book has it as its `timetable`."""
    if timetable is None:
        return ""
    return f"{timetable.expression} {timetable.zone} {timetable.start} {timetable.end}"


def next_due(book: Book, rule: Rule, now: Instant) -> Instant | None:
    """When its timetable comes after *now*; a rate without a start counts from when it was configured."""
    timetable = rule.timetable
    if timetable is None:
        return None
    if timetable.start is None and (timetable.end is None or timetable.end >= book.anchored):
        timetable = replace(timetable, start=book.anchored)
    return timetable.next_after(now)


# ── Firing ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _tick(state: Book, rule: Rule | None, now: Instant) -> _Decision:
    retried = tuple(each for each in state.live if each.again_at is not None and each.again_at <= now)
    effects = tuple(_order(REDRIVE, {"run": each.run}) for each in retried)
    reason, story = (Reason.AGAIN, "") if retried else (Reason.NOT_DUE, "")
    if retried:
        live = tuple(replace(each, again_at=None) if each in retried else each for each in state.live)
        state = replace(state, live=live)
    if state.due is None or state.due > now:
        return Decision(state, reason, effects, story)
    due = state.due
    if rule is None or told(rule.timetable) != state.timetable:
        return Decision(replace(state, due=None), reason, effects)  # `Configured` comes, and says when.
    state = replace(state, due=next_due(state, rule, now))
    given = Fired(rule=rule.name, cause=SCHEDULE, of=format_instant(due), event=scheduled(rule.name, due))
    fired = _fired(state, given, rule, now)
    return replace(fired, effects=(*effects, *fired.effects))


def scheduled(rule: str, due: Instant) -> dict[str, Json]:
    """The event of a timetable, in the shape of EventBridge's own."""
    return {
        "version": "0",
        "id": f"{rule}/{due}",
        "detail-type": "Scheduled Event",
        "source": "tocsin.schedule",
        "time": format_instant(due),
        "resources": [rule],
        "detail": {},
    }


def _fired(state: Book, given: Fired, rule: Rule, now: Instant) -> _Decision:
    note = Note(at=now, cause=given.cause, of=given.of, decided="")
    try:
        made = rule.input(given.event, now)
    except Failed as failed:
        text = f"its input cannot be made: {failed}"
        facts: dict[str, Json] = {"rule": rule.name, "problem": text, "of": given.of}
        dead = Dead(at=now, run="", of=given.of, error=text)
        return _noted(state.burying(dead), note, Reason.POISON, (_order(TROUBLE, facts),), text=text)
    if rule.dry_run:
        return _noted(state, note, Reason.DRY, text=json.encode(made).decode()[:TEXT_MAX])
    if not rule.workflows:
        facts = {"rule": rule.name, "event": given.event, "input": made, "at": now, "of": given.of}
        return _noted(state, note, Reason.RAISED, (_order(ALERT, facts),))
    turn = Waiting(cause=given.cause, of=given.of, input=made, at=now)
    if rule.mode is Mode.RESTART and state.live:
        stops = tuple(_order(STOP, {"run": each.run}) for each in state.live)
        made_anew = _begun(replace(state, live=()), turn, rule, Reason.RESTARTED, now)
        return replace(made_anew, effects=(*stops, *made_anew.effects))
    if not state.queue and state.at_work < rule.at_once:
        return _begun(state, turn, rule, Reason.STARTED, now)
    if rule.mode is Mode.SINGLE:
        running = ", ".join(each.run for each in state.live)
        return _noted(state, note, Reason.RUNNING, text=running)
    queue = (*state.queue, turn)
    if len(queue) > QUEUE_MAX or len(json.encode(queue)) > QUEUE_BYTES_MAX:
        text = f"{len(state.queue)} firings wait already"
        facts = {"rule": rule.name, "problem": text, "of": given.of}
        dead = Dead(at=now, run="", of=given.of, error=text)
        return _noted(state.burying(dead), note, Reason.FULL, (_order(TROUBLE, facts),), text=text)
    return _noted(replace(state, queue=queue), note, Reason.QUEUED)


def _begun(state: Book, turn: Waiting, rule: Rule, reason: Reason, now: Instant) -> _Decision:
    """The runs of a firing begin."""
    begun: list[Live] = []
    effects: list[Effect] = []
    stamp = format_instant(turn.at)[:19].translate({ord("-"): None, ord(":"): None}) + "Z"
    for number, workflow in enumerate(rule.workflows, state.numbered + 1):
        name = f"{rule.name[:NAME_MAX]}-{stamp}-{number}"
        run = f"run-{name}"
        seed = hashlib.sha256(f"{state.seed}/{run}".encode()).hexdigest()
        facts: dict[str, Json] = {
            "run": run,
            "name": name,
            "workflow": workflow,
            "input": turn.input,
            "seed": seed,
            "rule": rule.name,
        }
        effects.append(_order(START, facts))
        begun.append(Live(run=run, firing=state.fired + 1))
    after = replace(
        state,
        numbered=state.numbered + len(begun),
        fired=state.fired + 1,
        live=(*state.live, *begun),
    )
    note = Note(at=now, cause=turn.cause, of=turn.of, decided="", runs=tuple(each.run for each in begun))
    return _noted(after, note, reason, tuple(effects))


# ── The ends of runs ─────────────────────────────────────────────────────────────────────────────────────────────────
def _ended(state: Book, given: Ended, rule: Rule | None, now: Instant) -> _Decision:
    found = next((each for each in state.live if each.run == given.run), None)
    if found is None:
        return Decision(state, Reason.STRANGE)
    failed = given.error is not None and not given.stopped
    if failed and rule is not None and found.tried < rule.retries:
        wait = min(RETRY_FIRST << min(found.tried, 10), RETRY_LAST)
        again = replace(found, tried=found.tried + 1, again_at=now + wait)
        live = tuple(again if each is found else each for each in state.live)
        return Decision(replace(state, live=live), Reason.RETRIED, (), f"{given.run} failed, to be tried again")
    after = replace(state, live=tuple(each for each in state.live if each is not found))
    reason = Reason.ENDED
    if failed:
        reason = Reason.DEAD
        after = after.burying(Dead(at=now, run=given.run, of="", error=given.error or ""))
    if rule is None:
        return Decision(after, reason)
    effects: tuple[Effect, ...] = ()
    while after.queue and after.at_work < rule.at_once:
        turn, *rest = after.queue
        begun = _begun(replace(after, queue=tuple(rest)), turn, rule, Reason.STARTED, now)
        assert begun.state is not None
        after, effects = begun.state, (*effects, *begun.effects)
    return Decision(after, reason, effects, f"{given.run} failed for good" if failed else "")


def _noted(state: Book, note: Note, reason: Reason, effects: tuple[Effect, ...] = (), *, text: str = "") -> _Decision:
    note = replace(note, decided=reason.value, text=text)
    story = " ".join(filter(None, (reason.value, ", ".join(note.runs))))
    return Decision(state.noting(note), reason, effects, story)


def _order(what: str, facts: dict[str, Json]) -> Effect:
    return Effect(receiver=teller("rule"), kind=TELL, facts={"what": what, **facts})
