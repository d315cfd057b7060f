"""Bodies of AWS services, one for each meaning that matters: by family, and what no row of the table knows."""

from __future__ import annotations

from tests.sources.aws_compute_events import compute_events
from tests.sources.aws_data_events import data_events
from tests.sources.aws_delivery_events import delivery_events
from tests.sources.aws_operations_events import operations_events
from tests.sources.aws_security_events import security_events
from tests.sources.bodies import event
from tocsin.kernel.json import Json

FAMILIES = {
    "aws-delivery": delivery_events,
    "aws-compute": compute_events,
    "aws-data": data_events,
    "aws-security": security_events,
    "aws-operations": operations_events,
}


def aws_events() -> list[tuple[str, Json]]:
    """What happens, and the body that tells of it."""
    return [*[sample for family in FAMILIES.values() for sample in family()], *other_events()]


def other_events() -> list[tuple[str, Json]]:
    """What the table does not know: the words of the event must do."""
    return [
        (
            "of a team's own",
            event("Order stuck", "com.example.shop", {"title": "Order 7 is stuck", "severity": "critical"}),
        ),
        ("of a team's own, about nothing", event("tick", "com.example.shop", None)),
        (
            "a service that is new",
            event(
                "Robot Arm State Change",
                "aws.robots",
                {"name": "left", "state": "FAILED", "message": "It does not move."},
                ["arn:aws:robots:eu-west-1:111122223333:arm/left"],
            ),
        ),
        (
            "a service that is new, over",
            event(
                "Robot Arm State Change",
                "aws.robots",
                {"name": "left", "state": "RECOVERED"},
                ["arn:aws:robots:eu-west-1:111122223333:arm/left"],
            ),
        ),
        (
            "of a team's own, in words of AWS",
            event("GuardDuty Finding", "com.example.shop", {"id": "7", "severity": 8}),
        ),
        ("a type whose detail is none", event("AWS Health Event", "aws.health", "text")),
        (
            "in China",
            event(
                "EC2 Instance State-change Notification",
                "aws.ec2",
                {"instance-id": "i-7", "state": "stopped"},
                ["arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-7"],
                region="cn-north-1",
            ),
        ),
        (
            "a service that is new, in China",
            event(
                "Robot Arm State Change",
                "aws.robots",
                {"name": "left", "state": "FAILED"},
                ["arn:aws-cn:robots:cn-north-1:111122223333:arm/left"],
                region="cn-north-1",
            ),
        ),
    ]
