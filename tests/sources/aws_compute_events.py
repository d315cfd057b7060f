"""What the services that run programs tell: each type once, and what mends it."""

from __future__ import annotations

from tests.sources.bodies import event, sns
from tocsin.kernel.json import Json

A = "eu-west-1:111122223333"
GROUP = f"arn:aws:autoscaling:{A}:autoScalingGroup:1e1e:autoScalingGroupName/web"


def compute_events() -> list[tuple[str, Json]]:
    """What happens, and the body that tells of it."""
    return [*_instances(), *_groups(), *_containers(), *_functions(), *_environments(), *_clusters()]


def _instances() -> list[tuple[str, Json]]:
    named = [f"arn:aws:ec2:{A}:instance/i-0123"]
    spot = {"instance-id": "i-0123", "instance-action": "terminate"}
    fleet = [f"arn:aws:ec2:{A}:fleet/fleet-1"]
    wrong = {"sub-type": "iamFleetRoleInvalid", "description": "The role may not launch instances."}
    return [
        (
            "instance stops",
            event(
                "EC2 Instance State-change Notification",
                "aws.ec2",
                {"instance-id": "i-0123", "state": "stopped"},
                named,
            ),
        ),
        ("spot instance taken", event("EC2 Spot Instance Interruption Warning", "aws.ec2", spot, named)),
        (
            "spot instance at risk",
            event("EC2 Instance Rebalance Recommendation", "aws.ec2", {"instance-id": "i-0123"}, named),
        ),
        ("fleet is wrong", event("EC2 Fleet Error", "aws.ec2fleet", wrong, fleet)),
        ("fleet changes", event("EC2 Fleet State Change", "aws.ec2fleet", {"sub-type": "active"}, fleet)),
    ]


def _groups() -> list[tuple[str, Json]]:
    detail = {
        "AutoScalingGroupName": "web",
        "StatusCode": "Failed",
        "StatusMessage": "We currently do not have sufficient capacity.",
        "ActivityId": "87654321-4321-4321-4321-210987654321",
        "EC2InstanceId": "i-0123",
        "Cause": "An instance was started in response to a difference between desired and actual capacity.",
    }

    def scaling(kind: str, **more: Json) -> Json:
        return event(kind, "aws.autoscaling", {**detail, **more}, [GROUP])

    def letter(kind: str, **more: Json) -> Json:
        told = {
            "Event": f"autoscaling:{kind}",
            "Service": "AWS Auto Scaling",
            "AccountId": "111122223333",
            "AutoScalingGroupARN": GROUP,
            "AutoScalingGroupName": "web",
            "RequestId": "7",
            "Time": "2023-11-14T22:13:20.000Z",
            **more,
        }
        return sns(told, f"Auto Scaling: {kind} for group web")

    hook = {
        "LifecycleHookName": "drain",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "LifecycleActionToken": "test-token",
        "AutoScalingGroupName": "web",
        "AccountId": "111122223333",
        "EC2InstanceId": "i-0123",
    }

    def refresh(word: str) -> Json:
        told = {"AutoScalingGroupName": "web", "InstanceRefreshId": "ab00cf8f"}
        return event(f"EC2 Auto Scaling Instance Refresh {word}", "aws.autoscaling", told, [GROUP])

    def application(**more: Json) -> Json:
        told = {
            "serviceNamespace": "ecs",
            "resourceId": "service/shop/web",
            "scalableDimension": "ecs:service:DesiredCount",
            "oldDesiredCapacity": 9,
            "newDesiredCapacity": 10,
            "statusCode": "Successful",
            "direction": "scale-out",
            **more,
        }
        kind = "Application Auto Scaling Scaling Activity State Change"
        return event(kind, "aws.application-autoscaling", told)

    return [
        ("launch unsuccessful", scaling("EC2 Instance Launch Unsuccessful")),
        ("launch unsuccessful, on a topic", letter("EC2_INSTANCE_LAUNCH_ERROR", StatusMessage="No capacity.")),
        ("launched, on a topic", letter("EC2_INSTANCE_LAUNCH", Description="Launching a new EC2 instance: i-0123")),
        ("terminate unsuccessful", scaling("EC2 Instance Terminate Unsuccessful", StatusMessage="It is protected.")),
        ("terminated", scaling("EC2 Instance Terminate Successful", StatusMessage="")),
        ("topic tried", letter("TEST_NOTIFICATION")),
        ("hook", sns(hook)),
        ("instance refresh starts", refresh("Started")),
        ("instance refresh fails", refresh("Failed")),
        ("instance refresh succeeds", refresh("Succeeded")),
        ("service at its maximum", application(scaledToMax=True)),
        ("service below its maximum", application(scaledToMax=False, newDesiredCapacity=8)),
        ("service not scaled", application(statusCode="Failed", statusMessage="Failed to set desired count to 10.")),
    ]


