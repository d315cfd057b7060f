"""Rules at work: what deliveries they match, how they begin, and what becomes of what they decide."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from tocsin.asl.execution import Redriven, Stopped
from tocsin.automation.book import Book
from tocsin.automation.inputs import Configured, Ended, Fired, Input, Removed
from tocsin.automation.machine import ALERT, COMMAND, REDRIVE, START, STOP, TROUBLE, RuleMachine, aggregate
from tocsin.automation.machine import told as timetable_told
from tocsin.automation.rule import Rule
from tocsin.engine.ports import Aggregates, Delivery, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.executions.inputs import Parent
from tocsin.executions.machine import ExecutionMachine
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.patterns import Matcher
from tocsin.sources import Reading, bounds
from tocsin.sources.mapped_fields import FIELDS, NotSo
from tocsin.wiring import rule_joining, workflows
from tocsin.wiring.addressing import SELF, Addressing
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.rule_joining import CHANNEL
from tocsin.wiring.settings import DEFAULT, Settings
from tocsin.wiring.settings_rules import RuleAlert, RuleSettings

PAGE: Final = 200
SEED_BYTES: Final = 24

_MACHINE: Final = RuleMachine.name
_SOURCE: Final = "rule"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is told to rules: that those of the configuration are there, or that somebody says a *command*."""

    configured: tuple[Configured, ...] = ()
    removed: tuple[str, ...] = ()
    command: str = ""
    said: dict[str, Json] = {}


