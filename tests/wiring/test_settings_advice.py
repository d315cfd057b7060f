"""What is legal and yet probably not meant is said, and what is meant is not talked about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.wiring.settings_file import inspect, parse

FINE = """
responders: {ada: {ntfy: "https://ntfy.example.com/x"}}
teams: {ops: {members: [ada]}}
"""


HANDLED = """\
schedules:
  s:
    handle: "@ops"
    layers: [{responders: [ada], start: 2026-01-05 09:00, rotate: weekly}]
policies: {default: {steps: [{ask: "schedule:s"}]}}
"""
SCHEDULE = """schedules:
  s: {layers: [{responders: [ada], start: 2026-01-05}]}
"""


def advised(text: str) -> list[str]:
    return [warning.text("f").removeprefix("f:") for warning in parse(text.encode(), {}).warnings]


def test_a_sound_file_needs_no_advice() -> None:
    assert advised(FINE) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "teams: {ops: {members: [ada]}}\nresponders:\n  ada:\n",
            ["3:3: responders.ada: ada cannot be reached: give slack, email or ntfy"],
        ),
        (
            "teams: {ops: {members: [ada]}}\nresponders: {ada: {slack: U012}}\n",
            ["2:14: responders.ada: ada cannot be reached: there is no `slack` section"],
        ),
        (
            "teams: {ops: {members: [ada]}}\nresponders: {ada: {email: a@b}}\n",
            ["2:14: responders.ada: ada cannot be reached: there is no `mail` section"],
        ),
        (
            FINE + "policies:\n  p: {steps: [{ask: ada}]}\n",
            ["5:3: policies.p: p is used by no team and no route"],
        ),
        (FINE + "policies:\n  default: {steps: [{ask: [team, ada]}]}\n", []),
        (FINE + SCHEDULE, ["5:3: schedules.s: s is asked by no policy"]),
        (
            FINE + HANDLED,
            ["6:5: schedules.s.handle: nothing is done with it: there is no `slack` section"],
        ),
        (FINE + SCHEDULE + "policies: {default: {steps: [{ask: 'schedule:s:next'}]}}", []),
        ("policies:\n  default: {steps: [{ask: ada}]}\nresponders: {ada: {ntfy: 'http://a/'}}\n", []),
        (FINE + "policies:\n  p: {steps: [{ask: ada}]}\nroutes: [{policy: p}]\n", []),
        (
            FINE + "routes:\n  - {when: {title: [x]}}\n  - {}\n  - {name: late}\n",
            ["7:5: routes.2: never matches: route 2 before it has no pattern, and takes everything"],
        ),
        (
            "teams:\n  empty:\n  room: {slack: C0123}\n",
            [
                "2:3: teams.empty: empty has neither members nor a room: what it gets is shown in the console only",
                "3:10: teams.room.slack: the room of room is in Slack, and there is no `slack` section",
            ],
        ),
        (
            FINE.replace("}}\nteams", "}, bo: {ntfy: 'http://b/'}}\nteams"),
            ["2:57: responders.bo: bo is never asked: no team and no policy names them"],
        ),
        (
            FINE + "mail: {smtp: 'a:25', from: a@b, username: u, password: p, tls: none}\n",
            ["4:59: mail.tls: the password crosses the network in the open"],
        ),
        (
            "",
            [" there are no teams and no responders: alerts are shown in the console, and nobody is asked"],
        ),
        (
            "server:\n",
            ["1:1: there are no teams and no responders: alerts are shown in the console, and nobody is asked"],
        ),
    ],
)
def test_what_is_probably_not_meant_is_said(text: str, lines: list[str]) -> None:
    assert advised(text) == lines


def test_without_a_file_nothing_is_said() -> None:
    assert inspect(None, {}).warnings == ()


def test_a_secret_in_a_file_that_others_may_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.yaml"
    text = 'teams: {a: {slack: C0123}}\nslack: {bot_token: "${TOKEN}", app_token: test-token}\n'
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    (warning,) = inspect(path, {"TOKEN": "test"}).warnings
    assert (warning.where, warning.line, warning.value) == ("slack.app_token", 2, "")
    assert warning.message.endswith("use ${NAME}, or allow it to its owner only (chmod 600)")
    path.chmod(0o600)
    assert inspect(path, {"TOKEN": "test"}).warnings == ()
