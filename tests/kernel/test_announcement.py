"""Announcements as the facts of an effect, with what can be pressed."""

from __future__ import annotations

import pytest

from tocsin.kernel import json
from tocsin.kernel.announcement import OFFERS_MAX, Announcement, Offer, announcement
from tocsin.kernel.json import Json

ACCEPT = Offer(verb="swap:accept", label="Accept", value={"s": "x"}, style="primary")


def test_what_can_be_pressed_goes_with_it() -> None:
    told = Announcement("Ada asks", ("Monday",), (ACCEPT, Offer(verb="swap:decline", label="Decline")))
    facts = json.decode(json.encode(told.facts()))
    assert isinstance(facts, dict)
    assert announcement(facts) == told
    assert told.text() == "Ada asks\n- Monday\n"


def test_without_that_the_facts_are_what_they_were() -> None:
    assert Announcement("Ada asks", ("Monday",)).facts() == {"title": "Ada asks", "lines": ["Monday"]}


@pytest.mark.parametrize("actions", [None, [], "x", 7, [{"verb": "x"}], {"verb": "x"}])
def test_what_is_nothing_to_press_is_left_out(actions: Json) -> None:
    assert announcement({"title": "t", "lines": ["l"], "actions": actions}) == Announcement("t", ("l",))


def test_more_than_anybody_reads_is_left_out() -> None:
    told = Announcement("t", (), (ACCEPT,) * (OFFERS_MAX + 1))
    assert announcement(told.facts()).offers == (ACCEPT,) * OFFERS_MAX
