"""People are read by their names where a story of ours has their ids, and nowhere else."""

from __future__ import annotations

import pytest

from tocsin.incidents.naming import called, named

NAMES = {"ada": "Ada Lovelace", "bo": "Bo", "team": "A Team"}


@pytest.mark.parametrize(
    ("story", "shown"),
    [
        ("opened; asked ada, bo, team ops", "opened; asked Ada Lovelace, Bo, team ops"),
        ("ada acknowledged", "Ada Lovelace acknowledged"),
        ("bo took over from ada", "Bo took over from Ada Lovelace"),
        ("bo reassigned it to ada; asked ada", "Bo reassigned it to Ada Lovelace; asked Ada Lovelace"),
        ("ada passed: bo knows, said by bo; asked bo", "Ada Lovelace passed: bo knows, said by bo; asked Bo"),
        ("ada: ask bo", "Ada Lovelace: ask bo"),
        ("ada could not be reached: no answer", "Ada Lovelace could not be reached: no answer"),
        ("slack:eve acknowledged", "eve acknowledged"),
        ("teams:Eve Moneypenny resolved", "Eve Moneypenny resolved"),
        ("You are asked now: ada passed.", "You are asked now: Ada Lovelace passed."),
        ("You are asked now: bo took over from ada.", "You are asked now: Bo took over from Ada Lovelace."),
        ("You are asked now: no answer.", "You are asked now: no answer."),
        ("adam acknowledged", "adam acknowledged"),
        ("", ""),
    ],
)
def test_a_story_is_read_by_names(story: str, shown: str) -> None:
    assert named(story, NAMES) == shown


def test_who_has_no_name_here_goes_by_that_of_the_chat() -> None:
    assert [called(who, NAMES) for who in ("ada", "cy", "slack:eve", "teams:Eve")] == [
        "Ada Lovelace",
        "cy",
        "eve",
        "Eve",
    ]