class RuleDesk:
    """All rules of the settings, compiled once. Any thread."""

    def __init__(self, settings: Settings, kept: Mapping[str, str]) -> None:
        """*kept*: the ids of the workflows' definitions by their names."""
        self._settings = settings
        self._kept = kept
        self._rules = {
            name: each.rule(name, secrets.token_urlsafe(SEED_BYTES)) for name, each in settings.rules.items()
        }
        self._matcher = Matcher({name: each.event for name, each in settings.rules.items() if each.event is not None})
        self._hooks = tuple(name for name, each in settings.rules.items() if each.webhook)

    def __call__(self, name: str) -> Rule | None:
        """The rule *name*."""
        return self._rules.get(name)

    def matching(self, integration: str, event: Json) -> Mapping[str, str]:
        """The rules that an event of *integration* fires, each with its cause."""
        found: dict[str, str] = {}
        if isinstance(event, dict):
            for name in self._matcher.match(event):
                if self._settings.rules[name].integration in {None, integration}:
                    found[name] = "event"
        for name in self._hooks:
            if (self._settings.rules[name].integration or DEFAULT) == integration:
                found.setdefault(name, "webhook")
        return found

    def commanded(self, word: str) -> Sequence[str]:
        """The rules that the word fires."""
        return [name for name, each in self._settings.rules.items() if each.command == word]

    # ── Deliveries of senders ────────────────────────────────────────────────────────────────────────────────────────
    def attend(self, delivery: Delivery, found: Reading, meaning: Interpretation) -> Interpretation:
        """*meaning*, and beside it the rules that fire; without the alerts of what is for a rule only."""
        if not self._rules:
            return meaning
        event: Json = {"text": found.event} if isinstance(found.event, str) else found.event
        matching = self.matching(delivery.key, event) if event is not None else {}
        if not matching:
            return meaning
        name = delivery.occurrence
        fired = [
            _addressed(f"{name}/rule/{rule}", rule, Fired(rule=rule, cause=cause, of=delivery.id, event=event))
            for rule, cause in matching.items()
        ]
        if any(self._settings.rules[rule].consume and not self._rules[rule].dry_run for rule in matching):
            meaning = replace(meaning, inputs=())
        return replace(meaning, inputs=(*meaning.inputs, *fired))

    # ── Orders ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def ordered(self, delivery: Delivery) -> Interpretation:
        """The inputs of an order."""
        try:
            order = msgspec.convert(json.decode(delivery.body), Order)
        except (msgspec.ValidationError, json.JsonError) as problem:
            return Interpretation((), f"not an order: {problem}")
        inputs: list[tuple[str, Input]] = [(each.rule, each) for each in order.configured]
        inputs += [(rule, Removed()) for rule in order.removed]
        if order.command:
            of = str(order.said.get("by", ""))
            event: Json = {"command": order.command, **order.said}
            inputs += [
                (rule, Fired(rule=rule, cause=COMMAND, of=of, event=event)) for rule in self.commanded(order.command)
            ]
        addressed = tuple(
            _addressed(f"{delivery.occurrence}/{number}", rule, given) for number, (rule, given) in enumerate(inputs)
        )
        return Interpretation(addressed, "" if addressed else "no rule is meant")

    # ── What rules decide ────────────────────────────────────────────────────────────────────────────────────────────
    def told(self, delivery: Delivery, told: dict[str, Any], addressing: Addressing) -> Interpretation:
        """What follows from an effect of a rule."""
        name = f"{delivery.occurrence}/0"
        match told["what"]:
            case what if what == START:
                return Interpretation((self._started(name, told),))
            case what if what == STOP:
                return _run_order(name, Stopped(cause="its rule starts it anew"), told["run"])
            case what if what == REDRIVE:
                return _run_order(name, Redriven(), told["run"])
            case what if what == TROUBLE:
                alert = _trouble(told)
            case _:
                alert = self._alert(told)
        integration = (self._rule(told["rule"]).integration or SELF) if told["what"] == ALERT else SELF
        return Interpretation((addressing.alert(name, delivery.id, integration, alert, told.get("event")),))

    def _rule(self, name: str) -> RuleSettings:
        return self._settings.rules.get(name) or RuleSettings()

    def _started(self, name: str, told: dict[str, Any]) -> Addressed:
        workflow, run = told["workflow"], told["run"]
        definition = self._kept.get(workflow)
        if definition is None:
            ended = Ended(run=run, error=f"there is no workflow {workflow} any more")
            return _addressed(name, told["rule"], ended)
        wanted = workflows.Start(
            workflow=workflow,
            definition=definition,
            input=told["input"],
            seed=told["seed"],
            name=told["name"],
            role=self._settings.workflows[workflow].role or "",
            parent=Parent(run=told["from"], task=run),
            by=told.get("by", ""),
        )
        return workflows.begin(wanted, run, name)

    def _alert(self, told: dict[str, Any]) -> Alert:
        """The alert of a rule; its input, where that is an object, says more of it."""
        rule = told["rule"]
        said = self._rule(rule).alert or RuleAlert(title=f"Rule {rule}")
        alert = Alert(
            status=AlertStatus.FIRING,
            title=bounds.title(said.title),
            description=bounds.prose(said.description),
            dedup_key=bounds.key(f"rule/{rule}"),
            source=_SOURCE,
            severity=Severity(said.severity),
            kind=Kind(said.kind),
            labels=bounds.labels((("rule", rule),)),
            occurred_at=told["at"],
        )
        given = told["input"] if self._rule(rule).input is not None and isinstance(told["input"], dict) else {}
        return replace(alert, **dict(_fields(given)))


def _fields(given: Mapping[str, Json]) -> Iterator[tuple[str, object]]:
    """The fields of an alert that *given* says in a way that can be read."""
    for name, read in FIELDS.items():
        if given.get(name) is not None:
            try:
                found = read(given[name])
            except NotSo:
                continue
            if found is not None:
                yield name, found


def _trouble(told: Mapping[str, Any]) -> Alert:
    rule = told["rule"]
    return Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(f"The rule {rule} could not do its work"),
        description=bounds.paragraphs(
            f"It was fired by {told['of']}, and {told['problem']}.",
            "Nothing was started for that. What came in is kept; `tocsin workflow rules` tells more.",
        ),
        dedup_key=bounds.key(f"rule-trouble/{rule}"),
        source=SELF,
        severity=Severity.HIGH,
        labels=bounds.labels((("rule", rule),)),
    )


