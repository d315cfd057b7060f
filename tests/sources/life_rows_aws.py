"""The lives of alerts as AWS tells them: by topics, as events, and in the shapes that its chat service accepts."""

from __future__ import annotations

from tests.sources import bodies
from tests.sources.living import START, Life, Said, Step, Tell, at
from tocsin.engine.ports import ONCE
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Instant, format_instant

HUB = "arn:aws:securityhub:eu-west-1:111122223333:finding/7"


def by_topic(message: Json, number: object, **more: Json) -> Said:
    """A notification, signed under its *number*, which is different for every message."""
    return Said(bodies.sns(message, **more), {**bodies.SNS_HEADERS, ONCE: f"sns/{number}"})


def alarm(state: str, moment: Instant, **more: Json) -> Said:
    return by_topic(bodies.alarm(state, at=format_instant(moment).replace("Z", "+0000"), **more), f"{state}-{moment}")


def alarm_event(state: str, before: str, moment: Instant) -> Said:
    return Said(bodies.alarm_event(state, before, format_instant(moment).replace("Z", "+0000")))


def event(detail_type: str, source: str, detail: dict[str, Json], resources: tuple[str, ...] = ()) -> Tell:
    return lambda moment: Said(bodies.event(detail_type, source, detail, resources, time=format_instant(moment)))


def health(**detail: Json) -> Tell:
    arn = "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_7"
    told = {"eventArn": arn, "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE"}
    told |= {"eventTypeCategory": "issue", "statusCode": "open"}
    return event("AWS Health Event", "aws.health", {**told, **detail})


def compliance(state: str, **more: Json) -> Tell:
    told = {"configRuleName": "encrypted-volumes", "resourceType": "AWS::EC2::Volume", "resourceId": "vol-7"}
    result = {"complianceType": state, **more}
    return event("Config Rules Compliance Change", "aws.config", {**told, "newEvaluationResult": result})


def hub(status: str, label: str = "HIGH") -> Tell:
    finding = {
        "Id": HUB,
        "Title": "S3 buckets should be private",
        "Severity": {"Label": label},
        "Resources": [{"Id": "arn:aws:s3:::shop-backup"}],
        "Workflow": {"Status": status},
        "RecordState": "ACTIVE",
    }
    return event("Security Hub Findings - Imported", "aws.securityhub", {"findings": [finding]}, (HUB,))


def inspector(status: str, severity: str = "MEDIUM") -> Tell:
    told = {"findingArn": "arn:aws:inspector2:eu-west-1:111122223333:finding/9", "title": "CVE-2023-0001 - openssl"}
    return event("Inspector2 Finding", "aws.inspector2", {**told, "severity": severity, "status": status}, ("i-1",))


def guard(severity: float) -> Tell:
    told = {"id": "16afba5c5c43e07c9e3e5e2e544e95df", "type": "UnauthorizedAccess:EC2/SSHBruteForce"}
    detail = {**told, "severity": severity, "title": "198.51.100.7 tries passwords."}
    return event("GuardDuty Finding", "aws.guardduty", detail)


def pipeline(state: str) -> Tell:
    arn = "arn:aws:codepipeline:eu-west-1:111122223333:shop"
    kind = "CodePipeline Pipeline Execution State Change"
    return event(kind, "aws.codepipeline", {"pipeline": "shop", "state": state}, (arn,))


def scaling(what: str, **more: Json) -> Tell:
    """What Auto Scaling puts on a topic by itself, without an event around it."""

    def tell(moment: Instant) -> Said:
        arn = "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:7:autoScalingGroupName/web"
        told = {"AutoScalingGroupName": "web", "AutoScalingGroupARN": arn, "AccountId": "111122223333"}
        told |= {"Event": f"autoscaling:EC2_INSTANCE_{what}", "Time": format_instant(moment)}
        return by_topic({**told, **more}, f"{what}-{moment}-{len(more)}")

    return tell


def budget(text: str = "Your budget has exceeded 80 %.") -> Tell:
    return lambda moment: by_topic(text, moment, Subject="AWS Budgets: shop")


