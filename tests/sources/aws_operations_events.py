"""What the services that watch tell: each type once, and what mends it."""

from __future__ import annotations

from tests.sources.bodies import event, sns
from tocsin.kernel.json import Json

A = "eu-west-1:111122223333"


def operations_events() -> list[tuple[str, Json]]:
    """What happens, and the body that tells of it."""
    return [*_health(), *_systems(), *_watched(), *_costs(), *_mail()]


def _health() -> list[tuple[str, Json]]:
    named = "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_7"

    def health(category: str = "issue", status: str = "open", **more: Json) -> Json:
        detail = {
            "eventArn": named,
            "service": "EC2",
            "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE",
            "eventTypeCategory": category,
            "eventRegion": "eu-west-1",
            "statusCode": status,
            "eventDescription": [{"language": "en_US", "latestDescription": "We see elevated error rates."}],
        }
        return event("AWS Health Event", "aws.health", detail, **more)

    abuse = {
        "eventArn": "arn:aws:health:global::event/AWS_ABUSE_DOS_REPORT_7",
        "service": "ABUSE",
        "eventTypeCode": "AWS_ABUSE_DOS_REPORT",
        "eventTypeCategory": "issue",
        "statusCode": "open",
    }
    retired = {
        "eventArn": "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED/7",
        "service": "EC2",
        "eventTypeCode": "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED",
        "eventTypeCategory": "scheduledChange",
        "eventRegion": "eu-west-1",
        "statusCode": "upcoming",
        "affectedEntities": [{"entityValue": "i-0123"}],
    }
    notice = {**retired, "eventTypeCategory": "accountNotification", "eventTypeCode": "AWS_EC2_API_NOTICE"}
    return [
        ("health issue", health()),
        ("health issue, from the second region", health(region="us-west-2")),
        ("health issue closed", health(status="closed")),
        ("retirement", event("AWS Health Event", "aws.health", retired, ["i-0123"])),
        ("notice", event("AWS Health Event", "aws.health", notice)),
        (
            "notice that asks",
            event("AWS Health Event", "aws.health", {**notice, "actionability": "ACTION_REQUIRED"}),
        ),
        ("abuse", event("AWS Health Abuse Event", "aws.health", abuse)),
        ("abuse closed", event("AWS Health Abuse Event", "aws.health", {**abuse, "statusCode": "closed"})),
    ]


def _systems() -> list[tuple[str, Json]]:
    def ssm(kind: str, **detail: Json) -> Json:
        return event(kind, "aws.ssm", {name.replace("_", "-"): value for name, value in detail.items()})

    automation = "EC2 Automation Execution Status-change Notification"
    command = "EC2 Command Status-change Notification"
    window = "Maintenance Window Execution State-change Notification"
    association = "EC2 State Manager Association State Change"
    compliance = "Configuration Compliance State Change"
    item = {"ops_item_id": "oi-1", "title": "Disk almost full", "severity": "2", "description": "97 %"}
    return [
        ("automation fails", ssm(automation, ExecutionId="7", Definition="Patch", Status="Failed", ExecutedBy="ada")),
        ("automation succeeds", ssm(automation, ExecutionId="8", Definition="Patch", Status="Success")),
        (
            "command fails",
            ssm(command, command_id="7", document_name="AWS-RunShellScript", status="Execution Timed Out"),
        ),
        ("command succeeds", ssm(command, command_id="8", document_name="AWS-RunShellScript", status="Success")),
        ("window fails", ssm(window, window_id="mw-1", window_execution_id="7", status="TIMED_OUT")),
        ("window succeeds", ssm(window, window_id="mw-1", window_execution_id="8", status="SUCCESS")),
        (
            "task of a window fails",
            ssm(
                "Maintenance Window Task Execution State-change Notification",
                window_id="mw-1",
                window_execution_id="7",
                task_execution_id="8",
                status="FAILED",
            ),
        ),
        ("association fails", ssm(association, association_id="a-1", document_name="Agent", status="Failed")),
        ("association succeeds", ssm(association, association_id="a-1", document_name="Agent", status="Success")),
        (
            "instance is not patched",
            ssm(compliance, resource_id="i-0123", compliance_type="Patch", compliance_status="non_compliant"),
        ),
        (
            "instance is patched",
            ssm(compliance, resource_id="i-0123", compliance_type="Patch", compliance_status="compliant"),
        ),
        ("parameter changes", ssm("Parameter Store Change", operation="Update", name="/shop/db url", type="String")),
        (
            "parameter will expire",
            ssm("Parameter Store Policy Action", parameter_name="/shop/db", policy_type="ExpirationNotification"),
        ),
        ("ops item", ssm("OpsItem Create", status="Open", **item)),
        ("ops item resolved", ssm("OpsItem Update", status="Resolved", **item)),
        (
            "change requested",
            ssm(
                "Change Request Status Update",
                ops_item_id="oi-2",
                change_request_title="Restart the shop",
                ops_item_status="PendingApproval",
            ),
        ),
        (
            "calendar closes",
            event(
                "Calendar State Change",
                "aws.ssm",
                {"state": "CLOSED", "nextTransitionTime": "2023-12-01T00:00:00Z"},
                [f"arn:aws:ssm:{A}:document/Freeze"],
            ),
        ),
    ]


