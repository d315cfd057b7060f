"""The keys of rules: what they wait for, and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from tocsin.automation.rule import VARIABLES, Mode, Rule
from tocsin.incidents.alerts import Kind as AlertKind
from tocsin.incidents.alerts import Severity
from tocsin.kernel.later import later
from tocsin.kernel.time import parse_instant
from tocsin.wiring.settings_kinds import Choice, Flag, Formula, Key, Many, PatternOf, Ref, Section, Text, Whole
from tocsin.wiring.settings_schedules import LOCAL, ZONE

if TYPE_CHECKING:
    from tocsin import patterns, timetables
    from tocsin.expressions import expression
else:
    expression = later("tocsin.expressions.expression")
    timetables = later("tocsin.timetables")
    patterns = later("tocsin.patterns")

MOST: Final = 100  # Firings of one rule at once; more need another design.
RETRIES_MAX: Final = 10


def _schedule(text: str) -> tuple[str, str]:
    try:
        timetables.parse(text)
    except timetables.TimetableError as refused:
        return f"is no timetable: {refused.message}", ""
    return "", ""


def _moment(text: str) -> tuple[str, str]:
    return ("" if parse_instant(text) is not None else "is no date and time"), ""


_SCHEDULE: Final = Text(most=256, what="a timetable like cron(0 9 ? * MON-FRI *)", check=_schedule)
_MOMENT: Final = Text(most=40, what="a date and time like 2027-01-31T09:00:00Z", check=_moment)
_WORD: Final = Text(most=40, shape=r"[A-Za-z0-9][A-Za-z0-9._-]*", what="a word of letters, digits and . _ -")


class RuleAlert(msgspec.Struct, frozen=True, kw_only=True):
    """The alert that a rule raises."""

    title: Annotated[str, Key(Text(most=200), "Its title; an input with a `title` has another.")]
    description: Annotated[str, Key(Text(most=1000), "What to know.")] = ""
    severity: Annotated[str, Key(Choice(tuple(word.value for word in Severity)), "How bad it is.")] = (
        Severity.HIGH.value
    )
    kind: Annotated[
        str, Key(Choice(tuple(word.value for word in AlertKind)), "`notification` is shown, and nobody is paged.")
    ] = AlertKind.ALERT.value


class RuleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What must follow when an event comes, a time has come, or somebody says a word."""

    event: Annotated[
        patterns.Pattern | None,
        Key(PatternOf("event"), "It fires for each event that matches, as its sender wrote it."),
    ] = None
    schedule: Annotated[
        str | None, Key(_SCHEDULE, "It fires then: `rate(...)`, `cron(...)` or `at(...)`, as EventBridge has them.")
    ] = None
    time_zone: Annotated[str, Key(ZONE, "By whose clocks.")] = LOCAL
    start: Annotated[str | None, Key(_MOMENT, "Never before then; a rate counts from then.")] = None
    end: Annotated[str | None, Key(_MOMENT, "Never after then.")] = None
    webhook: Annotated[bool, Key(Flag(), "It fires for every delivery of its integration.")] = False
    command: Annotated[str | None, Key(_WORD, "It fires when somebody says `/tocsin run WORD` in chat.")] = None
    integration: Annotated[
        str | None,
        Key(
            Ref("integration"),
            "Only deliveries of this one count; a webhook without it is that of `default`. Its alerts are of it, too.",
        ),
    ] = None
    workflow: Annotated[
        tuple[str, ...], Key(Many(of=Ref("workflow"), single=True), "What is started: a workflow, or a list.")
    ] = ()
    alert: Annotated[
        RuleAlert | None, Key(Section(RuleAlert, short="title"), "Or the alert that is raised: its title, or more.")
    ] = None
    input: Annotated[
        expression.Expression | None,
        Key(Formula(), "What the workflow is given: JSONata over the event. Without it the event itself."),
    ] = None
    mode: Annotated[
        str,
        Key(
            Choice(tuple(word.value for word in Mode)),
            "If something of it still runs: `single` does nothing, `restart` stops that and begins anew, `queued` "
            "waits, `parallel` begins beside it.",
        ),
    ] = Mode.PARALLEL.value
    max: Annotated[
        int, Key(Whole(least=1, most=MOST), "In `parallel`: so many at once; what comes beyond that waits.")
    ] = 10
    retries: Annotated[
        int, Key(Whole(least=0, most=RETRIES_MAX), "How often a run that failed goes on with what failed.")
    ] = 0
    dry_run: Annotated[bool, Key(Flag(), "Nothing is done; what would be is noted.")] = False
    consume: Annotated[
        bool, Key(Flag(), "An event that fires it becomes no alert, and no heartbeat's: it is for this rule only.")
    ] = False

    def timetable(self) -> timetables.Timetable | None:
        """Its timetable. Raises TimetableError."""
        if self.schedule is None:
            return None
        start, end = (parse_instant(text) if text else None for text in (self.start, self.end))
        return timetables.parse(self.schedule, zone=self.time_zone, start=start, end=end)

    def rule(self, name: str, seed: str) -> Rule:
        """The rule *name*, as decisions know it; *seed* as there."""
        return Rule(
            name=name,
            seed=seed,
            workflows=tuple(dict.fromkeys(self.workflow)),
            timetable=self.timetable(),
            template=self.input,
            mode=Mode(self.mode),
            most=self.max,
            retries=self.retries,
            dry_run=self.dry_run,
        )


def rule_complaint(rule: RuleSettings) -> str:
    """What is wrong between the keys of *rule*, or nothing."""
    if rule.event is None and rule.schedule is None and not rule.webhook and rule.command is None:
        return "needs event, schedule, webhook: true or command: what it waits for"
    if bool(rule.workflow) is (rule.alert is not None):
        return "needs workflow or alert, and one of them only: what it does"
    if rule.schedule is None and (rule.start or rule.end or rule.time_zone != LOCAL):
        return "has start, end or time_zone, which need a schedule"
    try:
        rule.timetable()
        if rule.input is not None:
            expression.Expression(rule.input.text, VARIABLES)  # Those of a mapping know more.
    except timetables.TimetableError as refused:
        return f"has a schedule that cannot be: {refused.message}"
    except expression.ExpressionError as wrong:
        return f"has an input that cannot be: {wrong}"
    return ""