AWS: tuple[Life, ...] = (
    Life(
        name="cloudwatch-by-topic",
        source="cloudwatch",
        fires=lambda moment: alarm("ALARM", moment),
        changes=lambda moment: alarm("ALARM", moment, NewStateReason="Threshold Crossed: 5 datapoints."),
        resolves=lambda moment: alarm("OK", moment, OldStateValue="ALARM"),
        timed=True,
        once=True,
        more=(Step(5, "loses its data", alarm("INSUFFICIENT_DATA", at(5)), frozenset({"repeated"})),),
    ),
    Life(
        name="cloudwatch-by-event",
        source="cloudwatch",
        fires=lambda moment: alarm_event("ALARM", "OK", moment),
        changes=lambda moment: alarm_event("INSUFFICIENT_DATA", "ALARM", moment),
        resolves=lambda moment: alarm_event("OK", "ALARM", moment),
        timed=True,
    ),
    Life(
        name="cloudwatch-by-both",
        source="cloudwatch",
        fires=lambda moment: alarm_event("ALARM", "OK", moment),
        changes=lambda moment: alarm("ALARM", moment),
        resolves=lambda moment: alarm_event("OK", "ALARM", moment),
        timed=True,
        more=(
            Step(10, "resolves, by the topic too", alarm("OK", at(10)), frozenset({"already resolved"})),
            Step(14, "the ALARM of 00:13, by the topic too", alarm("ALARM", at(13)), frozenset({"repeated"})),
        ),
    ),
    Life(
        name="cloudwatch-raw",
        source="cloudwatch",
        fires=lambda moment: Said(bodies.alarm(at=format_instant(moment)), {"x-amz-sns-rawdelivery": "true"}),
        resolves=lambda moment: Said(
            bodies.alarm("OK", "ALARM", format_instant(moment)), {"x-amz-sns-rawdelivery": "true"}
        ),
        timed=True,
    ),
    Life(
        name="eventbridge-health",
        source="eventbridge",
        fires=health(),
        changes=health(eventDescription=[{"latestDescription": "We have found the cause."}]),
        resolves=health(statusCode="closed"),
        timed=True,
    ),
    Life(
        name="eventbridge-config",
        source="eventbridge",
        fires=compliance("NON_COMPLIANT"),
        changes=compliance("NON_COMPLIANT", annotation="The volume is not encrypted."),
        resolves=compliance("COMPLIANT"),
        timed=True,
    ),
    Life(
        name="eventbridge-security-hub",
        source="eventbridge",
        fires=hub("NEW"),
        changes=hub("NEW", "CRITICAL"),
        resolves=hub("RESOLVED"),
        timed=True,
    ),
    Life(
        name="eventbridge-inspector",
        source="eventbridge",
        fires=inspector("ACTIVE"),
        changes=inspector("ACTIVE", "CRITICAL"),
        resolves=inspector("CLOSED"),
        timed=True,
    ),
    Life(name="eventbridge-guardduty", source="eventbridge", fires=guard(5), changes=guard(8), timed=True),
    Life(
        name="eventbridge-pipeline",
        source="eventbridge",
        fires=pipeline("FAILED"),
        resolves=pipeline("SUCCEEDED"),
        timed=True,
    ),
    Life(
        name="aws-auto-scaling",
        source="aws",
        fires=scaling("LAUNCH_ERROR"),
        changes=scaling("LAUNCH_ERROR", StatusMessage="You have reached your quota of instances."),
        resolves=scaling("LAUNCH"),
        timed=True,
        once=True,
    ),
    Life(name="sns-text", source="sns", fires=budget(), once=True),
    Life(
        name="sns-unsubscribed",
        source="sns",
        fires=lambda moment: Said(
            bodies.confirmation("UnsubscribeConfirmation") | {"Timestamp": format_instant(moment)},
            {**bodies.SNS_HEADERS, "x-amz-sns-message-type": "UnsubscribeConfirmation"},
        ),
        timed=True,
    ),
    Life(
        name="chatbot",
        source="chatbot",
        fires=lambda _: Said(bodies.custom_notification()),
        changes=lambda _: Said(
            {**bodies.custom_notification(), "content": {"title": "Checkout is very slow", "description": "4 s."}}
        ),
        more=(
            Step(4, "by a topic", by_topic(bodies.custom_notification(), "c"), frozenset({"repeated"})),
            Step(5, "another thread", Said(bodies.custom_notification(threadId="search")), frozenset({"opened"})),
            Step(6, "ada resolves", Said({"verb": "resolve", "by": "ada", "incident": "6"}, {}, "console")),
        ),
    ),
)

assert START % MINUTE == 20_000, "the minutes of a life are counted from 22:13:20"
