"""What rooms add to the settings of a file: people, teams, integrations; the file goes before."""

from __future__ import annotations

import pytest

from tests.wiring.room_world import BO, CHANNEL, ROOM_AT, guest, room
from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.incidents.ladder import responder
from tocsin.incidents.ladder import room as receiver
from tocsin.kernel import json
from tocsin.routing.plans import CROWD_MIN
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_records import GUEST, ROOM, free_name, joined, stored, with_rooms, zone_of
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import parties, routes

NO_FILE = parse(b"", {}).settings
ALERT = Alert(status=AlertStatus.FIRING, title="disk full", dedup_key="disk", source="test")
GUESTS = {"U0ADA": guest("U0ADA", "ada", zone="Europe/Berlin"), BO: guest(BO, "bo")}


def file(text: str) -> Settings:
    return parse(text.encode(), {}).settings


def test_without_rooms_the_file_is_all_there_is() -> None:
    assert joined(NO_FILE, {}, {}) is NO_FILE


def test_a_room_is_a_team_of_its_members_with_an_integration() -> None:
    now = joined(NO_FILE, {CHANNEL: room("U0ADA", BO)}, GUESTS)
    team = now.teams["ops"]
    assert (team.members, team.slack, team.policy) == (("ada", "bo"), CHANNEL, "smart")
    assert now.integrations["ops"].team == "ops"
    assert (now.responders["ada"].slack, now.responders["ada"].time_zone) == ("U0ADA", "Europe/Berlin")


def test_without_a_file_the_oldest_room_gets_what_belongs_to_nobody() -> None:
    now = joined(NO_FILE, {CHANNEL: room("U0ADA")}, GUESTS)
    assert now.first_team == "ops"
    assert now.integrations["default"].team == "ops"
    routes(now)


def test_a_team_of_the_file_keeps_what_belongs_to_nobody() -> None:
    now = joined(file("responders: {cy: {}}\nteams: {core: {members: [cy]}}"), {CHANNEL: room("U0ADA")}, GUESTS)
    assert (now.first_team, now.integrations["default"].team) == ("core", "core")


def test_bots_are_nobody_and_ended_accounts_are_not_asked() -> None:
    guests = {**GUESTS, BO: guest(BO, "bo", deleted=True), "U0ROB": guest("U0ROB", "rob", bot=True)}
    now = joined(NO_FILE, {CHANNEL: room("U0ADA", BO, "U0ROB", "U0STRANGER")}, guests)
    assert now.teams["ops"].members == ("ada",)
    assert set(now.responders) == {"ada", "bo"}


def test_whom_the_file_knows_by_slack_is_the_same_responder() -> None:
    known = file("responders: {adele: {slack: U0ADA, phone: '+491701234567'}}")
    now = joined(known, {CHANNEL: room("U0ADA", BO)}, GUESTS)
    assert now.teams["ops"].members == ("adele", "bo")
    assert now.responders["adele"].phone == "+491701234567"
    assert "ada" not in now.responders


def test_a_namesake_of_the_file_is_somebody_else() -> None:
    now = joined(file("responders: {ada: {email: other@example.com}}"), {CHANNEL: room("U0ADA")}, GUESTS)
    assert now.teams["ops"].members == ("slack-u0ada",)
    assert now.responders["slack-u0ada"].slack == "U0ADA"
    assert now.responders["ada"].slack is None


@pytest.mark.parametrize("slack", [CHANNEL, '"#ops"'])
def test_a_channel_that_the_file_gives_to_a_team_is_the_room_of_that_team(slack: str) -> None:
    known = file(f"responders: {{cy: {{}}}}\nteams: {{core: {{members: [cy], slack: {slack}}}}}")
    now = joined(known, {CHANNEL: room("U0ADA", integration="core")}, GUESTS)
    assert set(now.teams) == {"core"}
    assert now.teams["core"].members == ("cy",)
    assert now.integrations["core"].team == "core"


def test_a_team_of_the_same_name_elsewhere_is_another_one() -> None:
    now = joined(file("teams: {ops: {slack: C0OTHER}}"), {CHANNEL: room("U0ADA")}, GUESTS)
    assert now.teams["ops"].slack == "C0OTHER"
    assert now.teams[f"slack-{CHANNEL.lower()}"].slack == CHANNEL


def test_the_default_policy_of_the_file_is_that_of_rooms_too() -> None:
    known = file("responders: {cy: {}}\npolicies: {default: {steps: [{ask: cy}]}}")
    now = joined(known, {CHANNEL: room("U0ADA")}, GUESTS)
    assert now.teams["ops"].policy is None
    assert parties(now)[0]["ops"].ladder is not None


def test_a_crowd_takes_turns_and_everyone_is_the_channel() -> None:
    people = {f"U{number:04}": guest(f"U{number:04}", f"p{number}") for number in range(500)}
    now = joined(NO_FILE, {CHANNEL: room(*people)}, people)
    plan = routes(now).route(ALERT, "ops", None)
    assert [len(step.targets) for step in plan.policy.steps] == [1, 1]
    assert plan.policy.everyone == (receiver("ops"),)


def test_a_small_team_is_asked_together_with_its_channel_at_the_end() -> None:
    now = joined(NO_FILE, {CHANNEL: room("U0ADA", BO)}, GUESTS)
    plan = routes(now).route(ALERT, "ops", None)
    assert plan.policy.everyone == (responder("ada"), responder("bo"), receiver("ops"))


def test_a_channel_without_the_bot_has_people_and_no_room() -> None:
    people = {f"U{number:04}": guest(f"U{number:04}", f"p{number}") for number in range(500)}
    now = joined(NO_FILE, {CHANNEL: room(*people, left_at=ROOM_AT)}, people)
    assert (now.teams["ops"].slack, len(now.teams["ops"].members)) == (None, CROWD_MIN - 1)


def test_a_name_is_the_one_that_slack_has_if_it_can_be_one() -> None:
    assert free_name("Ada.L", "U0ADA", ()) == "ada.l"
    assert free_name("ada", "U0ADA", {"ada"}) == "slack-u0ada"
    assert free_name("channel", "U0ADA", ()) == "slack-u0ada"
    assert free_name("運用", "C0OPS", ()) == "slack-c0ops"
    assert free_name("", "C0OPS", ()) == "slack-c0ops"


def test_a_time_zone_that_is_not_known_here_is_none() -> None:
    assert [zone_of(name) for name in ("Europe/Berlin", "", "Mars/Olympus", "../etc")] == ["Europe/Berlin", "", "", ""]


def test_what_is_stored_is_read_again_and_what_is_no_record_is_passed_over() -> None:
    store = MemoryStore()
    store.put_record(ROOM, CHANNEL, stored(room("U0ADA")))
    store.put_record(ROOM, "C0BROKEN", {"channel": 7})
    store.put_record(GUEST, "U0ADA", json.decode(json.encode(stored(GUESTS["U0ADA"]))))
    assert with_rooms(NO_FILE, store).teams["ops"].members == ("ada",)
    assert list(RoomBook(NO_FILE, store).rooms) == [CHANNEL]


def test_nobody_takes_the_name_that_another_ones_id_would_have() -> None:
    assert free_name("slack-u0victim99", "U0MALLORY", ()) == "slack-u0mallory"
    assert free_name("slack-alerts", "C0ALERTS1", ()) == "slack-alerts"
