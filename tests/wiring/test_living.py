"""Settings that change while the process runs."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.wiring.living import Derived, LiveMapping, live
from tocsin.wiring.settings import Responder, Settings, Team
from tocsin.wiring.settings_file import parse

FILE = parse(b"responders: {ada: {}}\nteams: {ops: {members: [ada]}}", {}).settings


def test_live_settings_are_those_of_the_file_until_they_change() -> None:
    now = live(FILE)
    assert (now.teams, now.first_team, now.server) == (FILE.teams, "ops", FILE.server)
    now.become(replace(FILE, teams={**FILE.teams, "new": Team()}))
    assert list(now.teams) == ["ops", "new"]
    assert list(FILE.teams) == ["ops"]


def test_who_goes_through_a_mapping_sees_it_as_it_was() -> None:
    now = live(FILE)
    teams = iter(now.teams)
    now.become(replace(FILE, teams={"new": Team(), **FILE.teams}))
    assert list(teams) == ["ops"]


def test_what_is_derived_is_made_once_for_each_change() -> None:
    made: list[Settings] = []
    now = live(FILE)

    def names(settings: Settings) -> list[str]:
        made.append(settings)
        return list(settings.responders)

    derived = Derived(now, names)
    assert derived() == derived() == ["ada"]
    assert len(made) == 1
    now.become(replace(FILE, responders={**FILE.responders, "bo": Responder()}))
    assert derived() == derived() == ["ada", "bo"]
    assert len(made) == 2
    now.become(replace(FILE, integrations={}))
    assert (derived(), len(made)) == (["ada"], 3)


def test_a_live_mapping_is_as_the_settings_are() -> None:
    now = live(FILE)
    names = LiveMapping(now, lambda settings: {name: name.upper() for name in settings.responders})
    assert (dict(names), len(names), names.get("bo")) == ({"ada": "ADA"}, 1, None)
    now.become(replace(FILE, responders={"bo": Responder()}))
    assert (dict(names), names["bo"], "ada" in names) == ({"bo": "BO"}, "BO", False)
