"""The form that silences: what opens it, what is done when it is sent, and the button that ends a silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tocsin.conversing import forms_silence as forms
from tocsin.conversing.forms import NOTE_MAX, WHY_MAX
from tocsin.conversing.forms_silence import Subject
from tocsin.conversing.replies import Answer, Ask, Corrections, Reply
from tocsin.conversing.wishes import Filled, Pressed
from tocsin.engine.ports import ONCE, Received
from tocsin.incidents import silence_making as making
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.matchers import Matcher, MatcherError, parse
from tocsin.incidents.naming import called
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.silence_making import UnclearError, Wish
from tocsin.incidents.silence_telling import what
from tocsin.incidents.silences import Order, Phase, Silence
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import one_line
from tocsin.kernel import json
from tocsin.kernel.time import Instant, parse_duration
from tocsin.saying.message import Actions, Button, Paragraph, Saying
from tocsin.saying.text import bold, moment
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import (
    LATER,
    OLD,
    TITLE_MAX,
    Carried,
    carried,
    elsewhere,
    incident_of,
    instant,
    new_once,
    pressed_incident,
    team_of,
    telling,
    text,
    ticked,
    titled,
    too_long,
    word,
)
from tocsin.wiring.concierge.rights import NOT_YOURS, may_act, own_team, team_of_silence
from tocsin.wiring.settings import Settings

CHANNEL: Final = "silence"
END: Final = "silence:end"
WHAT_MAX: Final = 300

_MACHINE: Final = SilenceMachine()
_NO_KIND: Final = frozenset({"dedup_key", "title", "severity"})  # Labels that name one alert, or say how bad it is.


def pressed(desk: Desk) -> Mapping[str, Callable[[Pressed], Reply]]:
    """`form:silence` carries `i`, an incident, or nothing, or `matchers` and `for` to begin with; END the silence."""
    return {"form:silence": partial(_opened, desk), END: partial(_ended, desk)}


def filled(desk: Desk) -> Mapping[str, Callable[[Filled], Reply]]:
    """By the form's name."""
    return {forms.SILENCE: partial(_sent, desk)}


def _opened(desk: Desk, wish: Pressed) -> Reply:
    settings, name = desk.settings(), pressed_incident(wish)
    incident = incident_of(desk, name)
    if name and incident is None:
        return plain_answer("There is no such incident any more.")
    limited = not desk.is_configured(wish.by.responder)
    own = own_team(desk, wish.by, wish.place) if limited else ""
    if limited and not (may_act(desk, wish.by, wish.place, incident.team) if incident else own):
        return plain_answer(NOT_YOURS)
    subject = Subject(matchers=word(wish.value, "matchers")[:NOTE_MAX])
    if incident is not None:
        face = incident.face
        prefilled = "\n".join(
            str(Matcher(name=key, value=value)) for key, value in face.labels.items() if key not in _NO_KIND
        )
        subject = Subject(incident=name, title=face.title, resource=face.resource, matchers=prefilled[:NOTE_MAX])
    team = incident.team if incident else own or team_of(settings, wish.place)
    several = len(settings.teams) > 1 and incident is None and not limited
    return Ask(
        forms.silence_form(
            new_once(),
            subject,
            teams=tuple(settings.teams) if several else (),
            team=team,
            remind=_remind(settings, wish.by.responder, team),
            length=word(wish.value, "for"),
        )
    )


def _remind(settings: Settings, me: str, team: str) -> dict[str, str]:
    found = settings.teams.get(team)
    mine = {forms.ME: "Me"} if me in settings.responders else {}
    return mine | ({forms.ROOM: f"The room of {team}"} if found and found.slack else {})


def _sent(desk: Desk, wish: Filled) -> Reply:
    facts = carried(wish)
    if facts is None:
        return plain_answer(OLD)
    incident = incident_of(desk, facts.i)
    if facts.i and incident is None:
        return plain_answer("There is no such incident any more.")
    name = f"s{facts.once}"
    if (there := _silence(desk, name)) is not None:  # The same form again.
        return _said(desk, wish, there, incident)
    errors = _errors(desk, wish)
    concerned = incident.team if incident else _chosen_team(desk, wish)
    if not errors and not may_act(desk, wish.by, wish.place, concerned):
        errors = {"team": NOT_YOURS}
    if errors:
        return Corrections(errors)
    try:
        made = _made(desk, wish, facts, incident)
    except UnclearError as problem:
        return Corrections({_field(wish, incident): f"{str(problem)[:1].upper()}{str(problem)[1:]}."})
    if not _do(desk, Order(make=made), f"silence/{facts.once}"):
        return plain_answer(LATER)
    return _said(desk, wish, made, incident)


def _errors(desk: Desk, wish: Filled) -> dict[str, str]:
    errors: dict[str, str] = {}
    until, length, team = instant(wish, "until"), text(wish, "for"), text(wish, "team")
    if until is not None and until <= wish.at:
        errors["until"] = "That time has passed; choose a later one, or none."
    if until is None and length not in forms.LENGTHS:
        errors["for"] = "Choose for how long."
    if not text(wish, "why"):
        errors["why"] = "Say why, so that others know."
    if team not in {"", forms.ALL} and team not in desk.settings().teams:
        errors["team"] = "That team is not there any more; choose another one."
    too_long(errors, wish, why=WHY_MAX, matchers=NOTE_MAX)
    if text(wish, "what") in {"", forms.MATCHERS} and "matchers" not in errors:
        errors |= _wrong_matchers(wish)
    return errors


