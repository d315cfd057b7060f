"""Maintenance of the configuration: made when the server starts, as the file says, and ended with it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.wiring.silence_world import CONFIG, World, instant
from tocsin.incidents.silence_machine import SilenceReason
from tocsin.incidents.silences import Order, Phase, Silence
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError

BACKUP = """
maintenance:
  backup: {every: sun 02:00-04:00, time_zone: Europe/Berlin, match: service=db, why: the database is copied}
"""
NAME = "maintenance-backup"
SATURDAY = instant("2026-01-03 12:00")


def world(more: str = BACKUP, before: World | None = None, now: int = SATURDAY) -> World:
    made = World(before.now if before else now, CONFIG + more, before.store if before else None)
    made.plan()
    return made


def test_it_is_there_when_the_server_has_started() -> None:
    state = world().silence(NAME)
    silence = state.silence
    assert (state.phase, silence.name, silence.created_by) == (Phase.PENDING, "backup", "tocsin.yaml")
    assert silence.starts_at == instant("2026-01-04 02:00")
    assert (silence.tell, silence.maintenance) == (("team:ops", "team:web"), True)


def test_a_restart_changes_nothing() -> None:
    first = world()
    first.wake(instant("2026-01-04 02:30"))
    first.order(Order(end=NAME))
    before = first.silence(NAME)
    again = world(before=first)
    assert again.silence(NAME) == before
    assert again.store.timeline(NAME, 1)[0].reason == SilenceReason.AS_PLANNED


def test_what_the_file_says_otherwise_is_changed_and_what_it_does_not_say_is_ended() -> None:
    first = world()
    other = world(BACKUP.replace("service=db", "service=web"), first)
    assert str(other.silence(NAME).silence.matchers[0]) == 'service="web"'
    assert world("", other).silence(NAME).phase is Phase.EXPIRED
    assert world(BACKUP, other).silence(NAME).phase is Phase.PENDING


def test_it_tells_the_rooms_whom_it_concerns_or_nobody() -> None:
    entry = "\nmaintenance:\n  backup: {{every: sat, why: x, {}}}"
    assert world(entry.format("team: web")).silence(NAME).silence.tell == ("team:web",)
    of_integration = world(entry.format("integration: site")).silence(NAME).silence
    assert (of_integration.tell, of_integration.integration) == (("team:web",), "site")
    assert not world(entry.format("team: web, announce: false")).silence(NAME).silence.maintenance


def test_a_team_is_silenced_whatever_integration_an_alert_comes_by() -> None:
    made = world("\nmaintenance:\n  backup: {every: sat, why: x, team: web}")
    assert [said.split(":")[0] for said in made.heard()] == ["tell team web"]
    made.send("in", {"title": "disk", "dedup_key": "d"}, "site")
    assert made.heard() == []
    made.send("in", {"title": "mail", "dedup_key": "d"}, "prod")
    assert made.heard() == ["page ada: mail"]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("every: sat, why: x", "needs team, integration or match"),
        ("every: sat, why: x, match: 'a=~.*'", "needs team, integration or match"),
        ("every: mon-sun, why: x, team: ops", "needs windows that close"),
        ("every: saturday, why: x, team: ops", "window like"),
        ("every: sat, why: x, match: db", "is no matcher"),
        ("every: sat, why: x, team: opps", 'there is no team "opps"'),
        ("every: sat, why: x, integration: prd", 'there is no integration "prd"'),
        ("every: sat, team: ops", 'the key "why" is missing'),
        (f"every: sat, why: x, match: [{', '.join(['a=b'] * 65)}]", "at most 64 matchers"),
    ],
)
def test_what_is_wrong_is_told(keys: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        parse(f"{CONFIG}\nmaintenance:\n  backup: {{{keys}}}".encode(), {})
    assert sentence in str(wrong.value.problems)


def test_an_integration_that_always_exists_can_be_named() -> None:
    found = parse(b"maintenance: {backup: {every: sat, why: x, integration: default}}", {}).settings
    assert found.maintenance["backup"].integration == "default"


# ── What a silence asks, beside the stories ──────────────────────────────────────────────────────────────────────────
ONCE = Silence(
    id="s-1",
    integration="",
    matchers=(),
    team="ops",
    starts_at=SATURDAY,
    ends_at=SATURDAY + HOUR,
    created_by="ada",
    comment="x",
    remind=15 * MINUTE,
    tell=("responder:ada",),
)


def test_who_cannot_be_reached_has_the_room_told() -> None:
    made = world("")
    made.unreached.add("responder:ada")
    made.order(Order(make=ONCE))
    made.send("in", {"title": "disk", "dedup_key": "d"}, "prod")
    [(at, [said])] = made.wake(SATURDAY + 50 * MINUTE)
    assert at == SATURDAY + 45 * MINUTE
    assert said.startswith(
        "tell team ops: A silence ends in 15m: 1 alert under it still fires | everything of team ops"
    )


def test_of_a_group_all_alerts_that_a_silence_of_keys_names_are_silenced_when_it_begins() -> None:
    made = world("")
    alerts = [
        {"status": "firing", "labels": {"alertname": name}, "startsAt": "2026-01-03T10:00:00Z", "fingerprint": name}
        for name in ("disk", "mail")
    ]
    made.send("in", {"version": "4", "groupKey": "g", "status": "firing", "receiver": "x", "alerts": alerts}, "prod")
    assert made.heard() == ["page ada: disk"]
    made.order(Order(make=ONCE))
    state = made.silence("s-1")
    assert (state.count, len({each.dedup_key for each in state.held})) == (2, 2)
    [(_, [said])] = made.wake(SATURDAY + 50 * MINUTE)
    assert "2 alerts under it still fire | " in said
    assert "| Will ask again: disk; mail. |" in said


def test_more_alerts_than_are_named_are_counted() -> None:
    made = world("")
    made.order(Order(make=replace(ONCE, maintenance=True, tell=("team:ops",))))
    for number in range(8):
        made.send("in", {"title": f"disk {number}", "dedup_key": f"{number}"}, "prod")
    made.heard()
    told = [said for _, lines in made.wake(SATURDAY + 2 * HOUR) for said in lines if said.startswith("tell")]
    assert "8 alerts under it still fire" in told[0]
    assert "disk 4 and 3 more." in told[-1]
