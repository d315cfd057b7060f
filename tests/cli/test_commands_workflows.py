"""`tocsin workflow`, `tocsin pattern` and `tocsin timetable` in a terminal."""

from __future__ import annotations

import io
import json

import pytest

from tests.cli.terminal import Terminal

WORKFLOW = """{
  "StartAt": "Ask",
  "States": {
    "Ask": {"Type": "Task", "Resource": "ask", "Retry": [{"ErrorEquals": ["Busy"]}], "Next": "Pause"},
    "Pause": {"Type": "Wait", "Seconds": 90, "End": true}
  }
}"""
MOCKS = {
    "StateMachines": {"m": {"TestCases": {"good": {"Ask": "Good"}, "bad": {"Ask": "Bad"}}}},
    "MockedResponses": {
        "Good": {"0": {"Throw": {"Error": "Busy", "Cause": "c"}}, "1": {"Return": {"ok": True}}},
        "Bad": {"0": {"Throw": {"Error": "Broken", "Cause": "the \u001b[31mcause"}}},
    },
}
PATTERN = '{"source": ["aws.ec2"], "detail": {"state": ["stopped"]}}'


@pytest.fixture(autouse=True)
def _files(terminal: Terminal) -> None:
    (terminal.folder / "w.asl.json").write_text(WORKFLOW)
    (terminal.folder / "mocks.json").write_text(json.dumps(MOCKS))
    (terminal.folder / "event.json").write_text('{"source": "aws.ec2", "detail": {"state": "running"}}')


# ── Workflows ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_valid_workflow_is_told_so(terminal: Terminal) -> None:
    said = terminal.type("workflow", "validate", "w.asl.json")
    assert (said.code, said.out) == (0, "w.asl.json is valid\n")


def test_all_mistakes_are_told_with_file_line_and_place(terminal: Terminal) -> None:
    (terminal.folder / "bad.json").write_text(
        WORKFLOW.replace('"Pause",', "").replace('"Next": "Pause"', '"Next": "X"')
    )
    said = terminal.type("workflow", "validate", "bad.json", "w.asl.json")
    assert said.code == 1
    assert said.out.splitlines() == [
        "bad.json:4: Missing 'Next' target: X (/States/Ask/Next)",
        'bad.json:5: State "Pause" is not reachable (/States/Pause)',
        "w.asl.json is valid",
    ]
    document = terminal.type("workflow", "validate", "bad.json", "--json").document
    assert document[0]["problems"][0]["line"] == 4


def test_a_run_shows_its_history_on_virtual_time(terminal: Terminal) -> None:
    said = terminal.type(
        "workflow", "run", "w.asl.json", "--mock", "mocks.json", "--case", "good", "--input", '{"a": 1}'
    )
    lines = said.out.splitlines()
    assert said.code == 0
    assert lines[-2:] == ["SUCCEEDED after 00:01:31 of virtual time", 'output: {"ok":true}']
    assert lines[1].split() == ["2", "+0", "TaskStateEntered", "Ask"]


def test_a_run_that_fails_says_how_and_harmlessly(terminal: Terminal) -> None:
    said = terminal.type("workflow", "run", "w.asl.json", "--mock", "mocks.json", "--machine", "m", "--case", "bad")
    assert said.code == 1
    assert "error: Broken" in said.out
    assert "\u001b" not in said.out