def _watched() -> list[tuple[str, Json]]:
    def canary(word: str, status: str) -> Json:
        detail = {
            "canary-name": "login",
            "canary-id": "7",
            "test-run-status": status,
            "message": "Test run result is generated",
            "state-reason": "null" if status == "PASSED" else "TimeoutError: the button does not appear",
        }
        return event(f"Synthetics Canary TestRun {word}", "aws.synthetics", detail)

    def state(now: str) -> Json:
        detail = {
            "canary-name": "login",
            "current-state": now,
            "previous-state": "READY",
            "message": "Its role is gone.",
        }
        return event("Synthetics Canary Status Change", "aws.synthetics", detail)

    def insight(now: str) -> Json:
        detail = {
            "InsightId": "7",
            "GroupName": "Default",
            "State": now,
            "Summary": "Since 22:10 the service shop has failed in 12 % of the requests.",
            "Categories": ["FAULT"],
            "RootCauseServiceId": {"Name": "shop"},
        }
        return event("AWS X-Ray Insight Update", "aws.xray", detail)

    def guru(kind: str, **more: Json) -> Json:
        return {
            "accountId": "111122223333",
            "region": "eu-west-1",
            "messageType": kind,
            "insightId": "AXz",
            "insightName": "High latency in the service shop",
            "insightUrl": "https://eu-west-1.console.aws.amazon.com/devops-guru/insight/reactive/AXz",
            "insightType": "REACTIVE",
            "insightDescription": "Latency is anomalous.",
            "insightSeverity": "medium",
            "startTime": 1700000000000,
            **more,
        }

    def check(status: str) -> Json:
        detail = {
            "check-name": "Service Limits",
            "status": status,
            "resource_id": "ebs",
            "check-item-detail": {"Current Usage": "95", "Limit Name": "Volumes"},
        }
        return event("Trusted Advisor Check Item Refresh Notification", "aws.trustedadvisor", detail)

    def internet(status: str) -> Json:
        detail = {"EventId": "7", "Status": status, "ImpactType": "PERFORMANCE"}
        named = [f"arn:aws:internetmonitor:{A}:monitor/shop"]
        return event("Health Event Created", "aws.internetmonitor", detail, named)

    access = {"workspaceId": "ws-7", "actionType": "successfulLogin", "clientIpAddress": "198.51.100.7"}
    return [
        ("canary fails", canary("Failure", "FAILED")),
        ("canary passes", canary("Successful", "PASSED")),
        ("canary cannot run", state("ERROR")),
        ("canary runs", state("RUNNING")),
        ("insight into traces", insight("ACTIVE")),
        ("insight into traces closed", insight("CLOSED")),
        ("insight of the guru", event("DevOps Guru New Insight Open", "aws.devops-guru", guru("NEW_INSIGHT"))),
        ("insight of the guru, worse", sns(guru("SEVERITY_UPGRADED", insightSeverity="high"))),
        ("recommendation of the guru", sns(guru("NEW_RECOMMENDATION"))),
        ("insight of the guru closed", sns(guru("CLOSED_INSIGHT"))),
        ("check turns red", check("ERROR")),
        ("check turns green", check("OK")),
        ("internet is slow", internet("ACTIVE")),
        ("internet is quick again", internet("RESOLVED")),
        ("workspace", event("WorkSpaces Access", "aws.workspaces", access)),
    ]