def _containers() -> list[tuple[str, Json]]:
    cluster = f"arn:aws:ecs:{A}:cluster/shop"
    service = [f"arn:aws:ecs:{A}:service/shop/web"]

    def task(code: str, *exits: int, **more: Json) -> Json:
        named = f"arn:aws:ecs:{A}:task/shop/1dc5c17a422b4dc28d5f1ea1a4c8ba3c"
        detail = {
            "clusterArn": cluster,
            "taskArn": named,
            "group": "service:web",
            "lastStatus": "STOPPED",
            "stopCode": code,
            "containers": [{"name": f"c{number}", "exitCode": code} for number, code in enumerate(exits)],
            **more,
        }
        return event("ECS Task State Change", "aws.ecs", detail, [named])

    def action(name: str, kind: str, **more: Json) -> Json:
        detail = {"eventType": kind, "eventName": name, "clusterArn": cluster, **more}
        return event("ECS Service Action", "aws.ecs", detail, service)

    def deployment(name: str, kind: str, reason: str) -> Json:
        detail = {"eventType": kind, "eventName": name, "deploymentId": "ecs-svc/123", "reason": reason}
        return event("ECS Deployment State Change", "aws.ecs", detail, service)

    def agent(*, connected: bool) -> Json:
        detail = {
            "clusterArn": cluster,
            "ec2InstanceId": "i-0123",
            "agentConnected": connected,
            "status": "ACTIVE",
        }
        named = [f"arn:aws:ecs:{A}:container-instance/shop/7"]
        return event("ECS Container Instance State Change", "aws.ecs", detail, named)

    def addon(end: str) -> Json:
        detail = {"clusterName": "shop", "addonName": "coredns"}
        return event(f"EKS Addon {end}", "aws.eks", detail, [f"arn:aws:eks:{A}:cluster/shop"])

    return [
        ("task cannot start", task("TaskFailedToStart", stoppedReason="CannotPullContainerError: not found")),
        ("task exits", task("EssentialContainerExited", 0, 137, stoppedReason="Essential container in task exited")),
        ("task is finished", task("EssentialContainerExited", 0, group="family:nightly")),
        ("task scaled in", task("ServiceSchedulerInitiated", 143)),
        ("task interrupted", task("SpotInterruption")),
        ("service cannot place tasks", action("SERVICE_TASK_PLACEMENT_FAILURE", "ERROR", reason="RESOURCE:FARGATE")),
        ("service is impaired", action("SERVICE_TASK_START_IMPAIRED", "WARN")),
        ("service is steady", action("SERVICE_STEADY_STATE", "INFO")),
        (
            "rollout begins",
            deployment("SERVICE_DEPLOYMENT_IN_PROGRESS", "INFO", "ECS deployment ecs-svc/123 in progress."),
        ),
        ("rollout fails", deployment("SERVICE_DEPLOYMENT_FAILED", "ERROR", "tasks failed to start.")),
        (
            "rollout completes",
            deployment("SERVICE_DEPLOYMENT_COMPLETED", "INFO", "ECS deployment ecs-svc/123 completed."),
        ),
        ("agent is gone", agent(connected=False)),
        ("agent is back", agent(connected=True)),
        ("add-on fails", addon("Update Failed")),
        ("add-on is updated", addon("Update Succeeded")),
        ("add-on degraded", addon("Health Degraded")),
        ("add-on restored", addon("Health Restored")),
    ]


