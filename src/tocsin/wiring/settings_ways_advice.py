"""Advice about how people are reached: rules that can never ring, and quiet hours that make a noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tocsin.incidents.ways import MAIL, MENTION, NTFY, PUSH, QUIET_WAYS, SLACK, SMS, TEAMS, VOICE
from tocsin.kernel.time import Duration, format_duration
from tocsin.wiring.settings import Responder, Settings

Advice: TypeAlias = tuple[tuple[str | int, ...], str]  # The path of keys that it is about, and the sentence.


def way_advice(settings: Settings) -> Iterator[Advice]:
    """What is worth a second look in the rules and quiet hours of *settings*."""
    waits = _waits(settings)
    for name, person in settings.responders.items():
        missing = obstacles(name, person, settings)
        for place, rule in enumerate(person.notify):
            where = ("responders", name, "notify", place)
            if obstacle := missing.get(rule.by, ""):
                yield where, f"{name} is not reached by {rule.by}: {obstacle}"
            elif rule.after >= waits.get(name, rule.after + 1):
                wait = format_duration(waits[name])
                yield where, f"never takes its turn: after {wait} the ladder asks others, and what waits is dropped"
        if person.quiet_hours and not person.time_zone:
            yield ("responders", name, "quiet_hours"), f"count in UTC, since {name} has no time_zone"
        if person.quiet_hours and all(missing.get(way) for way in QUIET_WAYS):
            yield (
                ("responders", name, "quiet_hours"),
                f"{name} is rung in them: no way is quiet (Slack, Teams, mail, ntfy)",
            )


_NO_TEAMS = "there is no `microsoft_teams` section"


def obstacles(name: str, person: Responder, settings: Settings) -> Mapping[str, str]:
    """Why a person cannot be reached, by way; an empty text if they can, as far as the file tells."""
    slack = "" if settings.slack else "there is no `slack` section"
    phone = "" if person.phone else "give phone"
    carried = settings.twilio is not None
    room = any(team.slack and name in team.members for team in settings.teams.values())
    return {
        SLACK: ("" if person.slack else "give slack") or slack,
        MENTION: ("" if person.slack else "give slack") or slack or ("" if room else "no team of theirs has a room"),
        TEAMS: ("" if person.teams else "give teams") or ("" if settings.microsoft_teams else _NO_TEAMS),
        NTFY: "" if person.ntfy else "give ntfy",
        PUSH: "",  # Browsers are registered in the console.
        MAIL: ("" if person.email else "give email") or ("" if settings.mail else "there is no `mail` section"),
        SMS: phone or ("" if carried or settings.sns else "there is no `twilio` or `sns` section"),
        VOICE: phone or ("" if carried or settings.connect else "there is no `twilio` or `connect` section"),
    }


def _waits(settings: Settings) -> Mapping[str, Duration]:
    """How long the policies of the file wait at most for those whom their steps name."""
    found: dict[str, Duration] = {}
    for policy in settings.policies.values():
        for step in policy.steps:
            for target in step.ask:
                found[target] = max(step.wait, found.get(target, 0))
    return {name: wait for name, wait in found.items() if name in settings.responders}
