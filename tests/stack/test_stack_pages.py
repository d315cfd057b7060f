"""What the pages on the stack say of it in figures and names is what the template says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tocsin import stack
from tocsin.aws import bundle
from tocsin.aws.parameters import VALUE_BYTES_MAX
from tocsin.cli.deploy_arguments import STACK_CHARACTERS_MAX
from tocsin.stack import flows

HOUSE = Path(__file__).parents[2]
CORE: Any = stack.load()
RESOURCES: Any = CORE["Resources"]
DEPLOY, SERVERLESS, CHANGES = (
    (HOUSE / name).read_text(encoding="utf-8") for name in ("docs/deploy.md", "docs/serverless.md", "CHANGELOG.md")
)


def of_type(kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


@pytest.mark.parametrize("page", [DEPLOY, CHANGES], ids=["deploy", "changes"])
def test_the_alarms_are_counted(page: str) -> None:
    assert set(re.findall(r"(\d+) alarms", page)) == {str(len(of_type("AWS::CloudWatch::Alarm")))}


def test_the_alarms_that_are_explained_are_there() -> None:
    told = SERVERLESS.partition("| an alarm says | look at |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| ([^|]+) \|", told, re.MULTILINE)
    names = [word for cell in cells for word in re.findall(r"\b[A-Z]\w+", cell)]
    assert len(names) > 8
    assert {f"{name}Alarm" for name in names} <= of_type("AWS::CloudWatch::Alarm").keys()


def test_the_limits_are_those_of_the_template() -> None:
    timeouts = {name: each["Timeout"] for name, each in of_type("AWS::Lambda::Function").items()}
    row = next(line for line in SERVERLESS.splitlines() if line.startswith("| a function |"))
    told = {
        f"{name.title()}Function": int(seconds)
        for seconds, names in re.findall(r"(\d+) s \(([^)]+)\)", row)
        for name in names.split(", ")
    }
    assert told == timeouts
    parameters = CORE["Parameters"]
    assert f"`InboxConcurrency` ({parameters['InboxConcurrency']['Default']})" in SERVERLESS
    assert f"`InboxBatch` ({parameters['InboxBatch']['Default']})" in SERVERLESS
    assert f"`LogDays` ({parameters['LogDays']['Default']})" in SERVERLESS
    stage = RESOURCES["ApiStage"]["Properties"]
    ingest = stage["RouteSettings"]["POST /v1/in/{key}"]["ThrottlingRateLimit"]
    rest = stage["DefaultRouteSettings"]["ThrottlingRateLimit"]
    assert f"| {ingest:,} a second for `/v1/in/KEY`, {rest} for everything else" in SERVERLESS
    assert f"| secrets | {VALUE_BYTES_MAX:,} bytes each |" in SERVERLESS
    assert f"| the zip | {bundle.BYTES_MAX // 1_000_000} MB" in SERVERLESS
    assert f"| a stack's name | {STACK_CHARACTERS_MAX} characters |" in SERVERLESS
    assert f"| a workflow's name | {flows.NAME_MAX} characters |" in SERVERLESS


def test_what_catches_a_loss_is_so_in_the_template() -> None:
    inbox, dead = RESOURCES["InboxQueue"]["Properties"], RESOURCES["DeadQueue"]["Properties"]
    assert inbox["RedrivePolicy"]["maxReceiveCount"] == 10  # "up to ten times two minutes apart"
    assert inbox["VisibilityTimeout"] == 120
    assert dead["RedrivePolicy"]["maxReceiveCount"] == 1_000  # "after a thousand tries"
    assert RESOURCES["LostQueue"]["Properties"]["MessageRetentionPeriod"] == 14 * 86_400  # "kept for two weeks"
    outbox = RESOURCES["OutboxMapping"]["Properties"]
    assert (outbox["MaximumRetryAttempts"], outbox["MaximumRecordAgeInSeconds"]) == (
        5,
        3_600,
    )  # "five tries or an hour"
    recovery = RESOURCES["Table"]["Properties"]["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": True}  # For AWS's own 35 days.


def test_parameters_that_are_named_are_there() -> None:
    for page in (DEPLOY, SERVERLESS):
        for name in re.findall(r"--set ([A-Z][a-z]\w+)=", page):
            assert name in CORE["Parameters"], name
