"""Scenario files: what cannot be read is told with its line; what was not written down shows."""

from __future__ import annotations

import pytest

from tocsin.testing.memory import MemoryStore
from tocsin.testing.scenario import ScenarioError, parse, play
from tocsin.testing.scenario_runtime import StoreRuntime

HEAD = "team ops: ada bo\npolicy: ask ada 5m; everyone 15m\n"


def played(text: str) -> str:
    return play(parse(HEAD + text), StoreRuntime(MemoryStore())).removeprefix(HEAD)


def test_a_tick_that_nobody_wrote_down_is_told() -> None:
    assert played("00:00 alert disk\n00:07 look  lies\n") == (
        "00:00 alert disk        opened: page ada\n"
        "00:05 tick              no answer: page ada, bo\n"
        "00:07 look              triggered high alert, rung 1; asked ada bo; 1 of 1 firing, 1 received; next 00:20\n"
    )


def test_a_tick_that_does_not_come_any_more_is_not_told() -> None:
    assert played("00:00 alert disk\n00:01 ack ada\n00:05 tick  no answer: page bo\n") == (
        "00:00 alert disk        opened: page ada\n00:01 ack ada           acknowledged\n"
    )


def test_what_is_no_story_stays_as_it_is() -> None:
    text = "\n# Ada sleeps.\n\n00:00 wait\n\n# The end.\n"
    assert played(text) == text


def test_a_scenario_without_a_story_stays_as_it_is() -> None:
    assert played("") == ""


def test_a_played_scenario_is_played_the_same_again() -> None:
    once = played("00:00 alert disk\n00:00:30 note bo see the log\n1d 00:00 down\n2d 01:00 up\n2d 01:01 wait\n")
    assert played(once) == once
    assert "1d 00:00 down" in once


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("hello", "line 3: neither a setting nor a line of the story: 'hello'"),
        ("0:00 ack ada", "line 3: neither a setting nor a line of the story: '0:00 ack ada'"),
        ("00:00 shout ada", "line 3: nothing is called 'shout': '00:00 shout ada'"),
        ("00:00 ack", "line 3: who is missing: '00:00 ack'"),
        ("00:00 ack ada bo", "line 3: nobody understands 'bo' here: '00:00 ack ada bo'"),
        ("00:00 ack ada #x", "line 3: 'x' is no number: '00:00 ack ada #x'"),
        ("00:00 alert", "line 3: a key is missing: '00:00 alert'"),
        ("00:00 alert disk loud", "line 3: nobody understands 'loud' here: '00:00 alert disk loud'"),
        ("00:00 alert disk group", "line 3: what follows 'group' is missing: '00:00 alert disk group'"),
        ("00:00 alert disk occurred soon", "line 3: 'soon' is no time: '00:00 alert disk occurred soon'"),
        ("00:00 burst many disk", "line 3: 'many' is no number: '00:00 burst many disk'"),
        ("00:00 amend ada severity loud", "line 3: 'loud' is no severity: '00:00 amend ada severity loud'"),
        ("00:00 reassign ada bo", "line 3: 'to' is missing: '00:00 reassign ada bo'"),
        ("00:00 snooze ada for long", "line 3: 'long' is no duration: '00:00 snooze ada for long'"),
        ("00:00 pass ada rung x", "line 3: 'x' is no number: '00:00 pass ada rung x'"),
        ("policy: shout", "line 3: no policy has 'shout': 'policy: shout'"),
        ("about ada: tea", "line 3: nobody can be told about with 'tea': 'about ada: tea'"),
        ("policy: ask ada 5m when tea", "line 3: nobody understands 'tea' here: 'policy: ask ada 5m when tea'"),
        ("policy: ask ada bo", "line 3: how long to wait is missing: 'policy: ask ada bo'"),
        ("policy: ask ada", "line 3: no policy has 'ask ada': 'policy: ask ada'"),
        ("plan: kind loud", "line 3: no plan has 'kind loud': 'plan: kind loud'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(line: str, sentence: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse(f"{HEAD}{line}\n")
    assert str(raised.value) == sentence


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ScenarioError, match="line 4: time runs backwards"):
        parse(f"{HEAD}00:05 wait\n00:04 wait\n")


def test_a_story_needs_a_team() -> None:
    with pytest.raises(ScenarioError, match="line 1: a team must stand above"):
        parse("00:00 alert disk\n")


def test_a_scenario_that_never_rests_ends() -> None:
    with pytest.raises(ScenarioError, match="more than 1000 ticks before '99d 00:00 wait'"):
        played("00:00 alert disk\n99d 00:00 wait\n")
