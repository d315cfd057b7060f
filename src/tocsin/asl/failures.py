"""How a state fails: an error's name, and its cause in the words of Step Functions.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import Final

ALL: Final = "States.ALL"
BRANCH_FAILED: Final = "States.BranchFailed"
DATA_LIMIT_EXCEEDED: Final = "States.DataLimitExceeded"
EXCEED_TOLERATED: Final = "States.ExceedToleratedFailureThreshold"
HEARTBEAT_TIMEOUT: Final = "States.HeartbeatTimeout"
INTRINSIC_FAILURE: Final = "States.IntrinsicFailure"
ITEM_READER_FAILED: Final = "States.ItemReaderFailed"
NO_CHOICE_MATCHED: Final = "States.NoChoiceMatched"
PARAMETER_PATH_FAILURE: Final = "States.ParameterPathFailure"
PERMISSIONS: Final = "States.Permissions"
QUERY_EVALUATION: Final = "States.QueryEvaluationError"
RESULT_PATH_FAILURE: Final = "States.ResultPathMatchFailure"
RESULT_WRITER_FAILED: Final = "States.ResultWriterFailed"
RUNTIME: Final = "States.Runtime"
TASK_FAILED: Final = "States.TaskFailed"
TIMEOUT: Final = "States.Timeout"


class StateFailure(Exception):
    """A state fails with the error *error*; *cause* is what is told of it, without the state's name.

    *located*: the cause begins by naming the state, as Step Functions has it. *place*: the field whose evaluation
    failed, for errors of JSONata.
    """

    def __init__(self, error: str | None, cause: str | None, *, located: bool = True, place: str = "") -> None:
        """Keep all of it."""
        super().__init__(error, cause)
        self.error = error
        self.cause = cause
        self.located = located
        self.place = place


def runtime(cause: str) -> StateFailure:
    """`States.Runtime`: what no state catches."""
    return StateFailure(RUNTIME, cause)
