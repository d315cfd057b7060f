"""`tocsin incidents`, `show` and the verbs: what they print, what they change, and what they say when they cannot."""

from __future__ import annotations

import getpass
import re
from contextlib import closing

import pytest

from tests.cli.terminal import Terminal
from tests.wiring.serving import serving, until
from tocsin.cli import incidents, printing
from tocsin.cli.claim import claim
from tocsin.engine.ports import Received
from tocsin.incidents.state import Status
from tocsin.incidents.telling import utc_time
from tocsin.kernel.time import HOUR, MINUTE, format_instant, parse_instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock


def test_incidents_are_listed_newest_first_under_a_head(terminal: Terminal) -> None:
    now = SystemClock()()
    old = terminal.ring("disk is full", at=now - 3 * HOUR - 5 * MINUTE)
    terminal.ring("disk is full", at=now - 3 * HOUR)
    new = terminal.ring("the shop is down", at=now)
    said = terminal.type("incidents")
    assert (said.code, said.err) == (0, "")
    assert re.sub(r"\d+s ago ?", "0s ago", said.out).splitlines() == [
        "ID  STATUS     SEVERITY  TEAM  ALERTS  OPENED  TITLE",
        f" {new}  triggered  critical  ops        1  0s ago the shop is down",
        f" {old}  triggered  critical  ops        2  3h ago  disk is full",
    ]


def test_incidents_are_a_list_of_objects_for_scripts(terminal: Terminal) -> None:
    at = parse_instant("2026-11-22T09:00Z")
    assert at is not None
    name = terminal.ring("é \x1b[31mred\n", at=at)
    said = terminal.type("incidents", "--json")
    assert said.code == 0
    assert said.document == [
        {
            "id": name,
            "status": "triggered",
            "title": said.document[0]["title"],
            "severity": "critical",
            "team": "ops",
            "alerts": 1,
            "opened_at": "2026-11-22T09:00:00.000Z",
            "acknowledged_by": None,
            "wake_at": "2026-11-22T09:05:00.000Z",
        }
    ]
    assert said.document[0]["title"].startswith("é ")


def test_resolved_incidents_are_listed_when_all_are_asked_for(terminal: Terminal) -> None:
    terminal.configure()
    done, live = terminal.ring("done"), terminal.ring("live")
    terminal.type("resolve", done)
    assert [row["id"] for row in terminal.type("incidents", "--json").document] == [live]
    rows = terminal.type("incidents", "--json", "--all").document
    assert {row["id"]: row["status"] for row in rows} == {done: "resolved", live: "triggered"}
    assert {row["id"]: row["wake_at"] is None for row in rows} == {done: True, live: False}


