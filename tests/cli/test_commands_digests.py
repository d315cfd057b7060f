"""`tocsin missed`, `stats` and `digest`: the figures of a database in a terminal."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.cli.terminal import CONFIG, Terminal
from tocsin.kernel.time import DAY, HOUR
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock

SCHEDULED = """
responders: {ada: {name: Ada Lovelace}, bo: {}}
teams: {ops: {members: [ada, bo]}, web: {members: [bo], policy: alone}}
schedules:
  week: {layers: [{responders: [ada], start: 2026-01-05}]}
policies: {default: {steps: [{ask: "schedule:week"}]}, alone: {steps: [{ask: bo}]}}
integrations: {prod: {team: ops}}
"""


@pytest.fixture
def rung(terminal: Terminal) -> Terminal:
    """Of two alerts one was closed by ada, the other by its source."""
    terminal.configure(CONFIG)
    now = SystemClock()()
    closed = terminal.ring("CPU is \x1b[31mhigh", at=now - 2 * HOUR)
    terminal.type("resolve", closed, "--by", "ada")
    terminal.ring("Blip", at=now - HOUR)
    terminal.ring("Blip", at=now - HOUR + 1000, status="resolved")
    return terminal


def test_what_was_missed_is_listed(rung: Terminal) -> None:
    said = rung.type("missed")
    assert said.code == 0
    assert "ended by itself before anybody answered" in said.out
    assert "Blip" in said.out
    assert "CPU" not in said.out
    [row] = rung.type("missed", "--since", "7d", "--team", "ops", "--json").document
    assert (row["title"], row["team"], row["answered_by"]) == ("Blip", "ops", None)
    assert rung.type("missed", "--since", "1s").out == "nothing was missed in the last 1s\n"


def test_figures_are_printed(rung: Terminal) -> None:
    said = rung.type("stats").out
    assert "2, 50% of them by themselves" in said
    assert "on average" in said
    document = rung.type("stats", "--json").document
    assert (document["total_incident_count"], document["total_incidents_auto_resolved"]) == (2, 1)
    people = rung.type("stats", "--by", "person").out.splitlines()
    assert [line.split()[-1] for line in people] == ["PERSON", "ada"]
    keys = rung.type("stats", "--by", "key").out
    assert "Blip" in keys
    assert "\x1b" not in keys


def test_figures_of_nothing_are_none(terminal: Terminal) -> None:
    terminal.configure(CONFIG)
    terminal.make_database()
    said = terminal.type("stats", "--team", "ops").out
    assert "to acknowledge  -" in said


def test_a_digest_is_shown_and_not_sent(rung: Terminal) -> None:
    day = rung.type("digest").out
    assert day.startswith("ops: the last day\n- ")
    week = rung.type("digest", "--team", "ops", "--kind", "weekly", "--json").document
    assert week["title"] == "ops: the last week"
    assert "Thanks for closing most: ada (1)." in week["lines"]


def test_a_digest_without_anything_says_that_it_would_not_be_sent(terminal: Terminal) -> None:
    terminal.configure(CONFIG + "digests: {daily: 'off'}\n")
    terminal.make_database()
    assert terminal.type("digest").out.endswith("There is nothing to tell: this would not be sent.\n")


def test_a_hand_over_is_that_of_the_schedule_which_the_team_asks(terminal: Terminal) -> None:
    terminal.configure(SCHEDULED)
    terminal.ring("CPU is high", at=SystemClock()() - DAY)
    said = terminal.type("digest", "--kind", "handover").out
    assert said.startswith("week: Ada Lovelace hands over to ")
    assert "Open: CPU is high" in said
    assert terminal.type("digest", "--kind", "handover", "--schedule", "week", "--team", "web").code == 0


@pytest.mark.parametrize(("more", "told"), [("digests: {}\n", ["digest"]), ("", [])])
def test_who_overrides_has_the_shift_looked_at(terminal: Terminal, more: str, told: list[str]) -> None:
    terminal.configure(SCHEDULED + more)
    terminal.make_database()
    assert terminal.type("override", "week", "bo", "now", "4h").code == 0
    with closing(SqliteStore(terminal.db)) as store:
        assert [each.channel for each in store.backlog(10)] == told


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("stats", "--team", "opps"), 'there is no team "opps"; did you mean "ops"?'),
        (("missed", "--team", "nope"), "there is no team"),
        (("digest", "--kind", "handover", "--schedule", "weak"), 'did you mean "week"?'),
        (("digest", "--kind", "handover", "--team", "web"), "asks no schedule"),
    ],
)
def test_what_there_is_not_is_named(terminal: Terminal, words: tuple[str, ...], problem: str) -> None:
    terminal.configure(SCHEDULED)
    terminal.make_database()
    said = terminal.type(*words)
    assert said.code == 1
    assert problem in said.err
