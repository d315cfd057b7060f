"""What the Resource of a Task names, and which events of the history tell of it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

_LAMBDA: Final = re.compile(r"arn:[^:]*:lambda:[^:]*:[^:]*:function:(.+)")
_ACTIVITY: Final = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:activity:(.+)")
_SERVICE: Final = re.compile(
    r"arn:[^:]*:states:([^:]*):([^:]*):(aws-sdk:)?([A-Za-z0-9_-]+):([A-Za-z0-9]+)(?:\.(sync|sync:2|waitForTaskToken))?"
)
WAITS: Final = "waitForTaskToken"
RESOURCES_MAX: Final = 1000  # That are remembered: each is read several times in a step.

# What Step Functions integrates itself; `.sync` behind those that it can wait for.
# Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
_INTEGRATED: Final[dict[str, str]] = {
    "apigateway": "invoke",
    "athena": "startQueryExecution.sync stopQueryExecution getQueryExecution getQueryResults",
    "batch": "submitJob.sync",
    "bedrock": "invokeModel createModelCustomizationJob.sync",
    "codebuild": "startBuild.sync stopBuild batchDeleteBuilds batchGetReports startBuildBatch.sync stopBuildBatch "
    "retryBuildBatch.sync deleteBuildBatch",
    "databrew": "startJobRun.sync",
    "dynamodb": "getItem putItem updateItem deleteItem",
    "ecs": "runTask.sync",
    "eks": "createCluster.sync deleteCluster.sync createFargateProfile.sync deleteFargateProfile.sync "
    "createNodegroup.sync deleteNodegroup.sync runJob.sync call",
    "elasticmapreduce": "createCluster.sync terminateCluster.sync addStep.sync cancelStep "
    "setClusterTerminationProtection modifyInstanceFleetByName modifyInstanceGroupByName",
    "emr-containers": "createVirtualCluster deleteVirtualCluster.sync startJobRun.sync",
    "emr-serverless": "createApplication.sync startApplication.sync stopApplication.sync deleteApplication.sync "
    "startJobRun.sync cancelJobRun.sync",
    "events": "putEvents",
    "glue": "startJobRun.sync",
    "http": "invoke",
    "lambda": "invoke",
    "mediaconvert": "createJob.sync",
    "sagemaker": "createEndpoint createEndpointConfig createHyperParameterTuningJob.sync createLabelingJob.sync "
    "createModel createProcessingJob.sync createTrainingJob.sync createTransformJob.sync updateEndpoint",
    "sns": "publish",
    "sqs": "sendMessage",
    "states": "startExecution.sync",
}
_KNOWN: Final = frozenset(
    f"{service}:{action}"
    for service, actions in _INTEGRATED.items()
    for written in actions.split()
    for action in {written, written.removesuffix(".sync")}
)
_SDK: Final = re.compile(r"aws-sdk:[a-z0-9]+:[a-z][A-Za-z0-9]*")


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """*kind*: `lambda` (by its ARN), `activity`, `service` or `local`; *type* and *action* as histories call them."""

    kind: str
    name: str = ""
    type: str = ""
    action: str = ""
    pattern: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is over only when somebody answers with its token."""
        return self.pattern == WAITS


@lru_cache(maxsize=RESOURCES_MAX)
def resource(text: str) -> Resource:
    """What *text* names; what is no ARN is a local function of that name."""
    if found := _LAMBDA.fullmatch(text):
        return Resource(kind="lambda", name=found[1])
    if found := _ACTIVITY.fullmatch(text):
        return Resource(kind="activity", name=found[1])
    if found := _SERVICE.fullmatch(text):
        pattern = found[6] or ""
        service = f"aws-sdk:{found[4]}" if found[3] else found[4]
        return Resource(
            kind="service",
            type=service,
            action=f"{found[5]}.{pattern}" if pattern else found[5],
            name=found[5],
            pattern=pattern,
        )
    return Resource(kind="local", name=text)


def is_known(text: str) -> bool:
    """Whether *text* names what Step Functions can do, or a function of Tocsin's own, which is no ARN."""
    if not text.startswith("arn:"):
        return bool(text.strip())
    found = resource(text)
    if found.kind != "service":
        return found.kind != "local"
    if found.type.startswith("aws-sdk:"):
        return found.pattern in {"", WAITS} and _SDK.fullmatch(f"{found.type}:{found.name}") is not None
    done = f"{found.type}:{found.name}"
    return f"{done}.sync" in _KNOWN if found.pattern.startswith("sync") else done in _KNOWN
