"""What a team configures so that one trouble asks once: grouping, inhibition, storms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from tocsin.incidents.grouping import FIELDS, LABEL
from tocsin.incidents.inhibition import AT_MOST, Inhibition
from tocsin.incidents.matchers import MatcherError, parse
from tocsin.incidents.storms import Limits
from tocsin.kernel.time import DAY, HOUR, MINUTE, Duration
from tocsin.wiring.settings_kinds import Flag, Key, Many, Section, Span, Text, Whole


def _matcher_complaint(text: str) -> tuple[str, str]:
    try:
        parse(text)
    except MatcherError as problem:
        return f"is no matcher: {problem}", ""
    return "", ""


_MATCHER: Final = Text(most=1000, what='a matcher like alertname="NodeDown"', check=_matcher_complaint)
_LABEL: Final = Text(most=100, shape=r"[^\s,{}=~!\"]+", what="the name of a label")

GROUP_BY: Final = Many(
    of=Text(
        most=120,
        shape=rf"{'|'.join(FIELDS)}|{LABEL}[^\s,{{}}=~!\"]+",
        what=f"one of {', '.join(FIELDS)}, or {LABEL}NAME",
    ),
    single=True,
)
"""What alerts are grouped by."""


class Inhibit(msgspec.Struct, frozen=True, kw_only=True):
    """While one alert fires, others that follow from it ask nobody."""

    name: Annotated[str, Key(Text(most=80), "What it is for, in your words.")] = ""
    source: Annotated[
        tuple[str, ...],
        Key(Many(of=_MATCHER, least=1, single=True), "Matchers of the alert that inhibits: all of them must fit."),
    ]
    target: Annotated[
        tuple[str, ...],
        Key(Many(of=_MATCHER, least=1, single=True), "Matchers of the alerts that it inhibits: all of them must fit."),
    ]
    equal: Annotated[
        tuple[str, ...],
        Key(Many(of=_LABEL, single=True), "Labels that must be equal in both; one that neither has is equal."),
    ] = ()
    at_most: Annotated[
        Duration,
        Key(Span(least=MINUTE, most=7 * DAY), "How long a source inhibits, from the beginning of its incident."),
    ] = AT_MOST
    critical: Annotated[bool, Key(Flag(), "Whether critical alerts are inhibited too.")] = False


INHIBIT: Final = Many(of=Section(Inhibit))
"""The rules, in order: a rule never inhibits what is a source of it or of one above it."""

_LIMITS: Final = Limits()


class Storms(msgspec.Struct, frozen=True, kw_only=True):
    """When so much begins at once that one summary helps more than all the pages."""

    more_than: Annotated[
        int,
        Key(
            Whole(least=1, most=100_000),
            "A storm begins when more new incidents of one team than these come within `window`,",
        ),
    ] = _LIMITS.more_than
    times: Annotated[
        int,
        Key(
            Whole(least=1, most=1000),
            "and more than so many times what is usual (the 95th percentile of the last day).",
        ),
    ] = _LIMITS.times
    window: Annotated[Duration, Key(Span(least=MINUTE, most=HOUR), "The time in which they are counted.")] = (
        _LIMITS.window
    )
    at_most: Annotated[
        Duration,
        Key(Span(least=MINUTE, most=4 * HOUR), "After this time everything that a storm holds asks, whatever happens."),
    ] = _LIMITS.at_most


def inhibitions(rules: Sequence[Inhibit]) -> tuple[Inhibition, ...]:
    """The rules as the core knows them, each under a name of its own."""
    made: dict[str, Inhibition] = {}
    for number, rule in enumerate(rules, 1):
        name = rule.name if rule.name and rule.name not in made else " ".join(filter(None, (rule.name, f"#{number}")))
        made[name] = Inhibition(
            name=name,
            source=tuple(parse(text) for text in rule.source),
            target=tuple(parse(text) for text in rule.target),
            equal=rule.equal,
            at_most=rule.at_most,
            critical=rule.critical,
        )
    return tuple(made.values())


def limits(storms: Storms) -> Limits:
    """The limits as the core knows them."""
    return Limits(more_than=storms.more_than, times=storms.times, window=storms.window, at_most=storms.at_most)