def _costs() -> list[tuple[str, Json]]:
    def budget(kind: str, amount: str) -> Json:
        told = (
            "AWS Budget Notification November 14, 2023\nAWS Account 111122223333\n\nDear AWS Customer,\n\n"
            f"You requested that we alert you when the {kind} Cost associated with your Monthly budget is greater than "
            f"$80.00 for the current month.\n\nBudget Name: Monthly\nBudget Type: Cost\nBudgeted Amount: $100.00\n"
            f"Alert Type: {kind}\nAlert Threshold: > $80.00\n{kind} Amount: {amount}\n\n"
            "[1] https://console.aws.amazon.com/billing/home#/budgets\n"
        )
        return sns(told, "AWS Budgets: Monthly has exceeded your alert threshold")

    anomaly = {
        "accountId": "111122223333",
        "anomalyId": "newAnomalyId",
        "anomalyStartDate": "2023-11-14T00:00:00Z",
        "anomalyScore": {"maxScore": 0.47, "currentScore": 0.47},
        "impact": {"maxImpact": 151, "totalImpact": 1001},
        "rootCauses": [{"service": "Amazon EC2", "region": "eu-west-1", "usageType": "EU-BoxUsage:m5.24xlarge"}],
        "anomalyDetailsLink": "https://console.aws.amazon.com/cost-management/home#/anomaly-detection/monitors/a",
        "monitorArn": "arn:aws:ce::111122223333:anomalymonitor/a",
        "monitorName": "Services",
    }
    return [
        ("budget exceeded", budget("ACTUAL", "$85.50")),
        ("budget will be exceeded", budget("FORECASTED", "$130.00")),
        ("anomaly", sns(anomaly, "AWS Cost Management: Cost anomaly")),
        ("anomaly, as an event", event("Anomaly Detected", "aws.ce", anomaly)),
    ]


def _mail() -> list[tuple[str, Json]]:
    mail = {
        "timestamp": "2023-11-14T22:13:20.000Z",
        "source": "shop@example.com",
        "messageId": "7",
        "destination": ["bo@example.net"],
        "commonHeaders": {"subject": "Your order"},
    }

    def bounce(kind: str) -> Json:
        recipient = {"emailAddress": "bo@example.net", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
        return {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [recipient]}

    complaint = {"complainedRecipients": [{"emailAddress": "bo@example.net"}], "complaintFeedbackType": "abuse"}
    return [
        ("bounce", sns({"notificationType": "Bounce", "mail": mail, "bounce": bounce("Permanent")})),
        ("bounce for now", sns({"notificationType": "Bounce", "mail": mail, "bounce": bounce("Transient")})),
        ("complaint, published", sns({"eventType": "Complaint", "mail": mail, "complaint": complaint})),
        ("delivery", sns({"notificationType": "Delivery", "mail": mail, "delivery": {}})),
        (
            "bounce, as an event",
            event("Email Bounced", "aws.ses", {"eventType": "Bounce", "mail": mail, "bounce": bounce("Permanent")}),
        ),
        ("mail is not sent", event("Sending Status Disabled", "aws.ses", {})),
        ("mail is sent", event("Sending Status Enabled", "aws.ses", {})),
        (
            "recommendation",
            event("Advisor Recommendation Status Open", "aws.ses", {}, [f"arn:aws:ses:{A}:identity/example.com"]),
        ),
        (
            "recommendation followed",
            event("Advisor Recommendation Status Resolved", "aws.ses", {}, [f"arn:aws:ses:{A}:identity/example.com"]),
        ),
    ]