def _run_order(name: str, given: object, run: str) -> Interpretation:
    return Interpretation((Addressed(input_id=name, machine=ExecutionMachine.name, given=given, aggregate=run),))


def _addressed(name: str, rule: str, given: Input) -> Addressed:
    book = aggregate(rule)
    return Addressed(input_id=name, machine=_MACHINE, given=given, aggregate=book, fresh=book)


# ── In the engine ────────────────────────────────────────────────────────────────────────────────────────────────────
def join(desk: RuleDesk, interpreter: Interpreter) -> None:
    """Have *interpreter* read what concerns rules."""
    rule_joining.join(lambda: desk, interpreter)


class _Over(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run, as its parent hears of it."""

    run: str
    task: str
    error: str | None = None
    cause: str | None = None


def answer_input(answer: Mapping[str, Json], input_id: str, effect: str) -> Addressed:
    """The input that an answer is, for a run or for the rule that has started one; it confirms *effect*."""
    return _over(answer, input_id, effect) or workflows.answer_input(answer, input_id, effect)


def read_answer(delivery: Delivery) -> Interpretation:
    """What the delivery of an answer means, for a run or for the rule that has started one."""
    return _run_over(delivery) or workflows.answered(delivery)


def _run_over(delivery: Delivery) -> Interpretation | None:
    try:
        over = _over(json.decode(delivery.body), f"{delivery.occurrence}/0")
    except json.JsonError:
        return None
    return Interpretation((over,)) if over else None


def _over(answer: Json, input_id: str, done: str = "") -> Addressed | None:
    """The end of a run that a rule has started; None for the answers of others."""
    try:
        told = msgspec.convert(answer, _Over)
    except msgspec.ValidationError:
        return None
    if not told.run.startswith(aggregate("")):
        return None
    error, stopped = told.error, False
    if error is not None:
        described = _described(told.cause)
        stopped = described.get("Status") == "ABORTED"
        error = ": ".join(str(described[key]) for key in ("Error", "Cause") if described.get(key)) or error
    given = Ended(run=told.task, error=error, stopped=stopped)
    return Addressed(input_id=input_id, machine=_MACHINE, given=given, aggregate=told.run, done=done)


def _described(cause: str | None) -> dict[str, Json]:
    try:
        found = json.decode((cause or "").encode())
    except json.JsonError:
        return {}
    return found if isinstance(found, dict) else {}


def configuration(settings: Settings, store: Aggregates, now: Instant) -> Received | None:
    """The delivery by which rules begin, change and end; None if none does. Raises StoreUnavailableError."""
    there = {book.rule: book.timetable for book in books(store) if book.listed}
    fresh = [name for name, rule in settings.rules.items() if there.get(name) != timetable_told(rule.timetable())]
    order = Order(
        configured=tuple(Configured(rule=name) for name in fresh),
        removed=tuple(sorted(there.keys() - settings.rules.keys())),
    )
    return ordered(order, now) if order.configured or order.removed else None


def ordered(order: Order, now: Instant) -> Received:
    """The delivery of an order."""
    return Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(order))


def book_of(store: Aggregates, rule: str) -> Book | None:
    """The book of *rule*. Raises StoreUnavailableError."""
    stored = store.load([aggregate(rule)]).get(aggregate(rule))
    return RuleMachine().decode(stored.state) if stored is not None else None


def books(store: Aggregates) -> Iterator[Book]:
    """The books of all rules that live. Raises StoreUnavailableError."""
    before: tuple[Instant, str] | None = None
    machine = RuleMachine()
    while True:
        page = store.listing(_MACHINE, live_only=True, limit=PAGE, before=before)
        for row in page:
            book = machine.decode(row.state)
            before = book.created_at, row.id
            yield book
        if len(page) < PAGE:
            return