def test_who_acknowledged_stands_in_the_list(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring()
    terminal.type("ack", name, "--by", "ada")
    assert "acknowledged (ada)" in terminal.type("incidents").out
    assert terminal.type("incidents", "--json").document[0]["acknowledged_by"] == "ada"


def test_long_lists_are_read_page_by_page(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [terminal.ring(f"number {number}") for number in range(5)]
    monkeypatch.setattr(incidents, "PAGE", 2)
    assert [row["id"] for row in terminal.type("incidents", "--json").document] == names[::-1]
    assert len(terminal.type("incidents").out.splitlines()) == 6


def test_a_list_beyond_the_measured_rows_is_whole(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "ROWS_MEASURED", 2)
    names = {terminal.ring(f"number {number}") for number in range(5)}
    lines = terminal.type("incidents").out.splitlines()[1:]
    assert {line.split()[0] for line in lines} == names


@pytest.mark.parametrize(("words", "said"), [([], "no open incidents\n"), (["--all"], "no incidents\n")])
def test_an_empty_list_says_so(terminal: Terminal, words: list[str], said: str) -> None:
    terminal.make_database()
    assert terminal.type("incidents", *words).out == said
    assert terminal.type("incidents", "--json", *words).document == []


def test_what_senders_wrote_does_not_paint_the_terminal(terminal: Terminal) -> None:
    name = terminal.ring("evil \x1b[2J\u202e title", description="first\x07\nsecond \x9b31m")
    for said in (terminal.type("incidents"), terminal.type("show", name)):
        assert "evil" in said.out
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said.out)


def test_show_tells_everything_for_people(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring(
        "CPU is high", source="web-1", description="above 90 %\nfor an hour", url="https://graphs.example/cpu"
    )
    terminal.type("ack", name, "--by", "ada")
    out = terminal.type("show", name).out
    assert out.startswith(f"{name}: CPU is high\n\n")
    for line in (
        r" +status  acknowledged \(ada\)",
        r" +severity  critical",
        r" +team  ops",
        r" +opened  \d+s ago, 20..-..-..T.*Z",
        r" *next action  in (59m|1h).*, 20..-..-..T.*Z",
        r" +link  .*: https://graphs\.example/cpu",
        r"20..-..-..T..:..:..\....Z  opened; asked ada",
        r"20..-..-..T..:..:..\....Z  ada acknowledged",
        r"above 90 %",
        r"for an hour",
    ):
        assert re.search(f"^{line}$", out, re.MULTILINE), (line, out)


def test_show_of_a_resolved_incident_has_no_next_action(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring()
    terminal.type("resolve", name)
    assert "next action" not in terminal.type("show", name).out


def test_show_for_scripts_is_the_row_and_more(terminal: Terminal) -> None:
    name = terminal.ring("CPU is high", url="https://graphs.example/cpu")
    found = terminal.type("show", name, "--json").document
    row = terminal.type("incidents", "--json").document[0]
    assert {key: found[key] for key in row} == row
    assert set(found) - set(row) == {
        "description", "source", "account", "region", "resource", "labels", "links", "asked", "timeline",
            "changes", "held_until", "flapping", "silenced",
    }  # fmt: skip
    assert found["asked"] == ["responder:ada"]
    assert [line["reason"] for line in found["timeline"]] == ["opened"]
    assert found["links"][0]["href"] == "https://graphs.example/cpu"


@pytest.mark.parametrize(
    ("words", "story", "status"),
    [
        (["ack"], "bo acknowledged", Status.ACKNOWLEDGED),
        (["ack", "--by", "ada"], "ada acknowledged", Status.ACKNOWLEDGED),
        (["pass", "--by", "ada"], "ada passed; asked bo", Status.TRIGGERED),
        (["escalate"], "bo escalated; asked bo", Status.TRIGGERED),
        (["resolve"], "bo resolved", Status.RESOLVED),
    ],
)
def test_a_verb_acts_and_tells(terminal: Terminal, words: list[str], story: str, status: Status) -> None:
    terminal.configure()
    name = terminal.ring()
    said = terminal.type(words[0], name, *words[1:])
    assert (said.code, said.out) == (0, f"{name}: {story}\n")
    assert terminal.state(name).status is status


def test_words_need_no_quotes(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring()
    assert terminal.type("pass", name, "I", "am", "on a train", "--by", "ada").code == 0
    assert terminal.type("note", name, "it", "began at noon").out == f"{name}: bo: it began at noon\n"
    assert terminal.type("resolve", name, "made", "room").out == f"{name}: bo resolved: made room\n"
    assert "I am on a train" in terminal.type("show", name).out


def test_reassign_asks_somebody_else(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring()
    said = terminal.type("reassign", name, "bo", "--by", "ada")
    assert said.code == 0
    assert terminal.state(name).asked == ("responder:bo",)


@pytest.mark.parametrize("time", ["2h", "1h30m", "a time"])
def test_snooze_takes_a_duration_or_a_time(terminal: Terminal, time: str) -> None:
    terminal.configure()
    name = terminal.ring()
    said = terminal.type("snooze", name, format_instant(SystemClock()() + HOUR) if time == "a time" else time)
    assert said.code == 0, said
    assert "bo snoozed until" in said.out
    state = terminal.state(name)
    assert state.status is Status.SNOOZED
    assert state.wake_at > SystemClock()() + HOUR / 2


def test_what_changes_nothing_fails_and_says_so(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring()
    assert terminal.type("ack", name).code == 0
    said = terminal.type("ack", name)
    assert (said.code, said.out) == (1, f"{name}: nothing changed: already acknowledged\n")
    said = terminal.type("snooze", name, "2001-01-01T00:00Z")
    assert (said.code, said.out) == (1, f"{name}: nothing changed: snooze time has passed\n")
    said = terminal.type("note", name, " ")
    assert (said.code, said.out) == (1, f"{name}: nothing changed: note is empty\n")


def test_without_a_server_the_verb_is_done_at_once_and_who_types_is_told(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring()
    said = terminal.type("ack", name)
    assert said.err == "No server runs: people hear of this when `tocsin serve` does.\n"
    with closing(SqliteStore(terminal.db)) as store:
        assert store.backlog(10) == []


def test_a_verb_leaves_what_waits_for_the_server_alone(terminal: Terminal) -> None:
    # Only the server knows how to read what a chat sent, and which team an integration belongs to.
    terminal.configure()
    name = terminal.ring()
    with closing(SqliteStore(terminal.db)) as store:
        press = Received(received_at=1, channel="slack", key="", head=b"", body=b"{}")
        waiting = store.accept([press])
    assert terminal.type("ack", name).code == 0
    with closing(SqliteStore(terminal.db)) as store:
        assert [delivery.id for delivery in store.backlog(10)] == waiting
    assert [row["id"] for row in terminal.type("incidents", "--json").document] == [name]


def test_a_running_server_does_what_is_asked(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "SERVER_SECONDS", 30)
    terminal.configure()
    name = terminal.ring()
    with claim(terminal.db), serving(terminal.db) as (runtime, _):
        said = terminal.type("ack", name)
        assert (said.code, said.out, said.err) == (0, f"{name}: bo acknowledged\n", "")
        until(lambda: b'tocsin_inputs_handled_total{reason="acknowledged"} 1.0' in runtime.metrics.text())


def test_a_server_that_does_not_answer_is_not_waited_for(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.configure()
    name = terminal.ring()
    monkeypatch.setattr(incidents, "SERVER_SECONDS", 0.05)
    with claim(terminal.db):
        said = terminal.type("ack", name)
    assert (said.code, said.out, said.err) == (0, f"{name}: bo acknowledged\n", "")


@pytest.mark.parametrize("verb", ["show", "ack", "pass", "escalate", "resolve"])
def test_an_unknown_incident_is_named(terminal: Terminal, verb: str) -> None:
    terminal.make_database()
    said = terminal.type(verb, "4711")
    assert (said.code, said.out) == (1, "")
    assert said.err == "tocsin: there is no incident '4711'; `tocsin incidents --all` lists them\n"


@pytest.mark.parametrize("time", ["soon", "", "25:00", "-5m", "2026-13-01T00:00Z"])
def test_a_time_that_is_none_is_named_with_what_is_one(terminal: Terminal, time: str) -> None:
    name = terminal.ring()
    said = terminal.type("snooze", name, *(["--"] if time.startswith("-") else []), time)
    assert said.code == 1
    assert said.err == f"tocsin: {time!r} is neither a duration like 30m or 2h nor a time like 2026-11-22T09:00Z\n"


def test_an_unknown_responder_is_named_with_who_was_meant(terminal: Terminal) -> None:
    terminal.configure()
    name = terminal.ring()
    said = terminal.type("reassign", name, "adda")
    assert (said.code, said.err) == (1, 'tocsin: there is no responder "adda"; did you mean "ada"?\n')
    said = terminal.type("ack", name, "--by", "zoe")
    assert (said.code, said.err) == (1, 'tocsin: there is no responder "zoe"; known: ada, bo\n')


def test_without_responders_anybody_may_act_and_nobody_can_be_asked(terminal: Terminal) -> None:
    name = terminal.ring()
    assert terminal.type("ack", name, "--by", "zoe").code == 0
    said = terminal.type("reassign", name, "zoe")
    assert (said.code, said.err) == (1, 'tocsin: there is no responder "zoe"; there are none\n')


@pytest.mark.parametrize("problem", [KeyError("uid"), OSError("no such user")])
def test_who_has_no_login_name_is_asked_for_one(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    def nobody() -> str:
        raise problem

    monkeypatch.setattr(getpass, "getuser", nobody)
    name = terminal.ring()
    said = terminal.type("ack", name)
    assert (said.code, said.err) == (1, "tocsin: this user has no login name; say who you are with --by\n")
    monkeypatch.setattr(getpass, "getuser", lambda: "")
    said = terminal.type("ack", name)
    assert (said.code, said.err) == (1, "tocsin: 'by' is empty; it says who wants it\n")


def test_words_that_are_not_utf8_are_refused(terminal: Terminal) -> None:
    name = terminal.ring()
    for words in (("ack", name, "--by", "\udcff"), ("note", name, "fine", "\udcff")):
        said = terminal.type(*words)
        assert said.code == 2
        assert said.err.endswith("tocsin: error: '?' is not UTF-8\n")


@pytest.mark.parametrize(
    "words", [("incidents",), ("show", "1"), ("ack", "1"), ("doctor",), ("backup", "b"), ("send",), ("signin",)]
)
def test_a_missing_database_is_named_with_what_makes_one(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.type(*words, "--db", "elsewhere.db")
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        "tocsin: there is no database at elsewhere.db; `tocsin serve` makes one, or name it with --db\n"
    )
    assert list(terminal.folder.iterdir()) == []


def test_a_file_that_is_no_database_is_named(terminal: Terminal) -> None:
    terminal.db.write_bytes(b"these are my notes " * 100)
    said = terminal.type("incidents")
    assert (said.code, said.out) == (1, "")
    assert said.err == "tocsin: tocsin.db cannot be used: SQLITE_NOTADB: file is not a database\n"


def test_the_database_may_be_named_by_the_environment(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal.ring("from elsewhere")
    monkeypatch.setenv("TOCSIN_DB", str(terminal.db))
    monkeypatch.chdir("/")
    assert "from elsewhere" in terminal.type("incidents").out


def test_what_is_held_or_flaps_says_so(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.cli.terminal.CONFIG", "teams: {ops: {hold: 3m}}\nintegrations: {prod: {team: ops}}\n")
    now = SystemClock()()
    held = terminal.ring("held", severity="high", at=now)
    until = now + 3 * MINUTE
    said = terminal.type("show", held).out
    assert f"Held until {utc_time(until)}: it has 3m to recover by itself." in said
    assert re.search(r"status  held\n", said)
    rings = [
        terminal.ring("restless", at=now + minute * MINUTE, status="resolved" if minute % 2 else "firing")
        for minute in range(11)
    ]
    restless = rings[-1]
    assert "Flapping: 11 changes in 11m; resolves when it has recovered and been quiet." in (
        terminal.type("show", restless).out
    )
    found = {name: terminal.type("show", name, "--json").document for name in (held, restless)}
    assert {name: (row["held_until"], row["flapping"]) for name, row in found.items()} == {
        held: (format_instant(until), False),
        restless: (None, True),
    }
