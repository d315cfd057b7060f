"""Each function may do what its code calls, what Lambda does in its name, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stack import calls, policy
from tocsin import stack

CORE: Any = stack.load()
FUNCTIONS = ("Inbox", "Outbox", "Sweep", "Slack", "Web", "Dead")
LAMBDAS = calls.SOURCE / "tocsin" / "lambdas"

# What Lambda does in the function's name, by what the function has: logs and traces; a queue, a stream; a destination.
RUNTIME = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"}
QUEUE = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"}
BY_LAMBDA = {
    "Inbox": RUNTIME | QUEUE,
    "Outbox": RUNTIME | STREAM | {"sqs:SendMessage"},
    "Sweep": RUNTIME | {"sqs:SendMessage"},
    "Slack": RUNTIME,
    "Web": RUNTIME,
    "Dead": RUNTIME | QUEUE,
}

# What is called where messages leave, and nowhere else: ways to people, answers for tasks, executions of workflows.
REACHING = {"cloudwatch:GetMetricWidgetImage", "connect:StartOutboundVoiceContact", "sns:Publish"}
REACHING |= {f"states:{verb}Execution" for verb in ("Describe", "Redrive", "Start", "Stop")}
REACHING |= {f"states:SendTask{word}" for word in ("Failure", "Heartbeat", "Success")}
DELIVERS = {"Outbox", "Sweep"}
ASKS = {"Inbox"}  # Who asks people for a task; a question that is none fails it at once.


def granted(function: str) -> set[str]:
    role = CORE["Resources"][f"{function}Role"]["Properties"]
    documents = [each["PolicyDocument"] for each in role["Policies"]]
    documents += [
        CORE["Resources"][each["Ref"]]["Properties"]["PolicyDocument"] for each in role.get("ManagedPolicyArns", [])
    ]
    return {
        action
        for document in documents
        for statement in policy.branches(document["Statement"])
        for action in policy.many(statement["Action"])
    }


def called(function: str) -> set[str]:
    found = calls.actions(f"tocsin.lambdas.{function.lower()}")
    if function in DELIVERS:
        return found
    return found - REACHING | ({"states:SendTaskFailure"} if function in ASKS else set())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_its_code_calls(function: str) -> None:
    assert called(function) - granted(function) == set()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_nothing_else(function: str) -> None:
    assert granted(function) - called(function) - BY_LAMBDA[function] == set()


@pytest.mark.parametrize(("word", "users"), [(".reach()", DELIVERS), (".asking()", ASKS)])
def test_only_who_may_do_it_delivers_and_asks(word: str, users: set[str]) -> None:
    found = {path.stem.capitalize() for path in LAMBDAS.glob("*.py") if word in path.read_text(encoding="utf-8")}
    assert found == users


def test_every_operation_of_the_table_is_found_somewhere() -> None:
    found = {action for function in FUNCTIONS for action in calls.actions(f"tocsin.lambdas.{function.lower()}")}
    known = {action for needed in calls.OPERATIONS.values() for action in needed}
    assert known - found <= {"dynamodb:ConditionCheckItem"}


def test_no_operation_of_our_own_caller_is_missing_in_the_table() -> None:
    for path in sorted((*LAMBDAS.glob("*.py"), *(calls.SOURCE / "tocsin" / "wiring").glob("serverless*.py"))):
        text = path.read_text(encoding="utf-8")
        for service, operation in calls.named(text):
            assert any(calls.matches(pattern, f'{service}, "{operation}"') for pattern in calls.OPERATIONS), path.name


def test_the_receiver_of_slack_imports_next_to_nothing_and_may_read_one_secret() -> None:
    assert len(calls.modules("tocsin.lambdas.slack")) < 12
    secret = next(each for _, each in policy.granted(CORE) if "ssm:GetParameter" in policy.many(each["Action"]))
    assert secret["Resource"]["Fn::Sub"].endswith("parameter${SecretsPrefix}SLACK_SIGNING_SECRET")


def test_imports_within_functions_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "tocsin" / "lambdas"
    package.mkdir(parents=True)
    (package / "x.py").write_text('def f():\n    from tocsin.lambdas import y\n\nNAME = "tocsin.lambdas.z"\n')
    (package / "y.py").write_text('call(SQS, "SendMessage")\n')
    (package / "z.py").write_text('call(SSM, "GetParameter")\n')
    monkeypatch.setattr(calls, "SOURCE", tmp_path)
    calls.modules.cache_clear()
    calls._imports.cache_clear()
    assert calls.actions("tocsin.lambdas.x") == {"sqs:SendMessage", "ssm:GetParameter"}
    calls.modules.cache_clear()
    calls._imports.cache_clear()