def _wrong_matchers(wish: Filled) -> dict[str, str]:
    written = _lines(wish)
    if not written:
        return {"matchers": "Say which alerts: a line like service=db, or several."}
    try:
        for line in written:
            parse(line)
    except MatcherError as problem:
        return {"matchers": f"{str(problem)[:1].upper()}{str(problem)[1:]}."}
    return {}


def _made(desk: Desk, wish: Filled, facts: Carried, incident: Incident | None) -> Silence:
    """The silence. Raises UnclearError."""
    settings, chosen = desk.settings(), text(wish, "what")
    more, matchers, integration = _about(incident, chosen)
    team = incident.team if incident else _chosen_team(desk, wish)
    until = instant(wish, "until")
    if until is None:
        until = wish.at + (parse_duration(text(wish, "for")) or 0)
    told = _told(settings, wish, team or team_of(settings, wish.place))
    wanted = Wish(
        id=f"s{facts.once}",
        by=called(wish.by.responder, desk.names()),
        why=text(wish, "why"),
        starts_at=wish.at,
        ends_at=until,
        matchers=tuple(_lines(wish)) if matchers else (),
        team=team,
        integration=integration,
        tell=told,
    )
    return making.silence(wanted, desk.clock(), more=more)


def _chosen_team(desk: Desk, wish: Filled) -> str:
    """Empty: all, which only the configuration's people can choose."""
    chosen = "" if text(wish, "team") == forms.ALL else text(wish, "team")
    if chosen or desk.is_configured(wish.by.responder):
        return chosen
    return own_team(desk, wish.by, wish.place)


def _about(incident: Incident | None, chosen: str) -> tuple[tuple[Matcher, ...], bool, str]:
    """What the choice adds to the matchers, whether those that were written count, and the integration it is about."""
    if incident is None or chosen == forms.MATCHERS:
        return (), True, ""
    face = incident.face
    if chosen == forms.TITLE:
        return (Matcher(name="title", value=face.title),), False, ""
    if chosen == forms.RESOURCE and face.resource:
        return (Matcher(name="resource", value=face.resource),), False, ""
    return (making.of_incident(incident),), False, incident.integration


def _told(settings: Settings, wish: Filled, team: str) -> tuple[str, ...]:
    """Who is reminded."""
    chosen, possible = ticked(wish, "tell"), _remind(settings, wish.by.responder, team)
    receivers = {forms.ME: responder(wish.by.responder), forms.ROOM: room(team)}
    return tuple(receivers[name] for name in possible if name in chosen)


def _lines(wish: Filled) -> list[str]:
    return [line.strip() for line in text(wish, "matchers").splitlines() if line.strip()]


def _field(wish: Filled, incident: Incident | None) -> str:
    """Where a refusal of the silence as a whole is shown: it is about its length, or about what it covers."""
    if instant(wish, "until") is not None:
        return "until"
    return "what" if incident is not None else "matchers"


def _said(desk: Desk, wish: Filled, made: Silence, incident: Incident | None) -> Reply:
    who, why = telling(desk).person(wish.by.responder), one_line(made.comment, WHY_MAX)
    told = _covered(desk, wish, made, incident)
    sentence = f"{who} has silenced {told} until {moment(made.ends_at)}: {why}"
    teams = [made.team] if made.team else list(desk.settings().teams)
    elsewhere(desk, wish.place, teams, once=f"silence-{made.id}", title="Silenced", sentence=sentence)
    end = Button(verb=END, label="End it now", value={"s": made.id}, sure="Alerts that still fire will ask at once.")
    saying = Saying(summary=sentence, parts=(Paragraph(sentence), Actions((end,))))
    return Answer(saying=saying, private=False)


def _covered(desk: Desk, wish: Filled, made: Silence, incident: Incident | None) -> str:
    """What is silenced, as the person has chosen it."""
    chosen = text(wish, "what")
    if incident is None or chosen == forms.MATCHERS:
        return one_line(what(made), WHAT_MAX)
    if chosen == forms.TITLE:
        return f"everything with the title {bold(one_line(incident.face.title, TITLE_MAX))}"
    if chosen == forms.RESOURCE and incident.face.resource:
        return f"everything of {bold(one_line(incident.face.resource, TITLE_MAX))}"
    return f"the alert {titled(desk, str(wish.facts.get('i')), incident)}"


def _ended(desk: Desk, wish: Pressed) -> Reply:
    name = word(wish.value, "s")
    found = _silence(desk, name)
    if found is None:
        return plain_answer("There is no such silence any more.")
    if found.phase(desk.clock()) is Phase.EXPIRED:
        return plain_answer("It is over already.")
    if not may_act(desk, wish.by, wish.place, team_of_silence(desk.settings(), found)):
        return plain_answer(NOT_YOURS)
    if not _do(desk, Order(end=name), f"silence-end/{name}/{found.updated_at}"):
        return plain_answer(LATER)
    who, made = telling(desk).person(wish.by.responder), one_line(found.created_by, TITLE_MAX) or "somebody"
    why = one_line(found.comment, WHAT_MAX)
    return plain_answer(f"{who} has ended the silence of {made} ({why}). What still fires asks now.", private=False)


def _silence(desk: Desk, name: str) -> Silence | None:
    stored = desk.store.load([name]).get(name) if name else None
    return _MACHINE.decode(stored.state).silence if stored is not None and stored.machine == _MACHINE.name else None


def _do(desk: Desk, order: Order, once: str) -> bool:
    """Have an order carried out, once; whether that is so already."""
    now: Instant = desk.clock()
    head = f"{ONCE}: form/{once}".encode()
    return bool(desk.do(Received(received_at=now, channel=CHANNEL, key="", head=head, body=json.encode(order))))
