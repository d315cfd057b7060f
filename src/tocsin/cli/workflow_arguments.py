"""What `tocsin workflow`, `tocsin pattern` and `tocsin timetable` take."""

from __future__ import annotations

import argparse
from collections.abc import Callable

ACTIONS = (
    "validate",
    "run",
    "test",
    "state",
    "picture",
    "start",
    "runs",
    "show",
    "stop",
    "redrive",
    "questions",
    "answer",
    "rules",
    "dead",
)
STATUSES = ("running", "succeeded", "failed", "timed_out", "aborted")
LEVELS = ("INFO", "DEBUG", "TRACE")


def add_workflows(add: Callable[..., argparse.ArgumentParser], count: Callable[[str], int]) -> None:
    """Add the commands with *add*; *count* reads a number."""
    workflow = add(
        "workflow",
        "workflows.workflow",
        "check, test, draw and run workflows in Amazon States Language",
        example='run backup.asl.json --input \'{"table": "orders"}\'',
        config=True,
        db=True,
    )
    workflow.add_argument(
        "action",
        choices=ACTIONS,
        help="tell all mistakes; run once, on virtual time; run the cases of a folder; try one state alone; draw; "
        "start a run that the server carries out; list such runs; show, stop or redrive one; list "
        "what runs ask of people; answer it; rules with their next times and decisions; what of theirs failed for good",
    )
    workflow.add_argument(
        "path",
        nargs="*",
        metavar="FILE",
        help="definitions (validate), one (run, state, picture), folders (test); a workflow of tocsin.yaml or a file "
        "(start), a workflow (runs), the id of a run (show, stop, redrive), of a question "
        "(questions), a question and a choice (answer), a rule (rules, dead)",
    )
    workflow.add_argument(
        "--input",
        default="{}",
        metavar="JSON",
        help="run, state, picture, start: its input; @FILE for a file, - for standard input",
    )
    workflow.add_argument(
        "--name", default="", metavar="NAME", help="start: a name under which this workflow is started once only"
    )
    workflow.add_argument("--status", default="", choices=STATUSES, help="runs: only those (default: all)")
    workflow.add_argument("--limit", type=count, default=50, metavar="N", help="runs, questions: so many (default: 50)")
    workflow.add_argument("--all", action="store_true", help="questions: those that are over, too")
    workflow.add_argument("--history", action="store_true", help="show: all that has happened, too")
    workflow.add_argument(
        "--by", default="", metavar="RESPONDER", help="start, answer: who you are (default: your login name)"
    )
    workflow.add_argument("--comment", default="", metavar="TEXT", help="answer: why")
    workflow.add_argument("--cause", default="", metavar="TEXT", help="stop: why")
    workflow.add_argument(
        "--mock",
        default="",
        metavar="FILE",
        help="run, picture: answers of tasks, as Step Functions Local's mock configuration; state: JSON with a result "
        "or an errorOutput, or @FILE",
    )
    workflow.add_argument("--state", default=None, metavar="NAME", help="state: which one of a whole definition")
    workflow.add_argument(
        "--variables", default="{}", metavar="JSON", help="state: the variables that are there before"
    )
    workflow.add_argument("--level", choices=LEVELS, default="INFO", help="state: how much is told (default: INFO)")
    workflow.add_argument("--machine", default="", metavar="NAME", help="the state machine in that file")
    workflow.add_argument("--case", default="", metavar="NAME", help="the test case in that file")
    workflow.add_argument(
        "--out", default="-", metavar="FILE", help="picture: where to write the SVG (default: print it)"
    )
    workflow.add_argument(
        "--width", type=count, default=760, metavar="N", help="picture: pixels across, if it can be (default: 760)"
    )
    workflow.add_argument("--json", action="store_true", help="print JSON for scripts; of run with the whole history")
    pattern = add(
        "pattern",
        "patterns.pattern",
        "try an EventBridge event pattern",
        example='test \'{"source": ["aws.ec2"]}\' event.json',
    )
    pattern.add_argument("action", choices=("test",), help="tell whether the event matches, and if not, why")
    pattern.add_argument("pattern", metavar="PATTERN", help="the pattern as JSON; @FILE for a file")
    pattern.add_argument("event", nargs="+", metavar="EVENT", help="files with an event each, - for standard input")
    pattern.add_argument("--json", action="store_true", help="print an object for scripts")
    timetable = add(
        "timetable",
        "timetables.timetable",
        "when an EventBridge rate, cron or at is due next",
        example="next 'cron(0 9 ? * MON-FRI *)' --zone Europe/Berlin",
    )
    timetable.add_argument("action", choices=("next",), help="list the next times")
    timetable.add_argument("expression", metavar="EXPRESSION", help="rate(...), cron(...) or at(...)")
    timetable.add_argument("--zone", default="UTC", metavar="ZONE", help="whose clocks count (default: UTC)")
    timetable.add_argument("--after", default="now", metavar="TIME", help="another time than now")
    timetable.add_argument("--count", type=count, default=5, metavar="N", help="how many (default: 5)")
    timetable.add_argument("--json", action="store_true", help="print a list for scripts")