def _functions() -> list[tuple[str, Json]]:
    def record(condition: str, **payload: Json) -> Json:
        return {
            "version": "1.0",
            "timestamp": "2023-11-14T22:13:20.000Z",
            "requestContext": {
                "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
                "functionArn": f"arn:aws:lambda:{A}:function:shop:$LATEST",
                "condition": condition,
                "approximateInvokeCount": 3,
            },
            "requestPayload": {"order": 7},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": payload,
        }

    def job(status: str, **more: Json) -> Json:
        detail = {
            "jobName": "nightly",
            "jobId": "4c7599ae-0a82-49aa-ba5a-4727fcce14a8",
            "jobQueue": f"arn:aws:batch:{A}:job-queue/low",
            "status": status,
            **more,
        }
        return event("Batch Job State Change", "aws.batch", detail, [f"arn:aws:batch:{A}:job/{detail['jobId']}"])

    def execution(status: str, **more: Json) -> Json:
        named = f"arn:aws:states:{A}:execution:nightly:nightly-7"
        detail = {
            "executionArn": named,
            "stateMachineArn": f"arn:aws:states:{A}:stateMachine:nightly",
            "name": "nightly-7",
            "status": status,
            "input": '{"secret": "not a label"}',
            **more,
        }
        return event("Step Functions Execution Status Change", "aws.states", detail, [named])

    failure = record("RetriesExhausted", errorType="KeyError", errorMessage="'order'")
    return [
        ("function fails", failure),
        (
            "function fails, as an event",
            event(
                "Lambda Function Invocation Result - Failure", "lambda", failure, [f"arn:aws:lambda:{A}:function:shop"]
            ),
        ),
        ("function succeeds", sns(record("Success", done=True))),
        ("job fails", job("FAILED", statusReason="Essential container in task exited")),
        ("job succeeds", job("SUCCEEDED")),
        ("execution times out", execution("TIMED_OUT", cause="The task took too long.", error="States.Timeout")),
        ("execution succeeds", execution("SUCCEEDED")),
    ]


def _environments() -> list[tuple[str, Json]]:
    def beanstalk(kind: str, message: str, severity: str) -> Json:
        detail = {
            "Status": kind,
            "ApplicationName": "shop",
            "EnvironmentName": "shop-production",
            "Message": message,
            "Severity": severity,
        }
        named = [f"arn:aws:elasticbeanstalk:{A}:environment/shop/shop-production"]
        return event(kind, "aws.elasticbeanstalk", detail, named)

    def letter(message: str) -> Json:
        told = (
            f"Timestamp: Tue Nov 14 22:13:20 UTC 2023\nMessage: {message}\n\nEnvironment: shop-production\n"
            "Application: shop\n\nEnvironment URL: http://shop-production.eu-west-1.elasticbeanstalk.com\n"
            "NotificationProcessId: 7"
        )
        return sns(told, f"AWS Elastic Beanstalk Notification - {message}"[:100])

    severe = "Environment health has transitioned from Ok to Severe. 100.0 % of the requests are failing."
    well = "Environment health has transitioned from Severe to Ok."
    return [
        ("environment is ill", beanstalk("Health status change", severe, "WARN")),
        ("environment is ill, as text", letter(severe)),
        ("environment is well, as text", letter(well)),
        ("environment is well", beanstalk("Health status change", well, "INFO")),
        ("version cannot be deployed, as text", letter("Failed to deploy application.")),
        ("version is deployed, as text", letter("New application version was deployed to running EC2 instances.")),
        (
            "update fails",
            beanstalk("Elastic Beanstalk resource status change", "Update of the environment was aborted.", "ERROR"),
        ),
        ("environment tells something", beanstalk("Other resource status change", "Added an instance.", "INFO")),
    ]


def _clusters() -> list[tuple[str, Json]]:
    def emr(kind: str, state: str, **more: Json) -> Json:
        detail = {"clusterId": "j-1", "name": "reports", "state": state, "severity": "INFO", **more}
        return event(f"EMR {kind}", "aws.emr", detail)

    return [
        ("cluster ends", emr("Cluster State Change", "TERMINATED_WITH_ERRORS", message="Bootstrap failure.")),
        ("cluster waits", emr("Cluster State Change", "WAITING")),
        ("step fails", emr("Step Status Change", "FAILED", stepId="s-1", message="Exit code 1.")),
        ("step completes", emr("Step Status Change", "COMPLETED", stepId="s-2")),
    ]
