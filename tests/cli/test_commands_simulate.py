"""`tocsin simulate` in a terminal."""

from __future__ import annotations

import pytest

from tests.cli.terminal import Terminal

TEAM = "responders: {ada: {}, bo: {}, cy: {}}\nalerts: {per_week: 20}\n"


@pytest.fixture(autouse=True)
def _team(terminal: Terminal) -> None:
    (terminal.folder / "team.yaml").write_text(TEAM)


def test_scripts_get_the_figures_of_every_policy(terminal: Terminal) -> None:
    said = terminal.type("simulate", "--team", "team.yaml", "--policy", "ladder,smart", "--days", "14", "--json")
    assert said.code == 0
    assert [row["policy"] for row in said.document] == ["ladder", "smart"]
    row = said.document[0]
    assert list(row) == [
        "policy",
        "incidents",
        "weighted_interruptions_per_incident",
        "minutes_to_acknowledge",
        "sleep_pages_per_week",
        "never_acknowledged",
    ]
    assert set(row["weighted_interruptions_per_incident"]) == {"mean", "low", "high"}
    assert set(row["minutes_to_acknowledge"]) == {"mean", "low", "high", "p50", "p99"}
    assert row["weighted_interruptions_per_incident"]["low"] < row["weighted_interruptions_per_incident"]["mean"]


def test_people_get_a_table_with_all_of_them(terminal: Terminal) -> None:
    lines = terminal.type("simulate", "--team", "team.yaml", "--days", "7").out.splitlines()
    assert lines[0].split() == ["POLICY", "INCIDENTS", "INTERRUPTIONS", "MINUTES", "P50", "P99", "SLEEP/WEEK", "NEVER"]
    assert [line.split()[0] for line in lines[1:6]] == ["broadcast", "ladder", "random-active", "round-robin", "smart"]


def test_the_same_seed_is_the_same_fate(terminal: Terminal) -> None:
    words = ("simulate", "--team", "team.yaml", "--days", "7", "--json", "--seed")
    assert terminal.type(*words, "3").out == terminal.type(*words, "3").out
    assert terminal.type(*words, "3").out != terminal.type(*words, "4").out


def test_a_policy_may_be_a_file(terminal: Terminal) -> None:
    (terminal.folder / "mine.yaml").write_text("steps: [{ask: on-call, wait: 3m}, {ask: cy}, {ask: here}]\nrepeat: 1\n")
    said = terminal.type("simulate", "--team", "team.yaml", "--policy", "mine.yaml,ladder", "--days", "7", "--json")
    assert [row["policy"] for row in said.document] == ["mine", "ladder"]


def test_a_picture_is_drawn(terminal: Terminal) -> None:
    terminal.type("simulate", "--team", "team.yaml", "--days", "7", "--picture", "all.svg")
    assert (terminal.folder / "all.svg").read_text().startswith("<svg ")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--policy", "laddr"), 1, 'there is no policy "laddr"; did you mean "ladder"?'),
        (("--policy", "xyz"), 1, "there are broadcast, ladder, random-active, round-robin, smart, or a file"),
        (("--policy", ","), 1, "--policy names none"),
        (("--policy", "none.yaml"), 1, "there is no such file"),
        (("--days", "0"), 2, "is not a number"),
        (("--seed", "-1"), 2, "is not a whole number"),
        (("--picture", "no/such/folder.svg"), 1, "no/such/folder.svg"),
    ],
)
def test_what_is_wrong_is_told(terminal: Terminal, words: tuple[str, ...], code: int, said: str) -> None:
    days = () if "--days" in words else ("--days", "2")
    found = terminal.type("simulate", "--team", "team.yaml", *days, *words)
    assert found.code == code
    assert said in found.err


def test_mistakes_in_the_files_are_told_with_their_lines(terminal: Terminal) -> None:
    (terminal.folder / "bad.yaml").write_text("responders:\n  ada: {works: never}\n")
    found = terminal.type("simulate", "--team", "bad.yaml")
    assert (found.code, "bad.yaml:2:16: responders.ada.works" in found.err) == (1, True)
    (terminal.folder / "mine.yaml").write_text("steps:\n  - {ask: adda}\n")
    found = terminal.type("simulate", "--team", "team.yaml", "--policy", "mine.yaml")
    assert (found.code, 'did you mean "ada"?' in found.err) == (1, True)
