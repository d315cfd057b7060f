"""Which fields a state may have, by its type and the language that it speaks, and what may stand there.

Source: https://states-language.net/spec.html and
https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from __future__ import annotations

from typing import Final

STATES: Final = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")

_ALL: Final = {"Type", "Comment", "QueryLanguage"}
_GOES_ON: Final = {"Next", "End"}
_PATHS: Final = {"InputPath", "OutputPath"}
_RESULTS: Final = {"ResultPath", "ResultSelector"}
_ERRORS: Final = {"Retry", "Catch"}

# By type: fields of both languages, of JSONPath only, of JSONata only.
FIELDS: Final[dict[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]] = {
    kind: (frozenset(_ALL | both), frozenset(jsonpath), frozenset(jsonata))
    for kind, (both, jsonpath, jsonata) in {
        "Pass": (_GOES_ON | {"Assign", "Result"}, _PATHS | {"Parameters", "ResultPath"}, {"Output"}),
        "Task": (
            _GOES_ON | _ERRORS | {"Assign", "Resource", "Credentials", "TimeoutSeconds", "HeartbeatSeconds"},
            _PATHS | _RESULTS | {"Parameters", "TimeoutSecondsPath", "HeartbeatSecondsPath"},
            {"Arguments", "Output"},
        ),
        "Choice": ({"Assign", "Choices", "Default"}, _PATHS, {"Output"}),
        "Wait": (
            _GOES_ON | {"Assign", "Seconds", "Timestamp"},
            _PATHS | {"SecondsPath", "TimestampPath"},
            {"Output"},
        ),
        "Succeed": (set(), _PATHS, {"Output"}),
        "Fail": ({"Error", "Cause"}, {"ErrorPath", "CausePath"}, set()),
        "Parallel": (
            _GOES_ON | _ERRORS | {"Assign", "Branches"},
            _PATHS | _RESULTS | {"Parameters"},
            {"Arguments", "Output"},
        ),
        "Map": (
            _GOES_ON
            | _ERRORS
            | {
                "Assign",
                "ItemProcessor",
                "Iterator",
                "MaxConcurrency",
                "ToleratedFailureCount",
                "ToleratedFailurePercentage",
                "ItemReader",
                "ItemBatcher",
                "ItemSelector",
                "ResultWriter",
                "Label",
            },
            _PATHS
            | _RESULTS
            | {
                "Parameters",
                "ItemsPath",
                "MaxConcurrencyPath",
                "ToleratedFailureCountPath",
                "ToleratedFailurePercentagePath",
            },
            {"Items", "Output"},
        ),
    }.items()
}
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}
TOP: Final = frozenset({"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"})
BRANCH: Final = frozenset({"Comment", "StartAt", "States", "QueryLanguage"})
PROCESSOR: Final = BRANCH | {"ProcessorConfig"}
TERMINAL: Final = ("Succeed", "Fail", "Choice")
# Of which at most one may stand in a state.
EITHER: Final = (
    ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),
    ("Error", "ErrorPath"),
    ("Cause", "CausePath"),
    ("TimeoutSeconds", "TimeoutSecondsPath"),
    ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ("MaxConcurrency", "MaxConcurrencyPath"),
    ("ToleratedFailureCount", "ToleratedFailureCountPath"),
    ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ("ItemProcessor", "Iterator"),
    ("ItemSelector", "Parameters"),
)
RETRIER: Final = frozenset(
    {"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"}
)
CATCHER: Final = frozenset({"ErrorEquals", "Next", "ResultPath", "Assign", "Output", "Comment"})

TEXTS: Final = frozenset({"Next", "Default", "Resource", "Comment", "Error", "Cause"})
OBJECTS: Final = ("Parameters", "ResultSelector", "ItemSelector")  # In JSONPath.
NULLABLE: Final = frozenset({"InputPath", "OutputPath", "ResultPath"})

SECONDS_MAX: Final = 99_999_999
NAME_MAX: Final = 80  # Characters of a state's name.
LABEL_MAX: Final = 40
LABEL_REFUSED: Final = frozenset(' ?*<>{}[]:;,\\|^~$#%&`"')  # And control characters.
STATES_MAX: Final = 10_000
NESTED_MAX: Final = 20  # State machines within state machines.
DEFINITION_MAX: Final = 1024 * 1024  # Bytes, as Step Functions has it.

# Numbers: (least, most, only integers).
NUMBERS: Final[dict[str, tuple[float, float, bool]]] = {
    "TimeoutSeconds": (1, SECONDS_MAX, True),
    "HeartbeatSeconds": (1, SECONDS_MAX, True),
    "Seconds": (0, SECONDS_MAX, True),
    "MaxConcurrency": (0, SECONDS_MAX, True),
    "ToleratedFailureCount": (0, SECONDS_MAX, True),
    "ToleratedFailurePercentage": (0, 100, False),
    "IntervalSeconds": (1, SECONDS_MAX, True),
    "MaxAttempts": (0, SECONDS_MAX, True),
    "BackoffRate": (1, 1_000_000, False),
    "MaxDelaySeconds": (1, 31_622_400, True),
}
