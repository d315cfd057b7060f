"""Event patterns and the States Language in memory, side by side with moto in the same minutes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import peers
from bench.figures import Figure, Result, number, paired_ratio, spread
from tocsin import asl, patterns

TRANSITIONS_RATIO_MIN: Final = 25.0
EVENTS_RATIO_MIN: Final = 50.0
MANY_RULES_SHARE_MIN: Final = 1 / 3
STATES: Final = 100
RULES: Final = (10, 1_000, 10_000)
EVENTS: Final = 200
ROUNDS: Final = 5
QUICK_ROUNDS: Final = 2

_MOTO: Final = """
import json, os, sys, time
os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
import boto3
from moto import mock_aws
from moto.events.models import EventPattern
given = json.load(sys.stdin)
compiled = [EventPattern.load(json.dumps(each)) for each in given["patterns"]]
begun, done = time.perf_counter(), 0
while time.perf_counter() - begun < given["seconds"]:
    event = given["events"][done % len(given["events"])]
    sum(each.matches_event(event) for each in compiled)
    done += 1
events = done / (time.perf_counter() - begun)
with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", aws_access_key_id="test", aws_secret_access_key="test")
    role = "arn:aws:iam::123456789012:role/test"
    machine = client.create_state_machine(name="m", definition=json.dumps(given["machine"]), roleArn=role)
    spent = 0.0
    for number in range(given["runs"]):
        begun = time.perf_counter()
        run = client.start_execution(stateMachineArn=machine["stateMachineArn"], name=f"r{number}", input="{}")
        while client.describe_execution(executionArn=run["executionArn"])["status"] == "RUNNING":
            time.sleep(0.001)
        spent += time.perf_counter() - begun
print(json.dumps({"events": events, "transitions": given["runs"] * len(given["machine"]["States"]) / spent}))
"""


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    rules = [_rule(each) for each in range(max(RULES))]
    events = [_event(each) for each in range(EVENTS)]
    machine = _chain()
    ours: dict[str, list[float]] = {"transitions": [], **{f"{count}": [] for count in RULES}}
    theirs: dict[str, list[float]] = {"transitions": [], "events": []}
    given = {"patterns": rules[:1_000], "events": events, "machine": machine, "runs": 10, "seconds": 2.0}
    for _ in range(rounds):
        ours["transitions"].append(_transitions(machine))
        for count in RULES:
            ours[f"{count}"].append(_matched(rules[:count], events))
        found = peers.run(folder, _MOTO, given)
        theirs["transitions"].append(found["transitions"])
        theirs["events"].append(found["events"])
    share = median(many / few for many, few in zip(ours["10000"], ours["10"], strict=True))
    return Result(
        name="languages",
        peer="moto 5.2.5",
        figures=(
            _against(
                "transitions a second, 100 Pass states",
                ours["transitions"],
                theirs["transitions"],
                TRANSITIONS_RATIO_MIN,
            ),
            _against("events a second against 1,000 rules", ours["1000"], theirs["events"], EVENTS_RATIO_MIN),
            Figure(name="events a second against 10 rules", tocsin=spread(ours["10"])),
            Figure(
                name="events a second against 10,000 rules",
                tocsin=f"{spread(ours['10000'])}, {share:.2f} of the rate against 10",
                target="at least a third of that",
                met=share >= MANY_RULES_SHARE_MIN,
            ),
        ),
        notes=(
            (
                "Rules ask for a source, a detail type, a prefix, a number or what must not be, as rules in accounts "
                f"do; {EVENTS} different events, decoded. Runs are in memory on both sides, moto's through its own "
                f"client; {rounds} rounds, one after the other."
            ),
        ),
    )


def _against(name: str, ours: Sequence[float], theirs: Sequence[float], least: float) -> Figure:
    ratio = paired_ratio(ours, theirs)
    return Figure(
        name=name,
        tocsin=spread(ours),
        other=spread(theirs),
        ratio=number(ratio, 1),
        target=f"at least {least:.0f} times as many",
        met=ratio >= least,
    )


def _chain() -> dict[str, Any]:
    states = {
        f"S{each}": {"Type": "Pass", **({"Next": f"S{each + 1}"} if each < STATES - 1 else {"End": True})}
        for each in range(STATES)
    }
    return {"StartAt": "S0", "States": states}


def _transitions(machine: Mapping[str, Any]) -> float:
    definition = asl.parse(machine)
    return _rate(lambda _: asl.run(definition, {}), 1.0) * STATES


def _matched(rules: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> float:
    matcher = patterns.Matcher({f"{place}": patterns.compile(rule) for place, rule in enumerate(rules)})
    return _rate(lambda place: matcher.match(events[place % len(events)]), 1.0)


def _rate(work: Callable[[int], object], seconds: float) -> float:
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        work(done)
        done += 1
    return done / (time.perf_counter() - begun)


def _rule(place: int) -> dict[str, Any]:
    source = f"aws.service{place % 97}"
    match place % 5:
        case 0:
            return {"source": [source], "detail-type": [f"Kind {place}"]}
        case 1:
            return {"source": [source], "detail": {"resource": [{"prefix": f"db-{place}-"}]}}
        case 2:
            return {"source": [source], "detail": {"state": [{"anything-but": ["running"]}], "owner": [f"team{place}"]}}
        case 3:
            return {"source": [source], "detail": {"size": [{"numeric": [">", place, "<=", place + 10]}]}}
        case _:
            return {"detail": {"name": [f"name-{place}", f"other-{place}"], "gone": [{"exists": False}]}}


def _event(place: int) -> dict[str, Any]:
    detail = {
        "resource": f"db-{place}-primary",
        "state": ("running", "stopped")[place % 2],
        "owner": f"team{place}",
        "size": place,
        "name": f"name-{place}",
    }
    return {"source": f"aws.service{place % 97}", "detail-type": f"Kind {place}", "detail": detail}
