"""`tocsin noise`: the report, its remedies, and their end."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.cli.terminal import CONFIG, Terminal
from tocsin.cli import incidents
from tocsin.cli.claim import claim
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.noise.keys import By, Key
from tocsin.noise.machine import RemedyMachine, aggregate
from tocsin.noise.remedies import Remedy
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock

CPU = Key(integration="prod", by=By.KEY, value="CPU")


def noisy(terminal: Terminal, times: int = 8, title: str = "CPU", **more: object) -> None:
    """So many incidents in the last hours, each of which is over after two minutes."""
    terminal.configure()
    terminal.make_database()
    now = SystemClock()()
    for number in range(times, 0, -1):
        begun = now - number * HOUR
        terminal.ring(title, at=begun, severity="high", **more)
        terminal.ring(title, at=begun + 2 * MINUTE, severity="high", status="resolved", **more)


def in_force(terminal: Terminal, key: Key = CPU) -> Remedy | None:
    with closing(SqliteStore(terminal.db)) as store:
        return RemedyMachine().decode(store.load([aggregate(key.id)])[aggregate(key.id)].state).current


def test_without_incidents_there_is_nothing_to_report(terminal: Terminal) -> None:
    terminal.make_database()
    assert terminal.type("noise").out == "no incidents in this time\n"
    assert terminal.type("noise", "--json").document["keys"] == []


def test_the_report_proposes_a_command_that_can_be_typed(terminal: Terminal) -> None:
    noisy(terminal)
    head, row, _, why, call = terminal.type("noise").out.splitlines()
    assert head.split() == ["KEY", "INCIDENTS", "PAGES", "ASLEEP", "BY", "ITSELF", "MEDIAN", "COST", "REMEDY", "TITLE"]
    assert row.split() == [CPU.id, "8", "8", "8", "of", "8", "2m", "8.8", "CPU"]
    assert why == "CPU: closed by itself 8 of 8 times within 2m"
    assert call == f"  tocsin noise hold {CPU.id} 2m"
    said = terminal.type(*call.split()[1:], "--by", "ada", "--why", "it flaps")
    assert said.out == f"CPU ({CPU.id}): ada: hold 2m (it flaps)\nTo take it back: tocsin noise undo {CPU.id}\n"
    assert "No server runs" in said.err
    found = terminal.type("noise").out
    assert "tocsin noise hold" not in found
    assert f"  {CPU.id}  CPU: hold 2m, by ada 20" in found
    assert found.endswith("Z: it flaps\n")


def test_scripts_read_all_of_it(terminal: Terminal) -> None:
    noisy(terminal)
    terminal.type("noise", "threshold", "CPU", "3", "in", "10m", "--for", "7d")
    document = terminal.type("noise", "--json").document
    assert document["whole"] is True
    [key] = document["keys"]
    assert key.items() >= {
        "key": CPU.id,
        "integration": "prod",
        "by": "key",
        "value": "CPU",
        "severity": "high",
        "incidents": 8,
        "closed_by_itself": 8,
        "median_ms": 2 * MINUTE,
        "acknowledged_without_action": 0,
        "last_solved": None,
        "sleep_pages": None,
        "proposal": {"remedy": "hold 2m", "why": "closed by itself 8 of 8 times within 2m"},
    }.items()  # fmt: skip
    [remedy] = document["remedies"]
    assert remedy["in_force"].items() >= {"measure": "threshold", "count": 3, "by": "bo"}.items()
    assert remedy["in_force"]["until"] > remedy["in_force"]["at"]


def test_the_report_looks_back_as_far_as_one_likes_and_at_one_team(terminal: Terminal) -> None:
    noisy(terminal)
    terminal.ring("Long ago", at=SystemClock()() - 40 * DAY)
    assert "Long ago" not in terminal.type("noise").out
    assert "Long ago" in terminal.type("noise", "--since", "60d", "--team", "ops").out
    assert terminal.type("noise", "--team", "opps").err == 'tocsin: there is no team "opps"; did you mean "ops"?\n'
    assert terminal.type("noise", "--since", "soon").code == 1


def test_what_a_person_solved_is_told(terminal: Terminal) -> None:
    noisy(terminal, 7)
    incident = terminal.ring("CPU", severity="high")
    terminal.type("resolve", incident, "made", "room", "--by", "ada")
    [key] = terminal.type("noise", "--json").document["keys"]
    assert (key["last_solved"]["by"], key["last_solved"]["note"]) == ("ada", "made room")


@pytest.mark.parametrize(
    ("words", "measure"),
    [
        (("hold", "CPU", "3m"), "hold"),
        (("notification", "CPU"), "notification"),
        (("threshold", "CPU", "3", "in", "10m"), "threshold"),
        (("silence", "CPU", "7d"), "silence"),
    ],
)
def test_each_remedy_is_set_and_undone(terminal: Terminal, words: tuple[str, ...], measure: str) -> None:
    noisy(terminal, 2)
    assert terminal.type("noise", *words).code == 0
    found = in_force(terminal)
    assert found
    assert (found.measure, found.by) == (measure, "bo")
    undone = terminal.type("noise", "undo", "CPU", "--by", "ada")
    assert undone.out.startswith(f"{CPU.id}: ada took back: ")
    assert in_force(terminal) is None
    again = terminal.type("noise", "undo", CPU.id)
    assert (again.code, again.out) == (1, f"{CPU.id}: nothing changed: nothing to undo\n")
    assert again.err == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("hold",), "say which"),
        (("hold", "Disk", "3m"), "there is no key 'Disk'"),
        (("hold", "CPU"), "'hold': say how long"),
        (("hold", "CPU", "1h"), "'hold 1h': a page is held from 1m to 10m"),
        (("hold", "CPU", "3m", "--for", "ever"), "'ever' is not a duration"),
        (("undo", "Disk"), "there is no remedy for 'Disk'"),
        (("hold", "CPU", "3m", "--by", "adda"), 'there is no responder "adda"; did you mean "ada"?'),
    ],
)
def test_what_cannot_be_done_is_told_in_words(terminal: Terminal, words: tuple[str, ...], code: str) -> None:
    noisy(terminal, 1)
    said = terminal.type("noise", *words)
    assert said.code == 1
    assert code in said.err


def test_a_name_of_several_keys_is_refused(terminal: Terminal) -> None:
    noisy(terminal, 2, title="CPU", dedup_key="Disk 1")
    noisy(terminal, 2, title="Disk 1", dedup_key="other")
    for number in range(2):
        terminal.ring("Load", dedup_key=f"load-{number}", severity="high")
    assert terminal.type("noise", "hold", "Load", "3m").code == 0
    noisy(terminal, 2, title="CPU", dedup_key="Load")
    said = terminal.type("noise", "hold", "Load", "3m")
    assert "several keys are called 'Load': " in said.err


def test_a_server_that_is_slow_does_it_later(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    noisy(terminal, 1)
    monkeypatch.setattr(incidents, "SERVER_SECONDS", 0.05)
    with claim(terminal.db):
        said = terminal.type("noise", "hold", "CPU", "3m")
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{CPU.id}: it is stored, and the running server does it in a moment\n"


def test_the_alarm_itself_is_named_where_it_is_one(terminal: Terminal) -> None:
    terminal.configure(CONFIG)
    terminal.make_database()
    now = SystemClock()()
    arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu"
    for number in range(8, 0, -1):
        for state, at in (("ALARM", now - number * HOUR), ("OK", now - number * HOUR + MINUTE)):
            terminal.ring("", at=at, AlarmName="cpu", AlarmArn=arn, NewStateValue=state, AWSAccountId="123456789012",
                          Region="EU (Ireland)", StateChangeTime="", OldStateValue="INSUFFICIENT_DATA",
                          NewStateReason="it is", Trigger={})  # fmt: skip
    found = terminal.type("noise").out
    assert "  or raise the threshold of the alarm itself: https://eu-west-1.console.aws.amazon.com/cloudwatch" in found
