"""What is legal in a configuration, and yet probably not what its author wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tocsin.aws.addresses import complaint
from tocsin.routing.plans import OWN, OWN_CHANNEL
from tocsin.wiring.settings import DEFAULT, Responder, Settings
from tocsin.wiring.settings_reader import NEXT_SUFFIX, SCHEDULE_PREFIX
from tocsin.wiring.settings_ways_advice import way_advice

Advice: TypeAlias = tuple[tuple[str | int, ...], str]  # The path of keys that it is about, and the sentence.


def advice(settings: Settings) -> Iterator[Advice]:
    """Everything worth a second look in *settings* as they stand in the file, without what is always there."""
    yield from _responders(settings)
    yield from way_advice(settings)
    yield from _teams(settings)
    yield from _schedules(settings)
    yield from _policies(settings)
    yield from _routes(settings)
    if settings.mail and settings.mail.tls == "none" and settings.mail.password:
        yield ("mail", "tls"), "the password crosses the network in the open"


def strangers(settings: Settings, environ: Mapping[str, str]) -> Iterator[Advice]:
    """Queues that are not at Amazon SQS: no advice, but mistakes that depend on where we run."""
    for name, integration in settings.integrations.items():
        for number, queue in enumerate(integration.queues, 1):
            for key, url in (("url", queue.url), ("dead_letters", queue.dead_letters)):
                wrong = complaint(url, environ) if url else ""
                if wrong:
                    yield ("integrations", name, "queues"), f"queue {number}: its {key} {wrong}"


def _responders(settings: Settings) -> Iterator[Advice]:
    asked = {name for team in settings.teams.values() for name in team.members} | _targets(settings) | _turns(settings)
    for name, responder in settings.responders.items():
        obstacle = _unreachable(responder, settings)
        if obstacle:
            yield ("responders", name), f"{name} cannot be reached: {obstacle}"
        if settings.teams and name not in asked:
            yield ("responders", name), f"{name} is never asked: no team and no policy names them"


def _unreachable(responder: Responder, settings: Settings) -> str:
    """Why no page can reach *responder*; empty if one can."""
    if responder.ntfy or (responder.slack and settings.slack) or (responder.email and settings.mail):
        return ""
    if responder.phone and (settings.twilio or settings.sns or settings.connect):
        return ""
    if responder.teams and settings.microsoft_teams:
        return ""
    if responder.slack:
        return "there is no `slack` section"
    if responder.teams:
        return "there is no `microsoft_teams` section"
    if responder.email:
        return "there is no `mail` section"
    if responder.phone:
        return "there is no `twilio`, `sns` or `connect` section"
    return "give slack, email or ntfy"


def _teams(settings: Settings) -> Iterator[Advice]:
    if not settings.teams and not settings.responders:
        yield (), "there are no teams and no responders: alerts are shown in the console, and nobody is asked"
    for name, team in settings.teams.items():
        if not team.members and not team.slack and not team.teams_channel:
            yield ("teams", name), f"{name} has neither members nor a room: what it gets is shown in the console only"
        if team.slack and not settings.slack:
            yield ("teams", name, "slack"), f"the room of {name} is in Slack, and there is no `slack` section"
        if team.teams_channel and not settings.microsoft_teams:
            yield (
                ("teams", name, "teams_channel"),
                f"the room of {name} needs a `microsoft_teams` section",
            )


def _schedules(settings: Settings) -> Iterator[Advice]:
    asked = {target.partition(SCHEDULE_PREFIX)[2].removesuffix(NEXT_SUFFIX) for target in _targets(settings)}
    for name, schedule in settings.schedules.items():
        if name not in asked:
            yield ("schedules", name), f"{name} is asked by no policy"
        if settings.slack is None:
            for key in ("handle", "topic"):
                if getattr(schedule, key):
                    yield ("schedules", name, key), "nothing is done with it: there is no `slack` section"


def _policies(settings: Settings) -> Iterator[Advice]:
    used = {team.policy for team in settings.teams.values()} | {route.policy for route in settings.routes}
    if any(team.policy is None for team in settings.teams.values()) or not settings.teams:
        used.add(DEFAULT)
    for name in settings.policies:
        if name not in used:
            yield ("policies", name), f"{name} is used by no team and no route"
    for name, team in settings.teams.items():
        policy = settings.policies.get(team.policy or DEFAULT)
        if policy is None:
            continue
        wanted = max(policy.acknowledgements, *(step.acknowledgements for step in policy.steps))
        if wanted > len(team.members) > 0:
            those = f"{len(team.members)} member{'s' if len(team.members) > 1 else ''}"
            yield ("teams", name), f"{wanted} people must acknowledge, and {name} has {those}: all of them are enough"
        if not team.slack and not team.teams_channel and any(OWN_CHANNEL in step.ask for step in policy.steps):
            yield ("teams", name), f"{name} has no room: the steps that ask its `{OWN_CHANNEL}` are left out"


def _routes(settings: Settings) -> Iterator[Advice]:
    catch_all = None
    for place, route in enumerate(settings.routes):
        if catch_all is not None:
            yield ("routes", place), f"never matches: route {catch_all} before it has no pattern, and takes everything"
        elif route.when is None and route.event is None:
            catch_all = place + 1


def _turns(settings: Settings) -> set[str]:
    """All who take turns in a schedule."""
    layers = [layer for schedule in settings.schedules.values() for layer in schedule.layers]
    changed = {name for layer in layers for change in layer.changes for name in change.responders}
    return changed | {name for layer in layers for name in layer.responders}


def _targets(settings: Settings) -> set[str]:
    """All whom the policies name, the members of a `team:NAME` left out: they are named by their team."""
    return {
        target
        for policy in settings.policies.values()
        for step in policy.steps
        for target in step.ask
        if target not in OWN
    }
