"""`tocsin oncall`, `override` and `swap`: who is on call, and what people agree on."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.cli.terminal import Terminal
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.time import HOUR
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock

CONFIG = """
responders: {ada: {time_zone: Europe/Berlin, working_hours: mon-fri 09:00-17:00}, bo: , cy: }
teams:
  ops: {members: [ada, bo]}
  web: {policy: plain}
  bare:
  wise: {members: [cy], policy: smart}
  turns: {policy: turns}
schedules:
  ops:
    time_zone: Europe/Berlin
    layers: [{name: days, responders: [ada, bo], start: 2026-01-05 09:00, rotate: daily}]
  web:
    layers: [{responders: [cy], start: 2026-01-05 09:00, rotate: hourly, only: mon-fri 09:00-17:00}]
policies:
  default: {steps: [{ask: "schedule:ops"}, {ask: ["schedule:ops:next", ada]}]}
  plain: {steps: [{ask: ada}]}
  turns: {steps: [{ask: "round-robin:schedule:web"}]}
"""
AT = ("--at", "2026-03-28T12:00")  # The day before clocks are put forward.


@pytest.fixture(autouse=True)
def _configured(terminal: Terminal) -> None:
    terminal.configure(CONFIG)


def test_it_says_who_is_on_call_and_who_is_next(terminal: Terminal) -> None:
    said = terminal.type("oncall", "--schedule", "ops", "--days", "3", *AT)
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "ops (Europe/Berlin)\n"
        "  now   ada, until Sun 2026-03-29 09:00: layer days\n"
        "  next  bo, Sun 2026-03-29 09:00 to Mon 2026-03-30 09:00: layer days\n"
        "  Sun 2026-03-29 09:00  bo: layer days\n"
        "  Mon 2026-03-30 09:00  ada: layer days\n"
        "  Tue 2026-03-31 09:00  bo: layer days\n"
        "  coverage of the next 3d: 100 %\n"
        "  ada: 1d 20h, 1d 12h of it outside working hours\n"
        "  bo: 1d 4h\n"
    )


def test_gaps_are_told(terminal: Terminal) -> None:
    said = terminal.type("oncall", "--schedule", "web", "--days", "14", *AT)
    assert "  now   NOBODY, until Mon 2026-03-30 09:00: no layer plans for it\n" in said.out
    assert "  coverage of the next 14d: 23 %\n" in said.out
    assert "  NOBODY from Sat 2026-03-28 12:00 to Mon 2026-03-30 09:00: no layer plans for it\n" in said.out
    assert "more gaps" in said.out
    assert "--json has them all" in said.out


def test_scripts_get_all_of_it(terminal: Terminal) -> None:
    [ops, web] = terminal.type("oncall", "--json", "--at", "2026-03-28T11:00Z").document
    assert (ops["schedule"], ops["time_zone"], ops["at"]) == ("ops", "Europe/Berlin", "2026-03-28T11:00:00.000Z")
    assert ops["now"]["who"] == "ada"
    assert ops["now"]["until"] == "2026-03-29T07:00:00.000Z"
    assert (ops["next"]["who"], ops["next"]["start"]) == ("bo", "2026-03-29T07:00:00.000Z")
    assert ops["coverage"]["needed_ms"] == ops["coverage"]["covered_ms"] == 14 * 24 * HOUR
    assert web["now"]["who"] is None
    assert web["coverage"]["gaps"][0]["why"] == "nobody"
    assert {share["who"] for share in ops["coverage"]["shares"]} == {"ada", "bo"}


def test_a_team_has_the_schedules_of_its_policy(terminal: Terminal) -> None:
    for team, names in (("ops", ["ops"]), ("web", []), ("bare", ["ops"]), ("wise", ["web"]), ("turns", ["web"])):
        assert [each["schedule"] for each in terminal.type("oncall", "--team", team, "--json").document] == names
    assert terminal.type("oncall", "--team", "web").out == "no schedules\n"
    terminal.configure("teams: {ops: }")
    assert terminal.type("oncall", "--team", "ops").out == "no schedules\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("oncall", "--schedule", "op"), 'there is no schedule "op"; did you mean "ops"?'),
        (("oncall", "--team", "nobody"), 'there is no team "nobody"'),
        (("oncall", "--at", "soon"), "'soon' is no time"),
        (("oncall", "--at", "2026-02-30T00:00"), "'2026-02-30T00:00' is no time"),
        (("override", "op", "ada", "now", "4h"), 'there is no schedule "op"'),
        (("override", "ops", "eve", "now", "4h"), 'there is no responder "eve"'),
        (("override", "ops", "ada", "now"), "say SCHEDULE RESPONDER FROM UNTIL"),
        (("override", "ops", "ada", "2026-01-02T00:00", "2026-01-01T00:00"), "is not later than"),
        (("override", "ops", "ada", "2026-01-01T00:00", "1h"), "has passed"),
        (("override", "ops", "ada", "now", "9999-01-01T00:00Z"), "change the schedule instead"),
        (("override", "ops", "ada", "now", "4h", "--by", "eve"), 'there is no responder "eve"'),
        (("override", "--remove", "7"), "there is no override '7'"),
        (("swap", "ask", "ops"), "say `tocsin swap ask SCHEDULE FROM UNTIL`"),
        (("swap", "ask", "ops", "now", "48h", "--by", "bo", "--with", "bo"), "bo cannot swap with bo"),
        (("swap", "ask", "ops", "now", "48h", "--by", "bo", "--with", "eve"), 'there is no responder "eve"'),
        (("swap", "ask", "ops", "now", "48h", "--by", "cy"), "cy has no turn in ops from"),
        (("swap", "ask", "ops", "now", "48h", "--by", "bo", "--back", "now", "48h"), "--back needs --with"),
        (("swap", "ask", "ops", "now", "48h", "--by", "bo", "--with", "cy", "--back", "now", "48h"), "cy has no turn"),
        (("swap", "accept", "7"), "there is no swap '7'"),
        (("swap", "withdraw"), "there is no swap ''"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(terminal: Terminal, words: tuple[str, ...], message: str) -> None:
    terminal.make_database()
    said = terminal.type(*words)
    assert said.code == 1
    assert message in said.err


def test_an_override_counts_at_once_and_is_taken_back(terminal: Terminal) -> None:
    terminal.make_database()
    said = terminal.type("override", "ops", "cy", "now", "4h", "--by", "ada")
    name = said.out.split()[1].rstrip(":")
    assert f"override {name}: cy is on call in ops from " in said.out
    [ops] = terminal.type("oncall", "--schedule", "ops", "--json").document
    assert (ops["now"]["who"], ops["now"]["why"], ops["now"]["source"]) == ("cy", "override", name)
    assert [each["id"] for each in ops["overrides"]] == [name]
    assert f"  override {name}: cy from " in terminal.type("oncall").out
    assert terminal.type("override", "--remove", name).out == f"override {name} is taken back\n"
    [ops] = terminal.type("oncall", "--schedule", "ops", "--json").document
    assert ops["now"]["why"] == "layer"


def ask(terminal: Terminal, *more: str) -> str:
    said = terminal.type("swap", "ask", "ops", "now", "96h", "--by", "ada", *more)
    assert (said.code, said.err) == (0, "")
    return said.out.split()[1].rstrip(":")


def on_call(terminal: Terminal) -> set[str]:
    [ops] = terminal.type("oncall", "--schedule", "ops", "--json", "--days", "2").document
    return {shift["who"] for shift in ops["shifts"]}


def test_a_swap_counts_when_it_is_accepted(terminal: Terminal) -> None:
    terminal.make_database()
    name = ask(terminal)
    assert "cy" not in on_call(terminal)
    assert "asks anybody but ada, not ada" in terminal.type("swap", "accept", name, "--by", "ada").err
    assert terminal.type("swap", "accept", name, "--by", "cy").out == f"swap {name}: cy takes the turns of ada in ops\n"
    assert on_call(terminal) == {"bo", "cy"}
    assert "has accepted swap" in terminal.type("swap", "accept", name, "--by", "bo").err
    assert "is between ada and cy" in terminal.type("swap", "withdraw", name, "--by", "bo").err
    assert terminal.type("swap", "withdraw", name, "--by", "cy").out == f"swap {name} is taken back\n"
    assert on_call(terminal) == {"ada", "bo"}


def test_a_swap_may_ask_for_something_in_return(terminal: Terminal) -> None:
    terminal.make_database()
    assert terminal.type("swap", "list").out == "no swaps\n"
    name = ask(terminal, "--with", "bo", "--back", "now", "72h")
    assert f"swap {name} asks bo, not cy" in terminal.type("swap", "accept", name, "--by", "cy").err
    [listed] = terminal.type("swap", "list", "--json").document
    assert (listed["id"], listed["by"], listed["to"], listed["accepted"]) == (name, "ada", "bo", False)
    assert listed["back_until"].endswith("Z")
    assert terminal.type("swap", "accept", name).code == 0  # The login name is Bo's.
    rows = terminal.type("swap", "list").out.splitlines()
    assert rows[1].split()[:5] == [name, "accepted", "ops", "ada", "bo"]


def test_a_swap_whose_time_has_passed_cannot_be_accepted(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.make_database()
    name = ask(terminal)
    later = SystemClock()() + 120 * HOUR
    monkeypatch.setattr("tocsin.cli.oncall.SystemClock", lambda: lambda: later)
    assert f"the time of swap {name} has passed" in terminal.type("swap", "accept", name, "--by", "bo").err


def test_of_two_who_accept_one_has_it(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.make_database()
    name = ask(terminal)
    monkeypatch.setattr(SqliteStore, "take_record", lambda *_: None)
    assert "any more" in terminal.type("swap", "accept", name, "--by", "bo").err


def test_a_calendar_of_shifts_is_printed(terminal: Terminal) -> None:
    said = terminal.type("oncall", "--ical", "--schedule", "ops", "--responder", "ada")
    assert said.out.startswith("BEGIN:VCALENDAR\r\n")
    assert "SUMMARY:ada is on call: ops\r\n" in said.out
    assert "SUMMARY:bo" not in said.out


def test_a_command_without_a_server_asks_who_is_on_call(terminal: Terminal) -> None:
    name = terminal.ring()
    terminal.type("override", "ops", "cy", "now", "4h", "--by", "ada")
    with closing(SqliteStore(terminal.db)) as store:
        assert store.load([name])
    assert terminal.type("escalate", name, "--by", "bo").code == 0
    assert IncidentMachine().encode(terminal.state(name))
