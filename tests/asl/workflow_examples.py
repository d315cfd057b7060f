"""Workflows of all shapes, for the tests that draw them."""

from __future__ import annotations

from typing import Any, Final

BACKUP = "arn:aws:states:::aws-sdk:dynamodb:createBackup"
ASK = "arn:aws:states:::lambda:invoke.waitForTaskToken"


def task(following: str = "", resource: str = BACKUP, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON.
    return {"Type": "Task", "Resource": resource, **({"Next": following} if following else {"End": True}), **more}


def when(**rule: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON.
    return {"Variable": "$.a", **rule}


LOOP: Final[dict[str, Any]] = {
    "StartAt": "Start job",
    "States": {
        "Start job": task("Wait a little", Retry=[{"ErrorEquals": ["States.ALL"]}]),
        "Wait a little": {"Type": "Wait", "Seconds": 30, "Next": "Is it done?"},
        "Is it done?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.status", "StringEquals": "SUCCEEDED", "Next": "Report"},
                {"Variable": "$.status", "StringEquals": "FAILED", "Next": "Give up"},
            ],
            "Default": "Wait a little",
        },
        "Report": task(resource="arn:aws:states:::sns:publish"),
        "Give up": {"Type": "Fail", "Error": "JobFailed", "Cause": "x"},
    },
}
CHOICES: Final[dict[str, Any]] = {
    "StartAt": "Which",
    "States": {
        "Which": {
            "Type": "Choice",
            "Choices": [when(StringEquals=f"kind-{number}", Next=f"Handle{number}") for number in range(8)],
            "Default": "Unknown",
        },
        **{f"Handle{number}": task("Done") for number in range(8)},
        "Unknown": {"Type": "Fail", "Error": "Unknown"},
        "Done": {"Type": "Succeed"},
    },
}
CHAIN: Final[dict[str, Any]] = {
    "StartAt": "S0",
    "States": {
        **{f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(14)},
        "S14": {"Type": "Pass", "End": True},
    },
}
CATCHES: Final[dict[str, Any]] = {
    "StartAt": "Reserve the hotel room",
    "States": {
        "Reserve the hotel room": task(
            "ReserveFlight",
            "arn:aws:lambda:eu-west-1:111122223333:function:reserve-hotel",
            Catch=[{"ErrorEquals": ["States.ALL"], "Next": "CancelHotel"}],
        ),
        "ReserveFlight": task(
            "ChargePaymentCard",
            "reserveFlight",
            Catch=[
                {"ErrorEquals": ["States.Timeout", "SoldOut"], "Next": "CancelFlight"},
                {"ErrorEquals": ["States.ALL"], "Next": "CancelHotel"},
            ],
        ),
        "ChargePaymentCard": task("", "charge", Catch=[{"ErrorEquals": ["CardRefused"], "Next": "CancelFlight"}]),
        "CancelFlight": task("CancelHotel", "cancelFlight"),
        "CancelHotel": task("Failed", "cancelHotel"),
        "Failed": {"Type": "Fail", "Error": "TripNotBooked"},
    },
}
NESTED: Final[dict[str, Any]] = {
    "StartAt": "Everything",
    "States": {
        "Everything": {
            "Type": "Parallel",
            "Next": "Merge",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}],
            "Branches": [
                {
                    "StartAt": "Each table",
                    "States": {
                        "Each table": {
                            "Type": "Map",
                            "ItemsPath": "$.tables",
                            "MaxConcurrency": 5,
                            "End": True,
                            "ItemProcessor": {
                                "StartAt": "Backup",
                                "States": {
                                    "Backup": task("Large?"),
                                    "Large?": {
                                        "Type": "Choice",
                                        "Choices": [
                                            {
                                                "And": [
                                                    {"Variable": "$.size", "NumericGreaterThan": 100},
                                                    {"Variable": "$.x", "IsPresent": True},
                                                ],
                                                "Next": "Pause",
                                            }
                                        ],
                                        "Default": "Next one",
                                    },
                                    "Pause": {"Type": "Wait", "SecondsPath": "$.pause", "Next": "Next one"},
                                    "Next one": {"Type": "Succeed"},
                                },
                            },
                        }
                    },
                },
                {"StartAt": "Ask", "States": {"Ask": task("", ASK, Parameters={"FunctionName": "tocsin-ask"})}},
                {
                    "StartAt": "Queue",
                    "States": {
                        "Queue": task("Wait", "arn:aws:states:::sqs:sendMessage"),
                        "Wait": {"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "End": True},
                    },
                },
            ],
        },
        "Merge": {"Type": "Pass", "End": True},
        "Tell": task("", "tell"),
    },
}
LOOPS_TO_ITSELF: Final[dict[str, Any]] = {
    "StartAt": "Poll",
    "States": {
        "Poll": {
            "Type": "Choice",
            "QueryLanguage": "JSONata",
            "Choices": [
                {
                    "Condition": "{% $count($states.input.items[price > 10 and $exists(name)]) > 3 and "
                    "$states.input.aLongNameOfAField = 'a very long text that goes on and on and on' and true %}",
                    "Next": "Poll",
                }
            ],
            "Default": "Try",
        },
        "Try": task(
            "End",
            Catch=[{"ErrorEquals": ["Busy"], "Next": "Try"}, {"ErrorEquals": ["States.ALL"], "Next": "Poll"}],
        ),
        "End": {"Type": "Succeed"},
    },
}
NAMES: Final[dict[str, Any]] = {
    "StartAt": "A" * 80,
    "States": {
        "A" * 80: {"Type": "Pass", "Next": '<script>alert(1)</script> & "x"'},
        '<script>alert(1)</script> & "x"': {"Type": "Pass", "Next": "備份所有的資料表然後刪除舊的備份並且發送報告"},
        "備份所有的資料表然後刪除舊的備份並且發送報告": {
            "Type": "Pass",
            "Next": "WaitForEverybodyToAnswerTheQuestion",
        },
        "WaitForEverybodyToAnswerTheQuestion": {"Type": "Succeed"},
    },
}
TANGLE: Final[dict[str, Any]] = {
    "StartAt": "C1",
    "States": {
        **{
            f"C{number}": {
                "Type": "Choice",
                "Choices": [
                    when(NumericEquals=1, Next=f"C{(number * 3 + 1) % 9 + 1 if number < 9 else 10}"),
                    when(BooleanEquals=True, Next=f"C{number + 1}"),
                ],
                "Default": "X",
            }
            for number in range(1, 10)
        },
        "C10": {"Type": "Succeed"},
        "X": {"Type": "Fail"},
    },
}
BRANCHES: Final[dict[str, Any]] = {
    "StartAt": "P",
    "States": {
        "P": {
            "Type": "Parallel",
            "End": True,
            "Branches": [{"StartAt": f"B{number}", "States": {f"B{number}": task()}} for number in range(6)],
        }
    },
}
WORKFLOWS: Final = {
    "loop": LOOP,
    "choices": CHOICES,
    "chain": CHAIN,
    "catches": CATCHES,
    "nested": NESTED,
    "loops-to-itself": LOOPS_TO_ITSELF,
    "names": NAMES,
    "tangle": TANGLE,
    "branches": BRANCHES,
}
