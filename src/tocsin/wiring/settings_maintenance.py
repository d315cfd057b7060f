"""The keys of maintenance: windows of the week in which alerts ask nobody."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from tocsin.incidents.matchers import Matcher, MatcherError, parse
from tocsin.incidents.silences import MATCHERS_MAX, WHY_MAX, covers_all
from tocsin.schedules.recurring import never_closed
from tocsin.wiring.settings_kinds import Flag, Key, Many, Ref, Text
from tocsin.wiring.settings_schedules import LOCAL, WINDOW, ZONE


def _matcher(text: str) -> tuple[str, str]:
    try:
        parse(text)
    except MatcherError as problem:
        return f"is no matcher: {problem}", ""
    return "", ""


MATCHER: Final = Text(what="a matcher like service=db", check=_matcher)


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """A silence that comes again, in windows of the week, over a team, an integration or alerts with certain labels."""

    every: Annotated[tuple[str, ...], Key(Many(of=WINDOW, least=1, single=True), "When: windows of the week.")]
    why: Annotated[str, Key(Text(most=WHY_MAX), "Why, for all who see it.")]
    time_zone: Annotated[str, Key(ZONE, "By whose clocks.")] = LOCAL
    team: Annotated[str | None, Key(Ref("team"), "Only what concerns this team.")] = None
    integration: Annotated[str | None, Key(Ref("integration"), "Only what comes from this integration.")] = None
    match: Annotated[
        tuple[str, ...],
        Key(Many(of=MATCHER, single=True), "Only alerts with these labels: `service=db`, `!=`, `=~`, `!~`; or a list."),
    ] = ()
    announce: Annotated[
        bool, Key(Flag(), "Whether the room is told at begin and end, with what has fired meanwhile.")
    ] = True


def matchers(given: Maintenance) -> tuple[Matcher, ...]:
    """The matchers of one that has been read."""
    return tuple(map(parse, given.match))


def complaint(given: Maintenance) -> str:
    """What is wrong between its keys, or nothing."""
    if covers_all(matchers(given)) and not (given.team or given.integration):
        return "needs team, integration or match, so that it does not silence everything"
    if len(given.match) > MATCHERS_MAX:
        return f"needs at most {MATCHERS_MAX} matchers"
    return "needs windows that close at some time" if never_closed(given.every) else ""