def test_scripts_get_the_whole_run(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("workflow", "run", "w.asl.json", "--mock", "mocks.json", "--case", "good", "--json", "--input")
    (terminal.folder / "input.json").write_text('{"a": 1}')
    document = terminal.type(*words, "@input.json").document
    assert list(document) == ["status", "output", "error", "cause", "history"]
    assert document["history"][0]["executionStartedEventDetails"]["input"] == '{"a":1}'
    monkeypatch.setattr("sys.stdin", io.StringIO('{"a": 2}'))
    assert terminal.type(*words, "-").document["history"][0]["executionStartedEventDetails"]["input"] == '{"a":2}'


def test_a_workflow_is_drawn_into_a_file_or_onto_the_terminal(terminal: Terminal) -> None:
    said = terminal.type("workflow", "picture", "w.asl.json", "--out", "w.svg")
    assert (said.code, said.out) == (0, "w.svg is written\n")
    drawn = (terminal.folder / "w.svg").read_text(encoding="utf-8")
    assert "<title>w</title>" in drawn
    assert terminal.type("workflow", "picture", "w.asl.json").out == drawn


def test_a_mocked_run_is_painted_on_the_picture(terminal: Terminal) -> None:
    words = ("workflow", "picture", "w.asl.json", "--mock", "mocks.json", "--case", "bad", "--json", "--width", "340")
    document = terminal.type(*words).document
    assert (
        document["sentences"][1]
        == "Ask (Task; ask; tries up to 3 times more): goes on with Pause. It is marked: failed: Broken."
    )
    assert document["svg"].startswith("<svg ")


def test_what_is_too_large_for_a_picture_is_told(terminal: Terminal) -> None:
    states = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(400)}
    large = {"StartAt": "S0", "States": {**states, "S400": {"Type": "Succeed"}}}
    (terminal.folder / "large.json").write_text(json.dumps(large))
    said = terminal.type("workflow", "picture", "large.json")
    assert said.code == 1
    assert "large.json is too large for a picture: more than 400 states" in said.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("picture", "w.asl.json", "event.json"), "picture takes one file, not 2"),
        (("run", "w.asl.json", "--input", "{"), "the input is not JSON"),
        (("run", "w.asl.json", "event.json"), "run takes one file, not 2"),
        (("run", "none.json"), "none.json"),
        (("run", "event.json"), "Invalid State Machine Definition"),
        (("run", "w.asl.json", "--mock", "mocks.json"), "name a test case: good, bad"),
        (("run", "latin.json"), "latin.json is not UTF-8 text"),
        (("test", "."), "there is no *.case.json in ."),
        (("test", "w.asl.json"), "a case has a 'workflow' (its file) and what to 'expect'"),
        (("test", "strange"), "nothing called 'colour' can be expected"),
        (("test", "list"), "a case has a 'workflow'"),
    ],
)
def test_what_is_wrong_is_told(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    (terminal.folder / "latin.json").write_bytes(b'"\xe9"')
    for name, case in (("strange", {"workflow": "../w.asl.json", "expect": {"colour": 1}}), ("list", [])):
        (terminal.folder / name).mkdir()
        (terminal.folder / name / "a.case.json").write_text(json.dumps(case))
    if words[0] == "test" and words[1] == ".":
        for name in ("strange", "list"):
            (terminal.folder / name / "a.case.json").unlink()
    found = terminal.type("workflow", *words)
    assert found.code == 1
    assert said in found.err


def test_cases_of_a_folder_are_run_and_compared(terminal: Terminal) -> None:
    case = {
        "workflow": "w.asl.json",
        "input": {"a": 1},
        "mocks": {**MOCKS, "StateMachines": {"m": {"TestCases": {"only": {"Ask": "Good"}}}}},
        "expect": {"status": "SUCCEEDED", "output": {"ok": True}, "states": ["Ask", "Pause"]},
    }
    (terminal.folder / "good.case.json").write_text(json.dumps(case))
    assert terminal.type("workflow", "test", ".").out == "ok   good.case.json\n"
    (terminal.folder / "wrong.case.json").write_text(json.dumps({**case, "expect": {"output": {"ok": False}}}))
    said = terminal.type("workflow", "test", ".")
    assert said.code == 1
    assert said.out.splitlines()[1:] == ["FAIL wrong.case.json", '     output: expected {"ok":false}, got {"ok":true}']
    document = terminal.type("workflow", "test", "wrong.case.json", "--json").document
    assert document[0]["passed"] is False


# ── Patterns ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_event_that_does_not_match_is_told_why(terminal: Terminal) -> None:
    said = terminal.type("pattern", "test", PATTERN, "event.json")
    assert said.code == 1
    assert said.out == 'event.json does not match: detail.state: no value that is asked for, but "running"\n'
    document = terminal.type("pattern", "test", PATTERN, "event.json", "--json").document
    assert document == [{"event": "event.json", "matches": False, "why": said.out.partition(": ")[2].strip()}]


def test_a_pattern_may_be_a_file_and_an_event_standard_input(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    (terminal.folder / "pattern.json").write_text('{"source": [{"prefix": "aws."}]}')
    monkeypatch.setattr("sys.stdin", io.StringIO('{"source": "aws.s3"}'))
    said = terminal.type("pattern", "test", "@pattern.json", "event.json", "-")
    assert (said.code, said.out) == (0, "event.json matches\n- matches\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (('{"source": "aws.ec2"}', "event.json"), "source"),
        ((PATTERN, "w.txt"), "w.txt: "),
    ],
)
def test_a_pattern_or_event_that_is_none_is_told(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    (terminal.folder / "w.txt").write_text("text")
    found = terminal.type("pattern", "test", *words)
    assert found.code == 1
    assert said in found.err


# ── Timetables ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_next_times_are_told_by_the_clocks_of_the_zone(terminal: Terminal) -> None:
    words = ("timetable", "next", "cron(30 9 ? * MON-FRI *)", "--zone", "Europe/Berlin", "--after", "2026-11-27T12:00Z")
    said = terminal.type(*words, "--count", "2")
    assert said.out.splitlines() == ["Mon 2026-11-30 09:30 Europe/Berlin", "Tue 2026-12-01 09:30 Europe/Berlin"]
    document = terminal.type(*words, "--count", "1", "--json").document
    assert document == [
        {"at": 1_796_027_400_000, "utc": "2026-11-30T08:30:00.000Z", "local": "Mon 2026-11-30 09:30 Europe/Berlin"}
    ]


def test_now_is_when_it_is_asked(terminal: Terminal) -> None:
    assert len(terminal.type("timetable", "next", "rate(7 minutes)").out.splitlines()) == 5


def test_what_is_due_never_again_is_told(terminal: Terminal) -> None:
    said = terminal.type("timetable", "next", "at(2020-01-01T00:00:00)")
    assert (said.code, said.out) == (1, "at(2020-01-01T00:00:00) is due never again\n")
    assert terminal.type("timetable", "next", "rate(0 minutes)").code == 1
    assert "--after 'soon' is no time" in terminal.type("timetable", "next", "rate(1 day)", "--after", "soon").err


# ── One state ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_state_is_tried_with_a_mocked_answer(terminal: Terminal) -> None:
    mock = '{"result": {"ok": true}}'
    said = terminal.type("workflow", "state", "w.asl.json", "--state", "Ask", "--mock", mock, "--level", "TRACE")
    assert said.code == 0
    assert said.out.splitlines()[:3] == ["SUCCEEDED, then Pause", 'output: {"ok":true}', "  input: {}"]
    document = terminal.type("workflow", "state", "w.asl.json", "--state", "Ask", "--mock", mock, "--json").document
    assert document == {"status": "SUCCEEDED", "output": '{"ok":true}', "nextState": "Pause"}


def test_a_state_that_fails_is_told_with_its_error(terminal: Terminal) -> None:
    (terminal.folder / "one.json").write_text('{"Type": "Fail", "Error": "E", "Cause": "c"}')
    said = terminal.type("workflow", "state", "one.json")
    assert (said.code, said.out) == (1, "FAILED\nerror: E\ncause: c\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("w.asl.json", "w.asl.json"), "state takes one file, not 2"),
        (("w.asl.json", "--state", "Ask", "--mock", "5"), "the mock is an object"),
        (("w.asl.json", "--state", "Ask"), "a Task needs a mock"),
        (("w.asl.json", "--state", "None"), "State not found in definition"),
        (("w.asl.json", "--state", "Pause", "--input", "not"), "Unrecognized token 'not'"),
    ],
)
def test_a_state_that_cannot_be_tried_says_why(terminal: Terminal, arguments: tuple[str, ...], told: str) -> None:
    said = terminal.type("workflow", "state", *arguments)
    assert said.code != 0
    assert told in said.err
