"""The console's section of how one is paged."""

from __future__ import annotations

import pytest

from tests.web.console_desks import NAMES
from tests.web.console_world import Stage, Visitor, World
from tocsin.wiring.settings_ways import NotifyRule


def test_quiet_hours_and_rules_are_said_and_taken_back(ada: Visitor, world: World) -> None:
    assert "As the configuration says." in ada.get("/people").text
    said = {
        "windows": "22:00 - 7:00\r\nsat,sun",
        "loud-critical": "1",
        "rules": "push\r\nsms after 5m for critical, high",
    }
    assert ada.press("/people/paging", **said).flash == "It counts from the next page on."
    person = world.personal.person("ada")
    assert person.quiet_hours == ("22:00-07:00", "sat,sun")
    assert person.quiet_except == ("critical",)
    assert person.notify == (
        NotifyRule(by="push"),
        NotifyRule(by="sms", after=300_000, severity=("critical", "high")),
    )
    page = ada.get("/people").text
    assert "As you have said" in page
    assert "sms after 5m for critical and high" in page
    assert "You are not reached by sms: give phone." in page
    assert {change.by for change in world.personal.changes("ada")} == {"ada"}
    assert ada.press("/people/paging", back="1").flash == "You are paged as the configuration says."
    assert world.personal.of("ada") is None


def test_what_was_not_changed_stays_the_configurations(ada: Visitor, world: World) -> None:
    ada.press("/people/paging", windows="sat", rules="")
    found = world.personal.of("ada")
    assert found is not None
    assert found.notify is None
    ada.press("/people/paging", windows="sat", rules="push")
    assert [change.what for change in world.personal.changes("ada")] == [
        "quiet hours: sat; nothing makes a noise in them",
        "notification rules: push",
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"windows": "at night"}, '"at night" is not a window like'),
        ({"rules": "pigeon"}, '"pigeon" is none of slack,'),
        ({"rules": "sms soon"}, '"sms soon" is no rule like'),
        ({"rules": "sms for ever"}, '"ever" is none of critical,'),
        ({"rules": "sms after a while"}, '"awhile" is not a duration'),
        ({"windows": "<script>alert(1)</script>"}, "is not a window like"),
    ],
)
def test_what_makes_no_sense_changes_nothing_and_is_told(
    ada: Visitor, world: World, form: dict[str, str], said: str
) -> None:
    flash = ada.press("/people/paging", **form).flash
    assert flash.startswith("Nothing was changed: ")
    assert said in flash
    assert "<script>" not in ada.get("/people").text
    assert world.personal.of("ada") is None


def test_nobody_in_particular_is_paged(stage: Stage, world: World) -> None:
    visitor = Visitor(stage.port)
    visitor.enter(world.link())
    page = visitor.get("/people")
    assert 'id="paging"' not in page.text
    assert visitor.post("/people/paging", {"csrf": page.csrf, "windows": "sat"}).status == 404
    assert all(world.personal.of(name) is None for name in NAMES)
