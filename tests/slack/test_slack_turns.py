"""Turns: while Slack limits the workspace one posts after the other."""

from __future__ import annotations

from tocsin.slack.turns import PAGE_INTERVAL, SHOW_INTERVAL, TIGHT, Turns


def test_without_a_limit_nobody_waits() -> None:
    turns = Turns()
    assert [turns.wait(f"C{number}", 1000, page=True) for number in range(100)] == [0] * 100


def test_with_a_limit_one_posts_after_the_other_and_pages_more_often() -> None:
    turns = Turns()
    turns.limited(1000)
    assert [turns.wait(name, 1000, page=True) for name in "abc"] == [0, PAGE_INTERVAL, 2 * PAGE_INTERVAL]
    assert [turns.wait(name, 1000, page=False) for name in "xyz"] == [0, SHOW_INTERVAL, 2 * SHOW_INTERVAL]


def test_who_waits_keeps_the_turn_and_takes_it_once() -> None:
    turns = Turns()
    turns.limited(1000)
    assert turns.wait("a", 1000, page=True) == 0
    assert turns.wait("b", 1000, page=True) == PAGE_INTERVAL
    assert turns.wait("b", 1000 + PAGE_INTERVAL - 1, page=True) == 1
    assert turns.wait("b", 1000 + PAGE_INTERVAL, page=True) == 0
    assert turns.wait("b", 1000 + PAGE_INTERVAL, page=True) == PAGE_INTERVAL


def test_the_limit_is_forgotten_when_slack_has_not_complained_for_a_while() -> None:
    turns = Turns()
    turns.limited(1000)
    turns.wait("a", 1000, page=True)
    assert turns.wait("b", 1000, page=True) > 0
    assert turns.wait("b", 1000 + TIGHT, page=True) == 0
