"""Teams in the configuration: what may stand there, who is reached how, and what is advised."""

from __future__ import annotations

import pytest

from tocsin.conversing.wishes import Speaker
from tocsin.engine.ports import Way
from tocsin.teams.bot import Met
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError
from tocsin.wiring.teams import Teams, responders, welcome

GUID = "AAAAAAAA-0000-0000-0000-000000000001"
APP = f"microsoft_teams: {{app_id: {GUID}, app_password: test-secret, tenant: {GUID}}}\n"
PEOPLE = f'responders: {{ada: {{teams: {GUID}}}, bo: {{teams: "29:1abcdefghijk", ntfy: "http://a/b"}}}}\n'
ROOM = 'teams: {ops: {members: [ada, bo], teams_channel: "19:abc@thread.tacv2"}}\n'


def test_people_and_rooms_are_reached_by_teams() -> None:
    settings = parse((PEOPLE + ROOM + APP).encode(), {}).settings
    directory = SettingsDirectory(settings)
    assert directory.ways("responder:ada") == (Way("teams", GUID),)
    assert [way.transport for way in directory.ways("responder:bo")] == ["teams", "ntfy"]
    assert directory.ways("team:ops") == (Way("teams", "19:abc@thread.tacv2"),)
    assert responders(settings) == {GUID.lower(): "ada", "29:1abcdefghijk": "bo"}


def test_a_room_may_be_in_both_chats_and_the_first_that_works_counts() -> None:
    text = PEOPLE + ROOM.replace("teams_channel", 'slack: "#ops", teams_channel') + APP
    slack = "slack: {bot_token: test-token, signing_secret: test-secret}\n"
    settings = parse((text + slack).encode(), {}).settings
    assert [way.transport for way in SettingsDirectory(settings).ways("team:ops")] == ["slack", "teams"]


def test_without_the_section_nobody_is_reached_and_it_is_advised() -> None:
    parsed = parse((PEOPLE + ROOM).encode(), {})
    assert SettingsDirectory(parsed.settings).ways("team:ops") == ()
    told = "\n".join(warning.message for warning in parsed.warnings)
    assert "ada cannot be reached: there is no `microsoft_teams` section" in told
    assert "the room of ops needs a `microsoft_teams` section" in told
    complete = parse((PEOPLE + ROOM + APP).encode(), {})
    assert not any("microsoft_teams" in warning.message for warning in complete.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "responders: {ada: {teams: ada@example.com}}",
        'teams: {ops: {teams_channel: "#ops"}}',
        "microsoft_teams: {app_id: x, app_password: y, tenant: z}",
        f"microsoft_teams: {{app_id: {GUID}, tenant: {GUID}}}",
    ],
)
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse(text.encode(), {})


def test_the_password_is_not_shown() -> None:
    settings = parse(APP.encode(), {}).settings
    teams = Teams(settings, "https://bell.example", lambda: 0, lambda _: None)
    assert "test-secret" not in repr(settings) + repr(teams.__dict__)
    teams.close()


def test_who_removes_the_bot_is_not_greeted() -> None:
    by = Speaker(chat="teams", user="29:x", responder="teams:x")
    gone = Met(added=False, conversation="a:1", team="", channel="a:1", personal=True, by=by)
    assert welcome(gone) is None
