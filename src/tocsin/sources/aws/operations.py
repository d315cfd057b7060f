"""What AWS itself watches: Health, Systems Manager, Synthetics, X-Ray, DevOps Guru, Trusted Advisor, costs, mail.

An insight, a health event and a check say themselves when they are over; a canary and an association by their next run,
since that looks at the same thing again. A command or a runbook is told once: that another one works proves nothing.
Source of the names: the events reference in the Amazon EventBridge documentation and the user guides of the services.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.sources.aws.row import (
    CRITICAL,
    DONE,
    HIGH,
    NEWS,
    OVER,
    SHIPS,
    WARNING,
    Row,
    each,
    in_thread,
    said,
)

# AWS sends each event from its own region and once more from a second one.
HEALTH: Final = Row(
    types=("AWS Health Event",),
    service="Health",
    source="aws.health",
    title="AWS Health: {service} {eventTypeCategory!plain}[ in {eventRegion}] ({eventTypeCode})",
    key=("eventArn",),
    everywhere=True,
    what="{service}",
    outcome=("statusCode", "eventTypeCategory+actionability", "eventTypeCategory"),
    signs={
        "closed": OVER,
        "issue": HIGH,
        "investigation": HIGH,
        "scheduledChange": WARNING,  # A retirement that nobody has read of is an outage with a date.
        "accountNotification ACTION_REQUIRED": WARNING,
        "accountNotification": NEWS,
    },
    otherwise=HIGH,
    texts=("eventDescription.0.latestDescription", "affectedEntities.*.entityValue"),
    page="/health/home#/account/event-log?eventID={eventArn}&eventTab=details",
)
ABUSE: Final = replace(
    HEALTH,
    types=("AWS Health Abuse Event",),
    title="AWS reports abuse: {eventTypeCode}",
    outcome=("statusCode",),
    signs={"closed": OVER},
)
AUTOMATION: Final = Row(
    types=("EC2 Automation Execution Status-change Notification", "EC2 Automation Step Status-change Notification"),
    service="Systems Manager",
    source="aws.ssm",
    title="Automation {Definition|DocumentName}[, step {StepName}] {@outcome}",
    key=("Definition|DocumentName",),
    thread="automation",
    group="automation {Definition|DocumentName}",
    outcome=("Status", "status"),
    signs=each("Failed|TimedOut|Timed Out", HIGH)
    | {"Success": said(NEWS, "succeeded")}
    | each("Cancelled|InProgress|Pending|Waiting", NEWS),
    texts=("FailureMessage",),
    page="systems-manager/automation/execution/{ExecutionId}?region={@region}",
)
COMMAND: Final = Row(
    types=("EC2 Command Status-change Notification", "EC2 Command Invocation Status-change Notification"),
    service="Systems Manager",
    source="aws.ssm",
    title="Command {document-name}[ on {instance-id}] {@outcome}",
    key=("document-name", "instance-id"),
    thread="command",
    group="command {document-name}",
    outcome=("status",),
    signs=each(
        "Failed|TimedOut|Delivery Timed Out|Execution Timed Out|Incomplete|Rate Exceeded|Access Denied|Undeliverable|"
        "Terminated|No Instances In Tag|Invalid Platform",
        HIGH,
    )
    | {"Success": said(NEWS, "succeeded")}
    | each("Cancelled|Canceled|InProgress|In Progress|Pending", NEWS),
    page="systems-manager/run-command/{command-id}?region={@region}",
)
# A maintenance window opens again and again for the same work.
WINDOW: Final = Row(
    types=(
        *("Maintenance Window Execution State-change Notification", "Maintenance Window State-change Notification"),
        *("Maintenance Window Target Registration Notification", "Maintenance Window Task Registration Notification"),
    ),
    service="Systems Manager",
    source="aws.ssm",
    title="Maintenance window {window-id} {@outcome}",
    key=("window-id",),
    group="maintenance window {window-id}",
    outcome=("status",),
    signs=each("FAILED|TIMED_OUT|SKIPPED_OVERLAPPING", HIGH) | {"SUCCESS": said(DONE, "succeeded")},
    otherwise=NEWS,
    page="systems-manager/maintenance-windows/{window-id}/history?region={@region}",
)
# Its tasks have no name in their events, so that the success of one must not pass for that of another.
WINDOW_TASK: Final = replace(
    WINDOW,
    types=(
        "Maintenance Window Task Execution State-change Notification",
        "Maintenance Window Task Target Invocation State-change Notification",
    ),
    title="A task of maintenance window {window-id} {@outcome}",
    key=("window-id", "window-target-id"),
    signs={**WINDOW.signs, "SUCCESS": said(NEWS, "succeeded")},
)
ASSOCIATION: Final = Row(
    types=("EC2 State Manager Association State Change", "EC2 State Manager Instance Association State Change"),
    service="Systems Manager",
    source="aws.ssm",
    title="Association {association-name|document-name|association-id}[ on {instance-id}] {@outcome}",
    key=("association-id", "instance-id"),
    thread="association",
    group="association {association-id}",
    outcome=("status",),
    signs={"Failed": HIGH, "TimedOut": HIGH, "Success": said(OVER, "succeeded")},
    otherwise=NEWS,
    texts=("detailed-status", "error-code"),
    page="systems-manager/state-manager/{association-id}/description?region={@region}",
)
COMPLIANCE: Final = Row(
    types=("Configuration Compliance State Change",),
    service="Systems Manager",
    source="aws.ssm",
    title="{resource-id}: {compliance-type} {@outcome}",
    key=("resource-id", "compliance-type"),
    outcome=("compliance-status",),
    signs={"non_compliant": said(HIGH, "is not compliant"), "compliant": said(OVER, "is compliant")},
    page="systems-manager/compliance?region={@region}",
)
PARAMETER: Final = Row(
    types=("Parameter Store Change",),
    service="Systems Manager",
    source="aws.ssm",
    title="Parameter {name}: {operation!plain}",
    key=("name",),
    outcome=("operation",),
    otherwise=SHIPS,
    texts=("description",),
    page="systems-manager/parameters/{name!twice}/description?region={@region}",
    what="{name}",
)
PARAMETER_POLICY: Final = Row(
    types=("Parameter Store Policy Action",),
    service="Systems Manager",
    source="aws.ssm",
    title="Parameter {parameter-name}: {policy-type!plain}[, {action-status!plain}]",
    key=("parameter-name", "policy-type"),
    outcome=("policy-type",),
    signs=each("Expiration|ExpirationNotification|NoChangeNotification", WARNING),
    otherwise=NEWS,
    texts=("action-reason", "policy-content"),
    page="systems-manager/parameters/{parameter-name!twice}/description?region={@region}",
)
OPS_ITEM: Final = Row(
    types=("OpsItem Create", "OpsItem Update"),
    service="Systems Manager",
    source="aws.ssm",
    title="OpsItem: {title}",
    key=("ops-item-id",),
    thread="ops item",
    outcome=("status", "severity"),
    signs=each("Resolved|Closed", OVER) | {"1": CRITICAL, "2": HIGH, "3": WARNING, "4": NEWS},
    otherwise=WARNING,
    texts=("description",),
    page="systems-manager/opsitems/{ops-item-id}?region={@region}",
)
CHANGE_REQUEST: Final = Row(
    types=("Change Request Status Update",),
    service="Systems Manager",
    source="aws.ssm",
    title="Change request: {change-request-title}[, {ops-item-status!plain}]",
    key=("ops-item-id",),
    outcome=("ops-item-status",),
    otherwise=NEWS,
    page="systems-manager/opsitems/{ops-item-id}?region={@region}",
    by="ops-item-created-by",
)
CALENDAR: Final = Row(
    types=("Calendar State Change",),
    service="Systems Manager",
    source="aws.ssm",
    title="Change calendar {@resource} is {state!plain}[ until {nextTransitionTime}]",
    key=("@arn",),
    outcome=("state",),
    otherwise=NEWS,
    page="systems-manager/change-calendar?region={@region}",
)
# A canary looks at the same site every few minutes: its good runs resolve, and are told to nobody.
CANARY: Final = Row(
    types=("Synthetics Canary TestRun Failure", "Synthetics Canary TestRun Successful"),
    service="Synthetics",
    source="aws.synthetics",
    title="Canary {canary-name} {@outcome}[: {state-reason}]",
    key=("canary-name",),
    thread="canary run",
    outcome=("@type",),
    signs={
        "Synthetics Canary TestRun Failure": said(HIGH, "fails"),
        "Synthetics Canary TestRun Successful": said(OVER, "passes"),
    },
    texts=("message",),
    page="cloudwatch/home?region={@region}#synthetics:canary/detail/{canary-name}",
)
CANARY_STATE: Final = replace(
    CANARY,
    types=("Synthetics Canary Status Change",),
    thread="canary status",
    outcome=("current-state", "status"),
    signs={"ERROR": said(HIGH, "cannot run"), "RUNNING": said(OVER, "runs"), "STOPPED": said(NEWS, "is stopped")},
    otherwise=NEWS,
)
TRACE: Final = Row(
    types=("AWS X-Ray Insight Update", "X-Ray Insight Update"),
    service="X-Ray",
    source="aws.xray",
    title="X-Ray insight in {GroupName}[: {Summary}]",
    key=("InsightId",),
    thread="insight",
    outcome=("State",),
    signs={"ACTIVE": HIGH, "CLOSED": OVER},
    texts=("RootCauseServiceId.Name", "Categories.*"),
    page="cloudwatch/home?region={@region}#xray:insights/{InsightId}",
)
GURU: Final = Row(
    types=(
        *("DevOps Guru New Insight Open", "DevOps Guru Insight Closed", "DevOps Guru Insight Severity Upgraded"),
        *("DevOps Guru New Anomaly Association", "DevOps Guru New Recommendation Created", "DevOps Guru notification"),
    ),
    service="DevOps Guru",
    source="aws.devops-guru",
    title="DevOps Guru: {insightName|insightDescription|insightId}",
    key=("insightId",),
    thread="insight",
    outcome=("messageType", "@type"),
    signs=each("CLOSED_INSIGHT|DevOps Guru Insight Closed", OVER)
    | each("NEW_ASSOCIATION|DevOps Guru New Anomaly Association", NEWS)
    | each("NEW_RECOMMENDATION|DevOps Guru New Recommendation Created", NEWS),
    otherwise=HIGH,
    severity="insightSeverity",
    texts=("insightDescription", "insightType", "recommendations.*.name"),
    links=(("DevOps Guru in the console", "insightUrl"),),
)
ADVISOR: Final = Row(
    types=("Trusted Advisor Check Item Refresh Notification",),
    service="Trusted Advisor",
    source="aws.trustedadvisor",
    title="Trusted Advisor: {check-name}[, {resource_id}] {@outcome}",
    key=("check-name", "resource_id"),
    outcome=("status",),
    signs={
        "ERROR": said(HIGH, "needs action"),
        "WARN": said(WARNING, "should be looked at"),
        "OK": said(OVER, "is fine"),
        "INFO": NEWS,
    },
    texts=("check-item-detail.*",),
    page="/trustedadvisor/home#/dashboard",
)
INTERNET: Final = Row(
    types=("Health Event Created", "Health Event Updated", "Health Event Resolved"),
    service="Internet Monitor",
    source="aws.internetmonitor",
    title="Internet Monitor {monitorName|@resource}: {ImpactType!plain} {@outcome}",
    key=("EventId|HealthEventId|@arn",),
    thread="health event",
    outcome=("Status",),
    signs={"ACTIVE": said(WARNING, "impact on users"), "RESOLVED": said(OVER, "impact is over")},
    otherwise=WARNING,
    page="cloudwatch/home?region={@region}#internet-monitor/home",
)
BUDGET: Final = Row(
    types=("Budget notification",),
    service="Budgets",
    source="aws.budgets",
    title="Budget {Budget Name} has crossed its threshold[: {Alert Type!plain} {Amount}][ ({Alert Threshold})]",
    key=("Budget Type", "Budget Name"),
    what="{Budget Name}",
    otherwise=WARNING,
    texts=("message",),
    page="/costmanagement/home#/budgets",
)
ANOMALY: Final = Row(
    types=("Anomaly Detected", "Cost anomaly notification"),
    service="Cost Anomaly Detection",
    source="aws.ce",
    title="Cost anomaly[ in {rootCauses.0.service|dimensionalValue}][: {impact.totalImpact} USD more than expected]",
    key=("anomalyId",),
    thread="anomaly",
    otherwise=WARNING,
    texts=("monitorName", "rootCauses.*.usageType", "rootCauses.*.region"),
    links=(("Anomaly in the console", "anomalyDetailsLink"),),
)
# A mail that cannot be delivered for good is a matter of the sender's address; that others arrive says nothing of it.
MAIL: Final = Row(
    types=(
        *("Email Bounced", "Email Complaint Received", "Email Rejected", "Email Rendering Failed", "Email Delivered"),
        *("Email Sent", "Email Opened", "Email Clicked", "Email Delivery Delayed", "Email Subscribed"),
        "SES notification",
    ),
    service="SES",
    source="aws.ses",
    title="Mail from {mail.source}[ to {bounce.bouncedRecipients.0.emailAddress|"
    "complaint.complainedRecipients.0.emailAddress|mail.destination.0}]: {@outcome}",
    key=("eventType|notificationType", "mail.source"),
    what="{mail.source}",
    thread="mail",
    outcome=(
        "eventType+bounce.bounceType|notificationType+bounce.bounceType",
        "eventType|notificationType",
    ),
    signs={
        "Bounce Permanent": said(WARNING, "bounced for good"),
        "Bounce Transient": said(NEWS, "bounced for now"),
        "Bounce Undetermined": said(NEWS, "bounced"),
        "Complaint": said(WARNING, "marked as spam"),
        "Reject": said(WARNING, "rejected by SES"),
        "Rendering Failure": said(WARNING, "its template could not be filled"),
        "DeliveryDelay": said(NEWS, "delayed"),
        "Delivery": said(NEWS, "delivered"),
    },
    otherwise=NEWS,
    texts=(
        *("bounce.bouncedRecipients.*.diagnosticCode", "bounce.bounceSubType", "failure.errorMessage"),
        *("reject.reason", "complaint.complaintFeedbackType", "mail.commonHeaders.subject"),
    ),
    page="ses/home?region={@region}#/account",
)
SENDING: Final = Row(
    types=(
        *("Sending Status Enabled", "Sending Status Disabled"),
        *("Advisor Recommendation Status Open", "Advisor Recommendation Status Resolved"),
    ),
    service="SES",
    source="aws.ses",
    title="SES {@outcome}[ ({@resource})][: {data.description|description}]",
    outcome=("@type",),
    signs=in_thread(
        "sending",
        {
            "Sending Status Disabled": said(HIGH, "sends no mail any more"),
            "Sending Status Enabled": said(OVER, "sends mail again"),
        },
    )
    | in_thread(
        "recommendation",
        {
            "Advisor Recommendation Status Open": said(WARNING, "recommends a change"),
            "Advisor Recommendation Status Resolved": said(OVER, "has one recommendation less"),
        },
    ),
    page="ses/home?region={@region}#/account",
)
ACCESS: Final = Row(
    types=("WorkSpaces Access",),
    service="WorkSpaces",
    source="aws.workspaces",
    title="WorkSpace {workspaceId}: {actionType!plain}[ from {clientIpAddress}]",
    key=("workspaceId",),
    outcome=("actionType",),
    otherwise=NEWS,
    page="workspaces/v2/workspaces?region={@region}",
)

ROWS: Final = (
    *(
        HEALTH,
        ABUSE,
        AUTOMATION,
        COMMAND,
        WINDOW,
        WINDOW_TASK,
        ASSOCIATION,
        COMPLIANCE,
        PARAMETER,
        PARAMETER_POLICY,
        OPS_ITEM,
    ),
    *(
        CHANGE_REQUEST,
        CALENDAR,
        CANARY,
        CANARY_STATE,
        TRACE,
        GURU,
        ADVISOR,
        INTERNET,
        BUDGET,
        ANOMALY,
        MAIL,
        SENDING,
        ACCESS,
    ),
)
